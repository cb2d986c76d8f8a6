"""Fold events from files, archives or Kafka: the same two functions as the live worker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas import read
from schemas.verdict import Accepted, Rejected
from streams.archive.folding import AsOf, Folded
from streams.tables.digest import (
    content_digest,
    positions_of,
    region_digests,
    rejected_counts,
    statement_digest,
)
from streams.tables.partition import Partition

if TYPE_CHECKING:
    from schemas.pack import Pack

NOT_CHECKED: Final = (
    "not checked without the log: which topic and partition an event came on (misrouted, a "
    "topic's authority) and whether its time was still to come (future_time)"
)


class Numbers(ABC):
    """What any replay comes to."""

    pack: Pack
    read: int
    later: int
    """Events left out because they happened after ``as_of.happened_by``."""

    lost: int
    """Offsets that a salvaged archive lacks."""

    @property
    @abstractmethod
    def parts(self) -> Sequence[Partition]:
        """The state."""

    @property
    @abstractmethod
    def as_of(self) -> AsOf:
        """The moments that were asked for."""

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcome → events."""
        counts: Counter[str] = Counter()
        for part in self.parts:
            for (_, outcome), number in part.outcomes.items():
                counts[outcome] += number
        return dict(sorted(counts.items()))

    @property
    def reasons(self) -> dict[str, int]:
        """Reason → rejected events."""
        counts: Counter[str] = Counter()
        for part in self.parts:
            for (_, _, reason), number in part.rejected.items():
                counts[reason] += number
        return dict(sorted(counts.items()))

    @property
    def now(self) -> int:
        """The moment of the views in µs, 0 where there is no event: see ``moment_of``."""
        return self._moment[0]

    @property
    def now_is(self) -> str:
        """What ``now`` was taken from, in words."""
        return self._moment[1]

    @property
    def _moment(self) -> tuple[int, str]:
        clocks = [part.clock for part in self.parts if part.clock is not None]
        newest = [part.newest for part in self.parts if part.newest is not None]
        return moment_of(self.as_of, max(clocks, default=None), max(newest, default=None))

    @property
    def content_digest(self) -> str:
        """Hex digest of the content: the same as any worker's that folded the same events."""
        return content_digest(self.pack.acceptance_digest, region_digests(self.parts))

    @property
    def statement_digest(self) -> str | None:
        """Hex digest of content, positions and rejections, comparable with live workers'.

        None where there are no positions to speak of: files, or a choice by event time.
        """
        return None


def moment_of(as_of: AsOf, clock: int | None, newest: int | None) -> tuple[int, str]:
    """The ``now`` of the views and what it is taken from.

    When the room knew something: by the log's own clock (a day that was played), else
    ``known_at``. When something had happened: ``happened_by``. Of both the earlier. With neither
    the log's clock, else the newest event's time, else 0.
    """
    known = None
    if as_of.known_at is not None:
        known = (as_of.known_at, "known at") if clock is None else (clock, "the log's clock")
    happened = None if as_of.happened_by is None else (as_of.happened_by, "happened by")
    if known is not None or happened is not None:
        return min(found for found in (known, happened) if found is not None)
    if clock is not None:
        return clock, "the log's clock"
    return (newest, "newest event") if newest is not None else (0, "no event")


@dataclass(slots=True)
class Replay(Numbers):
    """The state after the events so far. ``until``: microseconds since the epoch, None for all."""

    pack: Pack
    until: int | None = None
    on_rejected: Callable[[str, Rejected], None] | None = None
    """Called with the place and the verdict of each rejected event."""
    part: Partition = field(init=False)
    read: int = 0
    later: int = 0
    lost: int = 0

    def __post_init__(self) -> None:
        self.part = Partition(self.pack)

    @property
    def parts(self) -> Sequence[Partition]:
        """The one partition that files are."""
        return [self.part]

    @property
    def as_of(self) -> AsOf:
        """``until``, as a moment of event time."""
        return AsOf(happened_by=self.until)

    def fold(self, events: Iterable[tuple[str, bytes]]) -> None:
        """Fold (place, bytes) one after the other; the place serves messages only.

        A rejected event is counted whatever ``until``: it has no time that could be trusted.
        """
        for place, raw in events:
            self.take(place, read(raw, None, self.pack))

    def take(self, place: str, result: Accepted | Rejected) -> None:
        """Fold an event that has been read, as one from the log, whose place counts."""
        self.read += 1
        if isinstance(result, Rejected):
            if self.on_rejected is not None:
                self.on_rejected(place, result)
        elif self.until is not None and result.at > self.until:
            self.later += 1
            return
        self.part.fold(result)


@dataclass(slots=True)
class LogReplay(Numbers):
    """The state that a log came to. ``lost``: offsets that are missing from a salvaged archive."""

    pack: Pack
    moments: AsOf
    topics: tuple[str, ...]
    folded: Sequence[Folded]
    lost: int = 0
    read: int = field(init=False)
    later: int = field(init=False)

    def __post_init__(self) -> None:
        self.read = sum(each.read for each in self.folded)
        self.later = sum(each.later for each in self.folded)

    @property
    def parts(self) -> Sequence[Partition]:
        """By number."""
        return [each.part for each in self.folded]

    @property
    def as_of(self) -> AsOf:
        """The moments that were asked for."""
        return self.moments

    @property
    def statement_digest(self) -> str | None:
        """``Numbers.statement_digest``."""
        if self.as_of.happened_by is not None or self.lost:
            return None
        positions = positions_of(self.parts, self.topics)
        return statement_digest(self.content_digest, positions, rejected_counts(self.parts))
