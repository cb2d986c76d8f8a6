"""The values of the families that say how this worker is doing, and of those over all regions."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice
from typing import Final, NamedTuple, get_args

from schemas.envelope import EVENTS
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.metrics.declare import OPEN_SERIES_LIMIT
from streams.metrics.freshness import BUCKETS, Freshness
from streams.metrics.moment import MICROSECONDS
from streams.metrics.text import Values
from streams.metrics.values import durations
from streams.metrics.view import Status, WorkerView
from streams.metrics.zeros import OTHER_TYPE, OUTCOMES, URGENT_TYPES, rejections
from streams.tables.caught import Caught
from streams.tables.journal import Refusal
from streams.tables.region import RegionTables

STATES: Final[tuple[Status, ...]] = get_args(Status)

REFUSALS: Final[tuple[Refusal, ...]] = get_args(Refusal)

Opened = tuple[int, tuple[str, ...]]
"""(began, µs since the epoch; labels) of an open restriction."""


class Deployment:
    """What does not change while a worker runs: the pack, the input topics, the partition count.

    ``regions``: partition → codes of the pack's regions, sorted. ``build``: version of scrutineer
    and of Python.
    """

    __slots__ = ("_rejections", "build", "pack", "partitions", "regions", "topics")

    def __init__(
        self, pack: Pack, topics: Sequence[str], partitions: int, build: tuple[str, str]
    ) -> None:
        self.pack = pack
        self.topics = tuple(topics)
        self.partitions = partitions
        self.build = build
        self.regions: dict[int, list[str]] = {number: [] for number in range(partitions)}
        for code in sorted(pack.regions):
            self.regions[partition_of(code, partitions)].append(code)
        self._rejections = {topic: tuple(rejections(topic)) for topic in self.topics}

    def live(self, view: WorkerView) -> Iterator[tuple[str, RegionTables | None]]:
        """(code, tables or None where nothing came yet) of every region live here, sorted."""
        found = [(code, number) for number in view.parts for code in self.regions[number]]
        for code, number in sorted(found):
            yield code, view.parts[number].regions.get(code)

    def values(self, view: WorkerView, parts: Mapping[int, Caught]) -> Mapping[str, Values]:
        """Family → {labels: value}, of the families of ``pipeline`` but the histogram.

        ``parts``: the partitions that are live, each as it was when its regions were looked at.
        """
        pack = self.pack
        regions = sorted(
            (code, part.positions.get(code, 0))
            for number, part in parts.items()
            for code in self.regions[number]
        )
        return {
            "scrutineer_build_info": {self.build: 1},
            "scrutineer_pack_info": {
                (pack.id, pack.acceptance_digest[:12], pack.judgement_digest[:12]): 1
            },
            "scrutineer_now_timestamp_seconds": {(): view.now / MICROSECONDS},
            "scrutineer_clock_info": {(view.clock,): 1},
            "scrutineer_region_live": {(code,): 1 for code, _ in regions},
            "scrutineer_region_position": {(code,): position for code, position in regions},
            "scrutineer_partition_state": self._states(view),
            "scrutineer_partition_position": {
                (topic, str(number)): part.next.get(topic, 0)
                for number, part in parts.items()
                for topic in self.topics
            },
            "scrutineer_partition_lag_events": {
                (topic, str(number)): lag for (topic, number), lag in view.lag.items()
            },
            "scrutineer_partition_freshness_max_seconds": {
                (topic, str(number)): view.slowest.get((topic, number), 0)
                for number in parts
                for topic in self.topics
            },
            "scrutineer_source_events": {
                (source,): events for source, events in view.senders.events.items()
            },
            "scrutineer_source_events_error": {(): view.senders.error},
            "scrutineer_events_total": self._events(parts),
            "scrutineer_rejected_events_total": self._rejected(parts),
            "scrutineer_urgent_rejected_events_total": self._urgent(parts),
            "scrutineer_partition_accepted_gap_events": self._gaps(parts),
            "scrutineer_snapshot_written_timestamp_seconds": {
                (str(number),): written / MICROSECONDS for number, written in view.snapshots.items()
            },
            "scrutineer_snapshots_refused_total": {
                (reason,): view.refusals.get(reason, 0) for reason in REFUSALS
            },
            "scrutineer_loop_lag_seconds": {(): view.loop_lag},
        }

    def _gaps(self, parts: Mapping[int, Caught]) -> Values:
        return {
            (topic, str(number)): sum(to - first for first, to in part.gaps.get(topic, ()))
            for number, part in parts.items()
            for topic in self.topics
        }

    def _states(self, view: WorkerView) -> Values:
        return {
            (topic, str(number), state): int(state == now)
            for number, now in view.status.items()
            for topic in self.topics
            for state in STATES
        }

    def _events(self, parts: Mapping[int, Caught]) -> Values:
        return {
            (topic, str(number), outcome): part.outcomes.get((topic, outcome), 0)
            for number, part in parts.items()
            for topic in self.topics
            for outcome in OUTCOMES
        }

    def _rejected(self, parts: Mapping[int, Caught]) -> Values:
        return self._counted({number: part.rejected for number, part in parts.items()})

    def _urgent(self, parts: Mapping[int, Caught]) -> Values:
        counts = {number: part.urgent for number, part in parts.items()}
        return self._counted(counts, URGENT_TYPES)

    def _counted(
        self,
        counts: Mapping[int, Mapping[tuple[str, str, str], int]],
        types: Container[str] | None = None,
    ) -> Values:
        """By partition, topic, type and reason: what was counted, and zeros of ``types``."""
        found: Values = {}
        for number, counted in counts.items():
            name = str(number)
            for topic, possible in self._rejections.items():
                for type_, reason in possible:
                    if types is None or type_ in types:
                        found[topic, name, type_, reason] = 0
            for (topic, type_, reason), count in counted.items():
                known = type_ if not type_ or type_ in EVENTS else OTHER_TYPE
                key = (topic, name, known, reason)
                found[key] = found.get(key, 0) + count
        return found


def histogram(freshness: Freshness) -> Iterator[tuple[str, list[tuple[float, int]], float]]:
    """(topic, [(upper bound in seconds, events up to it)], sum of seconds)."""
    for topic, (counts, total) in sorted(freshness.distributions().items()):
        yield topic, list(zip(BUCKETS, accumulate(counts), strict=True)), total


Lasted = Mapping[str, list[int]]
"""Kind → how long the lifted restrictions of one region lasted, in seconds, ascending."""


def lasted(tables: RegionTables) -> Lasted:
    """How long the restrictions of one region lasted."""
    by_kind: dict[str, list[int]] = {}
    for kind, seconds in durations(tables):
        by_kind.setdefault(kind, []).extend(seconds)
    for seconds in by_kind.values():
        seconds.sort()  # of ascending parts, which is as quick as merging them
    return by_kind


def medians(regions: Iterable[Lasted]) -> Values:
    """Kind → median seconds of the lifted restrictions of all ``regions``."""
    by_kind: dict[str, list[list[int]]] = {}
    for region in regions:
        for kind, seconds in region.items():
            by_kind.setdefault(kind, []).append(seconds)
    return {(kind,): median_of(several) for kind, several in by_kind.items()}


def median_of(several: Sequence[Sequence[int]]) -> float:
    """The median of all numbers of ascending, not empty lists, without putting them together.

    Their values are halved until one is left that half of the numbers are not above: a look at
    each list for each bit of the range, however long the lists are.
    """
    number = sum(len(one) for one in several)
    lower = _ranked(several, (number - 1) // 2)
    if number % 2 or sum(bisect_right(one, lower) for one in several) > number // 2:
        return lower
    above = (one[at] for one in several if (at := bisect_right(one, lower)) < len(one))
    return (lower + min(above)) / 2


def _ranked(several: Sequence[Sequence[int]], rank: int) -> int:
    """The number with ``rank`` smaller or equal ones before it."""
    low, high = min(one[0] for one in several), max(one[-1] for one in several)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(one, middle) for one in several) > rank:
            high = middle
        else:
            low = middle + 1
    return low


class Listing(NamedTuple):
    """The open restrictions of one region.

    ``newest``: at most as many as the page lists, the last begun first. ``number``: of all.
    """

    newest: Sequence[Opened]
    number: int


def listing(found: Iterable[Opened]) -> Listing:
    """The open restrictions of one region.

    Two with the same labels (two sources that number alike, at one place) share a series, which
    shows the earlier beginning.
    """
    first: dict[tuple[str, ...], int] = {}
    number = 0
    for began, labels in found:
        number += 1
        first[labels] = min(began, first.get(labels, began))
    pairs = ((began, labels) for labels, began in first.items())
    return Listing(heapq.nlargest(OPEN_SERIES_LIMIT, pairs), number)


def listed(regions: Iterable[Listing]) -> tuple[Values, int]:
    """The newest open restrictions as {labels: began in seconds}, and how many are left out."""
    several = [region for region in regions if region.number]
    merged = heapq.merge(*(region.newest for region in several), reverse=True)
    newest = list(islice(merged, OPEN_SERIES_LIMIT))
    total = sum(region.number for region in several)
    return {labels: began / MICROSECONDS for began, labels in newest}, total - len(newest)
