"""How long an event took from the log to the tables: a histogram per topic."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
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
        seconds = max(seconds, 0.0)
        self._counts[topic][bisect_left(BUCKETS, seconds)] += 1
        self._totals[topic] += seconds

    def distributions(self) -> Mapping[str, Distribution]:
        """What has been counted so far, per topic."""
        return {
            topic: Distribution(tuple(counts), self._totals[topic])
            for topic, counts in self._counts.items()
        }
