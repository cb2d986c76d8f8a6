"""How models are filled with what was decoded of them: `make docs` writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Mends = dict[str, Callable[[Any], Any]]
Fill = Callable[[Any], Any]


def visit(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Visit``."""
    new = object.__new__
    as_report_id = mend["report_id"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_observer = mend["observer"]
    as_arrived = mend["arrived"]
    as_left = mend["left"]
    as_answers = mend["answers"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.report_id = as_report_id(found.report_id)
        made.revision = found.revision
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        observer = found.observer
        made.observer = None if observer is None else as_observer(observer)
        made.observer_group = found.observer_group
        made.phase = found.phase
        made.withdrawn = found.withdrawn
        made.arrived = as_arrived(found.arrived)
        left = found.left
        made.left = None if left is None else as_left(left)
        made.rating = found.rating
        made.answers = as_answers(found.answers)
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


def incident(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Incident``."""
    new = object.__new__
    as_report_id = mend["report_id"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_observer = mend["observer"]
    as_category = mend["category"]
    as_description = mend["description"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.report_id = as_report_id(found.report_id)
        made.revision = found.revision
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        observer = found.observer
        made.observer = None if observer is None else as_observer(observer)
        made.observer_group = found.observer_group
        made.phase = found.phase
        made.withdrawn = found.withdrawn
        made.category = as_category(found.category)
        made.severity = found.severity
        description = found.description
        made.description = None if description is None else as_description(description)
        made.__class__ = model
        return made

    return fill


def restriction(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Restriction``."""
    new = object.__new__
    as_report_id = mend["report_id"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_observer = mend["observer"]
    as_lifted = mend["lifted"]
    as_description = mend["description"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.report_id = as_report_id(found.report_id)
        made.revision = found.revision
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        observer = found.observer
        made.observer = None if observer is None else as_observer(observer)
        made.observer_group = found.observer_group
        made.phase = found.phase
        made.withdrawn = found.withdrawn
        made.kind = found.kind
        lifted = found.lifted
        made.lifted = None if lifted is None else as_lifted(lifted)
        made.severity = found.severity
        description = found.description
        made.description = None if description is None else as_description(description)
        made.__class__ = model
        return made

    return fill


def count_interval(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``CountInterval``."""
    new = object.__new__
    as_since = mend["since"]
    as_until = mend["until"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.since = as_since(found.since)
        made.until = as_until(found.until)
        made.voters = found.voters
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


def observed_turnout(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``ObservedTurnout``."""
    new = object.__new__
    as_report_id = mend["report_id"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_observer = mend["observer"]
    as_interval = mend["interval"]
    as_contest = mend["contest"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.report_id = as_report_id(found.report_id)
        made.revision = found.revision
        made.region = as_region(found.region)
        made.station = as_station(found.station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        observer = found.observer
        made.observer = None if observer is None else as_observer(observer)
        made.observer_group = found.observer_group
        made.phase = found.phase
        made.withdrawn = found.withdrawn
        made.method = found.method
        made.cumulative = found.cumulative
        interval = found.interval
        made.interval = None if interval is None else as_interval(interval)
        made.registered = found.registered
        contest = found.contest
        made.contest = None if contest is None else as_contest(contest)
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


def observed_protocol(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``ObservedProtocol``."""
    new = object.__new__
    as_report_id = mend["report_id"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_observer = mend["observer"]
    as_votes = mend["votes"]
    as_contest = mend["contest"]
    as_protocol_time = mend["protocol_time"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.report_id = as_report_id(found.report_id)
        made.revision = found.revision
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        observer = found.observer
        made.observer = None if observer is None else as_observer(observer)
        made.observer_group = found.observer_group
        made.phase = found.phase
        made.withdrawn = found.withdrawn
        made.registered = found.registered
        made.received = found.received
        made.issued = found.issued
        made.unused = found.unused
        made.spoiled = found.spoiled
        made.voted = found.voted
        made.voted_at_home = found.voted_at_home
        made.in_box = found.in_box
        made.valid = found.valid
        made.invalid = found.invalid
        votes = found.votes
        made.votes = None if votes is None else as_votes(votes)
        made.contest = as_contest(found.contest)
        made.protocol_time = as_protocol_time(found.protocol_time)
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


FILLS: Final[dict[str, Callable[[Any, Any, Mends], Fill]]] = {
    "Visit": visit,
    "Incident": incident,
    "Restriction": restriction,
    "CountInterval": count_interval,
    "ObservedTurnout": observed_turnout,
    "ObservedProtocol": observed_protocol,
}
"""Name of a model, and what fills it."""
