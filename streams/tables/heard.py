"""From which stations, by which source and in which phase a region was heard, and when last."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator

from schemas.pack import Pack
from streams.tables.lots import LOT
from streams.tables.plan import planned
from streams.tables.standing import Standing
from streams.tables.versions import Version

Voice = tuple[str, str]
"""(source, phase)"""


class Heard:
    """Event times of the current, not withdrawn reports of one region, whatever their type.

    What the desk decided plays no part: a report that it rejects still shows that somebody is
    there. ``put_down``: takes a report; it is sorted in only when somebody looks, so that the
    fold of a report costs no more than an append.
    """

    __slots__ = (
        "_firsts",
        "_newest",
        "_pending",
        "_reports",
        "_since",
        "_stale",
        "_standing",
        "_times",
        "_touched",
        "put_down",
    )

    def __init__(self, reports: Iterable[Version] = ()) -> None:
        # Station (None: without one) → voice → event times. One report, the common case, is a
        # bare number; several are in ascending order.
        self._times: dict[str | None, dict[Voice, int | list[int]]] = {}
        self._pending: list[Version] = list(reports)
        self.put_down = self._pending.append
        self._reports = 0
        self._newest: int | None = None
        self._standing: Standing | None = None
        self._touched: set[str] = set()
        # Station → its first report since ``_since``; those of ``_stale`` are to be looked at.
        self._firsts: dict[str, int] = {}
        self._since: int | None = None
        self._stale: set[str] = set()

    def remove(self, version: Version) -> None:
        """Take out a report that was put down; its ``at`` must be what it was then."""
        self._sort_in()
        data = version.data
        voices = self._times[data.station]
        voice = (version.source, data.phase)
        times = voices[voice]
        if isinstance(times, int):
            del voices[voice]
            if not voices:
                del self._times[data.station]
        else:
            del times[bisect_left(times, version.at)]
            if len(times) == 1:
                voices[voice] = times[0]
        if data.station is not None:
            self._touched.add(data.station)
            self._stale.add(data.station)
        self._reports -= 1
        if version.at == self._newest:
            self._newest = None

    def reports(self) -> int:
        """How many reports there are."""
        self._sort_in()
        return self._reports

    def newest(self) -> int | None:
        """The newest event time (µs); None: there is no report."""
        self._sort_in()
        if self._newest is None:
            # The newest one was taken out; which is now is asked for rarely enough.
            self._newest = max((at for _, _, _, at in self.voices()), default=None)
        return self._newest

    def stations(self) -> int:
        """How many stations were heard from."""
        self._sort_in()
        return len(self._times) - (None in self._times)

    def firsts(self, since: int) -> Collection[int]:
        """When (µs) each station was first heard from at or after ``since``; some were not.

        Only stations heard from since the last look are looked at, unless ``since`` is another.
        """
        self._sort_in()
        if since != self._since:
            self._since = since
            self._firsts.clear()
            self._stale.update(station for station in self._times if station is not None)
        for station in self._stale:
            voices = self._times.get(station, {})
            found = [at for times in voices.values() if (at := _first(times, since)) is not None]
            if found:
                self._firsts[station] = min(found)
            else:
                self._firsts.pop(station, None)
        self._stale.clear()
        return self._firsts.values()

    def voices(self) -> Iterator[tuple[str | None, str, str, int]]:
        """(station or None, source, phase, the newest event time in µs)."""
        self._sort_in()
        for station, voices in self._times.items():
            for (source, phase), times in voices.items():
                yield station, source, phase, times if isinstance(times, int) else times[-1]

    def standing(self, pack: Pack, code: str) -> Standing:
        """Who of the plan was heard; only stations heard from since the last look are looked at.

        ``code``: the region that this is of, always the same.
        """
        self._sort_in()
        found = self._standing
        if found is None or found.pack is not pack:
            found = self._standing = Standing(pack, code)
            self._touched.update(planned(pack, code))
        for station in self._touched:
            voices = self._times.get(station, {})
            found.note(
                station,
                {
                    voice: times if isinstance(times, int) else times[-1]
                    for voice, times in voices.items()
                },
            )
        self._touched.clear()
        return found

    def settle(self) -> Iterator[None]:
        """Sort in the reports that were put down by now, a lot at a step."""
        for _ in range(0, len(self._pending), LOT):
            self._sort_in(LOT)
            yield

    def _sort_in(self, most: int | None = None) -> None:
        """Sort in what was put down first, or all of it."""
        pending = self._pending[:most]
        if not pending:
            return
        del self._pending[:most]
        for version in pending:
            data = version.data
            station = data.station
            voices = self._times.setdefault(station, {})
            if station is not None:
                self._touched.add(station)
                self._stale.add(station)
            voice = (version.source, data.phase)
            times = voices.get(voice)
            if times is None:
                voices[voice] = version.at
            elif isinstance(times, int):
                voices[voice] = sorted((times, version.at))
            else:
                insort(times, version.at)
        moments = [version.at for version in pending]
        if not self._reports:
            self._newest = max(moments)
        elif self._newest is not None:
            self._newest = max(self._newest, *moments)
        self._reports += len(moments)


def _first(times: int | list[int], since: int) -> int | None:
    """The first of ascending ``times`` at or after ``since``."""
    if isinstance(times, int):
        return times if times >= since else None
    place = bisect_left(times, since)
    return times[place] if place < len(times) else None
