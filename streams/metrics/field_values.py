"""The values of the families of ``fieldwork``, read from the tables of one region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.metrics.moment import MICROSECONDS, Moment, ValueFunction, add
from streams.metrics.text import Values
from streams.tables.arithmetic import FAULTS
from streams.tables.coverage import Day, planned
from streams.tables.incidents import DISMISSED
from streams.tables.region import RegionTables
from streams.tables.results_rows import station_counts

STAGES: Final = ("filed", "decided", "published", "overdue", "late")


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


def _expected(tables: RegionTables, moment: Moment) -> Values:
    if not moment.pack.deployment:
        return {}
    return {(): len(planned(moment.pack, tables.code))}


def _day(tables: RegionTables, moment: Moment) -> Day:
    return Day(tables.heard, tables.code, moment.pack, moment.now)


def _reporting(tables: RegionTables, moment: Moment) -> Values:
    return {(): _day(tables, moment).reporting()}


def _silent(tables: RegionTables, moment: Moment) -> Values:
    if not moment.pack.deployment:
        return {}
    return {(): sum(at <= moment.now for at in _day(tables, moment).silences())}


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


def _faults(tables: RegionTables, moment: Moment) -> Values:
    faults = tables.protocols.tally(moment.pack).faults
    return {(kind,): faults.get(kind, 0) for kind in FAULTS}


def _complaints(tables: RegionTables, moment: Moment) -> Values:
    course = tables.complaints.course(moment.pack, moment.now)
    return {(stage,): getattr(course, stage) for stage in STAGES}


def of_regions(value: ValueFunction) -> ValueFunction:
    """``value``, but nothing for the country: a sum over the series would count it twice."""

    def values(tables: RegionTables, moment: Moment) -> Values:
        return {} if tables.code == moment.pack.country else value(tables, moment)

    return values


FIELD_FACTS: Final[Mapping[str, ValueFunction]] = {
    "election_visits": _visits,
    "election_answers": _answers,
    "election_stations_expected": of_regions(_expected),
    "election_stations_reporting": of_regions(_reporting),
    "election_stations_opened": _opened,
    "election_stations": of_regions(_stations),
    "election_polls_close_timestamp_seconds": of_regions(_close),
    "election_results_published_stations": of_regions(_results),
    "election_protocols_observed": _copies,
    "election_protocol_differences": _differences,
    "election_protocol_findings": _faults,
}
"""Families whose values change only when the region's tables do."""

FIELD_TIMED: Final[Mapping[str, ValueFunction]] = {
    "election_stations_silent": of_regions(_silent),
    "election_complaints": _complaints,
}
"""Families whose values also change as time passes."""


def next_change(tables: RegionTables, moment: Moment) -> int | None:
    """The first moment (µs) after ``moment.now`` at which one of these may change by itself."""
    pack, now = moment.pack, moment.now
    later = [at for at in _day(tables, moment).silences() if at > now]
    later += [at for polls in pack.polls(tables.code) for at in polls if at > now]
    due = tables.complaints.next_overdue(pack, now)
    return min([*later, *([] if due is None else [due])], default=None)
