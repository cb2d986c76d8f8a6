"""A whole CSV file to JSON Lines, with everything that is wrong told by file:line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.reading import read
from schemas.verdict import Rejected
from streams.errors import UserError
from streams.sources.importing.model import Mapping as Rules
from streams.sources.importing.rows import Made, Mapper, Skip
from streams.sources.importing.table import LookupTable, Row, RowError, read_table

if TYPE_CHECKING:
    from schemas.pack import Pack

REPEATED = "repeats an earlier row"
Complain = Callable[[str], None]


@dataclass(slots=True)
class Summary:
    """What became of a file. ``events`` by type, ``skipped`` rows by reason."""

    rows: int = 0
    events: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    bad: int = 0

    def text(self) -> str:
        """One line for each count."""
        lines = [f"{self.rows:,} rows", f"{sum(self.events.values()):,} events"]
        lines += [f"  {number:,} {kind}" for kind, number in sorted(self.events.items())]
        lines += [
            f"{number:,} rows or parts skipped: {reason}"
            for reason, number in sorted(self.skipped.items())
        ]
        if self.bad:
            lines.append(f"wrong rows: {self.bad:,}")
        return "\n".join(lines)


class Import:
    """One run of a mapping over one file.

    ``complain`` gets every wrong row as ``file:line: what``; such a row gives no event at all.
    """

    def __init__(
        self, rules: Rules, lookups: dict[str, LookupTable], pack: Pack, complain: Complain
    ) -> None:
        self._rules = rules
        self._mapper = Mapper(rules, lookups, pack.id)
        self._pack = pack
        self._complain = complain
        self._seen: dict[bytes, tuple[bytes, int]] = {}
        self.summary = Summary()

    def events(self, path: Path) -> Iterator[bytes]:
        """The events of the CSV file at ``path``, in its order. Raises ``UserError``."""
        spec = self._rules.file
        for row in read_table(path, spec.delimiter, spec.encoding, self._rules.reads()):
            self.summary.rows += 1
            try:
                made = self._row(row)
            except RowError as error:
                self.summary.bad += 1
                self._complain(f"{path}:{row.line}: {error}")
                continue
            for event in made:
                self.summary.events[event.type] += 1
                yield event.raw

    def _row(self, row: Row) -> list[Made]:
        result = self._mapper.events(row)
        if isinstance(result, Skip):
            self.summary.skipped[result.reason] += 1
            return []
        for event in result:
            verdict = read(event.raw, None, self._pack)
            if isinstance(verdict, Rejected):
                raise RowError(f"{verdict.reason}: {verdict.detail}")
        fresh = self._fresh(result, row.line)
        if len(fresh) < len(result) or not result:
            self.summary.skipped[REPEATED] += max(len(result) - len(fresh), 1)
        return fresh

    def _fresh(self, events: list[Made], line: int) -> list[Made]:
        """Those whose id is new. The same id with another content is a ``RowError``."""
        here: dict[bytes, tuple[bytes, int]] = {}
        fresh = []
        for event in events:
            name = hashlib.sha256(f"{event.source}\n{event.id}".encode()).digest()[:16]
            content = hashlib.sha256(event.raw).digest()[:16]
            before = here.get(name) or self._seen.get(name)
            if before is None:
                here[name] = (content, line)
                fresh.append(event)
            elif before[0] != content:
                raise RowError(f"id '{event.id}' is that of line {before[1]} too, which differs")
        self._seen.update(here)
        return fresh


def load_lookups(rules: Rules, beside: Path, given: dict[str, Path]) -> dict[str, LookupTable]:
    """The second files of a mapping: those ``given`` by name, the others from ``beside``.

    Raises ``UserError`` for a file that is missing or broken, and for a name without a lookup.
    """
    for name in given:
        if name not in rules.lookups:
            known = ", ".join(rules.lookups) or "none"
            raise UserError(f"--lookup {name}: the mapping has no such lookup (it has {known})")
    tables = {}
    for name, spec in rules.lookups.items():
        columns = {
            taken.column: path
            for path, value in rules.values()
            for taken in (value, *value.or_)
            if taken.lookup == name and taken.column is not None
        }
        tables[name] = LookupTable.load(
            given.get(name, beside / spec.file),
            spec.key,
            columns,
            spec.unknown == "empty",
            (spec.delimiter, spec.encoding),
        )
    return tables
