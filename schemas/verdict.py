"""What reading an event comes to: accepted, or rejected for a reason of a closed list."""

from __future__ import annotations

from typing import Literal, NamedTuple

from schemas.envelope import Event

Reason = Literal[
    "not_json",
    "bad_envelope",
    "unknown_type",
    "wrong_authority",
    "wrong_election",
    "unknown_source",
    "invalid_data",
    "unknown_region",
    "unknown_station",
    "misrouted",
    "future_time",
    "too_large",
]


class Origin(NamedTuple):
    """Where a record stood in the log. ``timestamp``: the broker's, in milliseconds."""

    topic: str
    partition: int
    partitions: int
    key: bytes | None
    timestamp: int


class Accepted(NamedTuple):
    """An event of this election. ``at``: the time it counts at, microseconds since the epoch.

    ``at`` differs from the event's own time only where ``skewed``: a restriction that a wrong
    phone clock put into the future, and that counts at the record's time instead. ``region`` is
    empty for the log's clock, which belongs to none.
    """

    event: Event
    region: str
    at: int
    skewed: bool


class Rejected(NamedTuple):
    """An event that is not accepted. ``detail``: the wrong field's path and what is wrong.

    ``urgent``: it tells of a restriction on observers or a critical incident.
    """

    reason: Reason
    detail: str
    type: str | None
    urgent: bool = False
