"""The rows of every table: pure functions of partitions, the pack and a ``now``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from schemas.canonical import canonical
from schemas.desk import Triage
from schemas.fields import microseconds, rfc3339
from schemas.official import OfficialTurnout
from schemas.pack import Pack
from streams.tables import field_rows
from streams.tables.basis import asked, basis
from streams.tables.buckets import Buckets
from streams.tables.desk_rows import complaints, notices
from streams.tables.digest import accepted_gaps, content_digest, region_digests, rejected_counts
from streams.tables.history import conflicts, corrections, in_two_regions, orphans
from streams.tables.official_rows import official_findings
from streams.tables.partition import Partition
from streams.tables.protocol_rows import protocols
from streams.tables.restrictions import median, phase_over
from streams.tables.results_rows import openings, results_published
from streams.tables.surge import surge
from streams.tables.turnout_rows import observed_turnout, turnout
from streams.tables.view import Row, View


def _incidents(view: View) -> Iterator[Row]:
    for tables in view.regions:
        for (category, severity, phase, status), reports in tables.incidents.counts.items():
            if view.keeps(status):
                yield {
                    "region": tables.code,
                    "category": category,
                    "severity": severity,
                    "phase": phase,
                    "status": status,
                    "reports": reports,
                }


def _recent(view: View, code: str, region: str, all_: Buckets, confirmed: Buckets) -> Iterator[Row]:
    buckets = confirmed if view.confirmed_only else all_
    for (value, window), reports in buckets.recent(view.now).items():
        yield {"region": region, code: value, "window": window, "reports": reports}


def _incidents_recent(view: View) -> Iterator[Row]:
    for tables in view.regions:
        table = tables.incidents
        yield from _recent(view, "category", tables.code, table.recent, table.recent_confirmed)


def _incidents_surge(view: View) -> Iterator[Row]:
    """Every region that reports are expected from, also one without any event."""
    for code, tables in view.expected():
        table = tables.incidents
        buckets = table.recent_confirmed if view.confirmed_only else table.recent
        heard = field_rows.heard(view, tables)
        yield {"region": code, **surge(buckets, heard, code, view.pack, view.now)._asdict()}


def _restrictions_recent(view: View) -> Iterator[Row]:
    for tables in view.regions:
        table = tables.restrictions
        yield from _recent(view, "kind", tables.code, table.recent, table.recent_confirmed)


def _restrictions(view: View) -> Iterator[Row]:
    for tables in view.regions:
        table = tables.restrictions
        for cell, total in table.total.items():
            kind, group, phase, status = cell
            if not view.keeps(status):
                continue
            unlifted = table.unlifted.get(cell, 0)
            over = phase_over(view.pack, tables.code, phase, view.now)
            durations = table.durations.get(cell, [])
            yield {
                "region": tables.code,
                "kind": kind,
                "observer_group": group,
                "phase": phase,
                "status": status,
                "open": 0 if over else unlifted,
                "ended_unlifted": unlifted if over else 0,
                "lifted": len(durations),
                "total": total,
                "median_seconds": median(durations),
            }


def _open_restrictions(view: View) -> Iterator[Row]:
    for tables in view.regions:
        for (source, report_id), version in tables.restrictions.standing.items():
            data = version.data
            decision: Triage | None = tables.decision(source, report_id)
            status = "reported" if decision is None else decision.status
            if not view.keeps(status) or phase_over(view.pack, tables.code, data.phase, view.now):
                continue
            yield {
                "source": source,
                "report_id": report_id,
                "region": tables.code,
                "station": data.station,
                "commission": data.commission,
                "kind": data.kind,
                "observer_group": data.observer_group,
                "phase": data.phase,
                "severity": (decision and decision.severity) or data.severity,
                "status": status,
                "since": rfc3339(version.at),
                "clock_skew": version.at != version.time,
            }


def _official_turnout(view: View) -> Iterator[Row]:
    for tables in view.regions:
        for (station, contest), checkpoint, headline in tables.official.headlines():
            data: OfficialTurnout = headline.data
            yield {
                "region": tables.code,
                "station": station or None,
                "contest": contest,
                "as_of": rfc3339(microseconds(data.as_of)),
                "checkpoint": rfc3339(checkpoint),
                "registered": data.registered,
                "voted": data.voted,
                "percent": data.percent,
                "publisher": data.publisher,
                "revision": data.revision,
                "published": data.published and rfc3339(microseconds(data.published)),
                "source_url": data.source_url,
            }


def _corrections(view: View) -> Iterator[Row]:
    for tables in view.regions:
        yield from corrections(tables)


def _conflicts(view: View) -> Iterator[Row]:
    """What cannot both be true. Kind two_regions needs both regions' partitions in ``view``.

    A worker has only its own: where another one has the other region, neither lists the row.
    """
    for tables in view.regions:
        yield from conflicts(tables)
    for row in in_two_regions(view.everywhere()):
        homes = row["regions"]
        assert isinstance(homes, list)
        if view.region is None or view.region in homes:
            yield row


def _orphans(view: View) -> Iterator[Row]:
    for tables in view.regions:
        yield from orphans(tables)


def _rejected(view: View) -> Iterator[Row]:
    """Of all regions always: what was rejected need not have one."""
    yield from rejected_counts(view.parts)


TABLES: Final[Mapping[str, Callable[[View], Iterator[Row]]]] = {
    "incidents": _incidents,
    "incidents_recent": _incidents_recent,
    "incidents_surge": _incidents_surge,
    "restrictions": _restrictions,
    "restrictions_recent": _restrictions_recent,
    "open_restrictions": _open_restrictions,
    "visits": field_rows.visits,
    "answers": field_rows.answers,
    "assessment": field_rows.assessment,
    "official_turnout": _official_turnout,
    "official_findings": official_findings,
    "turnout": turnout,
    "observed_turnout": observed_turnout,
    "openings": openings,
    "protocols": protocols,
    "results_published": results_published,
    "coverage": field_rows.coverage,
    "silent": field_rows.silent,
    "reports": field_rows.reports,
    "complaints": complaints,
    "notices": notices,
    "corrections": _corrections,
    "conflicts": _conflicts,
    "orphans": _orphans,
    "rejected": _rejected,
}
"""Table → what yields its rows, unsorted."""


def rows(
    name: str,
    parts: Iterable[Partition],
    pack: Pack,
    now: int,
    region: str | None = None,
    *,
    confirmed_only: bool = False,
    whole: bool = True,
) -> list[Row]:
    """The rows of table ``name`` at ``now`` (µs), ready for JSON, in a fixed order.

    ``confirmed_only`` leaves out reports that are not confirmed, resolved or escalated. Not
    ``whole``: there are other partitions than ``parts``. Raises ``KeyError`` for a table that
    does not exist.
    """
    view = _view(parts, pack, now, region, confirmed_only)
    return _rows(name, view._replace(whole=whole))


def _view(
    parts: Iterable[Partition], pack: Pack, now: int, region: str | None, confirmed_only: bool
) -> View:
    parts = tuple(parts)
    if region is None:
        regions = tuple(tables for part in parts for tables in part.regions.values())
    else:
        regions = tuple(part.regions[region] for part in parts if region in part.regions)
    return View(parts, regions, region, pack, now, confirmed_only)


def _rows(name: str, view: View) -> list[Row]:
    return sorted(TABLES[name](view), key=_order)


def _order(row: Row) -> list[tuple[int, str | int, bytes]]:
    """Sort by the columns from left to right: nothing, numbers, then text and the rest."""
    return [_rank(value) for value in row.values()]


def _rank(value: object) -> tuple[int, str | int, bytes]:
    if value is None:
        return (0, 0, b"")
    if isinstance(value, int):
        return (1, value, b"")
    if isinstance(value, str):
        return (2, value, b"")
    return (3, 0, canonical(value))


def document(
    parts: Iterable[Partition],
    pack: Pack,
    now: int,
    names: Iterable[str] | None = None,
    region: str | None = None,
    *,
    positions: bool = True,
    confirmed_only: bool = False,
) -> dict[str, object]:
    """Tables with what they rest on.

    ``{"election", "acceptance", "content_digest", "positions", "now", "basis", "tables"}``: the
    digest is over all regions of ``parts`` whatever ``region``; ``positions``: topic → partition →
    next offset, left out if not wanted; ``basis``: whether anybody reports from each region, so
    that no rows are not read as no incidents. With "accepted_gaps" where the log's start is gone.
    """
    parts = tuple(parts)
    view = _view(parts, pack, now, region, confirmed_only)
    head: dict[str, object] = {
        "election": pack.id,
        "acceptance": pack.acceptance_digest,
        "content_digest": content_digest(pack.acceptance_digest, region_digests(parts)),
    }
    if positions:
        head["positions"] = _positions(parts)
    if missing := accepted_gaps(parts):
        head["accepted_gaps"] = missing
    tables = {name: _rows(name, view) for name in (TABLES if names is None else names)}
    known = {one.code: one for one in view.everywhere()}
    rests_on = basis(known, asked(pack, region) if parts else (), pack, now)
    return {**head, "now": rfc3339(now), "basis": rests_on, "tables": tables}


def _positions(parts: tuple[Partition, ...]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for part in sorted(parts, key=lambda part: -1 if part.number is None else part.number):
        for topic, offset in part.next.items():
            number = "" if part.number is None else str(part.number)
            found.setdefault(topic, {})[number] = offset
    return {topic: found[topic] for topic in sorted(found)}
