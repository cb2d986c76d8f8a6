"""The CloudEvents 1.0 envelope (structured JSON) and the closed list of event types."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Union

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from schemas.desk import Clock, Complaint, Notice, Triage
from schemas.fields import Authority, Identifier, Timestamp, UriReference
from schemas.observer import Incident, ObservedProtocol, ObservedTurnout, Restriction, Visit
from schemas.official import OfficialProtocol, OfficialTurnout, Opening

MAX_EVENT_BYTES: Final = 64 * 1024


_OPEN: Final = ConfigDict(extra="ignore", strict=True)


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class Envelope:
    """CloudEvents 1.0. Other top-level attributes are extensions and are left alone."""

    specversion: Literal["1.0"]
    id: Identifier
    source: UriReference
    time: Timestamp
    subject: Identifier | None = None
    datacontenttype: Literal["application/json"] | None = None
    election: Identifier


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class IncidentEvent(Envelope):
    """``election.observer.incident.v1``."""

    type: Literal["election.observer.incident.v1"]
    data: Incident


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class RestrictionEvent(Envelope):
    """``election.observer.restriction.v1``."""

    type: Literal["election.observer.restriction.v1"]
    data: Restriction


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class ObservedTurnoutEvent(Envelope):
    """``election.observer.turnout.v1``."""

    type: Literal["election.observer.turnout.v1"]
    data: ObservedTurnout


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class VisitEvent(Envelope):
    """``election.observer.visit.v1``."""

    type: Literal["election.observer.visit.v1"]
    data: Visit


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class ObservedProtocolEvent(Envelope):
    """``election.observer.protocol.v1``."""

    type: Literal["election.observer.protocol.v1"]
    data: ObservedProtocol


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class OfficialTurnoutEvent(Envelope):
    """``election.official.turnout.v1``."""

    type: Literal["election.official.turnout.v1"]
    data: OfficialTurnout


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class OfficialProtocolEvent(Envelope):
    """``election.official.protocol.v1``."""

    type: Literal["election.official.protocol.v1"]
    data: OfficialProtocol


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class OpeningEvent(Envelope):
    """``election.official.opening.v1``."""

    type: Literal["election.official.opening.v1"]
    data: Opening


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class TriageEvent(Envelope):
    """``election.desk.triage.v1``."""

    type: Literal["election.desk.triage.v1"]
    data: Triage


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class NoticeEvent(Envelope):
    """``election.desk.notice.v1``."""

    type: Literal["election.desk.notice.v1"]
    data: Notice


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class ComplaintEvent(Envelope):
    """``election.desk.complaint.v1``."""

    type: Literal["election.desk.complaint.v1"]
    data: Complaint


@dataclass(slots=True, frozen=True, kw_only=True, config=_OPEN)
class ClockEvent(Envelope):
    """``election.clock.v1``."""

    type: Literal["election.clock.v1"]
    data: Clock


Event = Union[  # noqa: UP007 - pydantic reads the discriminator from a Union
    VisitEvent,
    IncidentEvent,
    RestrictionEvent,
    ObservedTurnoutEvent,
    ObservedProtocolEvent,
    OfficialTurnoutEvent,
    OfficialProtocolEvent,
    OpeningEvent,
    TriageEvent,
    NoticeEvent,
    ComplaintEvent,
    ClockEvent,
]
ReportData = Visit | Incident | Restriction | ObservedTurnout | ObservedProtocol
OfficialData = OfficialTurnout | OfficialProtocol | Opening
DeskData = Triage | Notice | Complaint | Clock
Data = ReportData | OfficialData | DeskData

EVENTS: Final[dict[str, tuple[type[Envelope], Authority]]] = {
    "election.observer.visit.v1": (VisitEvent, "observer"),
    "election.observer.incident.v1": (IncidentEvent, "observer"),
    "election.observer.restriction.v1": (RestrictionEvent, "observer"),
    "election.observer.turnout.v1": (ObservedTurnoutEvent, "observer"),
    "election.observer.protocol.v1": (ObservedProtocolEvent, "observer"),
    "election.official.turnout.v1": (OfficialTurnoutEvent, "official"),
    "election.official.protocol.v1": (OfficialProtocolEvent, "official"),
    "election.official.opening.v1": (OpeningEvent, "official"),
    "election.desk.triage.v1": (TriageEvent, "desk"),
    "election.desk.notice.v1": (NoticeEvent, "desk"),
    "election.desk.complaint.v1": (ComplaintEvent, "desk"),
    "election.clock.v1": (ClockEvent, "desk"),
}
"""Every event type: its model and the authority that alone may write it."""


def event_adapter() -> TypeAdapter[Any]:
    """A validator of whole events, chosen by ``type``. Costly to make: make one and keep it."""
    return TypeAdapter(Annotated[Event, Field(discriminator="type")])
