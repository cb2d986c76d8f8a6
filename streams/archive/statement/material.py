"""What a statement is made from, and which of it may be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.fields import microseconds
from schemas.pack import Pack
from streams.archive.statement.model import WITHHELD, Cell
from streams.archive.statement.withholding import Key, Table, listed, withheld
from streams.tables.basis import asked, basis
from streams.tables.partition import Partition
from streams.tables.views import rows

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Material:
    """The state at the cut-off. ``now``: the moment of the views (µs); ``public``: may be printed.

    ``at_least``: a minimum that the pack cannot lower, as the archive's own pack has it.
    Every figure is a row of a table, a sum over rows, or a row of the country: nothing is counted
    anew.
    """

    pack: Pack
    parts: tuple[Partition, ...]
    now: int
    public: bool
    _rows: dict[tuple[str, bool], Rows] = field(default_factory=dict)
    at_least: int = 1

    def rows(self, name: str, *, confirmed_only: bool = False) -> Rows:
        """The rows of a table, computed once."""
        key = name, confirmed_only
        if key not in self._rows:
            self._rows[key] = rows(
                name, self.parts, self.pack, self.now, confirmed_only=confirmed_only
            )
        return self._rows[key]

    def country(self, name: str) -> Rows:
        """The rows of the country as a whole."""
        return [row for row in self.rows(name) if row["region"] == self.pack.country]

    def hearings(self) -> Rows:
        """Whether anybody reports from each region."""
        known = {code: one for part in self.parts for code, one in part.regions.items()}
        return basis(known, asked(self.pack, None), self.pack, self.now)

    @property
    def heard(self) -> bool:
        """Whether any report of an observer came in at all: without one, 0 says nothing."""
        return any(row["reports"] for row in self.hearings())

    @property
    def minimum(self) -> int:
        """The smallest count of reports that is shown, above zero."""
        return max(self.at_least, self.pack.judgement.public_min_cell) if self.public else 1

    def withheld(self, table: Table) -> frozenset[Key] | None:
        """The counts of ``table`` that are not to be shown; None: not even which there are."""
        gone = withheld(table, self.minimum)
        return None if gone and gone >= table.values.keys() - {table.whole} else gone

    def shown(self, number: int) -> Cell:
        """A count that stands alone: no sum that it is a part of is shown."""
        return WITHHELD if 0 < number < self.minimum else number

    def portion(self, part: int, whole: int) -> tuple[Cell, Cell]:
        """A part and its whole, of which the rest is a count too."""
        gone = withheld(listed({"part": part, "rest": whole - part}), self.minimum)
        return WITHHELD if ("part",) in gone else part, WITHHELD if () in gone else whole


def polls_maybe_open_until(pack: Pack) -> int:
    """From when (µs) on no poll is open anywhere.

    Where the hours of a region are not known, a poll may be open until the embargo ends, which is
    what an embargo is for.
    """
    closings = [pack.polls(code)[-1][1] for code in pack.region_codes() if pack.polls(code)]
    if all(pack.polls(code) for code in pack.region_codes()) and closings:
        return max(closings)
    return max([*closings, microseconds(pack.embargo_until)])
