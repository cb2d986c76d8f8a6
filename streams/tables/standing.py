"""Who of a region's plan was heard, kept up report by report: no walk over the plan to count."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

from schemas.pack import Pack
from streams.tables.plan import Post, Watch, planned, planned_phases, posts, teams

Key = TypeVar("Key", bound=Hashable)


class Roll(Generic[Key]):
    """The posts of one phase, or of the whole day, and the last report of each.

    What :meth:`Watch.silent_from` says of every single post is counted here in a few steps: those
    never heard from by when they begin, those that go on reporting by their last report.
    """

    __slots__ = ("_lasts", "_posts", "_staying", "_waiting")

    def __init__(self, expected: Mapping[Key, Post]) -> None:
        self._posts = expected
        self._lasts: dict[Key, int] = {}
        self._waiting = Counter(one.begins for one in expected.values() if one.begins is not None)
        self._staying: list[int] = []

    @property
    def expected(self) -> int:
        """How many posts there are."""
        return len(self._posts)

    @property
    def reporting(self) -> int:
        """How many of them were heard from."""
        return len(self._lasts)

    def note(self, key: Key, last: int | None) -> None:
        """``last``: the newest report (µs) of a post as it is now, None: never heard from.

        A key that is no post here is left alone.
        """
        post = self._posts.get(key)
        if post is None or (before := self._lasts.get(key)) == last:
            return
        if before is None:
            self._wait(post, -1)
        elif post.stays:
            del self._staying[bisect_left(self._staying, before)]
        if last is None:
            del self._lasts[key]
            self._wait(post, 1)
            return
        self._lasts[key] = last
        if post.stays:
            insort(self._staying, last)

    def _wait(self, post: Post, number: int) -> None:
        if post.begins is not None:
            self._waiting[post.begins] += number

    def silent(self, watch: Watch) -> int:
        """How many posts are silent now."""
        limit = watch.now - watch.after - 1
        number = sum(waiting for begins, waiting in self._waiting.items() if begins <= limit)
        if watch.opened is not None and watch.opened <= limit:
            number += bisect_right(self._staying, limit)
        return number

    def turns(self, watch: Watch) -> Iterator[int]:
        """Moments (µs) after now at which another post falls silent if nothing more comes.

        The next one is among them.
        """
        limit = watch.now - watch.after - 1
        for begins, waiting in self._waiting.items():
            if waiting and begins > limit:
                yield begins + watch.after + 1
        if watch.opened is not None:
            place = bisect_right(self._staying, limit) if watch.opened <= limit else 0
            if place < len(self._staying):
                yield max(self._staying[place], watch.opened) + watch.after + 1


class Standing:
    """The rolls of one region: its stations and its teams, by phase; None is the whole day.

    There is one for each phase that the plan names anywhere, though it expect nobody here.
    """

    __slots__ = ("_plan", "pack", "stations", "teams")

    def __init__(self, pack: Pack, code: str) -> None:
        self.pack = pack
        self._plan = planned(pack, code)
        phases = (None, *planned_phases(pack))
        self.stations = {phase: Roll(posts(pack, code, phase)) for phase in phases}
        self.teams = {phase: Roll(teams(pack, code, phase)) for phase in phases}

    def note(self, station: str, heard: Mapping[tuple[str, str], int]) -> None:
        """``heard``: (source, phase) → the newest report (µs) from ``station``, as it is now."""
        team = self._plan.get(station)
        if team is None:
            return
        newest: dict[str, int] = {}
        said: set[tuple[str, str]] = set()
        for (source, phase), at in heard.items():
            if source in team:
                newest[source] = max(at, newest.get(source, at))
                said.add((source, phase))
        last = max(newest.values(), default=None)
        due = {phase for source, phase in said if phase in team[source]}
        for one, roll in self.stations.items():
            roll.note(station, last if one is None or one in due else None)
        for source in team:
            last = newest.get(source)
            for one, crew in self.teams.items():
                there = one is None or (source, one) in said
                crew.note((station, source), last if there else None)

    def turns(self, watch: Watch) -> Iterator[int]:
        """As :meth:`Roll.turns`, of all rolls."""
        for rolls in (self.stations, self.teams):
            for roll in rolls.values():
                yield from roll.turns(watch)
