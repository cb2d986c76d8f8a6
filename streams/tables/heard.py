"""From which stations, by which source and in which phase a region was heard, and when last."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping

from streams.tables.versions import Version

Team = Mapping[str, frozenset[str]]
"""Source → the phases in which it is expected at one station; none: whenever it comes."""

Voice = tuple[str, str]
"""(source, phase)"""


class Heard:
    """Event times of the current, not withdrawn reports of one region, whatever their type.

    What the desk decided plays no part: a report that it rejects still shows that somebody is
    there. ``put_down``: takes a report; it is sorted in only when somebody looks, so that the
    fold of a report costs no more than an append.
    """

    __slots__ = ("_lasts", "_pending", "_planned", "_times", "_touched", "put_down")

    def __init__(self, reports: Iterable[Version] = ()) -> None:
        # Station (None: without one) → voice → event times. One report, the common case, is a
        # bare number; several are in ascending order.
        self._times: dict[str | None, dict[Voice, int | list[int]]] = {}
        self._pending: list[Version] = list(reports)
        self.put_down = self._pending.append
        self._planned: Mapping[str, Team] | None = None
        self._lasts: dict[str, int] = {}
        self._touched: set[str] = set()

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

    def stations(self) -> int:
        """How many stations were heard from."""
        self._sort_in()
        return len(self._times) - (None in self._times)

    def firsts(self, since: int) -> Iterator[int]:
        """When (µs) each station was first heard from at or after ``since``; some were not."""
        self._sort_in()
        for station, voices in self._times.items():
            if station is not None:
                found = [
                    at for times in voices.values() if (at := _first(times, since)) is not None
                ]
                if found:
                    yield min(found)

    def voices(self) -> Iterator[tuple[str | None, str, str, int]]:
        """(station or None, source, phase, the newest event time in µs)."""
        self._sort_in()
        for station, voices in self._times.items():
            for (source, phase), times in voices.items():
                yield station, source, phase, times if isinstance(times, int) else times[-1]

    def lasts(self, planned: Mapping[str, Team]) -> Mapping[str, int]:
        """Station of ``planned`` → the newest event time (µs) of its own team.

        Only stations that were heard from; only what changed since is looked at again.
        """
        self._sort_in()
        if planned is not self._planned:
            self._planned = planned
            self._lasts.clear()
            self._touched.update(planned)
        for station in self._touched:
            team = planned.get(station, ())
            times = [
                times if isinstance(times, int) else times[-1]
                for (source, _), times in self._times.get(station, {}).items()
                if source in team
            ]
            if times:
                self._lasts[station] = max(times)
            else:
                self._lasts.pop(station, None)
        self._touched.clear()
        return self._lasts

    def _sort_in(self) -> None:
        if not self._pending:
            return
        for version in self._pending:
            data = version.data
            station = data.station
            voices = self._times.setdefault(station, {})
            if station is not None:
                self._touched.add(station)
            voice = (version.source, data.phase)
            times = voices.get(voice)
            if times is None:
                voices[voice] = version.at
            elif isinstance(times, int):
                voices[voice] = sorted((times, version.at))
            else:
                insort(times, version.at)
        self._pending.clear()


def _first(times: int | list[int], since: int) -> int | None:
    """The first of ascending ``times`` at or after ``since``."""
    if isinstance(times, int):
        return times if times >= since else None
    place = bisect_left(times, since)
    return times[place] if place < len(times) else None
