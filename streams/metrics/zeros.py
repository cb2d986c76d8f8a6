"""Which series exist at 0 before anything happened: bounded, and a function of the pack alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, get_args

from schemas.desk import TriageStatus
from schemas.envelope import EVENTS
from schemas.fields import Authority, ObserverGroup, Phase, Severity
from schemas.observer import Rating, RestrictionKind
from schemas.pack import Pack
from schemas.verdict import Reason
from streams.metrics.text import Values
from streams.metrics.turnout_values import MATCHES
from streams.tables.buckets import WINDOWS
from streams.tables.counts import COUNT_FINDINGS
from streams.tables.findings import OF_A_REGION as FINDINGS
from streams.tables.versions import Outcome

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
VISITED: Final[tuple[Phase, ...]] = ("opening", "voting", "counting", "tabulation")
"""The phases that observers visit stations and commissions in."""
ESTIMATES: Final = ("level", "flow")
COUNTS: Final = ("matched", "told")
OTHER_TYPE: Final = "other"
"""Label for an event type that is none of ours: what a sender makes up is no label."""
URGENT_TYPES: Final = (
    "",
    OTHER_TYPE,
    "election.observer.incident.v1",
    "election.observer.restriction.v1",
)
"""Types under which an urgent event can have been rejected."""

_UNREADABLE: Final[tuple[Reason, ...]] = ("not_json", "bad_envelope", "too_large")
_UNKNOWN: Final[tuple[Reason, ...]] = ("bad_envelope", "unknown_type")
_MISPLACED: Final[tuple[Reason, ...]] = ("bad_envelope", "wrong_authority")
_TYPED: Final = tuple(
    reason for reason in get_args(Reason) if reason not in {"not_json", "unknown_type", "too_large"}
)


def of_region(pack: Pack) -> Mapping[str, Values]:
    """Family → {labels after ``region``: 0} for every live region."""
    restrictions, main = _restriction_margins(), pack.main_contest
    kinds = get_args(RestrictionKind)
    return {
        "election_incidents": _incident_margins(sorted(pack.categories)),
        "election_incidents_by_status": _zero((s,) for s in ("reported", *get_args(TriageStatus))),
        "election_incidents_recent": _zero((c, w) for c in pack.categories for w in WINDOWS),
        "election_critical_incidents_open": _zero((category,) for category in pack.categories),
        "election_restrictions": restrictions,
        "election_restrictions_open": restrictions,
        "election_restrictions_recent": _zero((k, w) for k in kinds for w in WINDOWS),
        "election_official_findings": _zero((finding,) for finding in FINDINGS),
        "election_observed_turnout_findings": _zero((finding,) for finding in COUNT_FINDINGS),
        "election_turnout_matched": _zero((main, k, v) for k in COUNTS for v in MATCHES),
        "election_turnout_stations": _zero((main, kind) for kind in (*ESTIMATES, *COUNTS)),
        "election_turnout_gap_checkpoints": _zero((main, kind) for kind in ESTIMATES),
        "election_visits": _zero((phase, r) for phase in VISITED for r in get_args(Rating)),
    }


def rejections(topic: str) -> Iterable[tuple[str, str]]:
    """(type, reason) of what can be rejected on an input topic, named by its authority."""
    authority: Authority | str = topic.rpartition(".")[2]
    for reason in _UNREADABLE:
        yield "", reason
    for reason in _UNKNOWN:
        yield OTHER_TYPE, reason
    for name, (_model, writer) in EVENTS.items():
        for reason in _TYPED if writer == authority else _MISPLACED:
            yield name, reason


def _incident_margins(categories: list[str]) -> Values:
    if not categories:
        return {}
    severities = get_args(Severity)
    return _zero(
        [
            *((category, severities[0]) for category in categories),
            *((categories[0], severity) for severity in severities),
        ]
    )


def _restriction_margins() -> Values:
    kinds, groups, phases = (get_args(t) for t in (RestrictionKind, ObserverGroup, Phase))
    return _zero(
        [
            *((kind, "unknown", "unknown") for kind in kinds),
            *(("other", group, "unknown") for group in groups),
            *(("other", "unknown", phase) for phase in phases),
        ]
    )


def _zero(keys: Iterable[tuple[str, ...]]) -> Values:
    return dict.fromkeys(keys, 0)
