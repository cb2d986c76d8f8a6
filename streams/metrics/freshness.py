"""How long an event took from the log to the tables: a histogram per topic, and the slowest."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

BUCKETS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    float("inf"),
)
"""Upper bounds, in seconds."""


class Distribution(NamedTuple):
    """``counts``: events per bucket of ``BUCKETS``, not cumulated. ``total``: seconds."""

    counts: tuple[int, ...]
    total: float


class Freshness:
    """Durations seen by one worker since its start, per topic. Not part of the state."""

    __slots__ = ("_counts", "_totals")

    def __init__(self, topics: Iterable[str]) -> None:
        self._counts = {topic: [0] * len(BUCKETS) for topic in topics}
        self._totals = dict.fromkeys(self._counts, 0.0)

    def observe(self, topic: str, seconds: float) -> None:
        """Count one event of ``topic``. A negative duration (clocks that differ) counts as 0."""
        self.observe_all(topic, (seconds,))

    def observe_all(self, topic: str, durations: Iterable[float]) -> None:
        """``observe`` for many events of one topic."""
        counts, total = self._counts[topic], 0.0
        for duration in durations:
            seconds = max(duration, 0.0)
            counts[bisect_left(BUCKETS, seconds)] += 1
            total += seconds
        self._totals[topic] += total

    def distributions(self) -> Mapping[str, Distribution]:
        """What has been counted so far, per topic."""
        return {
            topic: Distribution(tuple(counts), self._totals[topic])
            for topic, counts in self._counts.items()
        }


WINDOW: Final = 30.0
"""Seconds for which the slowest event of a partition is told, and at most once more: two scrapes
of every 15 seconds do not miss it."""


class Slowest:
    """The longest duration of each partition of a topic lately. ``clock``: seconds, never set back.

    Two windows take turns: what is told is of the last whole one and of the one under way.
    """

    __slots__ = ("_began", "_clock", "_now", "_previous")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._now: dict[tuple[str, int], float] = {}
        self._previous: dict[tuple[str, int], float] = {}

    def observe(self, topic: str, partition: int, seconds: float) -> None:
        """An event took that long."""
        self._turn()
        key = topic, partition
        self._now[key] = max(seconds, self._now.get(key, 0.0))

    def seconds(self) -> Mapping[tuple[str, int], float]:
        """(topic, partition) → seconds, of those that had an event."""
        self._turn()
        both = self._previous.keys() | self._now.keys()
        return {key: max(self._previous.get(key, 0.0), self._now.get(key, 0.0)) for key in both}

    def _turn(self) -> None:
        passed = self._clock() - self._began
        if passed >= WINDOW:
            self._previous = {} if passed >= 2 * WINDOW else self._now
            self._now = {}
            self._began += passed // WINDOW * WINDOW
