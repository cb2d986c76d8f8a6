"""A worker's start on a long log, with and without snapshots, and its recovery after kill -9.

The broker, the worker and whoever asks it share this machine's cores. Liveness is asked for all the
time, one request after the other, as slowly as it answers at its slowest.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.live import broker
from streams.log.topics import create_topics
from streams.settings import Settings, TopicSettings, WorkerSettings
from tests.worker.process import Answer, WorkerProcess, send
from tests.worker.sample import sample

EVENTS: Final = int(os.environ.get("BENCH_START_EVENTS", "1000000"))
PARTITIONS: Final = 12
_BATCH: Final = 50_000


class Start(NamedTuple):
    """Seconds: from the process's start, and from the assignment, until all is live.

    ``processor``: seconds of it that the worker has used by then, which is steadier.
    ``liveness``: the slowest answer; ``lag``: the loop's longest standstill.
    """

    what: str
    seconds: float
    assigned: float
    processor: float
    liveness: float
    lag: float


async def watched(worker: WorkerProcess, what: str, begun: float) -> Start:
    """Ask until all is live."""
    slowest, assigned = 0.0, 0.0
    while True:
        before = time.monotonic()
        answer = await asyncio.to_thread(worker.get, "/healthz")
        if answer.status:
            slowest = max(slowest, time.monotonic() - before)
            state = await asyncio.to_thread(worker.get, "/state")
            if state.status == 200 and state.body["assigned"]:
                assigned = assigned or time.monotonic()
                if _live(state):
                    now = time.monotonic()
                    lag = state.body["longest_stall_seconds"]
                    spent = worker.cpu_seconds
                    return Start(what, now - begun, now - assigned, spent, slowest, lag)
        if not worker.running:
            raise RuntimeError(worker.said[-2000:])
        await asyncio.sleep(0.01)


def _live(state: Answer) -> bool:
    partitions = state.body["partitions"].values()
    return len(partitions) == PARTITIONS and all(each["status"] == "live" for each in partitions)


def _written(answer: Answer) -> bool:
    return all(
        each["snapshot"]["events"] == sum(each["positions"].values())
        for each in answer.body["partitions"].values()
    )


async def measure(settings: Settings, folder: Path) -> tuple[list[Start], float]:
    """Start without snapshots, with them, and again after kill -9; the lag while writing them."""
    await create_topics(settings)
    events = sample(EVENTS, seed=1)
    while batch := list(islice(events, _BATCH)):
        await send(settings, batch)
    found = []
    with WorkerProcess(settings, folder) as worker:
        found.append(await watched(worker, "from the log alone", time.monotonic()))
        await asyncio.to_thread(_until_written, worker)
        writing = worker.get("/state").body["longest_stall_seconds"]
        rebuilt = await _statement(worker)
        worker.stop()
        begun = time.monotonic()
        worker.start()
        found.append(await watched(worker, "from snapshots", begun))
        if await _statement(worker) != rebuilt:
            raise RuntimeError("another statement digest than that of the log")
        worker.kill()
        begun = time.monotonic()
        worker.start()
        found.append(await watched(worker, "from snapshots, after kill -9", begun))
    return found, writing


async def _statement(worker: WorkerProcess) -> str:
    """The statement digest; the regions' ones are kept, so that asking again goes on."""
    answer = await worker.until("/digest", lambda answer: answer.status == 200)
    return str(answer.body["statement_digest"])


def _until_written(worker: WorkerProcess) -> None:
    while not _written(worker.get("/state")):
        time.sleep(0.2)


def main() -> int:
    """Measure and print."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with broker() as (name, address), tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            broker=address,
            topics=TopicSettings(prefix="bench", partitions=PARTITIONS, replication=1),
            worker=WorkerSettings(snapshot_seconds=1, snapshot_events=0),
        )
        found, writing = asyncio.run(measure(settings, Path(folder)))
    title = f"One worker on {name}, {EVENTS:,} events in {PARTITIONS} partitions of 3 topics"
    table = Table(title=title)
    table.add_column("start")
    columns = (
        "s to live",
        "s from assignment",
        "s of processor",
        "slowest /healthz, ms",
        "loop stood still, ms",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for each in found:
        table.add_row(
            each.what,
            f"{each.seconds:.1f}",
            f"{each.assigned:.1f}",
            f"{each.processor:.1f}",
            f"{each.liveness * 1000:.0f}",
            f"{each.lag * 1000:.0f}",
        )
    console = Console(width=None if Console().is_terminal else 120)
    console.print(table)
    print(f"loop stood still until all snapshots were written: {writing * 1000:.0f} ms at most")
    print(f"session timeout: {settings.broker.session_timeout:g} s in the settings, 6 s here")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
