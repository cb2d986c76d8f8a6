"""`python -m benchmarks.peers [--events N] [PROGRAM]...`: one job for several stream processors.

Needs Apache Kafka (Java 17, Maven) and the environment that `make bench-peers` makes for the other
projects' programs. Each program has one processor core to itself, the broker the others; figures
are of one run, to be compared as ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import machine
from benchmarks.events import events
from benchmarks.peers import java
from benchmarks.peers.job import Cell, Job
from benchmarks.peers.ours import PACK, counts_of
from schemas import Origin, read
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.errors import UserError
from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import BrokerSettings, Settings, TopicSettings
from streams.tables.partition import Partition

ROOT: Final = Path(__file__).resolve().parents[2]
ENVIRONMENT: Final = ROOT / ".venv-peers" / "bin" / "python"
PARTITIONS: Final = 6
DUPLICATES: Final = 20
"""Every so many events one comes a second time."""
MINUTES: Final = 10


class Program(NamedTuple):
    """A program of the comparison. ``share`` of the events that it is given: the slow get fewer."""

    title: str
    module: str
    share: float
    peer: bool


PROGRAMS: Final = {
    "limit": Program("limit: confluent-kafka, msgspec, dict", "limit", 1, True),
    "bulk": Program("scrutineer, bulk path, real tables", "ours", 1, False),
    "live": Program("scrutineer, a live worker, real tables", "", 1, False),
    "bytewax": Program("Bytewax", "bytewax_job", 1, True),
    "streams": Program("Kafka Streams (Java), at least once", "", 1, False),
    "quix": Program("Quix Streams", "quix_job", 0.2, True),
    "faust": Program("Faust with tables", "faust_job", 0.04, False),
}


def sample(pack: Pack, count: int) -> Iterator[tuple[bytes, bytes]]:
    """(key, event): incidents, some of them twice."""
    for number, raw in enumerate(events(pack, count - count // DUPLICATES, only="incident")):
        key = json.loads(raw)["data"]["region"].encode()
        yield key, raw
        if number % (DUPLICATES - 1) == 0:
            yield key, raw


def truth(records: list[tuple[bytes, bytes]]) -> Counter[Cell]:
    """What every program has to count."""
    found: dict[str, Cell] = {}
    for _, raw in records:
        event = json.loads(raw)
        data = event["data"]
        found[event["id"]] = (data["region"], data["category"], event["time"][:13])
    return Counter(found.values())


def settings_of(bootstrap: str, prefix: str) -> Settings:
    """Topics of a program's own."""
    return Settings(
        broker=BrokerSettings(bootstrap=bootstrap),
        topics=TopicSettings(prefix=prefix, partitions=PARTITIONS, replication=1),
        pack=PACK,
    )


async def fill(settings: Settings, records: list[tuple[bytes, bytes]]) -> None:
    """Write the topic, in order within each partition."""
    client = producer(settings, linger_ms=20, max_batch_size=1_000_000)
    await client.start()
    try:
        topic = f"{settings.topics.prefix}.observer"
        sent = [
            await client.send(topic, raw, key=key, partition=partition_of(key.decode(), PARTITIONS))
            for key, raw in records
        ]
        await asyncio.gather(*sent)
    finally:
        await client.stop()


def run(name: str, program: Program, job: Job) -> dict[str, Any]:
    """One program on one core; what it reports. UserError: it failed, or counts wrongly."""
    python = str(ENVIRONMENT) if program.peer else sys.executable
    command = [python, "-m", f"benchmarks.peers.{program.module}", *job.arguments()]
    if name == "streams":
        command = java.command(job)
    return report_of(command, job)


def report_of(command: list[str], job: Job) -> dict[str, Any]:
    """Run ``command`` on one core and read its report."""
    try:
        done = subprocess.run(
            ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60 * MINUTES,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"not done within {MINUTES} minutes") from None
    if done.returncode or not job.report.exists():
        raise UserError(f"exit status {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
    found: dict[str, Any] = json.loads(job.report.read_text(encoding="utf-8"))
    return found


def peak_memory(pid: int) -> int:
    """Bytes (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def live(settings: Settings, records: list[tuple[bytes, bytes]], folder: Path) -> Any:
    """A worker that is live while the events come in; measured from outside."""
    from tests.worker.process import WorkerProcess

    with WorkerProcess(settings, folder) as worker:
        await worker.until_ready()
        began, processor = time.perf_counter(), worker.cpu_seconds
        await fill(settings, records)

        def folded(answer: Any) -> bool:
            partitions = answer.body["partitions"].values()
            return sum(sum(each["positions"].values()) for each in partitions) >= len(records)

        await worker.until("/state", folded)
        seconds, processor = time.perf_counter() - began, worker.cpu_seconds - processor
        rows = (await worker.until("/tables/incidents", lambda answer: answer.status == 200)).body
        peak = peak_memory(worker.pid)
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows["rows"]:
        counts[row["region"], row["category"]] += row["reports"]
    found = {"records": len(records), "seconds": seconds, "processor": processor, "memory": peak}
    return found | {"counts": sorted([*cell, number] for cell, number in counts.items())}


def check(name: str, found: dict[str, Any], right: Counter[Cell]) -> None:
    """UserError: it counted something else. A worker's table has no hours."""
    if name == "live":
        wanted: Counter[Any] = Counter()
        for (region, category, _), number in right.items():
            wanted[region, category] += number
    else:
        wanted = Counter(dict(right))
    if sorted([*cell, number] for cell, number in wanted.items()) != found["counts"]:
        raise UserError("its counts are wrong")


def offline(pack: Pack, records: list[tuple[bytes, bytes]]) -> None:
    """The events are what they are meant to be: accepted, each id once in the tables."""
    part = Partition(pack, 0)
    for offset, (key, raw) in enumerate(records):
        place = partition_of(key.decode(), PARTITIONS)
        known = (pack.polls(pack.country) or pack.polls(key.decode()))[-1][1] // 1000 + 86_400_000
        result = read(raw, Origin("peers.observer", place, PARTITIONS, key, known), pack)
        part.fold(result, "peers.observer", offset)
    if counts_of([part]) != truth(records):
        raise UserError("the sample is not accepted as a whole")


def measure(names: list[str], count: int, folder: Path, bootstrap: str) -> Table:
    """Every program in turn."""
    pack = load_pack(PACK)
    records = list(sample(pack, count))
    offline(pack, records[:2000])
    size = sum(len(raw) for _, raw in records) // len(records)
    table = Table(title=f"{len(records):,} CloudEvents of {size} bytes, {PARTITIONS} partitions")
    for column in ("program", "events", "events/s", "CPU s/M", "peak MB", "of limit"):
        left = column == "program"
        table.add_column(column, justify="left" if left else "right", no_wrap=left)
    limit: float | None = None
    for name in names:
        program = PROGRAMS[name]
        mine = records[: int(len(records) * program.share)]
        settings = settings_of(bootstrap, f"peers-{name}")
        asyncio.run(create_topics(settings))
        print(f"  {program.title} …", flush=True)
        try:
            if name == "live":
                found = asyncio.run(live(settings, mine, folder))
            else:
                asyncio.run(fill(settings, mine))
                topic = f"{settings.topics.prefix}.observer"
                job = Job(bootstrap, topic, len(mine), PARTITIONS, folder / f"{name}.json")
                found = run(name, program, job)
            check(name, found, truth(mine))
        except UserError as error:
            table.add_row(program.title, f"{len(mine):,}", "failed", "", "", "")
            print(f"  {name}: {error}")
            continue
        rate = found["records"] / found["seconds"]
        limit = rate if name == "limit" else limit
        table.add_row(
            program.title,
            f"{len(mine):,}",
            f"{rate:,.0f}",
            f"{found['processor'] / found['records'] * 1e6:.1f}",
            f"{found['memory'] / 1e6:,.0f}",
            f"{rate / limit:.2f}" if limit else "",
        )
    return table


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    chosen = parser.parse_args()
    for name in chosen.programs:
        if name not in PROGRAMS:
            parser.error(f"there is no program {name}; there are {', '.join(PROGRAMS)}")
    if not ENVIRONMENT.exists():
        parser.error("the other projects' environment is missing: run make bench-peers")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    from tests.kafka.harness import KafkaCluster

    print(machine(), flush=True)
    jvm = ("-Xms512m", "-Xmx1g")
    with tempfile.TemporaryDirectory() as folder, KafkaCluster(1, jvm=jvm) as kafka:
        names = chosen.programs or list(PROGRAMS)
        Console(width=110).print(measure(names, chosen.events, Path(folder), kafka.bootstrap))
    return 0


if __name__ == "__main__":
    sys.exit(main())
