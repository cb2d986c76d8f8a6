"""The values of each family of the election, read from the tables of one region.

A value function gives {values of the labels after ``region``: value}, without zero filling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from streams.metrics.field_values import FIELD_FACTS, FIELD_TIMED, next_change
from streams.metrics.moment import MICROSECONDS, Moment, ValueFunction, add, of_regions
from streams.metrics.text import Values
from streams.metrics.turnout_values import TURNOUT_FACTS, observed_ratios
from streams.tables.buckets import BUCKET, Buckets
from streams.tables.incidents import DISMISSED
from streams.tables.overdue import next_overdue, overdue
from streams.tables.region import RegionTables
from streams.tables.restrictions import CLOSED, phase_over
from streams.tables.surge import surging


def _incidents(tables: RegionTables, _: Moment) -> Values:
    found: Values = {}
    for (category, severity, _phase, status), reports in tables.incidents.counts.items():
        if status not in DISMISSED:
            add(found, (category, severity), reports)
    return found


def _incidents_by_status(tables: RegionTables, _: Moment) -> Values:
    found: Values = {}
    for (*_others, status), reports in tables.incidents.counts.items():
        add(found, (status,), reports)
    return found


def _critical_open(tables: RegionTables, _: Moment) -> Values:
    found: Values = {}
    for (category, severity, _phase, status), reports in tables.incidents.counts.items():
        if severity == "critical":
            add(found, (category,), 0 if status in CLOSED else reports)
    return found


def _surge(tables: RegionTables, moment: Moment) -> Values:
    recent = tables.incidents.recent
    found = surging(recent, tables.heard, tables.code, moment.pack, moment.now)
    return {(): int(found)}


def _restrictions(tables: RegionTables, _: Moment) -> Values:
    found: Values = {}
    for (*margins, status), total in tables.restrictions.total.items():
        if status not in DISMISSED:
            add(found, tuple(margins), total)
    return found


def _turnout(tables: RegionTables, moment: Moment) -> Values:
    ratios = tables.official.newest_ratios()
    found: Values = {
        (contest, "official"): float(ratio) for contest, (_as_of, ratio) in ratios.items()
    }
    if tables.code != moment.pack.country:
        found.update(observed_ratios(tables, moment))
    return found


def _official_as_of(tables: RegionTables, _: Moment) -> Values:
    newest = tables.official.last_as_of
    return {} if newest is None else {(): newest / MICROSECONDS}


def _last_report(tables: RegionTables, _: Moment) -> Values:
    known = {"observer": tables.heard.newest(), "official": tables.last_official}
    return {(who,): at / MICROSECONDS for who, at in known.items() if at is not None}


def _recent(buckets: Buckets, now: int) -> Values:
    return {key: reports for key, reports in buckets.recent(now).items()}  # noqa: C416 - widens


def _incidents_recent(tables: RegionTables, moment: Moment) -> Values:
    return _recent(tables.incidents.recent, moment.now)


def _restrictions_recent(tables: RegionTables, moment: Moment) -> Values:
    return _recent(tables.restrictions.recent, moment.now)


def _restrictions_open(tables: RegionTables, moment: Moment) -> Values:
    found: Values = dict.fromkeys(_restrictions(tables, moment), 0)
    for (kind, group, phase, _status), unlifted in tables.restrictions.unlifted.items():
        over = phase_over(moment.pack, tables.code, phase, moment.now)
        add(found, (kind, group, phase), 0 if over else unlifted)
    return found


def _findings(tables: RegionTables, moment: Moment) -> Values:
    late = len(overdue(tables, moment.pack, moment.now))
    counts = tables.official.open_findings()
    return {("overdue",): late, **{(kind,): number for kind, number in counts.items()}}


FACTS: Final[Mapping[str, ValueFunction]] = {
    "election_incidents": _incidents,
    "election_incidents_by_status": _incidents_by_status,
    "election_critical_incidents_open": _critical_open,
    "election_restrictions": _restrictions,
    "election_turnout_ratio": _turnout,
    "election_official_as_of_timestamp_seconds": _official_as_of,
    "election_last_report_timestamp_seconds": _last_report,
    **FIELD_FACTS,
    **TURNOUT_FACTS,
}
"""Families whose values change only when the region's tables do."""

TIMED: Final[Mapping[str, ValueFunction]] = {
    "election_incidents_recent": _incidents_recent,
    "election_incident_surge": of_regions(_surge),
    "election_restrictions_recent": _restrictions_recent,
    "election_restrictions_open": _restrictions_open,
    "election_official_findings": _findings,
    **FIELD_TIMED,
}
"""Families whose values also change as time passes."""


def ongoing(tables: RegionTables, moment: Moment) -> frozenset[str]:
    """The phases of unlifted restrictions that are not over: these restrictions are open."""
    pack, code = moment.pack, tables.code
    phases = {phase for _kind, _group, phase, _status in tables.restrictions.unlifted}
    return frozenset(one for one in phases if not phase_over(pack, code, one, moment.now))


def opened(tables: RegionTables, moment: Moment) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(began, µs since the epoch; labels of the open restriction), one for each of them."""
    phases = ongoing(tables, moment)
    for (_source, report_id), version in tables.restrictions.standing.items():
        data = version.data
        phase = data.phase
        if phase not in phases:
            continue
        place = data.station or data.commission or ""
        yield version.at, (tables.code, place, data.kind, data.observer_group, report_id)


def durations(tables: RegionTables) -> Iterator[tuple[str, list[int]]]:
    """(kind, ascending seconds) of the restrictions that were lifted and stand."""
    for (kind, _group, _phase, status), seconds in tables.restrictions.durations.items():
        if status not in DISMISSED:
            yield kind, seconds


def steady_until(tables: RegionTables, moment: Moment) -> int:
    """The first moment after ``moment.now`` (µs) at which a timed value may differ.

    The next 5-minute step of the windows, or if that is earlier the end of a grace, the moment
    that a station falls silent, or a complaint or an official figure is overdue.
    """
    restrictions, code = tables.restrictions, tables.code
    pack, now = moment.pack, moment.now
    grace = pack.judgement.restriction_grace
    until = (now // BUCKET + 1) * BUCKET
    for phase in {phase for _kind, _group, phase, _status in restrictions.unlifted}:
        end = pack.phase_end(code, phase)
        if end is not None and now <= (last := end + grace.get(phase, 0)):
            until = min(until, last + 1)
    changes = (next_change(tables, moment), next_overdue(tables, pack, now))
    return min([until, *(change for change in changes if change is not None)])
