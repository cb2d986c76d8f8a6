"""What a metric family and a label are, and the labels there may be.

Everything that is said about a metric anywhere (the page's HELP and TYPE, the reference in
``docs/metrics.md``) comes from these declarations. The families themselves are in ``election``,
``fieldwork`` and ``turnout`` (what is known of the election) and ``pipeline`` (how this worker is
doing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["gauge", "counter", "histogram", "info"]

OPEN_SERIES_LIMIT: Final = 500
"""Most open restrictions with a series of their own; the newest win."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A metric family.

    ``zeros`` says which series exist at 0 before anything happened: a series that goes from 0 to
    1 is seen by an alert, one that appears with 1 is not.
    """

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...] = ()
    meaning: str
    zeros: str = ""
    remedy: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label. ``limit``: why it can only take so many values."""

    meaning: str
    limit: Literal["closed list", "pack", "deployment", "newest 500"]


LABELS: Final[Mapping[str, Label]] = {
    "acceptance": Label(
        "digest of all in the pack that decides what is accepted, first 12 hex digits", "pack"
    ),
    "answer": Label("yes, no or not_observed", "closed list"),
    "authority": Label("who spoke: observer or official", "closed list"),
    "category": Label("incident category of the pack's taxonomy", "pack"),
    "checkpoint": Label("checkpoint of the pack, RFC 3339 in UTC", "pack"),
    "clock": Label("wall or log", "closed list"),
    "comparison": Label("level, flow, matched or told", "closed list"),
    "contest": Label("ballot, as coded in the pack", "pack"),
    "election": Label("id of the pack", "pack"),
    "event_source": Label(
        "source of the pack that an event names; `unlisted` for all others, `unreadable` for none; "
        "the 20 that sent most",
        "pack",
    ),
    "finding": Label("what is wrong with an official series or a protocol", "closed list"),
    "judgement": Label("digest of the pack's thresholds and texts, first 12 hex digits", "pack"),
    "kind": Label("kind of restriction on observers", "closed list"),
    "level": Label("95 or family: what an interval errs for", "closed list"),
    "observer_group": Label("who observes: citizen, international, party_agent …", "closed list"),
    "outcome": Label("accepted, duplicate, superseded or rejected", "closed list"),
    "partition": Label("partition number of the input topics", "deployment"),
    "phase": Label("phase of the election day; of silence also `day`, all of it", "closed list"),
    "place": Label(
        "station, or else commission, of an open restriction; may be empty", "newest 500"
    ),
    "question": Label("question of the observers' form, as coded in the pack", "pack"),
    "rating": Label("very_good, good, bad or very_bad", "closed list"),
    "python": Label("version of Python", "deployment"),
    "reason": Label("why an event was rejected, or a snapshot not used", "closed list"),
    "region": Label("region's code in the pack", "pack"),
    "report_id": Label("report of an open restriction, as its source numbered it", "newest 500"),
    "severity": Label(
        "unspecified, low, medium, high, critical; the desk's if it set one", "closed list"
    ),
    "source": Label("official: published by an authority; observed: counted", "closed list"),
    "stage": Label("filed, decided, published or overdue", "closed list"),
    "state": Label(
        "of a partition: rebuilding, live or failed; of a region: reporting, silent, "
        "nothing_heard or not_expected",
        "closed list",
    ),
    "status": Label("reported, the desk's decision, or withdrawn by its source", "closed list"),
    "stratum": Label("stratum of the sample; empty where there is one alone", "pack"),
    "topic": Label("input topic", "deployment"),
    "type": Label(
        "event type; empty when it could not be read, `other` when it is none of ours",
        "closed list",
    ),
    "verdict": Label("what a comparison may conclude", "closed list"),
    "version": Label("version of scrutineer", "deployment"),
    "window": Label("15m, 1h or 6h back from now", "closed list"),
}
"""Every label a family may use. No label is a free text or names an observer."""
