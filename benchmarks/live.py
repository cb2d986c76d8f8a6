"""A live worker on a real broker: rebuild, burst, and freshness at a steady 1,000 events/s.

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
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from streams.embedded import EmbeddedBroker
from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.worker.process import Answer, WorkerProcess, send, until_caught_up
from tests.worker.sample import Event, sample

REBUILD: Final = 100_000
BURST: Final = 50_000
RATE: Final = 1_000
SECONDS: Final = 20
PARTITIONS: Final = 12


class Figures(NamedTuple):
    """Events/s, and the worker's processor time an event in µs, which is steadier.

    ``fresh``: share of the events → upper bound of the histogram's bucket, in seconds.
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
        await _until_folded(worker, REBUILD + BURST)
        burst, burst_cpu = time.monotonic() - began, worker.cpu_seconds - cpu

        count, before = RATE * SECONDS, _freshness(worker)
        began, cpu = time.monotonic(), worker.cpu_seconds
        await _steadily(settings, sample(count, seed=3))
        took = time.monotonic() - began
        await _until_folded(worker, REBUILD + BURST + count)
        return Figures(
            rebuild=REBUILD / rebuild,
            rebuild_cpu=rebuild_cpu / REBUILD * 1e6,
            burst=BURST / burst,
            burst_cpu=burst_cpu / BURST * 1e6,
            rate=count / took,
            rate_cpu=(worker.cpu_seconds - cpu) / count * 1e6,
            fresh=_quantiles(before, _freshness(worker)),
        )


async def _until_folded(worker: WorkerProcess, count: int) -> None:
    """Until that many events are in the tables."""

    def folded(answer: Answer) -> bool:
        partitions = answer.body["partitions"].values()
        return sum(sum(each["positions"].values()) for each in partitions) >= count

    await worker.until("/state", folded)


async def _steadily(settings: Settings, events: Iterator[Event]) -> None:
    """Send at ``RATE``, every event at its own time."""
    client = producer(settings)
    await client.start()
    try:
        began = time.monotonic()
        waiting: list[Any] = []
        for number, event in enumerate(events):
            ahead = began + number / RATE - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            topic = f"{settings.topics.prefix}.{event.authority}"
            waiting.append(await client.send(topic, event.value, key=event.key))
        for each in waiting:
            await each
    finally:
        await client.stop()


def _freshness(worker: WorkerProcess) -> dict[float, float]:
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


def _quantiles(before: dict[float, float], after: dict[float, float]) -> dict[float, float]:
    """Upper bounds that 50 % and 99 % of the events in between stayed below."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = counts[float("inf")]
    return {
        share: next(bound for bound, below in counts.items() if below >= share * total)
        for share in (0.5, 0.99)
    }


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
        print(f"log append to visible at steady load, p{share * 100:.0f}: <= {bound * 1000:g} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
