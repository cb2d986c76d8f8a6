"""A live worker on a real broker: rebuild, burst, and freshness at a steady 2,000 events/s.

The broker, the publisher and the worker share this machine's cores. On Apache Kafka where Java and
Maven are there, else on the embedded broker, which is said.
"""

from __future__ import annotations

import asyncio
import logging
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.load import Job, Publisher
from streams.embedded import EmbeddedBroker
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.worker.process import Answer, WorkerProcess, send, until_caught_up
from tests.worker.sample import sample

REBUILD: Final = 100_000
BURST: Final = 50_000
RATE: Final = 2_000
SECONDS: Final = 20
PARTITIONS: Final = 12


class Figures(NamedTuple):
    """Events/s, and the worker's processor time an event in µs, which is steadier.

    ``fresh``: share of the events → seconds they took at most, between the histogram's bounds.
    """

    rebuild: float
    rebuild_cpu: float
    burst: float
    burst_cpu: float
    rate: float
    rate_cpu: float
    fresh: dict[float, float]


@contextmanager
def broker() -> Iterator[tuple[str, BrokerSettings]]:
    """A broker's name and address: Apache Kafka, or the embedded one."""
    reason = _no_kafka()
    if reason is None:
        from tests.kafka.harness import KafkaCluster

        with KafkaCluster(1) as kafka:
            yield "Apache Kafka", BrokerSettings(bootstrap=kafka.bootstrap)
        return
    embedded = EmbeddedBroker()
    with asyncio.Runner() as runner:
        runner.run(embedded.__aenter__())
        try:
            name = f"the embedded broker ({reason})"
            yield name, BrokerSettings(bootstrap=embedded.bootstrap, idempotent=False)
        finally:
            runner.run(embedded.stop())


def _no_kafka() -> str | None:
    """Why Apache Kafka cannot be had here; None: it can."""
    import pytest

    from tests.kafka.jars import class_path

    try:
        class_path()
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        return str(missing)
    return None


async def measure(settings: Settings, folder: Path) -> Figures:
    """All figures, with one worker."""
    await create_topics(settings)
    await send(settings, sample(REBUILD, seed=1))
    with WorkerProcess(settings, folder) as worker:
        await worker.until("/state", lambda answer: answer.body["assigned"])
        began, cpu = time.monotonic(), worker.cpu_seconds
        await worker.until_ready()
        rebuild, rebuild_cpu = time.monotonic() - began, worker.cpu_seconds - cpu
        await until_caught_up(settings, [worker])

        began, cpu = time.monotonic(), worker.cpu_seconds
        await send(settings, sample(BURST, seed=2))
        await until_folded(worker, REBUILD + BURST)
        burst, burst_cpu = time.monotonic() - began, worker.cpu_seconds - cpu

        with Publisher(settings, Job(RATE, SECONDS, seed=3)) as publisher:
            before, cpu = freshness(worker), worker.cpu_seconds
            publisher.go()
            count, took = await asyncio.to_thread(publisher.sent)
        await until_folded(worker, REBUILD + BURST + count)
        return Figures(
            rebuild=REBUILD / rebuild,
            rebuild_cpu=rebuild_cpu / REBUILD * 1e6,
            burst=BURST / burst,
            burst_cpu=burst_cpu / BURST * 1e6,
            rate=count / took,
            rate_cpu=(worker.cpu_seconds - cpu) / count * 1e6,
            fresh=quantiles(before, freshness(worker)),
        )


async def until_folded(worker: WorkerProcess, count: int) -> None:
    """Until that many events are in the tables."""
    await worker.until("/state", lambda answer: folded(answer) >= count)


def folded(state: Answer) -> int:
    """Events in the tables, by the worker's /state."""
    partitions = state.body["partitions"].values()
    return sum(sum(each["positions"].values()) for each in partitions)


def freshness(worker: WorkerProcess) -> dict[float, float]:
    """Cumulated events by upper bound of freshness, in seconds, over all topics."""
    text: str = worker.get("/metrics").body
    found: dict[float, float] = {}
    for line in text.splitlines():
        if line.startswith("scrutineer_freshness_seconds_bucket"):
            bound = re.search(r'le="([^"]+)"', line)
            assert bound is not None
            at = float(bound[1])
            found[at] = found.get(at, 0.0) + float(line.rpartition(" ")[2])
    return found


def quantiles(before: dict[float, float], after: dict[float, float]) -> dict[float, float]:
    """Seconds that 50 % and 99 % of the events in between took at most.

    Between a bucket's bounds the events are taken to be spread evenly, as Prometheus does it.
    """
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = counts[float("inf")]
    return {share: _quantile(counts, share * total) for share in (0.5, 0.99)}


def _quantile(counts: dict[float, float], rank: float) -> float:
    lower, below = 0.0, 0.0
    for bound, events in counts.items():
        if events >= rank:
            return lower + (bound - lower) * (rank - below) / max(events - below, 1.0)
        lower, below = bound, events
    return lower


def main() -> int:
    """Measure and print."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with broker() as (name, address), tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            broker=address,
            topics=TopicSettings(prefix="bench", partitions=PARTITIONS, replication=1),
        )
        figures = asyncio.run(measure(settings, Path(folder)))
    table = Table(title=f"One worker on {name}, {PARTITIONS} partitions of 3 topics")
    for name_, justify in (("what", "left"), ("events/s", "right"), ("µs of processor", "right")):
        table.add_column(name_, justify=justify)  # type: ignore[arg-type]
    lines = (
        (f"rebuild of {REBUILD:,} events", figures.rebuild, figures.rebuild_cpu),
        (f"burst of {BURST:,}, from first send to folded", figures.burst, figures.burst_cpu),
        (f"steady load for {SECONDS} s", figures.rate, figures.rate_cpu),
    )
    for what, rate, cpu in lines:
        table.add_row(what, f"{rate:,.0f}", f"{cpu:.0f}")
    Console().print(table)
    for share, bound in figures.fresh.items():
        print(f"log append to visible at {RATE:,}/s, p{share * 100:.0f}: {bound * 1000:.1f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
