"""What changed between two states of one election: rows of tables, and the events that did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.canonical import canonical, data_fields
from schemas.desk import Triage
from schemas.envelope import EVENTS
from streams.archive.pack_changes import PackChange, causing
from streams.archive.replay import Numbers
from streams.tables.region import RegionTables
from streams.tables.versions import Version
from streams.tables.view import Row
from streams.tables.views import TABLES, rows

_REPORTS: Final = tuple(type_ for type_ in EVENTS if type_.startswith("election.observer."))
_TRIAGE: Final = "election.desk.triage.v1"
_INCIDENT: Final = ("election.observer.incident.v1", _TRIAGE)
_RESTRICTION: Final = ("election.observer.restriction.v1", _TRIAGE)
_VISIT: Final = ("election.observer.visit.v1", _TRIAGE)
_OFFICIAL: Final = ("election.official.turnout.v1",)
_OBSERVED: Final = ("election.observer.turnout.v1", _TRIAGE)
_PUBLISHED: Final = ("election.official.protocol.v1",)

FED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents": _INCIDENT,
    "incidents_recent": _INCIDENT,
    "restrictions": _RESTRICTION,
    "restrictions_recent": _RESTRICTION,
    "open_restrictions": _RESTRICTION,
    "visits": _VISIT,
    "answers": _VISIT,
    "assessment": _VISIT,
    "official_turnout": _OFFICIAL,
    "official_findings": _OFFICIAL,
    "turnout": (*_OFFICIAL, *_OBSERVED),
    "observed_turnout": _OBSERVED,
    "openings": ("election.official.opening.v1",),
    "protocols": (*_PUBLISHED, "election.observer.protocol.v1", _TRIAGE),
    "results_published": _PUBLISHED,
    "coverage": (*_REPORTS, _TRIAGE),
    "silent": (*_REPORTS, _TRIAGE),
    "reports": (*_REPORTS, _TRIAGE),
    "complaints": ("election.desk.complaint.v1",),
    "notices": ("election.desk.notice.v1",),
    "rejected": (),
}
"""Table → the types of the events that can change it; all types where it is not listed."""

AGES: Final = frozenset({"age_seconds", "seconds_since_close"})
"""Columns that go by ``now`` alone: a row of which nothing else is another is no other row."""
_SHARED: Final = 2
"""Leading columns that two rows must have in common to be one row that changed."""


class Cause(NamedTuple):
    """An event that one state has and the other has not. ``gone``: the first has it."""

    region: str
    type: str
    source: str
    id: str
    gone: bool


class Change(NamedTuple):
    """A row that is another one, has come (``before`` None) or gone. ``region``: None for none.

    ``causes``: the events that can have done it, by region, type and what both say; ``packs``: the
    differences of the packs that can. None of either: the moment of the view did, or what was
    rejected.
    """

    table: str
    region: str | None
    before: Row | None
    after: Row | None
    causes: list[Cause]
    packs: Sequence[PackChange] = ()


class _Event(NamedTuple):
    """``said``: what all versions of its report say, as an event changes the rows of those too.

    ``types``: of all these. ``idle``: a decision whose report is not there.
    """

    cause: Cause
    said: Sequence[Mapping[str, object]]
    types: set[str]
    idle: bool


def differences(
    a: Numbers,
    b: Numbers,
    names: Sequence[str] = (),
    region: str | None = None,
    packs: Sequence[PackChange] = (),
) -> tuple[list[Cause], list[Change]]:
    """The events that only one of two states has, and the rows that differ, table by table.

    Of events those that can concern the tables and the region that are asked for, and the causes
    of rows. ``packs``: what differs between the packs that the two were judged by.
    """
    events = list(_events(a, b))
    changes = []
    for name in names or TABLES:
        before = rows(name, a.parts, a.pack, a.now, region)
        after = rows(name, b.parts, b.pack, b.now, region)
        for old, new in paired(before, after):
            causes = list(_causes(name, old, new, events, b.pack.country))
            changes.append(_change(name, old, new, causes, packs))
    blamed = {cause for change in changes for cause in change.causes}
    where = None if region == b.pack.country else region  # its rows are sums of all regions
    concern = [
        event.cause
        for event in events
        if event.cause in blamed
        or (where in (None, event.cause.region) and _feeds_any(event, names))
    ]
    return concern, changes


def of_documents(
    a: Mapping[str, Sequence[Row]], b: Mapping[str, Sequence[Row]], packs: Sequence[PackChange] = ()
) -> list[Change]:
    """The rows that differ in the tables that both have; events are not known."""
    return [
        _change(name, old, new, [], packs)
        for name in a
        if name in b
        for old, new in paired(a[name], b[name])
    ]


def _change(
    name: str, old: Row | None, new: Row | None, causes: list[Cause], packs: Sequence[PackChange]
) -> Change:
    row = old or new or {}
    where = row.get("region")
    code = where if isinstance(where, str) else None
    return Change(name, code, old, new, causes, causing(name, row, packs))


def paired(before: Sequence[Row], after: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """The rows that are not in both lists, those that have most columns in common together.

    ``AGES`` do not count: the clock moves them in every row.
    """
    gone, come = _without(before, after), _without(after, before)
    width = max((len(_lasting(row)) for row in (*gone, *come)), default=0)
    for shared in range(width - 1, _SHARED - 1, -1):
        waiting: dict[bytes, list[Row]] = {}
        for row in gone:
            waiting.setdefault(_start(row, shared), []).append(row)
        left = []
        for row in come:
            if same := waiting.get(_start(row, shared)):
                old = same.pop(0)
                gone.remove(old)
                yield old, row
            else:
                left.append(row)
        come = left
    yield from ((row, None) for row in gone)
    yield from ((None, row) for row in come)


def _without(those: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    counts = Counter(_spelt(row) for row in others)
    left = []
    for row in those:
        text = _spelt(row)
        if counts[text]:
            counts[text] -= 1
        else:
            left.append(row)
    return left


def _spelt(row: Row) -> bytes:
    return canonical(_lasting(row))


def _start(row: Row, columns: int) -> bytes:
    return canonical(list(_lasting(row).values())[:columns])


def _lasting(row: Row) -> Row:
    return {column: value for column, value in row.items() if column not in AGES}


def _events(a: Numbers, b: Numbers) -> Iterator[_Event]:
    """Events of one state alone, by region."""
    regions: list[dict[str, RegionTables]] = [
        {code: tables for part in each.parts for code, tables in part.regions.items()}
        for each in (a, b)
    ]
    for code in sorted(regions[0].keys() | regions[1].keys()):
        pair = [each.get(code) for each in regions]
        if pair[0] is not None and pair[1] is not None and pair[0].digest() == pair[1].digest():
            continue
        old, new = ({} if each is None else _by_line(each) for each in pair)
        for lines, other, tables, gone in ((old, new, pair[0], True), (new, old, pair[1], False)):
            for line in sorted(lines.keys() - other.keys()):
                assert tables is not None
                version = lines[line]
                cause = Cause(code, version.type, version.source, version.id, gone)
                yield _event(cause, version, tables)


def _by_line(tables: RegionTables) -> dict[bytes, Version]:
    return {version.line(): version for version in tables.versions()}


def _event(cause: Cause, version: Version, tables: RegionTables) -> _Event:
    """A decision takes effect where its report is counted."""
    data = version.data
    source, report_id = version.source, getattr(data, "report_id", None)
    if isinstance(data, Triage):
        source, report_id = data.about.source, data.about.report_id
    if report_id is None:
        return _Event(cause, [{**data_fields(data), "source": source}], {version.type}, False)
    report = tables.report(source, report_id)
    known = {"source": source, "report_id": report_id}
    said = [{**data_fields(each.data), **known} for each in report or ()]
    types = {each.type for each in report or ()}
    # A decision about a restriction changes no row of incidents, though some decisions do.
    types |= set() if types and isinstance(data, Triage) else {version.type}
    return _Event(cause, said or [known], types, report is None)


_TELLING: Final = frozenset(
    {
        *("source", "report_id", "station", "contest", "phase", "category", "kind", "rating"),
        *("observer_group", "notice_id", "complaint_id"),
    }
)
"""Columns that say what a row is about, in the words of events."""
_IDENTITY: Final = frozenset({"source", "report_id"})
_ANY_PHASE: Final = frozenset({"coverage", "silent"})
"""Tables with rows of one phase, in which a report of any phase counts as having been heard."""


def _feeds(event: _Event, name: str) -> bool:
    """Whether table ``name`` is made from events of that type, wherever it is from."""
    if event.idle and name in FED_BY:
        return False
    return not event.types.isdisjoint(FED_BY.get(name, tuple(EVENTS)))


def _feeds_any(event: _Event, names: Sequence[str]) -> bool:
    """Whether it feeds one of these tables; of no tables nothing is asked."""
    return not names or any(_feeds(event, name) for name in names)


def _causes(
    name: str, old: Row | None, new: Row | None, events: Sequence[_Event], country: str
) -> Iterator[Cause]:
    seen = [row for row in (old, new) if row is not None]
    region = seen[0].get("region")
    # The country's row is made of all regions, and one id in several is about all of these.
    anywhere = region in (None, country) or any(row.get("regions") for row in seen)
    # Tables of anything (conflicts, orphans) have columns of the same names and another meaning.
    columns = _TELLING if name in FED_BY else _IDENTITY
    if name in _ANY_PHASE:
        columns -= {"phase"}
    for event in events:
        if not _feeds(event, name):
            continue
        if not (anywhere or region == event.cause.region):
            continue
        if any(_fits(said, row, columns) for row in seen for said in event.said):
            yield event.cause


def _fits(fields: Mapping[str, object], row: Row, columns: frozenset[str]) -> bool:
    """Whether an event says nothing else than a row where both say something."""
    return all(
        row[column] is None or fields[column] == row[column]
        for column in fields.keys() & row.keys() & columns
    )
