"""What observers report: topic `<prefix>.observer`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from schemas.fields import (
    CLOSED,
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
)

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


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
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
