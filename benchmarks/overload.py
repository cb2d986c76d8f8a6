"""One live worker with more than it should get: a minute at 20,000 events/s, floods, huge events.

Of each: whether the tables are those of the log, how fresh they were, memory and how long a page of
liveness took. ``QUICK=1`` in the environment sends for 2 seconds instead of 60. The publishers are
processes of their own; they, the broker and the worker share this machine's cores, so the load
average is told as well.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.live import PARTITIONS, broker, folded, freshness, quantiles
from benchmarks.load import PACK, Job, Publisher, hot_region
from schemas.routing import partition_of
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings, TopicSettings, WorkerSettings
from tests.worker.process import Answer, WorkerProcess, fold_log, until_caught_up

CALM: Final = Job(rate=200, seconds=60, seed=9)
"""What the rest of the country sends beside a flood."""

LOADS: Final[dict[str, tuple[Job, ...]]] = {
    "20,000/s for a minute": (Job(20_000, 60),),
    "10,000/s of one source, new reports": (Job(10_000, 60, "one source"), CALM),
    "10,000/s of one source that repeats itself": (Job(10_000, 60, "repeats"), CALM),
    "5,000/s that are rejected": (Job(5_000, 60, "rejected"), CALM),
    "10,000/s, 90 % of one region": (Job(10_000, 60, "one region"),),
    "100/s of 64 KiB": (Job(100, 60, bytes=65_000), CALM),
}
_LOOK_SECONDS: Final = 0.5
_SLOWEST: Final = re.compile(
    r'scrutineer_partition_freshness_max_seconds\{partition="(\d+)",topic="[^"]+"\} (\S+)'
)


class Figures(NamedTuple):
    """Events sent and per second; seconds; MiB at the start, the most and at the end; seconds.

    ``cpu``: the worker's processor time an event in µs. ``hot``, ``others``: the slowest event of
    the flooded partition and of any other. ``health``: the slowest answer of /healthz.
    """

    sent: int
    rate: float
    cpu: float
    fresh: dict[float, float]
    hot: float
    others: float
    memory: tuple[float, float, float]
    health: float
    stall: float
    exact: bool


class Sampler:
    """Looks at a worker all the while."""

    def __init__(self, worker: WorkerProcess, hot: int) -> None:
        self._worker = worker
        self._hot = hot
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.memory: list[float] = []
        self.health = self.hot = self.others = 0.0

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            self.memory.append(psutil.Process(self._worker.pid).memory_info().rss / 2**20)
            began = time.monotonic()
            self._worker.get("/healthz")
            self.health = max(self.health, time.monotonic() - began)
            if len(self.memory) % 10 == 0:
                self._slowest()

    def _slowest(self) -> None:
        for number, seconds in _SLOWEST.findall(str(self._worker.get("/metrics").body)):
            if int(number) == self._hot:
                self.hot = max(self.hot, float(seconds))
            else:
                self.others = max(self.others, float(seconds))


async def measure(settings: Settings, folder: Path, jobs: tuple[Job, ...]) -> Figures:
    """One load on one worker of its own."""
    await create_topics(settings)
    hot = partition_of(hot_region(), settings.topics.partitions)
    with ExitStack() as stack:
        worker = stack.enter_context(WorkerProcess(settings, folder))
        publishers = [stack.enter_context(Publisher(settings, job)) for job in jobs]
        await worker.until_ready()
        before, cpu = freshness(worker), worker.cpu_seconds
        with Sampler(worker, hot) as seen:
            for publisher in publishers:
                publisher.go()
            sent = [await asyncio.to_thread(publisher.sent) for publisher in publishers]
            total = sum(count for count, _ in sent)
            await _until_folded(worker, total)
        spent, after = worker.cpu_seconds - cpu, freshness(worker)
        (answer,) = await until_caught_up(settings, [worker])
        stall = worker.get("/state").body["longest_stall_seconds"]
    offline = await fold_log(settings, load_pack(PACK))
    return Figures(
        sent=total,
        rate=sum(count / seconds for count, seconds in sent),
        cpu=spent / total * 1e6,
        fresh=quantiles(before, after),
        hot=seen.hot,
        others=seen.others,
        memory=(seen.memory[0], max(seen.memory), seen.memory[-1]),
        health=seen.health,
        stall=stall,
        exact=answer.body["content_digest"] == offline.digest,
    )


async def _until_folded(worker: WorkerProcess, count: int) -> None:
    """Until that many events are in the tables, for as long as there is progress."""
    seen = -1
    while seen < count:
        more = partial(_beyond, seen)
        seen = folded(await worker.until("/state", more))
        await asyncio.sleep(0.2)


def _beyond(count: int, answer: Answer) -> bool:
    return folded(answer) > count


def _row(what: str, found: Figures) -> list[str]:
    return [
        what,
        f"{found.sent:,}",
        f"{found.rate:,.0f}",
        f"{found.cpu:.0f}",
        " / ".join(f"{seconds:.3f}" for seconds in found.fresh.values()),
        f"{found.hot:.2f} / {found.others:.2f}",
        " / ".join(f"{size:.0f}" for size in found.memory),
        f"{found.health:.2f} / {found.stall:.2f}",
        "yes" if found.exact else "NO",
    ]


COLUMNS: Final = (
    "load",
    "events",
    "events/s",
    "µs of processor",
    "fresh p50 / p99, s",
    "slowest: flooded / others, s",
    "MiB: start / most / end",
    "/healthz / loop, s",
    "exact",
)


def main() -> int:
    """Measure and print; 1: tables that are not the log's."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    quick = bool(os.environ.get("QUICK"))
    exact = True
    with broker() as (name, address), tempfile.TemporaryDirectory() as folder:
        table = Table(title=f"One worker on {name}, {PARTITIONS} partitions of 3 topics")
        for column in COLUMNS:
            table.add_column(column, justify="left" if column == "load" else "right")
        for number, (what, jobs) in enumerate(LOADS.items()):
            if quick:
                jobs = tuple(job._replace(seconds=job.seconds // 30) for job in jobs)
            settings = Settings(
                broker=address,
                topics=TopicSettings(prefix=f"load{number}", partitions=PARTITIONS, replication=1),
                worker=WorkerSettings(group=f"load{number}"),
                pack=PACK,
            )
            found = asyncio.run(measure(settings, Path(folder), jobs))
            exact &= found.exact
            table.add_row(*_row(what, found))
        Console(width=180).print(table)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if exact else 1


if __name__ == "__main__":
    raise SystemExit(main())
