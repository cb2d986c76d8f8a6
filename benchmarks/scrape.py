"""What a scrape of ``/metrics`` costs: our page against prometheus-client's plain collector."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator

from prometheus_client import generate_latest

from benchmarks.events import events
from schemas import Accepted, read
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.metrics.collector import registry
from streams.metrics.freshness import Freshness
from streams.metrics.page import MetricsPage, deployment
from streams.metrics.view import View
from streams.packs import load_pack
from streams.tables.buckets import BUCKET
from streams.tables.partition import Partition

TOPICS = ("election.observer", "election.official", "election.desk")
PARTITIONS = 12
EVENTS = 20_000
MANY_EVENTS = 200_000
ROUNDS = 9
SECONDS = 3.0


def with_regions(pack: Pack, count: int) -> Pack:
    """``pack`` with ``count`` regions more like its first one."""
    first = pack.region_codes()[0]
    region, polls = pack.regions[first], pack.polls(first)
    codes = [f"R-{number:04d}" for number in range(count)]
    return dataclasses.replace(
        pack,
        regions={**pack.regions, **{code: region._replace(code=code) for code in codes}},
        polling={**pack.polling, **dict.fromkeys(codes, polls)},
        stations=None,
    )


def _milliseconds(work: Callable[[], object], before: Callable[[], object]) -> float:
    """Median of ``ROUNDS``, or of 3 when they take long; ``before`` runs unmeasured."""
    found: list[float] = []
    while len(found) < 3 or (len(found) < ROUNDS and sum(found) < SECONDS * 1000):
        before()
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return statistics.median(found)


class _Day:
    """A worker that holds every partition, after so many events."""

    def __init__(self, pack: Pack, count: int = EVENTS) -> None:
        self.pack = pack
        self.count = count
        self.view = View(
            parts={number: Partition(pack, number) for number in range(PARTITIONS)},
            status=dict.fromkeys(range(PARTITIONS), "live"),
            now=pack.polls(pack.region_codes()[0])[0][0] + 10 * 3_600_000_000,
            freshness=Freshness(TOPICS),
            lag={(topic, number): 0 for topic in TOPICS for number in range(PARTITIONS)},
        )
        self._more = self._accepted()
        for _ in range(count):
            self.fold()

    def _accepted(self) -> Iterator[Accepted]:
        for raw in events(self.pack, self.count + ROUNDS * (len(self.pack.regions) * 10 + 1)):
            result = read(raw, None, self.pack)
            if isinstance(result, Accepted):
                yield result

    def fold(self) -> None:
        """One event more, in one region."""
        result = next(self._more)
        part = self.view.parts[partition_of(result.region, PARTITIONS)]
        part.fold(result, TOPICS[0])

    def fold_everywhere(self) -> None:
        """Some events more in nearly every region."""
        for _ in range(len(self.pack.regions) * 8):
            self.fold()

    def later(self) -> None:
        """Five minutes pass: every window moves."""
        self.view.now += BUCKET


def _series(page: bytes) -> int:
    return sum(not line.startswith(b"#") for line in page.splitlines())


def _empty(pack: Pack) -> int:
    """Series of a worker that holds every partition and has seen no event."""
    numbers = range(PARTITIONS)
    parts = {number: Partition(pack, number) for number in numbers}
    view = View(parts, dict.fromkeys(numbers, "live"), 0, Freshness(TOPICS))
    return _series(MetricsPage(pack, TOPICS, PARTITIONS).render(view))


def measure(pack: Pack) -> None:
    """Print one table."""
    day = _Day(pack)
    page = MetricsPage(pack, TOPICS, PARTITIONS)
    plain = registry(deployment(pack, TOPICS, PARTITIONS), day.view)
    text = page.render(day.view)
    assert text == generate_latest(plain)
    series = _series(text)
    print(f"\n{len(pack.regions)} regions, {EVENTS:,} events, {PARTITIONS} partitions, one worker:")
    print(f"{series:,} series, {len(text):,} bytes; {_empty(pack):,} series before the first event")

    def nothing() -> None:
        """No preparation."""

    naive = _milliseconds(lambda: generate_latest(plain), nothing)
    rows = {
        "plain collector of prometheus-client": naive,
        "cold: a new page": _milliseconds(
            lambda: MetricsPage(pack, TOPICS, PARTITIONS).render(day.view), nothing
        ),
        "every window moved (each 5 minutes)": _milliseconds(
            lambda: page.render(day.view), day.later
        ),
        "every region changed": _milliseconds(lambda: page.render(day.view), day.fold_everywhere),
        "one region changed": _milliseconds(lambda: page.render(day.view), day.fold),
        "nothing changed": _milliseconds(lambda: page.render(day.view), nothing),
    }
    for name, cost in rows.items():
        print(f"  {name:<38}{cost:9.2f} ms{naive / cost:9.1f} ×")


def growth(pack: Pack) -> None:
    """Print what a scrape costs after ten times as many events: it should cost no more."""
    print(f"\n{len(pack.regions)} regions, by the number of events before:")
    for count in (EVENTS, MANY_EVENTS):
        day = _Day(pack, count)
        for name, cost in _costs(pack, day).items():
            print(f"  {name:<24}{count:>10,} events{cost:9.2f} ms")


def _costs(pack: Pack, day: _Day) -> dict[str, float]:
    page = MetricsPage(pack, TOPICS, PARTITIONS)

    def look() -> object:
        return page.render(day.view)

    look()
    return {
        "one region changed": _milliseconds(look, day.fold),
        "every region changed": _milliseconds(look, day.fold_everywhere),
        "every window moved": _milliseconds(look, day.later),
    }


def main() -> None:
    """Measure 22 regions, then 780."""
    pack = load_pack("kazakhstan-2023")
    measure(pack)
    growth(pack)
    measure(with_regions(pack, 780 - len(pack.regions)))


if __name__ == "__main__":
    main()
