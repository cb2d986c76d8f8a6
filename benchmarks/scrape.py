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
ROUNDS = 9


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
    """Median of ``ROUNDS``; ``before`` runs each time, unmeasured."""
    found = []
    for _ in range(ROUNDS):
        before()
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return statistics.median(found)


class _Day:
    """A worker that holds every partition, after ``EVENTS`` events."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.view = View(
            parts={number: Partition(pack, number) for number in range(PARTITIONS)},
            status=dict.fromkeys(range(PARTITIONS), "live"),
            now=pack.polls(pack.region_codes()[0])[0][0] + 10 * 3_600_000_000,
            freshness=Freshness(TOPICS),
            lag={(topic, number): 0 for topic in TOPICS for number in range(PARTITIONS)},
        )
        self._more = self._accepted()
        for _ in range(EVENTS):
            self.fold()

    def _accepted(self) -> Iterator[Accepted]:
        for raw in events(self.pack, EVENTS * 2):
            result = read(raw, None, self.pack)
            if isinstance(result, Accepted):
                yield result

    def fold(self) -> None:
        """One event more, in one region."""
        result = next(self._more)
        part = self.view.parts[partition_of(result.region, PARTITIONS)]
        part.fold(result, TOPICS[0])

    def later(self) -> None:
        """Five minutes pass: every window moves."""
        self.view.now += BUCKET


def measure(pack: Pack) -> None:
    """Print one table."""
    day = _Day(pack)
    page = MetricsPage(pack, TOPICS, PARTITIONS)
    plain = registry(deployment(pack, TOPICS, PARTITIONS), day.view)
    text = page.render(day.view)
    assert text == generate_latest(plain)
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    print(f"\n{len(pack.regions)} regions, {EVENTS:,} events, {PARTITIONS} partitions, one worker:")
    print(f"{series:,} series, {len(text):,} bytes")

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
        "one region changed": _milliseconds(lambda: page.render(day.view), day.fold),
        "nothing changed": _milliseconds(lambda: page.render(day.view), nothing),
    }
    for name, cost in rows.items():
        print(f"  {name:<38}{cost:9.2f} ms{naive / cost:9.1f} ×")


def main() -> None:
    """Measure 22 regions, then 780."""
    pack = load_pack("kazakhstan-2023")
    measure(pack)
    measure(with_regions(pack, 780 - len(pack.regions)))


if __name__ == "__main__":
    main()
