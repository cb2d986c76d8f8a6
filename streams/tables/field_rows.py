"""Rows about what observers saw and who of them was heard: visits, answers, coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from schemas.fields import rfc3339
from streams.tables.assessment import assess
from streams.tables.coverage import coverage as coverage_of
from streams.tables.coverage import silent_teams
from streams.tables.heard import Heard
from streams.tables.region import RegionTables
from streams.tables.versions import Version
from streams.tables.view import Row, View
from streams.tables.visits import Cell, Stop, stations


def visits(view: View) -> Iterator[Row]:
    """Visits by phase, rating and status, and how many different stations they were to."""
    for tables in view.regions:
        for (phase, rating, status), stops in tables.visits.cells.items():
            if view.keeps(status):
                yield {
                    "region": tables.code,
                    "phase": phase,
                    "rating": rating,
                    "status": status,
                    "visits": sum(stops.values()),
                    "stations": stations(stops),
                }


def answers(view: View) -> Iterator[Row]:
    """Answers to each question of the form, of the visits that stand."""
    for tables in view.regions:
        found: dict[tuple[str, str], dict[str, int]] = {}
        for (phase, question, answer, status), number in tables.visits.answers.items():
            if view.stands(status):
                cell = found.setdefault((phase, question), {})
                cell[answer] = cell.get(answer, 0) + number
        for (phase, question), cell in found.items():
            yield {
                "region": tables.code,
                "phase": phase,
                "question": question,
                "yes": cell.get("yes", 0),
                "no": cell.get("no", 0),
                "not_observed": cell.get("not_observed", 0),
            }


def assessment(view: View) -> Iterator[Row]:
    """The share assessed negatively: of each region, and of the country as a whole.

    The country's row sums up the regions of the partitions that are looked at. It is
    ``descriptive``, without an interval, unless the sample is one stratum over the whole country;
    so is every row of confirmed visits alone, which are a hand-picked part.
    """
    country = view.pack.country
    for tables in view.regions:
        if tables.code != country:
            yield from _assessed(view, tables.code, [tables])
    if view.region in (None, country):
        yield from _assessed(view, country, list(view.everywhere()))


def _assessed(view: View, code: str, several: list[RegionTables]) -> Iterator[Row]:
    phases: dict[str, list[tuple[Cell, Mapping[Stop, int]]]] = {}
    for tables in several:
        for cell, stops in tables.visits.cells.items():
            if view.stands(cell[2]):
                phases.setdefault(cell[0], []).append((cell, stops))
    regions = [code] if code != view.pack.country else list(view.pack.regions)
    for phase, cells in phases.items():
        found = assess(cells, regions, phase, view.pack, chosen=view.confirmed_only)
        yield {
            "region": code,
            "phase": phase,
            "visits": found.visits,
            "stations": found.stations,
            "rated": found.rated,
            "negative": found.negative,
            "share": None if found.share is None else str(found.share),
            "basis": found.basis,
            "low": found.low,
            "high": found.high,
        }


def coverage(view: View) -> Iterator[Row]:
    """Every region of the pack, also one without any event: no report is not no incident.

    The row without a phase is of the whole day.
    """
    for code, tables in view.expected():
        for row in coverage_of(heard(view, tables), code, view.pack, view.now):
            last = row.last_report
            shown = None if last is None else rfc3339(last)
            yield {"region": code, **row._asdict(), "last_report": shown}


def silent(view: View) -> Iterator[Row]:
    """Whom to call: every team of the plan that is silent, with its last report of any phase.

    One row for each phase that it is missed in; the row without a phase is of the whole day. A
    team whose reports the desk did not confirm has spoken: nobody is to call it, in any view.
    """
    for code, tables in view.expected():
        for team in silent_teams(tables.heard, code, view.pack, view.now):
            yield {
                "region": code,
                "station": team.station,
                "source": team.source,
                "phase": team.phase,
                "last_report": None if team.last is None else rfc3339(team.last),
            }


def heard(view: View, tables: RegionTables) -> Heard:
    """Who was heard from: by all reports, or by the confirmed ones where only they are asked."""
    if not view.confirmed_only:
        return tables.heard
    return Heard(version for version, status in _current(tables) if view.stands(status))


def reports(view: View) -> Iterator[Row]:
    """All reports that are not withdrawn, of every type, by what the desk decided."""
    for tables in view.regions:
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        for version, status in _current(tables):
            if view.keeps(status):
                key = (version.type, version.data.phase, status)
                number, last = found.get(key, (0, version.at))
                found[key] = (number + 1, max(last, version.at))
        for (type_, phase, status), (number, last) in found.items():
            yield {
                "region": tables.code,
                "type": type_,
                "phase": phase,
                "status": status,
                "reports": number,
                "last_report": rfc3339(last),
            }


def _current(tables: RegionTables) -> Iterable[tuple[Version, str]]:
    """(current version, status) of each report that is not withdrawn."""
    for source, mine in tables.reports.items():
        for report_id, head in mine.items():
            if not head.data.withdrawn:
                decision = tables.decision(source, report_id)
                yield head, "reported" if decision is None else decision.status
