"""The measure of how long the worker's loop stands still."""

from __future__ import annotations

import asyncio
import time

from streams.worker import loop_lag
from streams.worker.loop_lag import LoopLag


def stand_still(seconds: float) -> None:
    """What no part of a worker may do."""
    time.sleep(seconds)


async def test_a_standstill_is_seen_whole() -> None:
    """To 20 ms, whenever it begins; the longest one counts."""
    lag = LoopLag()
    await lag.on_start()
    try:
        for seconds in (0.3, 0.1):
            await asyncio.sleep(0.05)
            asyncio.get_running_loop().call_soon(stand_still, seconds)
            await asyncio.sleep(0.05)
        assert lag.longest >= 0.28
        assert lag.recent() == lag.longest
    finally:
        await lag.on_stop()


async def test_what_is_long_past_is_not_recent() -> None:
    """After the window only the record of the worker's life keeps it."""
    lag = LoopLag()
    lag._latest.append((time.monotonic() - loop_lag.WINDOW_SECONDS - 1, 5.0))
    lag._latest.append((time.monotonic(), 0.25))
    assert lag.recent() == 0.25
