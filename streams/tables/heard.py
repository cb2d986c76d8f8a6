"""From which stations, by which source and in which phase a region was heard, and when last."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

from streams.tables.versions import Version

Voice = tuple[str | None, str, str]
"""(station or None, source, phase)"""


class Heard:
    """Event times of the current, not withdrawn reports of one region, whatever their type.

    What the desk decided plays no part: a report that it rejects still shows that somebody is
    there. Reports are put down as they come and sorted in only when somebody looks, so that the
    fold of a report costs one append.
    """

    __slots__ = ("_last", "_pending", "_times")

    def __init__(self, reports: Iterable[Version] = ()) -> None:
        # One report, the common case, is kept as a bare number; several in ascending order.
        self._times: dict[Voice, int | list[int]] = {}
        self._pending: list[Version] = list(reports)
        self._last: dict[Voice, int] | None = None

    def add(self, version: Version) -> None:
        """Put down a report."""
        self._pending.append(version)

    def remove(self, version: Version) -> None:
        """Take out a report that was put down; its ``at`` must be what it was then."""
        self._sort_in()
        self._last = None
        voice = _voice(version)
        times = self._times[voice]
        if isinstance(times, int):
            del self._times[voice]
            return
        del times[bisect_left(times, version.at)]
        if len(times) == 1:
            self._times[voice] = times[0]

    def last(self) -> Mapping[Voice, int]:
        """The newest event time (µs) of each voice."""
        self._sort_in()
        if self._last is None:
            self._last = {
                voice: times if isinstance(times, int) else times[-1]
                for voice, times in self._times.items()
            }
        return self._last

    def _sort_in(self) -> None:
        if not self._pending:
            return
        self._last = None
        found = self._times
        for version in self._pending:
            voice = _voice(version)
            times = found.get(voice)
            if times is None:
                found[voice] = version.at
            elif isinstance(times, int):
                found[voice] = sorted((times, version.at))
            else:
                insort(times, version.at)
        self._pending.clear()


def _voice(version: Version) -> Voice:
    data = version.data
    return data.station, version.source, data.phase
