"""What an event that is well formed must still fit: the election pack and its place in the log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from schemas.desk import Clock, Complaint, Notice, Triage
from schemas.envelope import EVENTS, Envelope, Event
from schemas.fields import microseconds
from schemas.observer import (
    Incident,
    ObservedProtocol,
    ObservedTurnout,
    Report,
    Restriction,
    Visit,
)
from schemas.official import OfficialProtocol, OfficialTurnout, Opening
from schemas.routing import partition_of
from schemas.verdict import Accepted, Origin, Rejected

if TYPE_CHECKING:
    from schemas.pack import Pack


_WRITERS: Final = {type_: (writer, "." + writer) for type_, (_, writer) in EVENTS.items()}
"""Type to the authority that writes it, and the end of the name of its topic."""


def sender(type_: str, envelope: Envelope, origin: Origin | None, pack: Pack) -> Rejected | None:
    """Refuse a type on another authority's topic, another election's event, a stranger's."""
    authority, ending = _WRITERS[type_]
    if origin is not None and not origin.topic.endswith(ending):
        detail = f"type: belongs on the {authority} topic, came on {origin.topic}"
        return Rejected("wrong_authority", detail, type_)
    if envelope.election != pack.id:
        detail = f"election: '{envelope.election}' is not '{pack.id}'"
        return Rejected("wrong_election", detail, type_)
    source = pack.sources.get(envelope.source)
    if source is None:
        return Rejected("unknown_source", f"source: '{envelope.source}' is not in the pack", type_)
    if source.authority != authority:
        detail = f"source: '{envelope.source}' may write {source.authority} events only"
        return Rejected("wrong_authority", detail, type_)
    return None


def admit(event: Event, origin: Origin | None, pack: Pack) -> Accepted | Rejected:
    """Hold a valid event against the pack and the record it came in."""
    type_, data = event.type, event.data
    writer, ending = _WRITERS[type_]
    source = pack.sources.get(event.source)
    if (
        source is None
        or source.authority != writer
        or event.election != pack.id
        or (origin is not None and not origin.topic.endswith(ending))
    ):
        refusal = sender(type_, event, origin, pack)
        assert refusal is not None
        return refusal
    kind = data.__class__
    if isinstance(data, Clock):
        return Accepted(event, "", microseconds(event.time), False)
    refusal = _CHECKS[kind](event, data, pack)
    if refusal is not None:
        return refusal
    # What belongs to no region is the whole country's, and is routed by the country's code.
    region = data.region or pack.country
    if region not in pack.regions:
        return Rejected("unknown_region", f"{_path(data)}: '{region}'", type_)
    if origin is None:
        return _ACCEPTED((event, region, microseconds(event.time), False))
    _, partition, partitions, key, timestamp = origin
    if key != region.encode() or partition != partition_of(region, partitions):
        return Rejected("misrouted", _misrouted(region, origin), type_)
    # Times are judged against the record's, never against the reader's clock.
    at = microseconds(event.time)
    if at <= timestamp * 1000 + pack.future_tolerance and kind not in _LATER:
        return _ACCEPTED((event, region, at, False))
    return _timed(event, region, at, origin, pack)


_ACCEPTED: Final[Callable[[tuple[Event, str, int, bool]], Accepted]] = partial(
    tuple.__new__, Accepted
)
"""``Accepted`` of its fields, in half the time."""


def _path(data: Any) -> str:
    return "data.about.region" if isinstance(data, Triage) else "data.region"


def _misrouted(region: str, origin: Origin) -> str:
    right = partition_of(region, origin.partitions)
    if origin.key != region.encode():
        return f"key: must be the region '{region}'"
    return f"partition: {origin.partition}, murmur2 of '{region}' is {right}"


def _timed(event: Event, region: str, at: int, origin: Origin, pack: Pack) -> Accepted | Rejected:
    """Judge the times of an event that may be ahead of its record, or has more times inside."""
    known = origin.timestamp * 1000
    limit = known + pack.future_tolerance
    data = event.data
    kind = data.__class__
    if isinstance(data, Restriction):
        # A restriction is not lost to a wrong phone clock.
        far = known + pack.restriction_future_tolerance
        if at > far:
            return Rejected("future_time", "time: later than the record", event.type)
        if data.lifted is not None and microseconds(data.lifted) > far:
            return Rejected("future_time", "data.lifted: later than the record", event.type)
        if at > limit:
            return Accepted(event, region, known, True)
        return Accepted(event, region, at, False)
    if at > limit:
        return Rejected("future_time", "time: later than the record", event.type)
    for name in _LATER.get(kind, ()):
        moment = getattr(data, name)
        if moment is not None and microseconds(moment) > limit:
            return Rejected("future_time", f"data.{name}: later than the record", event.type)
    interval = data.interval if isinstance(data, ObservedTurnout) else None
    if interval is not None and microseconds(interval.until) > limit:
        return Rejected("future_time", "data.interval.to: later than the record", event.type)
    return Accepted(event, region, at, False)


_LATER: Final[dict[type, tuple[str, ...]]] = {
    Restriction: (),
    ObservedTurnout: (),
    Visit: ("arrived", "left"),
    ObservedProtocol: ("protocol_time",),
    OfficialTurnout: ("as_of", "published"),
    OfficialProtocol: ("published",),
    Opening: ("as_of", "published"),
    Complaint: ("filed", "decided", "published"),
}
"""Types with times inside ``data``: those that must not be later than the record either."""


def _place(event: Event, region: str, station: str | None, pack: Pack) -> Rejected | None:
    """Refuse a station that the pack does not know, or knows in another region."""
    if station is None or pack.stations is None or region not in pack.regions:
        return None
    known = pack.stations.get(station)
    if known is None:
        return Rejected("unknown_station", f"data.station: '{station}'", event.type)
    if known.region != region:
        detail = f"data.station: '{station}' is in {known.region}, not in {region}"
        return Rejected("unknown_station", detail, event.type)
    return None


def _commission(event: Event, region: str, commission: str | None, pack: Pack) -> Rejected | None:
    if commission is None or pack.commissions is None or region not in pack.regions:
        return None
    known = pack.commissions.get(commission)
    if known is None or known.region != region:
        detail = f"data.commission: '{commission}' is not in {region}"
        return Rejected("unknown_station", detail, event.type)
    return None


def _report(event: Event, data: Report, pack: Pack) -> Rejected | None:
    if event.subject is not None and event.subject != data.report_id:
        return Rejected("bad_envelope", "subject: must equal data.report_id", event.type)
    refusal = None
    if data.commission is not None:
        refusal = _commission(event, data.region, data.commission, pack)
    if refusal is None and data.station is not None and pack.stations is not None:
        return _place(event, data.region, data.station, pack)
    return refusal


def _contest(event: Event, contest: str | None, pack: Pack) -> Rejected | None:
    if contest is not None and contest not in pack.contests:
        detail = f"data.contest: '{contest}' is not in the pack"
        return Rejected("invalid_data", detail, event.type)
    return None


def _incident(event: Event, data: Incident, pack: Pack) -> Rejected | None:
    if data.category not in pack.categories:
        detail = f"data.category: '{data.category}' is not in the pack's taxonomy"
        return Rejected("invalid_data", detail, event.type)
    return _report(event, data, pack)


def _restriction(event: Event, data: Restriction, pack: Pack) -> Rejected | None:
    if data.lifted is not None and data.lifted < event.time:
        return Rejected("invalid_data", "data.lifted: earlier than the event's time", event.type)
    return _report(event, data, pack)


def _observed(event: Event, data: ObservedTurnout, pack: Pack) -> Rejected | None:
    return _contest(event, data.contest, pack) or _report(event, data, pack)


def _visit(event: Event, data: Visit, pack: Pack) -> Rejected | None:
    for question, _ in data.answers:
        if question not in pack.questions:
            detail = f"data.answers.{question}: not among the pack's questions"
            return Rejected("invalid_data", detail, event.type)
    return _report(event, data, pack)


def _observed_protocol(event: Event, data: ObservedProtocol, pack: Pack) -> Rejected | None:
    return _contest(event, data.contest, pack) or _report(event, data, pack)


def _publisher(event: Event, publisher: str, pack: Pack) -> Rejected | None:
    if publisher in pack.publishers:
        return None
    detail = f"data.publisher: '{publisher}' is not in the pack"
    return Rejected("unknown_source", detail, event.type)


def _official(event: Event, data: OfficialTurnout, pack: Pack) -> Rejected | None:
    refusal = _publisher(event, data.publisher, pack) or _contest(event, data.contest, pack)
    return refusal or _place(event, data.region, data.station, pack)


def _official_protocol(event: Event, data: OfficialProtocol, pack: Pack) -> Rejected | None:
    refusal = _publisher(event, data.publisher, pack) or _contest(event, data.contest, pack)
    refusal = refusal or _commission(event, data.region, data.commission, pack)
    return refusal or _place(event, data.region, data.station, pack)


def _opening(event: Event, data: Opening, pack: Pack) -> Rejected | None:
    return _publisher(event, data.publisher, pack)


def _nothing(*_: object) -> None:
    """A type that names no place, contest or publisher of the pack but its region."""


def _complaint(event: Event, data: Complaint, pack: Pack) -> Rejected | None:
    refusal = _commission(event, data.region, data.commission, pack)
    return refusal or _place(event, data.region, data.station, pack)


def _triage(event: Event, data: Triage, pack: Pack) -> Rejected | None:
    for name, ref in (("about", data.about), ("duplicate_of", data.duplicate_of)):
        if ref is None:
            continue
        source = pack.sources.get(ref.source)
        if source is None or source.authority != "observer":
            detail = f"data.{name}.source: '{ref.source}' is no observers' source of the pack"
            return Rejected("unknown_source", detail, event.type)
        if ref.region not in pack.regions:
            detail = f"data.{name}.region: '{ref.region}'"
            return Rejected("unknown_region", detail, event.type)
    return None


_CHECKS: Final[dict[type, Callable[[Event, Any, Pack], Rejected | None]]] = {
    Visit: _visit,
    Incident: _incident,
    Restriction: _restriction,
    ObservedTurnout: _observed,
    ObservedProtocol: _observed_protocol,
    OfficialTurnout: _official,
    OfficialProtocol: _official_protocol,
    Opening: _opening,
    Triage: _triage,
    Notice: _nothing,
    Complaint: _complaint,
}
