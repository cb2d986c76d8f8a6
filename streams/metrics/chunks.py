"""Text of a family's samples, kept until a value changes."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.pack import Pack
from streams.metrics.declare import Family
from streams.metrics.families import BY_NAME
from streams.metrics.moment import Moment, ValueFunction
from streams.metrics.text import Lines, Values
from streams.metrics.values import FACTS, TIMED, opened, steady_until
from streams.metrics.worker_values import Opened
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
    ``now`` left the span in which no timed value can change. ``opened``: the open restrictions.
    """

    __slots__ = ("_changes", "_empty", "_since", "_tables", "_until", "_zeros", "chunks", "opened")

    def __init__(self, code: str, pack: Pack, zeros: Mapping[str, Values]) -> None:
        self.chunks = {name: Chunk(BY_NAME[name], (code,)) for name in (*FACTS, *TIMED)}
        self.opened: list[Opened] = []
        self._zeros = zeros
        self._empty = RegionTables(code, pack)
        self._tables: RegionTables | None = None
        self._changes = -1
        self._since = self._until = 0

    def refresh(self, tables: RegionTables | None, moment: Moment) -> bool:
        """Bring the samples up to ``moment``. Whether anything was looked at again."""
        if tables is None:
            tables = self._empty
        changed = tables is not self._tables or tables.changes != self._changes
        if not changed and self._since <= moment.now < self._until:
            return False
        if changed:
            self._write(FACTS, tables, moment)
        self._write(TIMED, tables, moment)
        self.opened = list(opened(tables, moment))
        self._tables, self._changes = tables, tables.changes
        self._since = moment.now
        self._until = steady_until(tables, moment)
        return True

    @property
    def tables(self) -> RegionTables:
        """The tables the samples were read from."""
        return self._tables or self._empty

    def _write(
        self, families: Mapping[str, ValueFunction], tables: RegionTables, moment: Moment
    ) -> None:
        for name, function in families.items():
            values = {**self._zeros.get(name, {}), **function(tables, moment)}
            self.chunks[name].update(values)
