"""Rows about the versions themselves: corrections, conflicts, decisions without a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from schemas.desk import Complaint, ReportRef, Triage
from schemas.fields import rfc3339
from streams.tables.incidents import DISMISSED
from streams.tables.region import RegionTables
from streams.tables.versions import Version, revisions, same_content
from streams.tables.view import Row


def _identity(tables: RegionTables, **known: str | None) -> Row:
    """The columns that name an identity, of whatever kind."""
    return {"region": tables.code, **_UNNAMED, **known}


_UNNAMED: Final = dict.fromkeys(
    ("source", "report_id", "publisher", "station", "commission", "contest", "checkpoint")
)


def _several(tables: RegionTables) -> Iterator[tuple[Row, Version]]:
    """The identity, as columns, and head of everything that has more than one version.

    Notices and complaints have their own ids in the column ``report_id``.
    """
    for source, report_id in tables.several:
        identity = _identity(tables, source=source, report_id=report_id)
        yield identity, tables.reports[source][report_id]
    for source, report_id in tables.decided_several:
        identity = _identity(tables, source=source, report_id=report_id)
        yield identity, tables.decisions[source][report_id]
    for ledger in (tables.notices, tables.complaints):
        for source, own_id in ledger.several:
            identity = _identity(tables, source=source, report_id=own_id)
            yield identity, ledger.heads[source, own_id]
    yield from _several_official(tables)


def _several_official(tables: RegionTables) -> Iterator[tuple[Row, Version]]:
    for (station, contest), checkpoint, publisher in tables.official.several:
        head = tables.official.series[station, contest].points[checkpoint][publisher]
        named = {"publisher": publisher, "station": station or None, "contest": contest}
        yield _identity(tables, **named, checkpoint=rfc3339(checkpoint)), head
    protocols = tables.protocols.official
    for place, publisher in protocols.several:
        station, commission, contest = place
        named = {"publisher": publisher, "station": station or None, "contest": contest}
        identity = _identity(tables, **named, commission=commission or None)
        yield identity, protocols.heads[place, publisher]
    for moment, publisher in tables.openings.several:
        identity = _identity(tables, publisher=publisher, checkpoint=rfc3339(moment))
        yield identity, tables.openings.heads[moment, publisher]


def _differing(a: Version, b: Version) -> list[str]:
    """Names of the fields of the content in which two versions differ, but for the revision."""
    x, y = _flat(a), _flat(b)
    return sorted(name for name in x.keys() | y.keys() if x.get(name) != y.get(name))


def _flat(version: Version) -> dict[str, object]:
    content = version.content()
    data = content["data"]
    assert isinstance(data, dict)
    fields = {name: value for name, value in data.items() if name != "revision"}
    return {**fields, "type": content["type"], "time": content["time"]}


def corrections(tables: RegionTables) -> Iterator[Row]:
    """One row for each step from a revision to the next: the fields that it changed."""
    for identity, head in _several(tables):
        steps = revisions(head)
        for previous, version in pairwise(steps):
            yield {
                **identity,
                "type": version.type,
                "revision": version.data.revision,
                "previous_revision": previous.data.revision,
                "fields": _differing(previous, version),
                "withdrawn": getattr(version.data, "withdrawn", False),
            }


def conflicts(tables: RegionTables) -> Iterator[Row]:
    """One row for each revision that came with differing contents."""
    for identity, head in _several(tables):
        by_revision: dict[int, list[Version]] = {}
        for version in head:
            by_revision.setdefault(version.data.revision, []).append(version)
        for revision, versions in by_revision.items():
            last = versions[-1]
            if all(same_content(version, last) for version in versions):
                continue
            fields = {name for version in versions for name in _differing(version, last)}
            yield {
                "kind": "same_revision",
                **identity,
                "regions": [tables.code],
                "type": last.type,
                "revision": revision,
                "versions": len(versions),
                "fields": sorted(fields),
            }


def in_two_regions(regions: Iterable[RegionTables]) -> Iterator[Row]:
    """One row for each id of one source that lives (is not withdrawn) in several regions.

    Of reports, notes on the timeline and complaints; each is moved by withdrawing it in one region.
    Over ``regions`` alone: two workers that have one of two regions each find nothing.
    """
    # A source writes reports or what the desk keeps, and a note may have the id of a complaint.
    homes: dict[tuple[str, bool, str], list[tuple[RegionTables, Version]]] = {}
    for tables in regions:
        for source, own_id, head in _alive(tables):
            key = source, isinstance(head.data, Complaint), own_id
            homes.setdefault(key, []).append((tables, head))
    for (source, _, own_id), several in homes.items():
        if len(several) < 2:
            continue
        home, head = min(several, key=lambda one: one[0].code)
        yield {
            "kind": "two_regions",
            **_identity(home, source=source, report_id=own_id),
            "regions": sorted(tables.code for tables, _ in several),
            "type": head.type,
            "revision": head.data.revision,
            "versions": len(several),
            "fields": ["region"],
        }


def _alive(tables: RegionTables) -> Iterator[tuple[str, str, Version]]:
    """(source, id, current version) of reports, notes and complaints that are not withdrawn."""
    for source, mine in tables.reports.items():
        for report_id, head in mine.items():
            if not head.data.withdrawn:
                yield source, report_id, head
    for ledger in (tables.notices, tables.complaints):
        for (source, own_id), head in ledger.heads.items():
            if not head.data.withdrawn:
                yield source, own_id, head


def orphans(tables: RegionTables) -> Iterator[Row]:
    """One row for each decision in force that misses something, named by ``missing``.

    ``report``: the one it is about has not come. ``original``: it calls a report a duplicate of
    one that counts nowhere itself, so that neither is counted; ``original`` tells why: it is
    ``absent``, ``withdrawn``, ``rejected`` or a ``duplicate``. Originals in another region are
    not looked for, and a duplicate that is withdrawn needs none.
    """
    for source, mine in tables.decisions.items():
        for report_id, head in mine.items():
            decision: Triage = head.data
            absent = tables.report(source, report_id) is None
            original = None if absent else _lost_original(tables, decision)
            if not absent and original is None:
                continue
            first = decision.duplicate_of
            yield {
                "region": tables.code,
                "source": source,
                "report_id": report_id,
                "missing": "report" if absent else "original",
                "status": decision.status,
                "severity": decision.severity,
                "duplicate_of": None
                if first is None
                else {
                    "source": first.source,
                    "region": first.region,
                    "report_id": first.report_id,
                },
                "original": original,
                "revision": decision.revision,
                "since": rfc3339(head.at),
            }


def _lost_original(tables: RegionTables, decision: Triage) -> str | None:
    """Why the report that another one repeats counts nowhere; None: it counts, or none is named."""
    first = decision.duplicate_of
    if first is None or first.region != tables.code:
        return None
    if _fate(tables, decision.about) == "withdrawn":
        return None
    return _fate(tables, first)


def _fate(tables: RegionTables, ref: ReportRef) -> str | None:
    report = tables.report(ref.source, ref.report_id)
    if report is None:
        return "absent"
    if report.data.withdrawn:
        return "withdrawn"
    decision = tables.decision(ref.source, ref.report_id)
    return decision.status if decision is not None and decision.status in DISMISSED else None
