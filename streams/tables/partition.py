"""The state of one partition number: its regions' tables and the positions, moving together."""

from __future__ import annotations

from collections import Counter

from schemas.desk import Clock
from schemas.envelope import EVENTS
from schemas.fields import microseconds
from schemas.pack import Pack
from schemas.verdict import Accepted, Rejected
from streams.tables.region import RegionTables
from streams.tables.versions import Outcome, Version


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
    the same of those among them that tell of a restriction or a critical incident. ``gaps``:
    topic → the stretches of offsets, ends excluded, that were gone from the log and that an
    operator has accepted as missing. ``journal``: what changed the tables, in the order in which
    it did, None where nobody asked for it; folding its versions again gives the same tables.
    """

    __slots__ = (
        "clock",
        "gaps",
        "journal",
        "newest",
        "next",
        "number",
        "outcomes",
        "pack",
        "regions",
        "rejected",
        "urgent",
    )

    def __init__(self, pack: Pack, number: int | None = None, *, journal: bool = False) -> None:
        self.pack = pack
        self.number = number
        self.regions: dict[str, RegionTables] = {}
        self.next: dict[str, int] = {}
        self.clock: int | None = None
        self.newest: int | None = None
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.rejected: Counter[tuple[str, str, str]] = Counter()
        self.urgent: Counter[tuple[str, str, str]] = Counter()
        self.gaps: dict[str, list[tuple[int, int]]] = {}
        self.journal: list[Version] | None = [] if journal else None

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
            tables = self._begin(region)
        if self.newest is None or event.at > self.newest:
            self.newest = event.at
        return tables.add(event)

    def put(self, version: Version) -> None:
        """Fold a version that a journal held: the tables change, positions and counts do not."""
        region = version.data.region or self.pack.country
        (self.regions.get(region) or self._begin(region)).put(version)

    def record(self, journal: list[Version]) -> None:
        """Go on with ``journal``, which holds all that has changed the tables so far."""
        self.journal = journal
        for tables in self.regions.values():
            tables.journal = journal

    def _begin(self, region: str) -> RegionTables:
        tables = self.regions[region] = RegionTables(region, self.pack, self.journal)
        return tables

    def _tick(self, event: Accepted) -> Outcome:
        data = event.event.data
        assert isinstance(data, Clock)
        now = microseconds(data.now)
        if self.clock is not None and now <= self.clock:
            return "duplicate" if now == self.clock else "superseded"
        self.clock = now
        return "accepted"
