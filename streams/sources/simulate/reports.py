"""What the teams report: every version of every report, before any of it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal, NamedTuple

from schemas.fields import Phase, rfc3339
from streams.sources.simulate.chance import around, chance, pick
from streams.sources.simulate.teams import Organisation, Team, Visit
from streams.sources.simulate.world import MINUTE, World, claimed, minutes, voted

ReportName = Literal["incident", "restriction", "turnout"]

_INCIDENTS: Final[dict[Phase, float]] = {
    "opening": 0.05,
    "voting": 0.04,
    "counting": 0.2,
    "tabulation": 0.2,
}
_RESTRICTIONS: Final[dict[Phase, float]] = {
    "opening": 0.02,
    "voting": 0.007,
    "counting": 0.1,
    "tabulation": 0.25,
}
"""Chance per visit. Most restrictions come with counting and tabulation, as in 2023."""
_AT_THE_DOOR: Final = {
    "entry_denied": 5.0,
    "asked_to_leave": 2,
    "view_obstructed": 2,
    "recording_forbidden": 4,
    "documents_refused": 2,
    "accreditation_refused": 1,
    "intimidated": 1,
}
_AT_THE_COUNT: Final = {
    "entry_denied": 1.0,
    "asked_to_leave": 2,
    "expelled": 2,
    "view_obstructed": 6,
    "recording_forbidden": 3,
    "protocol_copy_refused": 5,
    "intimidated": 1,
}
_SEVERITY: Final = {"unspecified": 3.0, "low": 4, "medium": 5, "high": 2, "critical": 0.4}


class Version(NamedTuple):
    """One version of a report. ``arrives`` is None where it never reached the log."""

    revision: int
    id: str
    arrives: int | None
    fields: dict[str, Any]
    withdrawn: bool = False


class Decision(NamedTuple):
    """One decision of the desk about a report."""

    revision: int
    id: str
    arrives: int
    status: str
    severity: str | None = None
    duplicate_of: Report | None = None


@dataclass(slots=True, eq=False)
class Report:
    """One report in all its versions, and the desk's decisions about it."""

    name: ReportName
    organisation: Organisation
    team: str
    report_id: str
    region: str
    station: str | None
    phase: Phase
    at: int
    versions: list[Version] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def arrives(self) -> int | None:
        """When its first version reached the log; None: none ever did."""
        return min((v.arrives for v in self.versions if v.arrives is not None), default=None)

    @property
    def current(self) -> Version | None:
        """The version that counts in the end, of those that arrived: highest revision, then id."""
        here = [version for version in self.versions if version.arrives is not None]
        return max(here, key=lambda version: (version.revision, version.id), default=None)

    @property
    def decided(self) -> Decision | None:
        """The decision that counts in the end."""
        return max(self.decisions, key=lambda decision: decision.revision, default=None)

    def revise(self, arrives: int | None, mark: str = "", **changes: Any) -> None:
        """Add the next version with ``changes`` to the last one's fields."""
        last = self.versions[-1]
        withdrawn = bool(changes.pop("withdrawn", last.withdrawn))
        revision = last.revision + (not mark)
        self.versions.append(
            Version(
                revision,
                f"{self.report_id}.{revision}{mark}",
                arrives,
                last.fields | changes,
                withdrawn,
            )
        )


class Desk:
    """One team's clerk: numbers its reports and knows when they arrive."""

    def __init__(self, world: World, team: Team) -> None:
        self.world = world
        self.team = team
        self.rng = chance(world.seed, "reports", team.id)
        self.reports: list[Report] = []

    def report(
        self, name: ReportName, visit: Visit, at: int, fields: dict[str, Any], sure: bool = False
    ) -> Report:
        """A new report of what was seen at ``at``; ``sure``: nothing holds it up."""
        team = self.team
        report_id = f"{team.id}-{len(self.reports) + 1:03d}"
        made = Report(
            name=name,
            organisation=team.organisation,
            team=team.id,
            report_id=report_id,
            region=team.place.code,
            station=None if visit.phase == "tabulation" else visit.station.id,
            phase=visit.phase,
            at=at,
        )
        arrives = at + minutes(self.rng.uniform(1, 5)) if sure else self.arrival(at)
        made.versions.append(Version(0, f"{report_id}.0", arrives, fields))
        self.reports.append(made)
        return made

    def arrival(self, at: int) -> int | None:
        """When something said at ``at`` reaches the log."""
        return self.team.arrival(at, self.rng, self.world.ends)


def reports_of(world: World, team: Team) -> Desk:
    """Everything the team saw on its day, corrections and liftings included."""
    desk = Desk(world, team)
    for visit in team.visits:
        _count_voters(desk, visit)
        if desk.rng.random() < _INCIDENTS[visit.phase] * (4 if visit.station.poor else 1):
            _incident(desk, visit)
        trust = 0.5 if team.organisation.group == "international" else 1.2
        if desk.rng.random() < _RESTRICTIONS[visit.phase] * trust:
            restrict(desk, visit, _within(desk.rng, visit))
    return desk


def _within(rng: Random, visit: Visit) -> int:
    return visit.arrived + minutes(rng.random() * (visit.left - visit.arrived) / MINUTE)


def _count_voters(desk: Desk, visit: Visit) -> None:
    if visit.phase != "voting" or desk.rng.random() < 0.15:
        return
    place, station, rng = desk.team.place, visit.station, desk.rng
    fields: dict[str, Any] = {"contest": desk.world.contest, "registered": station.registered}
    if rng.random() < 0.12:
        fields |= {
            "method": "told_by_commission",
            "cumulative": claimed(place, station, visit.left),
        }
    elif desk.team.kind == "static":
        fields |= {"method": "counted", "cumulative": voted(place, station, visit.left)}
    else:
        since, until = visit.arrived + 2 * MINUTE, visit.left - 2 * MINUTE
        came = voted(place, station, until) - voted(place, station, since)
        seen = sum(rng.random() < 0.98 for _ in range(came))
        fields |= {
            "method": "counted",
            "interval": {"from": rfc3339(since), "to": rfc3339(until), "voters": seen},
        }
    report = desk.report("turnout", visit, visit.left, fields)
    if "cumulative" in fields and rng.random() < 0.03:
        later = visit.left + minutes(around(rng, 40))
        report.revise(desk.arrival(later), cumulative=fields["cumulative"] + rng.randint(1, 30))


def _incident(desk: Desk, visit: Visit) -> None:
    rng = desk.rng
    at = _within(rng, visit)
    categories = _categories(desk.world, visit.phase)
    fields = {
        "category": rng.choice(categories),
        "severity": pick(rng, _SEVERITY),
        "description": f"Simulated report: {visit.phase} at {visit.station.id}.",
    }
    report = desk.report("incident", visit, at, fields)
    fate = rng.random()
    later = at + minutes(around(rng, 45))
    if later >= desk.world.ends:
        return
    if fate < 0.05:
        report.revise(desk.arrival(later), category=rng.choice(categories))
    elif fate < 0.09:
        report.revise(desk.arrival(later), severity=pick(rng, _SEVERITY))
    elif fate < 0.115:
        report.revise(desk.arrival(later), withdrawn=True)


def _categories(world: World, phase: Phase) -> list[str]:
    fitting = [code for code, own in world.categories.items() if own in (None, phase)]
    return fitting or list(world.categories)


def restrict(
    desk: Desk, visit: Visit, at: int, kind: str | None = None, sure: bool = False
) -> Report:
    """A restriction on the team itself, lifted after a while or not at all."""
    rng = desk.rng
    counting = visit.phase in ("counting", "tabulation")
    chosen = kind or pick(rng, _AT_THE_COUNT if counting else _AT_THE_DOOR)
    fields = {
        "kind": chosen,
        "severity": pick(rng, _SEVERITY),
        "description": f"Simulated report: {chosen.replace('_', ' ')}.",
    }
    report = desk.report("restriction", visit, at, fields, sure)
    lifted = at + minutes(around(rng, 35, 0.8))
    if rng.random() < (0.4 if counting else 0.75) and lifted < desk.world.ends:
        report.revise(desk.arrival(lifted), lifted=rfc3339(lifted))
    return report


def delivered(reports: list[Report]) -> Iterator[Report]:
    """Those of which at least one version arrived."""
    return (report for report in reports if report.arrives is not None)
