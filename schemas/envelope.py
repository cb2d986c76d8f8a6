"""The CloudEvents 1.0 envelope (structured JSON) and the closed list of event types."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from schemas.desk import Clock, Triage
from schemas.fields import Authority, Identifier, Timestamp, UriReference
from schemas.observer import Incident, ObservedTurnout, Restriction
from schemas.official import OfficialTurnout

MAX_EVENT_BYTES: Final = 64 * 1024


class Envelope(BaseModel):
    """CloudEvents 1.0. Other top-level attributes are extensions and are left alone."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    specversion: Literal["1.0"]
    id: Identifier
    source: UriReference
    time: Timestamp
    subject: Identifier | None = None
    datacontenttype: Literal["application/json"] | None = None
    election: Identifier


class IncidentEvent(Envelope):
    """``election.observer.incident.v1``."""

    type: Literal["election.observer.incident.v1"]
    data: Incident


class RestrictionEvent(Envelope):
    """``election.observer.restriction.v1``."""

    type: Literal["election.observer.restriction.v1"]
    data: Restriction


class ObservedTurnoutEvent(Envelope):
    """``election.observer.turnout.v1``."""

    type: Literal["election.observer.turnout.v1"]
    data: ObservedTurnout


class OfficialTurnoutEvent(Envelope):
    """``election.official.turnout.v1``."""

    type: Literal["election.official.turnout.v1"]
    data: OfficialTurnout


class TriageEvent(Envelope):
    """``election.desk.triage.v1``."""

    type: Literal["election.desk.triage.v1"]
    data: Triage


class ClockEvent(Envelope):
    """``election.clock.v1``."""

    type: Literal["election.clock.v1"]
    data: Clock


Event = Union[  # noqa: UP007 - pydantic reads the discriminator from a Union
    IncidentEvent,
    RestrictionEvent,
    ObservedTurnoutEvent,
    OfficialTurnoutEvent,
    TriageEvent,
    ClockEvent,
]
Data = Incident | Restriction | ObservedTurnout | OfficialTurnout | Triage | Clock
ReportData = Incident | Restriction | ObservedTurnout

EVENTS: Final[dict[str, tuple[type[Envelope], Authority]]] = {
    "election.observer.incident.v1": (IncidentEvent, "observer"),
    "election.observer.restriction.v1": (RestrictionEvent, "observer"),
    "election.observer.turnout.v1": (ObservedTurnoutEvent, "observer"),
    "election.official.turnout.v1": (OfficialTurnoutEvent, "official"),
    "election.desk.triage.v1": (TriageEvent, "desk"),
    "election.clock.v1": (ClockEvent, "desk"),
}
"""Every event type: its model and the authority that alone may write it."""


def event_adapter() -> TypeAdapter[Any]:
    """A validator of whole events, chosen by ``type``. Costly to make: make one and keep it."""
    return TypeAdapter(Annotated[Event, Field(discriminator="type")])
