"""The pack of a simulated day: the election's own, with made-up stations, sources, deployment."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Final

from streams.sources.play import PLAYER
from streams.sources.simulate.generate import Simulation
from streams.sources.simulate.sample import SAMPLE, stratum_of
from streams.sources.simulate.teams import DESK, ORGANISATIONS

_SOURCES_NOTE: Final = "\n# Added by the simulation: senders that do not exist.\n"


def simulated_pack(files: Mapping[str, str], simulation: Simulation) -> dict[str, str]:
    """The pack's ``files`` (name to text) with what the simulated events refer to.

    The election keeps its id, so that real official figures still belong to it.
    """
    election = files["election.toml"]
    senders = (*ORGANISATIONS, SAMPLE)
    added = [
        _source(uri, name, authority, group)
        for uri, name, authority, group in (
            *((each.source, each.name, "observer", each.group) for each in senders),
            (DESK, "Desk of the operations room (simulated)", "desk", None),
            (PLAYER, "Clock of a day that is played", "desk", None),
        )
        if json.dumps(uri) not in election
    ]
    return {
        **files,
        "election.toml": election.rstrip("\n") + "\n" + _SOURCES_NOTE + "".join(added),
        "stations.csv": _stations(simulation),
        "deployment.csv": _deployment(simulation),
    }


def _source(uri: str, name: str, authority: str, group: str | None) -> str:
    lines = [
        "\n[[sources]]",
        f"uri = {json.dumps(uri)}",
        f"name = {json.dumps(name)}",
        f"authority = {json.dumps(authority)}",
    ]
    if group is not None:
        lines.append(f"observer_group = {json.dumps(group)}")
    return "\n".join(lines) + "\n"


def _stations(simulation: Simulation) -> str:
    return _csv(
        ("id", "region", "registered", "stratum", "urban", "lat", "lon"),
        (
            (
                station.id,
                station.region,
                station.registered,
                stratum_of(station),
                "yes" if station.urban else "no",
                "",
                "",
            )
            for place in simulation.world.places
            for station in place.stations
        ),
    )


def _deployment(simulation: Simulation) -> str:
    """Where the standing teams are, who choose their places, and where the drawn stations are."""
    expected = {
        (team.visits[0].station.id, team.organisation.source, "no", "", "opening|voting|counting")
        for team in simulation.teams
        if team.kind == "static"
    }
    drawn = {
        (station.id, team.organisation.source, "yes", stratum_of(station), "voting")
        for team in simulation.sample
        for station in (visit.station for visit in team.visits)
    }
    return _csv(("station", "source", "sample", "stratum", "phases"), sorted(expected | drawn))


def _csv(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
