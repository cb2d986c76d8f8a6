"""How an archiver is doing: what it shows to Prometheus, and whether it gets on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from streams.archive.manifest import Manifest, Place
from streams.archive.segments import Record
from streams.metrics.archiver import page
from streams.metrics.text import Values

_SLACK: Final = 60.0
"""Seconds that a sealing may take, however large the segments."""


class Health(NamedTuple):
    """``ok``: it gets on; ``degraded``: though not with what it should."""

    ok: bool
    doing: str
    degraded: bool = False


class _Waiting(NamedTuple):
    """The oldest record of a place that is in no sealed segment: its stamp, and when it came."""

    stamp: int
    since: float


class _Unread(NamedTuple):
    """A place with records to read: the position that stands still, and since when."""

    position: int
    since: float


class Watch:
    """Told by the copier. ``seal_seconds``: at which age a segment is sealed."""

    def __init__(
        self,
        manifest: Manifest,
        seal_seconds: float,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manifest = manifest
        self._seal_seconds = seal_seconds
        self._wall = wall
        self._clock = clock
        self._waiting: dict[Place, _Waiting] = {}
        self._unread: dict[Place, _Unread] = {}
        self._ends = manifest.positions()
        self._sealed_at = 0.0
        self._troubles = 0
        self._trouble = ""
        self._trouble_since = 0.0

    def took(self, place: Place, record: Record) -> None:
        """A record was appended to a segment."""
        if place not in self._waiting:
            self._waiting[place] = _Waiting(record.timestamp, self._clock())

    def looked(self, ends: Mapping[Place, int], positions: Mapping[Place, int]) -> None:
        """So far does the log go, and so far was it read."""
        self._ends = {**self._ends, **ends}
        for place, position in positions.items():
            known = self._unread.get(place)
            if position >= self._ends[place]:
                self._unread.pop(place, None)
            elif known is None or known.position != position:
                self._unread[place] = _Unread(position, self._clock())

    def sealed(self, manifest: Manifest, places: list[Place]) -> None:
        """The segments of ``places`` are in ``manifest``."""
        self._manifest = manifest
        self._sealed_at = self._wall()
        for place in places:
            self._waiting.pop(place, None)

    def trouble(self, why: str) -> None:
        """The broker does not answer, or with "" it does again."""
        if why and not self._trouble:
            self._troubles += 1
            self._trouble_since = self._clock()
        self._trouble = why

    def health(self) -> Health:
        """Stuck when what was read is not sealed long after it should be."""
        oldest = min((each.since for each in self._waiting.values()), default=self._clock())
        if (age := self._clock() - oldest) > self._seal_seconds + _SLACK:
            return Health(False, f"nothing was sealed for {age:.0f} s")
        if self._trouble:
            return Health(True, f"waiting for the broker: {self._trouble}", degraded=True)
        return Health(True, "following the log")

    def metrics(self) -> bytes:
        """The page."""
        return page(self._values())

    def _values(self) -> Mapping[str, Values]:
        segments = [link.segment for link in self._manifest.segments]
        positions = self._manifest.positions()
        now = self._wall()
        return {
            "scrutineer_archive_segments": {(): len(segments)},
            "scrutineer_archive_records": {(): sum(each.count for each in segments)},
            "scrutineer_archive_bytes": {(): sum(each.bytes for each in segments)},
            "scrutineer_archive_position": _by_place(positions),
            "scrutineer_archive_lag_events": _by_place(
                {place: max(0, self._ends[place] - at) for place, at in positions.items()}
            ),
            "scrutineer_archive_unsealed_seconds": _by_place(
                {place: self._age(place, now) for place in positions}
            ),
            "scrutineer_archive_seal_seconds": {(): self._seal_seconds},
            "scrutineer_archive_sealed_timestamp_seconds": {(): self._sealed_at},
            "scrutineer_archive_trouble_seconds": {
                (): self._clock() - self._trouble_since if self._trouble else 0
            },
            "scrutineer_archive_troubles_total": {(): self._troubles},
        }

    def _age(self, place: Place, now: float) -> float:
        waiting, unread = self._waiting.get(place), self._unread.get(place)
        read = 0.0 if waiting is None else now - waiting.stamp / 1000
        return max(0.0, read, 0.0 if unread is None else self._clock() - unread.since)


def _by_place(values: Mapping[Place, float]) -> Values:
    return {(topic, str(number)): value for (topic, number), value in values.items()}
