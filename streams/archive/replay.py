"""Fold events from files: the same two functions as the live worker, and no broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas import read
from schemas.verdict import Accepted, Rejected
from streams.tables.digest import content_digest, region_digests
from streams.tables.partition import Partition

if TYPE_CHECKING:
    from schemas.pack import Pack

NOT_CHECKED: Final = (
    "not checked without the log: which topic and partition an event came on (misrouted, a "
    "topic's authority) and whether its time was still to come (future_time)"
)


@dataclass(slots=True)
class Replay:
    """The state after the events so far. ``until``: microseconds since the epoch, None for all."""

    pack: Pack
    until: int | None = None
    on_rejected: Callable[[str, Rejected], None] | None = None
    """Called with the place and the verdict of each rejected event."""
    part: Partition = field(init=False)
    read: int = 0
    later: int = 0
    """Events left out because they happened after ``until``."""

    def __post_init__(self) -> None:
        self.part = Partition(self.pack)

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

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcome → events."""
        counts: Counter[str] = Counter()
        for (_, outcome), number in self.part.outcomes.items():
            counts[outcome] += number
        return dict(sorted(counts.items()))

    @property
    def reasons(self) -> dict[str, int]:
        """Reason → rejected events."""
        counts: Counter[str] = Counter()
        for (_, _, reason), number in self.part.rejected.items():
            counts[reason] += number
        return dict(sorted(counts.items()))

    @property
    def now(self) -> int:
        """The moment of the views: ``until``, else the newest event's time (0: no event)."""
        return self.part.newest or 0 if self.until is None else self.until

    @property
    def content_digest(self) -> str:
        """Hex digest of the content: the same as any worker's that folded the same events."""
        return content_digest(self.pack.acceptance_digest, region_digests([self.part]))
