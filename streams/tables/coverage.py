"""Who is expected to report, who has been heard from, and who has fallen silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, get_args

from schemas.fields import Phase
from schemas.pack import Pack
from streams.tables.heard import Heard
from streams.tables.plan import Watch, planned, teams


class Coverage(NamedTuple):
    """One region and phase (None: the whole day), in stations; ``teams`` are counted apart.

    ``expected``: in the deployment plan; None where the pack has no plan. ``reporting``: those of
    them whose own source was heard from; without a plan all that were heard from. ``silent``: see
    :class:`Watch`. ``heard``: all stations that anybody was heard from. ``last_report``: the
    newest event time (µs), of reports without a station as well. ``teams`` and ``teams_silent``:
    rows of the plan, each a source at a station, and those of them that are silent; a team that
    says nothing beside another one that reports from the same station is among them.
    """

    phase: str | None
    expected: int | None
    reporting: int
    silent: int | None
    heard: int
    last_report: int | None
    teams: int | None
    teams_silent: int | None


class Absent(NamedTuple):
    """A team that is silent in ``phase`` (None: over the day). ``last``: its last report (µs)."""

    station: str
    source: str
    phase: str | None
    last: int | None


def coverage(heard: Heard, code: str, pack: Pack, now: int) -> Iterator[Coverage]:
    """The rows of one region at ``now`` (µs).

    The whole day first, whatever happened; then each phase that is expected or was heard of.
    """
    voices = list(heard.voices())
    seen = {phase for _, _, phase, _ in voices}
    for team in planned(pack, code).values():
        seen.update(*team.values())
    standing = heard.standing(pack, code)
    watch = Watch(pack, code, now)
    for phase in (None, *(one for one in get_args(Phase) if one in seen)):
        mine = [voice for voice in voices if phase in (None, voice[2])]
        number = len({station for station, _, _, _ in mine if station is not None})
        newest = max((at for _, _, _, at in mine), default=None)
        if not pack.deployment:
            yield Coverage(phase, None, number, None, number, newest, None, None)
            continue
        roll, crew = standing.stations.get(phase), standing.teams.get(phase)
        if roll is None or crew is None:
            # Heard of, but the plan expects nobody anywhere in this phase.
            yield Coverage(phase, 0, 0, 0, number, newest, 0, 0)
            continue
        stations = (roll.expected, roll.reporting, roll.silent(watch))
        yield Coverage(phase, *stations, number, newest, crew.expected, crew.silent(watch))


def silent_teams(heard: Heard, code: str, pack: Pack, now: int) -> Iterator[Absent]:
    """The teams of one region that are silent at ``now`` (µs): over the day and in each phase.

    Judged like stations, see :class:`Watch`, each team by its own reports from its station.
    """
    lasts: dict[tuple[str | None, str, str | None], int] = {}
    for station, source, phase, at in heard.voices():
        for key in ((station, source, phase), (station, source, None)):
            lasts[key] = max(at, lasts.get(key, at))
    watch = Watch(pack, code, now)
    for one in (None, *get_args(Phase)):
        for (station, source), post in teams(pack, code, one).items():
            last = lasts.get((station, source, None))
            present = (station, source, one) in lasts
            since = watch.silent_from(post, last if present else None)
            if since is not None and since <= now:
                yield Absent(station, source, one, last)
