"""Who is expected to report, who has been heard from, and who has fallen silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, get_args

from schemas.fields import Phase
from schemas.pack import Pack
from streams.tables.heard import Heard, Team

_WHILE_OPEN: Final = frozenset({"opening", "voting"})
_AFTER_CLOSE: Final = frozenset({"counting", "tabulation"})
_NOBODY: Final[Mapping[str, Team]] = {}


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


class Post(NamedTuple):
    """A station of the plan in one phase (None: the whole day).

    ``begins``: when (µs) it can first be missed, None: never. ``stays``: it is expected to go on
    reporting while polls are open. Not for the opening alone, after which a team may move on.
    """

    begins: int | None
    stays: bool


@lru_cache(maxsize=8)
def plan(pack: Pack) -> Mapping[str, Mapping[str, Team]]:
    """Region → station → who is expected there."""
    found: dict[str, dict[str, dict[str, frozenset[str]]]] = {}
    for row in pack.deployment:
        region = (pack.stations or {})[row.station].region
        team = found.setdefault(region, {}).setdefault(row.station, {})
        team[row.source] = frozenset(row.phases)
    return found


def planned(pack: Pack, code: str) -> Mapping[str, Team]:
    """Station → who is expected there, of one region."""
    return plan(pack).get(code, _NOBODY)


@lru_cache(maxsize=4096)
def posts(pack: Pack, code: str, phase: str | None) -> Mapping[str, Post]:
    """The stations of a region that are expected in ``phase``."""
    polls = pack.polls(code)
    found = {}
    for station, team in planned(pack, code).items():
        if phase is None:
            phases = set().union(*(phases or {"opening"} for phases in team.values()))
            stays = any(not phases or "voting" in phases for phases in team.values())
        elif any(phase in phases for phases in team.values()):
            phases, stays = {phase}, phase == "voting"
        else:
            continue
        begins = [polls[0][0] for one in phases if polls and one in _WHILE_OPEN]
        begins += [polls[-1][1] for one in phases if polls and one in _AFTER_CLOSE]
        found[station] = Post(min(begins, default=None), stays)
    return found


@lru_cache(maxsize=4096)
def teams(pack: Pack, code: str, phase: str | None) -> Mapping[tuple[str, str], Post]:
    """(station, source) → its post, of a region's teams that are expected in ``phase``."""
    polls = pack.polls(code)
    found = {}
    for station, team in planned(pack, code).items():
        for source, named in team.items():
            if phase is not None and phase not in named:
                continue
            phases = (named or {"opening"}) if phase is None else {phase}
            stays = not named or "voting" in named if phase is None else phase == "voting"
            begins = [polls[0][0] for one in phases if polls and one in _WHILE_OPEN]
            begins += [polls[-1][1] for one in phases if polls and one in _AFTER_CLOSE]
            found[station, source] = Post(min(begins, default=None), stays)
    return found


class Watch:
    """When stations are silent, at one moment (``now``, µs).

    Never heard from: so long after the phase began as the pack's ``silent_minutes`` say. Heard
    from: while polls are open, so long after the team's last report of any phase or the opening,
    whichever is later.
    """

    __slots__ = ("_after", "_opened", "now")

    def __init__(self, pack: Pack, code: str, now: int) -> None:
        self.now = now
        self._after = pack.judgement.silent_after
        self._opened = next((a for a, b in pack.polls(code) if a <= now < b), None)

    def silent_from(self, post: Post, last: int | None) -> int | None:
        """The first moment (µs) of silence as things stand; None: silence is not judged.

        ``last``: the last report, None where the station was never heard from in the phase.
        """
        if last is None:
            return None if post.begins is None else post.begins + self._after + 1
        if not post.stays or self._opened is None:
            return None
        return max(last, self._opened) + self._after + 1


class Day:
    """A region over the whole day, cheaply: what metrics ask for at every scrape."""

    __slots__ = ("_heard", "_lasts", "_posts", "_watch", "has_plan")

    def __init__(self, heard: Heard, code: str, pack: Pack, now: int) -> None:
        self.has_plan = bool(pack.deployment)
        self._heard = heard
        self._posts = posts(pack, code, None)
        self._lasts = heard.lasts(planned(pack, code))
        self._watch = Watch(pack, code, now)

    def reporting(self) -> int:
        """How many stations report."""
        return len(self._lasts) if self.has_plan else self._heard.stations()

    def silences(self) -> Iterator[int]:
        """From when (µs) each expected station is silent if nothing more comes; some never are."""
        for station, post in self._posts.items():
            since = self._watch.silent_from(post, self._lasts.get(station))
            if since is not None:
                yield since


def coverage(heard: Heard, code: str, pack: Pack, now: int) -> Iterator[Coverage]:
    """The rows of one region at ``now`` (µs).

    The whole day first, whatever happened; then each phase that is expected or was heard of.
    """
    voices = list(heard.voices())
    seen = {phase for _, _, phase, _ in voices}
    for team in planned(pack, code).values():
        seen.update(*team.values())
    lasts = heard.lasts(planned(pack, code))
    watch = Watch(pack, code, now)
    absent = list(silent_teams(heard, code, pack, now))
    for phase in (None, *(one for one in get_args(Phase) if one in seen)):
        mine = [voice for voice in voices if phase in (None, voice[2])]
        stations = {station for station, _, _, _ in mine if station is not None}
        newest = max((at for _, _, _, at in mine), default=None)
        if not pack.deployment:
            yield Coverage(phase, None, len(stations), None, len(stations), newest, None, None)
            continue
        expected = posts(pack, code, phase)
        present = _present(mine, planned(pack, code), phase)
        silences = [
            watch.silent_from(post, lasts[station] if station in present else None)
            for station, post in expected.items()
        ]
        silent = sum(since is not None and since <= now for since in silences)
        reporting = len(present & expected.keys())
        mute = sum(one.phase == phase for one in absent)
        crew = len(teams(pack, code, phase))
        numbers = (len(expected), reporting, silent, len(stations), newest, crew, mute)
        yield Coverage(phase, *numbers)


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


def _present(
    voices: list[tuple[str | None, str, str, int]], teams: Mapping[str, Team], phase: str | None
) -> set[str]:
    """The stations that a source was heard from which is expected there in ``phase``."""
    found = set()
    for station, source, _, _ in voices:
        if station is not None:
            phases = teams.get(station, {}).get(source)
            if phases is not None and (phase is None or phase in phases):
                found.add(station)
    return found
