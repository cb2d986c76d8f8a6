"""Text of a family's samples, kept until a value changes."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.pack import Pack
from streams.metrics.declare import Family
from streams.metrics.families import BY_NAME
from streams.metrics.moment import Moment, ValueFunction
from streams.metrics.text import Lines, Values
from streams.metrics.values import FACTS, TIMED, ongoing, opened, steady_until
from streams.metrics.worker_values import Lasted, Listing, lasted, listing
from streams.tables.region import RegionTables


class Chunk:
    """The samples of one family with the same first labels. ``text``: its lines."""

    __slots__ = ("_lines", "_values", "text")

    def __init__(self, family: Family, head: tuple[str, ...] = ()) -> None:
        self._lines = Lines(family.name, family.labels, head)
        self._values: Values | None = None
        self.text = b""

    def update(self, values: Values) -> None:
        """Write the samples anew if ``values`` ({the other labels: value}) differ."""
        if values == self._values:
            return
        self._values = values
        self.text = self._lines.write(values).encode()


class RegionChunks:
    """The samples of one live region.

    Looked at again only when the region's tables changed, are others than before (a rebuild), or
    ``now`` left the span in which no timed value can change. ``listing``: the open restrictions,
    ``lasted``: the durations of those lifted; both made anew only when a restriction changed or
    a phase is over.
    """

    __slots__ = (
        "_changes",
        "_empty",
        "_restricted",
        "_since",
        "_tables",
        "_until",
        "_zeros",
        "chunks",
        "lasted",
        "listing",
    )

    def __init__(self, code: str, pack: Pack, zeros: Mapping[str, Values]) -> None:
        self.chunks = {name: Chunk(BY_NAME[name], (code,)) for name in (*FACTS, *TIMED)}
        self.listing = Listing((), 0)
        self.lasted: Lasted = {}
        self._zeros = zeros
        self._empty = RegionTables(code, pack)
        self._tables: RegionTables | None = None
        self._changes = -1
        self._restricted: tuple[int, frozenset[str]] | None = None
        self._since = self._until = 0

    def refresh(self, tables: RegionTables | None, moment: Moment) -> bool:
        """Bring the samples up to ``moment``. Whether ``listing`` or ``lasted`` was made anew."""
        if tables is None:
            tables = self._empty
        if tables is not self._tables:
            self._restricted = None
        changed = tables is not self._tables or tables.changes != self._changes
        if not changed and self._since <= moment.now < self._until:
            return False
        if changed:
            self._write(FACTS, tables, moment)
        self._write(TIMED, tables, moment)
        restricted = self._restrict(tables, moment)
        self._tables, self._changes = tables, tables.changes
        self._since = moment.now
        self._until = steady_until(tables, moment)
        return restricted

    def _restrict(self, tables: RegionTables, moment: Moment) -> bool:
        restricted = tables.restrictions.changes, ongoing(tables, moment)
        if restricted == self._restricted:
            return False
        self._restricted = restricted
        self.listing = listing(opened(tables, moment))
        self.lasted = lasted(tables)
        return True

    def _write(
        self, families: Mapping[str, ValueFunction], tables: RegionTables, moment: Moment
    ) -> None:
        for name, function in families.items():
            values = {**self._zeros.get(name, {}), **function(tables, moment)}
            self.chunks[name].update(values)
