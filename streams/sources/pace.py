"""How fast events go out: a limit of events per second, a playing speed, or both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

SLACK: Final = 0.05
"""Seconds of a rate that may be caught up on: timers are coarser than the gaps of high rates."""


@dataclass(slots=True)
class Clock:
    """The wall's time for pacing. Tests put a hand-driven one in its place."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class Pace:
    """When the next event is due, in seconds of the clock.

    ``rate``: events a second, evenly spaced. ``speed``: seconds of event time that pass in one
    second; events older than the newest so far are due at once. Without either all are due at
    once. A sender that fell behind a rate catches up on at most ``SLACK`` seconds of it, so that
    there is no burst; one that fell behind event time catches up on all of it.
    """

    rate: float | None = None
    speed: float | None = None
    clock: Clock = field(default_factory=Clock)
    _next: float | None = None
    _start: tuple[float, int] | None = None

    def delay(self, at: int) -> float:
        """Seconds to wait before the event of time ``at`` (microseconds since the epoch)."""
        now = self.clock.now()
        due = now
        if self.speed is not None:
            if self._start is None:
                self._start = (now, at)
            begun, first = self._start
            due = max(due, begun + (at - first) / 1e6 / self.speed)
        if self.rate is not None:
            slot = now if self._next is None else max(self._next, now - SLACK)
            self._next = slot + 1 / self.rate
            due = max(due, slot)
        return due - now

    async def wait(self, at: int) -> None:
        """Return when the event of time ``at`` is due."""
        if self.rate is None and self.speed is None:
            return
        if (seconds := self.delay(at)) > 0:
            await self.clock.sleep(seconds)
