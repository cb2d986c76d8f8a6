"""The state of one partition number: its regions' tables and the positions, moving together."""

from __future__ import annotations

from collections import Counter

from schemas.desk import Clock
from schemas.envelope import EVENTS
from schemas.fields import microseconds
from schemas.pack import Pack
from schemas.verdict import Accepted, Rejected
from streams.tables.region import RegionTables
from streams.tables.versions import Outcome


def _known(type_: str | None) -> str:
    """The type to count under: what a sender makes up must not make the state grow."""
    if type_ is None or type_ in EVENTS:
        return type_ or ""
    return "other"


class Partition:
    """All state of one partition number, over the three input topics.

    ``number``: the partition's, None for a file. ``regions``: code → tables, only of regions that
    had an event. ``next``: topic → next offset to fold (absent: 0). ``clock``: the newest ``now``
    (µs) of a clock event. ``newest``: the newest event time (µs) of any other event.
    ``outcomes``: (topic, outcome) → records. ``rejected``: (topic, type, reason) → records; the
    type is "" where none could be read, "other" where it is none of the catalogue. ``urgent``:
    the same of those among them that tell of a restriction or a critical incident.
    """

    __slots__ = (
        "clock",
        "newest",
        "next",
        "number",
        "outcomes",
        "pack",
        "regions",
        "rejected",
        "urgent",
    )

    def __init__(self, pack: Pack, number: int | None = None) -> None:
        self.pack = pack
        self.number = number
        self.regions: dict[str, RegionTables] = {}
        self.next: dict[str, int] = {}
        self.clock: int | None = None
        self.newest: int | None = None
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.rejected: Counter[tuple[str, str, str]] = Counter()
        self.urgent: Counter[tuple[str, str, str]] = Counter()

    def fold(
        self, result: Accepted | Rejected, topic: str = "", offset: int | None = None
    ) -> Outcome:
        """Fold what a record was read to and move ``next[topic]`` past it. Never raises."""
        outcome: Outcome
        if isinstance(result, Accepted):
            outcome = self.apply(result)
        else:
            outcome = "rejected"
            type_ = _known(result.type)
            self.rejected[topic, type_, result.reason] += 1
            if result.urgent:
                self.urgent[topic, type_, result.reason] += 1
        self.outcomes[topic, outcome] += 1
        if offset is not None:
            self.next[topic] = offset + 1
        return outcome

    def apply(self, event: Accepted) -> Outcome:
        """Fold one accepted event into its region's tables; the clock's into ``clock``."""
        region = event.region
        if not region:
            return self._tick(event)
        tables = self.regions.get(region)
        if tables is None:
            tables = self.regions[region] = RegionTables(region, self.pack)
        if self.newest is None or event.at > self.newest:
            self.newest = event.at
        return tables.add(event)

    def _tick(self, event: Accepted) -> Outcome:
        data = event.event.data
        assert isinstance(data, Clock)
        now = microseconds(data.now)
        if self.clock is not None and now <= self.clock:
            return "duplicate" if now == self.clock else "superseded"
        self.clock = now
        return "accepted"
