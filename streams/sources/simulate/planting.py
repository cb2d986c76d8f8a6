"""Problems put into the day on purpose, beyond what chance brings, and the desk's decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from streams.sources.simulate.chance import around, chance, pick
from streams.sources.simulate.reports import Decision, Desk, Report, restrict
from streams.sources.simulate.teams import Team, Visit
from streams.sources.simulate.world import MINUTE, World, hours, minutes

CONFLICTS: Final = 3
"""Reports of which two different contents claim the same revision."""


@dataclass(slots=True)
class Cluster:
    """Many restrictions in one region within an hour."""

    region: str
    since: int
    until: int
    phase: str
    reports: list[Report] = field(default_factory=list)


@dataclass(slots=True)
class Planted:
    """What was put in on purpose."""

    clusters: list[Cluster] = field(default_factory=list)
    duplicates: list[tuple[Report, Report]] = field(default_factory=list)
    conflicts: list[Report] = field(default_factory=list)
    early: list[Report] = field(default_factory=list)
    """Reports decided before they arrived: by telephone, while the phone's data was off."""
    orphans: list[Report] = field(default_factory=list)
    """Reports decided that never arrived."""


def plant(world: World, teams: list[Team], desks: dict[str, Desk]) -> Planted:
    """Add clusters, duplicates, conflicts and decisions to the reports in ``desks``."""
    planted = Planted()
    by_place: dict[str, list[Team]] = {}
    for team in teams:
        by_place.setdefault(team.place.code, []).append(team)
    _clusters(world, by_place, desks, planted)
    _duplicates(world, by_place, desks, planted)
    _conflicts(world, desks, planted)
    _decide(world, desks, planted)
    return planted


def _clusters(
    world: World, by_place: dict[str, list[Team]], desks: dict[str, Desk], planted: Planted
) -> None:
    """One at the doors before noon, one at the count, in two regions with enough teams."""
    rng = chance(world.seed, "clusters")
    watched = [place for place in world.places if place.watched]
    largest = sorted(watched, key=lambda p: (-len(by_place[p.code]), p.code))
    able = [place for place in largest if place.code not in world.gap_regions][:8] or largest
    chosen = rng.sample(able, min(2, len(able)))
    for place, (phase, after) in zip(chosen, (("voting", 4.5), ("counting", 0.6)), strict=False):
        start = (place.closes if phase == "counting" else place.opens) + hours(after)
        cluster = Cluster(place.code, start, start + 50 * MINUTE, phase)
        for number in range(8):
            team = by_place[place.code][number % len(by_place[place.code])]
            at = start + minutes(rng.uniform(number * 6, number * 6 + 6))
            station = rng.choice(place.stations)
            visit = Visit(station, at, at, "counting" if phase == "counting" else "voting")
            kind = "protocol_copy_refused" if phase == "counting" else "entry_denied"
            report = restrict(desks[team.id], visit, at, kind, sure=True)
            # Half of them stay open, so that they can still be seen at the end.
            if number % 2:
                del report.versions[1:]
            cluster.reports.append(report)
        planted.clusters.append(cluster)


def _duplicates(
    world: World, by_place: dict[str, list[Team]], desks: dict[str, Desk], planted: Planted
) -> None:
    """Another organisation's team reports the same thing; the desk will find out."""
    rng = chance(world.seed, "duplicates")
    for desk in list(desks.values()):
        for first in list(desk.reports):
            if first.name != "incident" or rng.random() > 0.04 or first.arrives is None:
                continue
            others = [
                team
                for team in by_place[first.region]
                if team.organisation.source != first.organisation.source
            ]
            place = desk.team.place
            station = next((s for s in place.stations if s.id == first.station), None)
            if not others or station is None:
                continue
            at = min(first.at + minutes(rng.uniform(1, 10)), world.ends - 10 * MINUTE)
            visit = Visit(station, at, at, first.phase)
            clerk = desks[rng.choice(others).id]
            second = clerk.report("incident", visit, at, dict(first.versions[0].fields), sure=True)
            planted.duplicates.append((first, second))


def _conflicts(world: World, desks: dict[str, Desk], planted: Planted) -> None:
    """Two systems of one organisation send different content as the same revision."""
    rng = chance(world.seed, "conflicts")
    simple = [
        report
        for desk in desks.values()
        for report in desk.reports
        if report.name == "incident" and len(report.versions) == 1 and report.arrives is not None
    ]
    for report in rng.sample(simple, min(CONFLICTS, len(simple))):
        severity = report.versions[0].fields["severity"]
        other = "high" if severity != "high" else "low"
        arrives = report.arrives
        assert arrives is not None
        report.revise(min(arrives + 7 * MINUTE, world.ends), mark="b", severity=other)
        planted.conflicts.append(report)


_FINAL: Final = {"confirmed": 6.0, "rejected": 1, "escalated": 1.5, "resolved": 1.5}


def _decide(world: World, desks: dict[str, Desk], planted: Planted) -> None:
    later = {id(second): first for first, second in planted.duplicates}
    first_of = {id(first) for first, _ in planted.duplicates}
    clustered = {id(report) for cluster in planted.clusters for report in cluster.reports}
    for desk in desks.values():
        for report in desk.reports:
            if report.name == "turnout":
                continue
            rng = chance(world.seed, "desk", report.report_id)
            if id(report) in later:
                _duplicate(world, report, later[id(report)], minutes(around(rng, 15)))
            elif id(report) in clustered:
                # The planted ones stay undecided or confirmed: they must stay visible.
                _judge(world, report, planted, confirm=True)
            elif rng.random() < (0.7 if report.name == "restriction" else 0.35):
                _judge(world, report, planted, confirm=id(report) in first_of)


def _duplicate(world: World, report: Report, first: Report, after: int) -> None:
    arrives = report.arrives
    assert arrives is not None
    at = min(max(arrives, first.arrives or 0) + after, world.ends)
    report.decisions.append(
        Decision(0, f"desk-{report.report_id}.0", at, "duplicate", duplicate_of=first)
    )


def _judge(world: World, report: Report, planted: Planted, confirm: bool) -> None:
    """Under review, then a decision, by when the desk knows of it: sometimes before the report."""
    rng = chance(world.seed, "judge", report.report_id)
    known = report.arrives
    if known is None and rng.random() < 0.3:
        known = report.at + 5 * MINUTE
        planted.orphans.append(report)
    elif known is not None and known - report.at > 30 * MINUTE and rng.random() < 0.6:
        known = report.at + 5 * MINUTE
        planted.early.append(report)
    if known is None:
        return
    first = known + minutes(around(rng, 7))
    second = first + minutes(around(rng, 25))
    if report.arrives is not None and report in planted.early and first >= report.arrives:
        first = max(known, report.arrives - MINUTE)
    name = f"desk-{report.report_id}"
    report.decisions.append(Decision(0, f"{name}.0", min(first, world.ends), "under_review"))
    if second < world.ends:
        status = "confirmed" if confirm else pick(rng, _FINAL)
        severity = "critical" if status == "escalated" and rng.random() < 0.5 else None
        report.decisions.append(Decision(1, f"{name}.1", second, status, severity))
