"""What the operations room decides: topic `<prefix>.desk`."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from schemas.fields import (
    CLOSED,
    Identifier,
    RegionCode,
    Revision,
    Severity,
    TextDigest,
    Timestamp,
    UriReference,
)

TriageStatus = Literal[
    "under_review", "confirmed", "rejected", "resolved", "escalated", "duplicate"
]


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class ReportRef:
    """The identity of a report."""

    source: UriReference
    region: RegionCode
    report_id: Identifier


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
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
class Clock:
    """The log's clock, written by a player to every partition of the desk's topic."""

    now: Timestamp
