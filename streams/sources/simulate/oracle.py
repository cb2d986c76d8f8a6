"""What the tables must say in the end, from the latent truth alone: the contents of planted.json.

Nothing here reads an event: the figures come from the reports as they were made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from schemas.fields import rfc3339
from streams.sources.simulate.invalid import Bad
from streams.sources.simulate.planting import Planted
from streams.sources.simulate.reports import Report, delivered
from streams.sources.simulate.teams import Team
from streams.sources.simulate.wire import Line
from streams.sources.simulate.world import World, claimed, voted


def planted_json(
    world: World,
    teams: list[Team],
    reports: list[Report],
    *,
    planted: Planted,
    sent: list[Line],
    bad: list[Bad],
    drawn: int,
) -> dict[str, Any]:
    """The document that is written beside the events."""
    here = list(delivered(reports))
    return {
        "simulated": True,
        "election": world.election,
        "seed": world.seed,
        "from": rfc3339(world.begins),
        "to": rfc3339(world.ends),
        "events": _events(sent, bad),
        "teams": _teams(teams),
        "drawn_stations": drawn,
        "incidents": incidents(here),
        "restrictions": [_restriction(report) for report in here if report.name == "restriction"],
        "turnout_reports": sum(report.name == "turnout" for report in here),
        "corrected": [_ref(r) for r in here if r.current is not None and r.current.revision > 0],
        "withdrawn": [_ref(r) for r in here if r.current is not None and r.current.withdrawn],
        "clusters": [
            {
                "region": cluster.region,
                "phase": cluster.phase,
                "from": rfc3339(cluster.since),
                "to": rfc3339(cluster.until),
                "reports": [report.report_id for report in cluster.reports],
            }
            for cluster in planted.clusters
        ],
        "duplicates": [
            {"first": _ref(first), "second": _ref(second)} for first, second in planted.duplicates
        ],
        "conflicts": [_ref(report) for report in planted.conflicts],
        "decided_early": [_ref(report) for report in planted.early],
        "decided_without_report": [_ref(report) for report in planted.orphans],
        "gap": _gap(world, here),
        "invalid": {
            "by_reason": dict(sorted(Counter(each.reason for each in bad).items())),
            "events": [{"id": each.line.id, "reason": each.reason} for each in bad],
        },
    }


def incidents(reports: Iterable[Report]) -> list[dict[str, Any]]:
    """Counts by region, category, severity, phase and status, as the table of that name."""
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for report in reports:
        current = report.current
        if report.name != "incident" or current is None or current.withdrawn:
            continue
        severity, status = current.fields["severity"], "reported"
        if (decision := report.decided) is not None:
            severity, status = decision.severity or severity, decision.status
        counts[report.region, current.fields["category"], severity, report.phase, status] += 1
    names = ("region", "category", "severity", "phase", "status")
    return [
        dict(zip(names, key, strict=True)) | {"reports": number}
        for key, number in sorted(counts.items())
    ]


def _events(sent: list[Line], bad: list[Bad]) -> dict[str, int]:
    return {
        "observer": sum(line.stream == "observer" for line in sent) + len(bad),
        "desk": sum(line.stream == "desk" for line in sent),
        "redelivered": sum(line.repeat for line in sent),
        "invalid": len(bad),
    }


def _teams(teams: list[Team]) -> dict[str, Any]:
    return {
        "number": len(teams),
        "by_group": dict(sorted(Counter(team.organisation.group for team in teams).items())),
        "silent": [
            {"team": team.id, "region": team.place.code, "from": rfc3339(team.silent_from)}
            for team in teams
            if team.silent_from is not None
        ],
        "offline": [
            {
                "team": team.id,
                "region": team.place.code,
                "from": rfc3339(team.offline[0]),
                "to": rfc3339(team.offline[1]),
            }
            for team in teams
            if team.offline is not None
        ],
    }


def _ref(report: Report) -> dict[str, str]:
    return {
        "source": report.organisation.source,
        "region": report.region,
        "report_id": report.report_id,
    }


def _restriction(report: Report) -> dict[str, Any]:
    current = report.current
    assert current is not None
    return _ref(report) | {
        "station": report.station,
        "kind": current.fields["kind"],
        "observer_group": report.organisation.group,
        "phase": report.phase,
        "since": rfc3339(report.at),
        "lifted": current.fields.get("lifted"),
        "withdrawn": current.withdrawn,
        "status": report.decided.status if report.decided else "reported",
    }


def _gap(world: World, reports: list[Report]) -> dict[str, Any]:
    """Stations whose commission claims more voters than came, where observers counted."""
    counted = {report.station for report in reports if report.name == "turnout"}
    rows = [
        {
            "station": station.id,
            "region": place.code,
            "registered": station.registered,
            "came": voted(place, station, place.closes),
            "claimed": claimed(place, station, place.closes),
        }
        for place in world.places
        for station in place.stations
        if station.padded and station.id in counted
    ]
    return {"regions": list(world.gap_regions), "stations": rows}
