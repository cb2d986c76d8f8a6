"""Who is expected to report, who has been heard from, and who has fallen silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, get_args

from schemas.fields import Phase
from schemas.pack import Pack
from streams.tables.heard import Heard

Team = Mapping[str, frozenset[str]]
"""Source → the phases in which it is expected at one station; none: whenever it comes."""

_WHILE_OPEN: Final = frozenset({"opening", "voting"})
_AFTER_CLOSE: Final = frozenset({"counting", "tabulation"})
_NOBODY: Final[Mapping[str, Team]] = {}


class Coverage(NamedTuple):
    """One region and phase (None: the whole day), in stations.

    ``expected``: in the deployment plan; None where the pack has no plan. ``reporting``: those of
    them whose own source was heard from; without a plan all that were heard from. ``silent``: see
    :func:`silent_from`. ``heard``: all stations that anybody was heard from. ``last_report``: the
    newest event time (µs), of reports without a station as well.
    """

    phase: str | None
    expected: int | None
    reporting: int
    silent: int | None
    heard: int
    last_report: int | None


@lru_cache(maxsize=8)
def plan(pack: Pack) -> Mapping[str, Mapping[str, Team]]:
    """Region → station → who is expected there."""
    found: dict[str, dict[str, dict[str, frozenset[str]]]] = {}
    for row in pack.deployment:
        region = (pack.stations or {})[row.station].region
        team = found.setdefault(region, {}).setdefault(row.station, {})
        team[row.source] = frozenset(row.phases)
    return found


class Listening:
    """What was heard of one region and what was expected, at one moment (``now``, µs)."""

    __slots__ = ("_after", "_last", "_polls", "_voices", "has_plan", "now", "planned")

    def __init__(self, heard: Heard, code: str, pack: Pack, now: int) -> None:
        self.now = now
        self.planned = plan(pack).get(code, _NOBODY)
        self.has_plan = bool(pack.deployment)
        self._polls = pack.polls(code)
        self._after = pack.judgement.silent_after
        self._voices = heard.last()
        self._last: dict[tuple[str, str], dict[str, int]] = {}
        for (station, source, phase), at in self._voices.items():
            if station is not None:
                self._last.setdefault((station, source), {})[phase] = at

    def rows(self) -> Iterator[Coverage]:
        """The whole day first, then each phase that is expected or was heard of."""
        seen = {phase for _, _, phase in self._voices}
        for team in self.planned.values():
            seen.update(*team.values())
        yield self.row(None)
        for phase in get_args(Phase):
            if phase in seen:
                yield self.row(phase)

    def row(self, phase: str | None) -> Coverage:
        """One row."""
        voices = [
            (station, at)
            for (station, _, when), at in self._voices.items()
            if phase is None or when == phase
        ]
        heard = len({station for station, _ in voices if station is not None})
        newest = max((at for _, at in voices), default=None)
        if not self.has_plan:
            return Coverage(phase, None, heard, None, heard, newest)
        expected = reporting = silent = 0
        for station, team in self.planned.items():
            if phase is not None and not any(phase in phases for phases in team.values()):
                continue
            expected += 1
            reporting += self._reports(station, team, phase)
            since = self.silent_from(station, team, phase)
            silent += since is not None and since <= self.now
        return Coverage(phase, expected, reporting, silent, heard, newest)

    def reporting(self) -> int:
        """How many stations report, of the day."""
        if self.has_plan:
            return sum(self._reports(station, team, None) for station, team in self.planned.items())
        return len({station for station, _ in self._last})

    def silences(self) -> Iterator[int]:
        """From when (µs) each expected station is silent if nothing more comes; some are not."""
        for station, team in self.planned.items():
            since = self.silent_from(station, team, None)
            if since is not None:
                yield since

    def _reports(self, station: str, team: Team, phase: str | None) -> bool:
        for source, phases in team.items():
            if phase is not None and phase not in phases:
                continue
            last = self._last.get((station, source))
            if last is not None and (phase is None or phase in last):
                return True
        return False

    def silent_from(self, station: str, team: Team, phase: str | None) -> int | None:
        """The moment (µs) from which a station is silent as things stand; None: it is not judged.

        Never heard from in the phase: so long after it began as the pack's ``silent_minutes`` say.
        Heard from: while polls are open, so long after its last report of any phase or the
        opening, whichever is later; not for the opening alone, after which a team may move on.
        """
        if not self._reports(station, team, phase):
            begins = [self._begins(one) for one in _phases(team, phase)]
            known = [begin for begin in begins if begin is not None]
            return min(known) + self._after + 1 if known else None
        stays = phase == "voting" or (phase is None and _present(team))
        opened = next((a for a, b in self._polls if a <= self.now < b), None)
        if not stays or opened is None:
            return None
        lasts = (self._last.get((station, source), {}).values() for source in team)
        newest = max(at for times in lasts for at in times)
        return max(newest, opened) + self._after + 1

    def _begins(self, phase: str) -> int | None:
        """When ``phase`` begins; None where nobody can be called late for it."""
        if not self._polls:
            return None
        if phase in _WHILE_OPEN:
            return self._polls[0][0]
        return self._polls[-1][1] if phase in _AFTER_CLOSE else None


def _phases(team: Team, phase: str | None) -> set[str]:
    """The phases for which the team may be late; with none in particular, from the opening on."""
    if phase is not None:
        return {phase}
    return set().union(*(phases or {"opening"} for phases in team.values()))


def _present(team: Team) -> bool:
    """Whether anybody of the team is expected at the station while polls are open."""
    return any(not phases or "voting" in phases for phases in team.values())


def coverage(heard: Heard, code: str, pack: Pack, now: int) -> Iterator[Coverage]:
    """The rows of one region at ``now`` (µs); the first is there whatever happened."""
    return Listening(heard, code, pack, now).rows()
