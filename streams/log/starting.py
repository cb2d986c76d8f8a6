"""Starting a Kafka client so that it can be closed."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from streams.log.closing import SECONDS, outlast


class Client(Protocol):
    """A consumer or a producer."""

    async def start(self) -> Any:
        """Connect."""


async def start(client: Client, seconds: float = SECONDS) -> None:
    """Await a client's ``start()``; a cancellation is let out once it has started, or ``seconds``.

    Cancelled amid it, aiokafka loses the connection with which it looks for the brokers: nobody
    closes that one any longer, and the garbage collector complains of it whenever it likes.
    """
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await outlast(starting, seconds)
        if not starting.cancelled():
            starting.exception()  # nobody is there any longer to be told of one
        raise
