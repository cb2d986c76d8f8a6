"""Closing a Kafka client that may not want to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka.errors import KafkaError

SECONDS: Final = 3.0


async def close(stopping: Coroutine[Any, Any, None], seconds: float = SECONDS) -> bool:
    """Await a client's ``stop()``, at most ``seconds``; returns whether it ended well.

    With the broker away aiokafka waits for it without limit, and the cancellation of a task of its
    own comes out as if the caller were cancelled. Only the caller's own cancellation is let out.
    """
    try:
        await asyncio.wait_for(stopping, seconds)
    except (TimeoutError, KafkaError):
        return False
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return False
    return True
