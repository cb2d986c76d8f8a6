"""The deployment plan: who is expected where and in which phase, and when silence begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple, get_args

from schemas.fields import Phase
from schemas.pack import Pack

Team = Mapping[str, frozenset[str]]
"""Source → the phases in which it is expected at one station; none: whenever it comes."""

_WHILE_OPEN: Final = frozenset({"opening", "voting"})
_AFTER_CLOSE: Final = frozenset({"counting", "tabulation"})
_NOBODY: Final[Mapping[str, Team]] = {}


class Post(NamedTuple):
    """A station or team of the plan in one phase (None: the whole day).

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


@lru_cache(maxsize=8)
def planned_phases(pack: Pack) -> tuple[str, ...]:
    """The phases that the plan names anywhere, in the day's order as far as they have one."""
    named = {phase for row in pack.deployment for phase in row.phases}
    return tuple(phase for phase in get_args(Phase) if phase in named)


@lru_cache(maxsize=4096)
def posts(pack: Pack, code: str, phase: str | None) -> Mapping[str, Post]:
    """The stations of a region that are expected in ``phase``."""
    post = _posting(pack, code)
    found = {}
    for station, team in planned(pack, code).items():
        if phase is None:
            phases = frozenset().union(*(phases or {"opening"} for phases in team.values()))
            stays = any(not phases or "voting" in phases for phases in team.values())
            found[station] = post(phases, stays)
        elif any(phase in phases for phases in team.values()):
            found[station] = post(frozenset({phase}), phase == "voting")
    return found


@lru_cache(maxsize=4096)
def teams(pack: Pack, code: str, phase: str | None) -> Mapping[tuple[str, str], Post]:
    """(station, source) → its post, of a region's teams that are expected in ``phase``."""
    post = _posting(pack, code)
    found = {}
    for station, team in planned(pack, code).items():
        for source, named in team.items():
            if phase is None:
                stays = not named or "voting" in named
                found[station, source] = post(named or frozenset({"opening"}), stays)
            elif phase in named:
                found[station, source] = post(frozenset({phase}), phase == "voting")
    return found


def _posting(pack: Pack, code: str) -> Callable[[frozenset[str], bool], Post]:
    """Makes the posts of a region by (phases, whether it stays), each of the few there are once."""
    polls = pack.polls(code)

    @cache
    def post(phases: frozenset[str], stays: bool) -> Post:
        begins = [polls[0][0]] if polls and phases & _WHILE_OPEN else []
        begins += [polls[-1][1]] if polls and phases & _AFTER_CLOSE else []
        return Post(min(begins, default=None), stays)

    return post


class Watch:
    """When posts are silent, at one moment (``now``, µs).

    Never heard from: so long after the phase began as the pack's ``silent_minutes`` say. Heard
    from: while polls are open, so long after the last report of any phase or the opening,
    whichever is later. ``after``: how long, in µs; ``opened``: when the polls did that are open
    now, None: none are.
    """

    __slots__ = ("after", "now", "opened")

    def __init__(self, pack: Pack, code: str, now: int) -> None:
        self.now = now
        self.after = pack.judgement.silent_after
        self.opened = next((a for a, b in pack.polls(code) if a <= now < b), None)

    def silent_from(self, post: Post, last: int | None) -> int | None:
        """The first moment (µs) of silence as things stand; None: silence is not judged.

        ``last``: the last report, None where the post was never heard from in the phase.
        """
        if last is None:
            return None if post.begins is None else post.begins + self.after + 1
        if not post.stays or self.opened is None:
            return None
        return max(last, self.opened) + self.after + 1
