"""What a publisher has sent and what the broker has acknowledged."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(slots=True)
class Tally:
    """Counts of records by topic, and the first record that the broker refused."""

    sent: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    failure: BaseException | None = None

    @property
    def done(self) -> int:
        """Records that the broker has acknowledged."""
        return self.acknowledged.total()

    @property
    def pending(self) -> int:
        """Records sent of which nothing is known yet."""
        return self.sent.total() - self.done - self.failed

    def follow(self, topic: str, delivery: asyncio.Future[Any]) -> None:
        """Count one record now and, when ``delivery`` is done, its acknowledgement."""
        self.sent[topic] += 1

        def settle(future: asyncio.Future[Any]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                self.acknowledged[topic] += 1
            else:
                self.failed += 1
                self.failure = self.failure or error

        delivery.add_done_callback(settle)

    def lines(self) -> list[str]:
        """One line for each topic."""
        return [f"  {number:,} {topic}" for topic, number in sorted(self.acknowledged.items())]


@dataclass(slots=True)
class Stall:
    """Whether acknowledgements still come. All times in seconds of the caller's clock."""

    timeout: float
    quiet: float = 2.0
    _done: int = -1
    _since: float = 0.0
    _told: bool = False

    def look(self, now: float, done: int, pending: int) -> Literal["fine", "quiet", "dead"]:
        """``quiet`` once when nothing has come for a while, ``dead`` after the timeout."""
        if done != self._done or pending == 0:
            self._done, self._since, self._told = done, now, False
            return "fine"
        waited = now - self._since
        if waited >= self.timeout:
            return "dead"
        if waited >= self.quiet and not self._told:
            self._told = True
            return "quiet"
        return "fine"
