"""The day as a whole: truth, teams, reports, decisions, and the lines they are sent as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streams.sources.simulate.invalid import bad_events
from streams.sources.simulate.oracle import planted_json
from streams.sources.simulate.planting import plant
from streams.sources.simulate.reports import Desk, delivered, reports_of
from streams.sources.simulate.sample import build_sample, counts_of
from streams.sources.simulate.teams import Team, build_teams
from streams.sources.simulate.wire import Line, Stream, lines
from streams.sources.simulate.world import Curve, World, build_world

if TYPE_CHECKING:
    from schemas.pack import Pack

TEAMS = 600
TEAMS_PER_DRAWN = 20
"""As many stations are drawn in each region as there are teams, divided by this."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated day. ``lines`` are in the order in which they arrive.

    ``sample``: the observers at drawn stations, who are no part of ``teams``.
    """

    world: World
    teams: tuple[Team, ...]
    sample: tuple[Team, ...]
    lines: tuple[Line, ...]
    planted: Mapping[str, Any]

    def stream(self, name: Stream) -> list[bytes]:
        """The lines of one authority."""
        return [line.raw for line in self.lines if line.stream == name]


def simulate(
    pack: Pack,
    seed: int,
    *,
    teams: int = TEAMS,
    stations: int | None = None,
    sample: int | None = None,
    official: Mapping[str, Curve] | None = None,
) -> Simulation:
    """The day of ``pack`` that belongs to ``seed``: the same input gives the same bytes.

    ``sample``: stations drawn in each region, by default a twentieth of the teams.
    ``official``: per region the published course of turnout, which the simulated truth follows
    outside the planted gap (``streams.sources.simulate.official.courses``).
    """
    world = build_world(pack, seed, stations, official)
    crews = build_teams(world, teams)
    desks: dict[str, Desk] = {team.id: reports_of(world, team) for team in crews}
    planted = plant(world, crews, desks)
    reports = [report for desk in desks.values() for report in desk.reports]
    seen = list(delivered(reports))
    number = teams // TEAMS_PER_DRAWN if sample is None else sample
    drawn = build_sample(world, pack.checkpoints, number)
    reports += [report for team in drawn for report in counts_of(world, team).reports]
    sent = sorted(lines(world, reports))
    bad = bad_events(world, seen, len(sent))
    return Simulation(
        world=world,
        teams=tuple(crews),
        sample=tuple(drawn),
        lines=tuple(sorted([*sent, *(each.line for each in bad)])),
        planted=planted_json(
            world, crews, reports, planted=planted, sent=sent, bad=bad, drawn=len(drawn)
        ),
    )
