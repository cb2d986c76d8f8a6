"""What observers report: topic `<prefix>.observer`."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from schemas.fields import (
    CLOSED,
    Answers,
    Code,
    Count,
    Identifier,
    ObserverGroup,
    Phase,
    PlaceId,
    RegionCode,
    Revision,
    Severity,
    TextDigest,
    Timestamp,
    closed,
    given,
)
from schemas.figures import ProtocolFigures

RestrictionKind = Literal[
    "entry_denied",
    "asked_to_leave",
    "expelled",
    "view_obstructed",
    "recording_forbidden",
    "documents_refused",
    "protocol_copy_refused",
    "accreditation_refused",
    "intimidated",
    "other",
]
Rating = Literal["very_good", "good", "bad", "very_bad"]
TurnoutMethod = Literal["counted", "list_signatures", "told_by_commission"]


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class Report:
    """What every observer's report carries. Identity: (source, region, report_id)."""

    report_id: Identifier
    revision: Revision
    region: RegionCode
    station: PlaceId | None = None
    commission: PlaceId | None = None
    observer: Identifier | None = None
    observer_group: ObserverGroup
    phase: Phase
    withdrawn: bool = False


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class Incident(Report):
    """An irregularity seen or told. Restrictions on observers are not incidents."""

    category: Code
    severity: Severity = "unspecified"
    description: TextDigest | None = None


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class Restriction(Report):
    """A restriction on observers' own work; ``lifted`` is when it ended."""

    kind: RestrictionKind
    lifted: Timestamp | None = None
    severity: Severity = "unspecified"
    description: TextDigest | None = None


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class CountInterval:
    """Voters counted at the door from ``from`` to ``to``."""

    since: Timestamp = Field(alias="from")
    until: Timestamp = Field(alias="to")
    voters: Count

    def __post_init__(self) -> None:
        """Refuse an interval without length."""
        if self.until <= self.since:
            raise ValueError("'to' must be later than 'from'")


_ONE_COUNT: Final = {"oneOf": [given("cumulative", "integer"), given("interval", "object")]}
_SOMEWHERE: Final = {"anyOf": [given("station", "string"), given("commission", "string")]}


@dataclass(slots=True, frozen=True, kw_only=True, config=closed(_ONE_COUNT))
class ObservedTurnout(Report):
    """Voters counted at one station: ``cumulative`` since opening, or an ``interval``."""

    station: PlaceId
    method: TurnoutMethod
    cumulative: Count | None = None
    interval: CountInterval | None = None
    registered: Count | None = None
    contest: Code | None = None

    def __post_init__(self) -> None:
        """Refuse a report with both forms of count, or with neither."""
        if (self.cumulative is None) == (self.interval is None):
            raise ValueError("give either 'cumulative' or 'interval'")


@dataclass(slots=True, frozen=True, kw_only=True, config=closed(_SOMEWHERE))
class Visit(Report):
    """One visit to a station or commission: its overall assessment and the form's answers.

    ``answers``: (question code, answer) pairs; a visit may come without ``rating`` or ``left``
    first and be completed by a revision.
    """

    arrived: Timestamp
    left: Timestamp | None = None
    rating: Rating | None = None
    answers: Answers

    def __post_init__(self) -> None:
        """Refuse a visit to nowhere and one that ends before it begins."""
        if self.station is None and self.commission is None:
            raise ValueError("give 'station' or 'commission'")
        if self.left is not None and self.left < self.arrived:
            raise ValueError("'left' must not be earlier than 'arrived'")


@dataclass(slots=True, frozen=True, kw_only=True, config=closed(_SOMEWHERE))
class ObservedProtocol(ProtocolFigures, Report):
    """An observer's copy of a results protocol."""

    contest: Code
    protocol_time: Timestamp

    def __post_init__(self) -> None:
        """Refuse a protocol of nowhere."""
        if self.station is None and self.commission is None:
            raise ValueError("give 'station' or 'commission'")
