"""What the operations room decides: topic `<prefix>.desk`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import StringConstraints
from pydantic.dataclasses import dataclass

from schemas.fields import (
    CLOSED,
    Code,
    Identifier,
    PlaceId,
    RegionCode,
    Revision,
    Severity,
    TextDigest,
    Timestamp,
    UriReference,
    closed,
    given,
)

TriageStatus = Literal[
    "under_review", "confirmed", "rejected", "resolved", "escalated", "duplicate"
]
ComplaintOutcome = Literal["upheld", "partly_upheld", "dismissed", "inadmissible", "withdrawn"]


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class ReportRef:
    """The identity of a report."""

    source: UriReference
    region: RegionCode
    report_id: Identifier


_DUPLICATE_OF: Final = {
    "if": {"properties": {"status": {"const": "duplicate"}}},
    "then": given("duplicate_of", "object"),
    "else": {"properties": {"duplicate_of": {"type": "null"}}},
}
_DECIDED_FIRST: Final = {
    "allOf": [
        {"if": given("outcome", "string"), "then": given("decided", "string")},
        {"if": given("published", "string"), "then": given("decided", "string")},
    ]
}


@dataclass(slots=True, frozen=True, kw_only=True, config=closed(_DUPLICATE_OF))
class Triage:
    """A decision about one report, which it may precede. It never alters the report."""

    about: ReportRef
    revision: Revision
    status: TriageStatus
    duplicate_of: ReportRef | None = None
    severity: Severity | None = None
    note: TextDigest | None = None
    decided_by: Identifier | None = None

    def __post_init__(self) -> None:
        """``duplicate_of`` belongs to the status ``duplicate`` and to no other."""
        if (self.status == "duplicate") != (self.duplicate_of is not None):
            raise ValueError("'duplicate_of' goes with the status 'duplicate', and only with it")
        if self.duplicate_of == self.about:
            raise ValueError("a report is not a duplicate of itself")

    @property
    def region(self) -> str:
        """The region of the report, which keys and routes the decision."""
        return self.about.region


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class Notice:
    """A note on the timeline, shown as written. Identity: (source, region, notice_id).

    Without ``region`` it is the whole country's, and routed by the country's code.
    """

    notice_id: Identifier
    revision: Revision
    region: RegionCode | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    withdrawn: bool = False


@dataclass(slots=True, frozen=True, kw_only=True, config=closed(_DECIDED_FIRST))
class Complaint:
    """A complaint or appeal and what became of it. Identity: (source, region, complaint_id).

    ``decided``: when the body decided; ``published``: when its decision was made public.
    """

    complaint_id: Identifier
    revision: Revision
    region: RegionCode
    station: PlaceId | None = None
    commission: PlaceId | None = None
    filed: Timestamp
    subject: Code
    decided: Timestamp | None = None
    published: Timestamp | None = None
    outcome: ComplaintOutcome | None = None
    withdrawn: bool = False

    def __post_init__(self) -> None:
        """Refuse an outcome without a decision and a decision before the complaint."""
        if self.outcome is not None and self.decided is None:
            raise ValueError("'outcome' goes with 'decided'")
        if self.decided is not None and self.decided < self.filed:
            raise ValueError("'decided' must not be earlier than 'filed'")
        if self.published is not None and (self.decided is None or self.published < self.decided):
            raise ValueError("'published' must not be earlier than 'decided'")


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class Clock:
    """The log's clock, written by a player to every partition of the desk's topic."""

    now: Timestamp
