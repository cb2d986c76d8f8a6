"""The values of the families of ``fieldwork``, read from the tables of one region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.metrics.moment import MICROSECONDS, Moment, ValueFunction, add, of_regions
from streams.metrics.text import Values
from streams.tables.basis import HEARINGS, basis_of, silent_from
from streams.tables.incidents import DISMISSED
from streams.tables.plan import Watch
from streams.tables.protocol_findings import FINDINGS
from streams.tables.region import RegionTables
from streams.tables.standing import Standing
from streams.tables.stations import station_counts

STAGES: Final = ("filed", "decided", "published", "overdue", "late")
DAY: Final = "day"
"""Label for the whole day, beside the phases that it is not the sum of."""


def _visits(tables: RegionTables, _: Moment) -> Values:
    found: Values = {}
    for (phase, rating, status), stops in tables.visits.cells.items():
        if rating is not None and status not in DISMISSED:
            add(found, (phase, rating), sum(stops.values()))
    return found


def _answers(tables: RegionTables, _: Moment) -> Values:
    found: Values = {}
    for (_phase, question, answer, status), number in tables.visits.answers.items():
        if status not in DISMISSED:
            add(found, (question, answer), number)
    return found


def _standing(tables: RegionTables, moment: Moment) -> Standing:
    return tables.heard.standing(moment.pack, tables.code)


def _expected(tables: RegionTables, moment: Moment) -> Values:
    return {(): _standing(tables, moment).stations[None].expected}


def _reporting(tables: RegionTables, moment: Moment) -> Values:
    if not moment.pack.deployment:
        return {(): tables.heard.stations()}
    return {(): _standing(tables, moment).stations[None].reporting}


def _expected_by_phase(tables: RegionTables, moment: Moment) -> Values:
    rolls = _standing(tables, moment).stations.items()
    return {(phase,): roll.expected for phase, roll in rolls if phase is not None}


def _reporting_by_phase(tables: RegionTables, moment: Moment) -> Values:
    rolls = _standing(tables, moment).stations.items()
    return {(phase,): roll.reporting for phase, roll in rolls if phase is not None}


def _silent(tables: RegionTables, moment: Moment) -> Values:
    watch = Watch(moment.pack, tables.code, moment.now)
    rolls = _standing(tables, moment).stations.items()
    return {(phase or DAY,): roll.silent(watch) for phase, roll in rolls}


def _teams(tables: RegionTables, moment: Moment) -> Values:
    return {(): _standing(tables, moment).teams[None].expected}


def _teams_silent(tables: RegionTables, moment: Moment) -> Values:
    watch = Watch(moment.pack, tables.code, moment.now)
    return {(): _standing(tables, moment).teams[None].silent(watch)}


def _heard(tables: RegionTables, moment: Moment) -> Values:
    state = basis_of(tables.heard, tables.code, moment.pack, moment.now).state
    return {(each,): int(each == state) for each in HEARINGS}


def _opened(tables: RegionTables, moment: Moment) -> Values:
    found: Values = {}
    for _, headline in tables.openings.headlines(moment.pack):
        found = {(): headline.data.open}
    return found


def _stations(tables: RegionTables, moment: Moment) -> Values:
    known = station_counts(moment.pack).get(tables.code)
    return {} if known is None else {(): known}


def _close(tables: RegionTables, moment: Moment) -> Values:
    polls = moment.pack.polls(tables.code)
    return {(): polls[-1][1] / MICROSECONDS} if polls else {}


def _results(tables: RegionTables, moment: Moment) -> Values:
    return {(): tables.protocols.stations(moment.pack.main_contest)[0]}


def _copies(tables: RegionTables, moment: Moment) -> Values:
    return {(): tables.protocols.tally(moment.pack).copies}


def _differences(tables: RegionTables, moment: Moment) -> Values:
    return {(): tables.protocols.tally(moment.pack).different}


def _findings(tables: RegionTables, moment: Moment) -> Values:
    findings = tables.protocols.tally(moment.pack).findings
    return {(kind,): findings.get(kind, 0) for kind in FINDINGS}


def _complaints(tables: RegionTables, moment: Moment) -> Values:
    course = tables.complaints.course(moment.pack, moment.now)
    return {(stage,): getattr(course, stage) for stage in STAGES}


def _of_plan(value: ValueFunction) -> ValueFunction:
    """``value`` of a region, but nothing where the pack has no deployment plan."""
    regional = of_regions(value)

    def values(tables: RegionTables, moment: Moment) -> Values:
        return regional(tables, moment) if moment.pack.deployment else {}

    return values


FIELD_FACTS: Final[Mapping[str, ValueFunction]] = {
    "election_visits": _visits,
    "election_answers": _answers,
    "election_stations_expected": _of_plan(_expected),
    "election_stations_expected_by_phase": _of_plan(_expected_by_phase),
    "election_stations_reporting": of_regions(_reporting),
    "election_stations_reporting_by_phase": _of_plan(_reporting_by_phase),
    "election_teams_expected": _of_plan(_teams),
    "election_stations_opened": _opened,
    "election_stations": of_regions(_stations),
    "election_polls_close_timestamp_seconds": of_regions(_close),
    "election_results_published_stations": of_regions(_results),
    "election_protocols_observed": _copies,
    "election_protocol_differences": _differences,
    "election_protocol_findings": _findings,
}
"""Families whose values change only when the region's tables do."""

FIELD_TIMED: Final[Mapping[str, ValueFunction]] = {
    "election_region_heard": of_regions(_heard),
    "election_stations_silent": _of_plan(_silent),
    "election_teams_silent": _of_plan(_teams_silent),
    "election_complaints": _complaints,
}
"""Families whose values also change as time passes."""


def next_change(tables: RegionTables, moment: Moment) -> int | None:
    """The first moment (µs) after ``moment.now`` at which one of these may change by itself."""
    pack, now, code = moment.pack, moment.now, tables.code
    later = list(_standing(tables, moment).turns(Watch(pack, code, now)))
    later += [at for polls in pack.polls(code) for at in polls]
    later += [at for at in (_region_silent(tables, moment),) if at is not None]
    later += [at for at in (tables.complaints.next_overdue(pack, now),) if at is not None]
    return min((at for at in later if at > now), default=None)


def _region_silent(tables: RegionTables, moment: Moment) -> int | None:
    newest = tables.heard.newest()
    return None if newest is None else silent_from(newest, tables.code, moment.pack, moment.now)
