"""A whole export to JSON Lines, with everything that is wrong told by file and place."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.reading import read
from schemas.verdict import Rejected
from streams.errors import UserError
from streams.sources.importing.earlier import Earlier
from streams.sources.importing.model import Mapping as Rules
from streams.sources.importing.revisions import Revisions
from streams.sources.importing.rows import Made, Mapper, Skip
from streams.sources.importing.source import Source, read_table
from streams.sources.importing.table import LookupTable, Row, RowError
from streams.sources.importing.value_model import INDEX

if TYPE_CHECKING:
    from schemas.pack import Pack

REPEATED = "repeats an earlier row"
BEFORE = "imported before, or repeats an earlier row"
Complain = Callable[[str], None]


_FEW: Final = 10
_SHARE: Final = 10
"""One of so many reports may be gone from an export without a question."""


@dataclass(slots=True)
class Summary:
    """What became of an export. ``events`` by type, ``skipped`` rows by reason.

    ``withdrawn``: those of the events that withdraw what the export has no longer. ``again``:
    records that are there again after such a withdrawal; ``back``: the events that say so.
    ``notices``: what is not wrong, and should be seen.
    """

    rows: int = 0
    events: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    withdrawn: int = 0
    again: int = 0
    back: int = 0
    notices: list[str] = field(default_factory=list)

    def text(self) -> str:
        """One line for each count."""
        lines = [f"{self.rows:,} rows", f"{sum(self.events.values()):,} events"]
        lines += [f"  {number:,} {kind}" for kind, number in sorted(self.events.items())]
        lines += [
            f"{number:,} rows or parts skipped: {reason}"
            for reason, number in sorted(self.skipped.items())
        ]
        if self.withdrawn:
            lines.append(f"{self.withdrawn:,} withdrawn: no longer in the export")
        if self.back:
            lines.append(f"{self.back:,} reported again: back in the export")
        elif self.again:
            lines.append(f"{self.again:,} back in the export stay withdrawn without --complete")
        if self.bad:
            lines.append(f"wrong rows: {self.bad:,}")
        return "\n".join([*lines, *self.notices])


class Import:
    """One run of a mapping over the files of one export.

    ``complain`` gets every wrong record as ``file:place: what``; such a record gives no event at
    all. ``earlier``: what imports before wrote; revisions go on from there.
    """

    def __init__(
        self,
        rules: Rules,
        lookups: dict[str, LookupTable],
        pack: Pack,
        complain: Complain,
        earlier: Earlier | None = None,
    ) -> None:
        self._rules = rules
        self._source = Source(rules)
        self._earlier = earlier
        versions = earlier.versions() if earlier else ()
        revisions = Revisions(rules.revision, versions) if rules.revision else None
        self._mapper = Mapper(rules, lookups, pack, revisions)
        self._mapper.reported = set() if earlier else None
        self._pack = pack
        self._complain = complain
        self._seen: dict[bytes, tuple[bytes, str]] = {}
        self.summary = Summary()

    def events(self, *paths: Path) -> Iterator[bytes]:
        """The events of the files at ``paths``, in their order. Raises ``UserError``."""
        for path in paths:
            for place, rows in self._source.rows(path):
                self.summary.rows += 1
                try:
                    made = self._record(rows, _place(path, place, paths))
                except RowError as error:
                    self.summary.bad += 1
                    self._complain(f"{path}:{place}: {error}")
                    continue
                yield from self._counted(made)
        self.summary.again = len(self._earlier.again) if self._earlier else 0
        self.summary.notices += self._notices()

    def withdrawals(self, most: int | None = None) -> Iterator[bytes]:
        """Withdrawals of what earlier imports had and the files, read by now, have not.

        Reports that were withdrawn so and are there again come back. Neither when the files may
        not be all there is: a record was wrong or is older than what was imported before, a page
        is missing, or there is no record at all; nor when more would be withdrawn than ``most``,
        None: than a tenth of what stands, or ten: a file that was cut off says nothing of it.
        """
        if self._earlier is None or self._mapper.reported is None:
            return
        gone = list(self._earlier.gone(self._mapper.reported, self._pack.id))
        if why := self._doubt() or self._too_many(len(gone), most):
            self.summary.notices.append(f"nothing was withdrawn: {why}")
            return
        for made in (*gone, *self._earlier.back(self._pack.id)):
            withdrawn = bool(made.data.get("withdrawn"))
            try:
                self._check(made)
            except RowError as error:
                self.summary.bad += 1
                what = "withdrawal" if withdrawn else "return"
                self._complain(f"{what} of report '{made.data['report_id']}': {error}")
                continue
            self.summary.withdrawn += withdrawn
            self.summary.back += not withdrawn
            yield from self._counted([made])

    def _doubt(self) -> str:
        """Why the files may not be all there is; empty when nothing says so."""
        if self.summary.bad:
            return "what is missing may be in the wrong records"
        if self._source.unfinished():
            return "what is missing may be in the other pages"
        if self._earlier is not None and self._earlier.older:
            return "the files are older than what was imported before"
        return "" if self.summary.rows else "an export without any record would take all reports"

    def _too_many(self, gone: int, most: int | None) -> str:
        """Why so many withdrawals may be a mistake; empty when they are not too many."""
        standing = self._earlier.standing if self._earlier else 0
        limit = max(_FEW, standing // _SHARE) if most is None else most
        if gone <= limit:
            return ""
        return (
            f"of {standing:,} reports {gone:,} are no longer in the files, of which one may be cut "
            f"off or old. If it is right: --withdraw-at-most {gone}"
        )

    def _counted(self, made: list[Made]) -> Iterator[bytes]:
        for event in made:
            self.summary.events[event.type] += 1
            yield event.raw

    def _notices(self) -> list[str]:
        notices = []
        if why := self._source.unfinished():
            notices.append(f"{why}; give all pages together")
        if self._earlier is not None and (older := self._earlier.older):
            notices.append(f"{older:,} left out: older than what was imported before")
        if self.summary.rows and self._source.unseen:
            names = ", ".join(f"'{name}'" for name in sorted(self._source.unseen))
            notices.append(f"no record has {names}")
        return notices

    def _record(self, rows: list[Row] | RowError, place: str) -> list[Made]:
        """The events of a record's rows: all of them, or none and a ``RowError``."""
        if isinstance(rows, RowError):
            raise rows
        if not rows and self._rules.repeat:
            self.summary.skipped[f"no '{self._rules.repeat.path}'"] += 1
        made: list[Made] = []
        for row in rows:
            try:
                made += self._row(row)
            except RowError as error:
                if INDEX not in row.columns or self._rules.repeat is None:
                    raise
                inside = f"{self._rules.repeat.path} {row.columns[INDEX]}"
                raise RowError(f"{inside}: {error}") from error
        fresh = self._fresh(made, place)
        if repeats := len(made) - len(fresh):
            self.summary.skipped[REPEATED] += repeats
        return fresh

    def _row(self, row: Row) -> list[Made]:
        result = self._mapper.events(row)
        if isinstance(result, Skip):
            self.summary.skipped[result.reason] += 1
            return []
        for event in result:
            self._check(event)
        if self._earlier is not None and self._rules.revision is None:
            result = [new for made in result for new in self._earlier.news(made, self._pack.id)]
        if not result:
            self.summary.skipped[REPEATED if self._earlier is None else BEFORE] += 1
        return result

    def _check(self, event: Made) -> None:
        verdict = read(event.raw, None, self._pack)
        if isinstance(verdict, Rejected):
            raise RowError(f"{verdict.reason}: {verdict.detail}")

    def _fresh(self, events: list[Made], place: str) -> list[Made]:
        """Those whose id is new. The same id with another content is a ``RowError``."""
        here: dict[bytes, tuple[bytes, str]] = {}
        fresh = []
        for event in events:
            name = hashlib.sha256(f"{event.source}\n{event.id}".encode()).digest()[:16]
            content = hashlib.sha256(event.raw).digest()[:16]
            before = here.get(name) or self._seen.get(name)
            if before is None:
                here[name] = (content, place)
                fresh.append(event)
            elif before[0] != content:
                raise RowError(f"id '{event.id}' is that of {before[1]} too, which differs")
        self._seen.update(here)
        return fresh


def _place(path: Path, place: str, paths: tuple[Path, ...]) -> str:
    """A record as another one's message names it."""
    named = f"line {place}" if place.isdigit() else place
    return named if len(paths) == 1 else f"{named} of {path}"


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
        path = given.get(name, beside / spec.file)
        rows = read_table(path, spec, {spec.key: "lookup", **columns})
        tables[name] = LookupTable.of(rows, path, spec.key, spec.unknown == "empty")
    return tables
