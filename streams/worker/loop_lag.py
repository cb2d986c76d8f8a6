"""How long the worker's loop stands still: whatever it does meanwhile, nobody is answered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

from mode import Service

WINDOW_SECONDS: Final = 60.0
"""What is exported is the longest of so long, so that no scrape misses one."""

_TICK: Final = 0.02


class LoopLag(Service):
    """Asks to be called every 20 ms, and notes how late it is: standstills to 20 ms exact."""

    abstract = False

    def __init__(self) -> None:
        super().__init__()
        self._handle: asyncio.TimerHandle | None = None
        self._wanted = 0.0
        self._latest: deque[tuple[float, float]] = deque()
        self.longest = 0.0
        """The longest standstill since the start, in seconds."""

    async def on_start(self) -> None:
        """Begin."""
        self._wait()

    async def on_stop(self) -> None:
        """End."""
        if self._handle is not None:
            self._handle.cancel()

    def recent(self) -> float:
        """The longest standstill of the last minute, in seconds."""
        self._forget(time.monotonic())
        return self._latest[0][1] if self._latest else 0.0

    def _wait(self) -> None:
        self._wanted = time.monotonic() + _TICK
        self._handle = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        late = max(0.0, now - self._wanted)
        self.longest = max(self.longest, late)
        self._forget(now)
        # Descending: what is both older and shorter is never the longest again.
        while self._latest and self._latest[-1][1] <= late:
            self._latest.pop()
        self._latest.append((now, late))
        self._wait()

    def _forget(self, now: float) -> None:
        while self._latest and now - self._latest[0][0] > WINDOW_SECONDS:
            self._latest.popleft()
