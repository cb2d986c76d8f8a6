"""Closing a Kafka client that may not want to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

SECONDS: Final = 3.0
_SENDER_SECONDS: Final = 0.5


async def close(stopping: Coroutine[Any, Any, None], seconds: float = SECONDS) -> bool:
    """Await a client's ``stop()``, at most ``seconds``; returns whether it ended well.

    With the broker away aiokafka waits for it without limit, and the cancellation of a task of its
    own comes out as if the caller were cancelled. Only the caller's own cancellation is let out,
    and only once the client is closed or its time is over: closing that is broken off, or that was
    not even begun, leaves connections to the garbage collector, which complains whenever it likes.
    """
    ending = asyncio.ensure_future(stopping)
    cancelled = await outlast(ending, seconds)
    error = None if ending.cancelled() else ending.exception()
    if cancelled:
        raise asyncio.CancelledError
    if error is not None and not isinstance(error, TimeoutError | KafkaError):
        raise error
    return error is None and not ending.cancelled()


async def close_producer(producer: AIOKafkaProducer, seconds: float = SECONDS) -> None:
    """Stop a producer; what it has not delivered after ``seconds`` it does not go on sending.

    Broken off amid it, aiokafka would try on, with connections and tasks that nobody ends.
    """
    whole = False
    try:
        whole = await close(producer.stop(), seconds)
    finally:
        if not whole:
            await close(producer._sender.close(), _SENDER_SECONDS)
            await close(producer.client.close())


async def outlast(work: asyncio.Future[Any], seconds: float) -> bool:
    """Wait until ``work`` is done, cancelled after ``seconds``; whether the caller was meanwhile.

    However often the caller is cancelled, this goes on.
    """
    clock = asyncio.get_running_loop().time
    end, cancelled = clock() + seconds, False
    while not work.done() and (left := end - clock()) > 0:
        try:
            await asyncio.wait({work}, timeout=left)
        except asyncio.CancelledError:
            cancelled = True
    if not work.done():
        work.cancel()
        await asyncio.wait({work})
    return cancelled
