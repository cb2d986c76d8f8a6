"""Workers as processes of their own, and what the log says their tables must be."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiokafka import TopicPartition

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Origin, Rejected
from streams.embedded import free_port
from streams.log.bulk import BulkReader
from streams.log.clients import kafka_options, producer
from streams.log.reading import read_to_end
from streams.settings import Settings
from streams.tables.digest import content_digest, region_digests
from streams.tables.partition import Partition
from tests.worker.sample import Event

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0
"""Seconds after which a worker that does not come to what is waited for has failed the test."""


class Answer(NamedTuple):
    """Of the HTTP service."""

    status: int
    body: Any


class WorkerProcess:
    """``with WorkerProcess(settings, folder) as worker:`` runs `scrutineer worker`."""

    def __init__(self, settings: Settings, folder: Path, *arguments: str, **env: str) -> None:
        self.port = free_port()
        self.log = folder / f"worker-{self.port}.log"
        broker, topics = settings.broker, settings.topics
        chosen = {
            "BROKER__BOOTSTRAP": broker.bootstrap,
            "BROKER__IDEMPOTENT": str(broker.idempotent),
            "BROKER__SESSION_TIMEOUT": "6",
            "BROKER__REBALANCE_TIMEOUT": "6",
            "BROKER__HEARTBEAT_INTERVAL": "1",
            "TOPICS__PREFIX": topics.prefix,
            "TOPICS__PARTITIONS": str(topics.partitions),
            "TOPICS__REPLICATION": str(topics.replication),
            "WORKER__GROUP": settings.worker.group,
            "WORKER__PORT": str(self.port),
            "WORKER__SNAPSHOT_SECONDS": str(settings.worker.snapshot_seconds),
            "WORKER__SNAPSHOT_EVENTS": str(settings.worker.snapshot_events),
            "PACK": settings.pack,
            **env,
        }
        kept = {name: value for name, value in os.environ.items() if "SCRUTINEER" not in name}
        self._env = {**kept, **{f"SCRUTINEER_{name}": value for name, value in chosen.items()}}
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.program: tuple[str, ...] = ("-m", "streams")
        """What Python is to run: a test may plant a defect before."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Start it (again)."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, "worker", *self._arguments],
                cwd=ROOT,
                env=self._env,
                stdout=output,
                stderr=output,
            )

    @property
    def said(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(encoding="utf-8")

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        """Processor time it has used (Linux; elsewhere not a number)."""
        assert self._process is not None
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return float("nan")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self.exit_status()

    def exit_status(self) -> int:
        """Wait for its end."""
        assert self._process is not None
        return self._process.wait(PATIENCE)

    def get(self, path: str, seconds: float = 10.0) -> Answer:
        """GET; status 0 when nobody answers in time."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=seconds) as got:
                return Answer(got.status, _parsed(got.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parsed(error.read()))
        except (OSError, HTTPException, ValueError):  # gone amid its answer is gone too
            return Answer(0, None)

    async def until(self, path: str, holds: Callable[[Answer], bool]) -> Answer:
        """GET until the answer is as wanted. AssertionError, with the log, when it never is."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = await asyncio.to_thread(self.get, path)
            if answer.status and holds(answer):
                return answer
            assert self.running, f"the worker ended:\n{self.said}"
            assert time.monotonic() < deadline, f"{path} stays {answer}\n{self.said}"
            await asyncio.sleep(0.1)

    async def until_ready(self) -> Answer:
        """Until all its partitions are live."""
        return await self.until("/readyz", lambda answer: answer.status == 200)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


async def send(settings: Settings, events: Iterable[Event]) -> int:
    """Write ``events`` to their topics; returns how many, all acknowledged."""
    client = producer(settings)
    try:
        await client.start()
        sent = [
            await client.send(
                f"{settings.topics.prefix}.{each.authority}", each.value, key=each.key
            )
            for each in events
        ]
        for each in sent:
            await each
    finally:
        await client.stop()
    return len(sent)


async def log_ends(settings: Settings) -> dict[TopicPartition, int]:
    """The end of every partition of the input topics, by reading up to it."""
    numbers = range(settings.topics.partitions)
    tps = [TopicPartition(topic, n) for topic in settings.topics.inputs for n in numbers]
    async with BulkReader(kafka_options(settings.broker), dict.fromkeys(tps, 0)) as reader:
        while await reader.read():
            pass
        return reader.positions


class Offline(NamedTuple):
    """The tables that the log makes, and the keys of the letters it must have caused."""

    parts: dict[int, Partition]
    letters: set[bytes]
    digest: str


async def fold_log(settings: Settings, pack: Pack) -> Offline:
    """Fold the whole log here, without a worker."""
    partitions = settings.topics.partitions
    parts = {number: Partition(pack, number) for number in range(partitions)}
    letters = set()
    for topic in settings.topics.inputs:
        async for record in read_to_end(settings.broker, topic):
            origin = Origin(topic, record.partition, partitions, record.key, record.timestamp)
            result = read(record.value or b"", origin, pack)
            parts[record.partition].fold(result, topic, record.offset)
            if isinstance(result, Rejected):
                letters.add(f"{topic}/{record.partition}/{record.offset}".encode())
    regions = region_digests(parts.values())
    return Offline(parts, letters, content_digest(pack.acceptance_digest, regions))


def merged_digest(workers: Iterable[Answer]) -> tuple[str, dict[str, dict[str, int]], list[int]]:
    """The content digest, positions and partitions of several workers' /digest together."""
    regions: dict[str, str] = {}
    positions: dict[str, dict[str, int]] = {}
    numbers: list[int] = []
    acceptance = ""
    for answer in workers:
        assert not regions.keys() & answer.body["regions"].keys(), "a region in two workers"
        regions |= answer.body["regions"]
        acceptance = answer.body["acceptance"]
        numbers += answer.body["partitions"]
        for topic, offsets in answer.body["positions"].items():
            positions.setdefault(topic, {}).update(offsets)
    return content_digest(acceptance, regions), positions, sorted(numbers)


def merged_statement(workers: Iterable[Answer]) -> str:
    """The statement digest of several workers' /digest together, by the recipe of the docs."""
    answers = list(workers)
    content, positions, _ = merged_digest(answers)
    counts: Counter[tuple[str, str, str]] = Counter()
    for answer in answers:
        for row in answer.body["rejected"]:
            counts[row["topic"], row["type"], row["reason"]] += row["count"]
    rejected = [
        {"topic": key[0], "type": key[1], "reason": key[2], "count": counts[key]}
        for key in sorted(counts)
    ]
    said: dict[str, Any] = {"content_digest": content, "positions": positions, "rejected": rejected}
    gaps = [gap for answer in answers for gap in answer.body["accepted_gaps"]]
    if gaps:
        said["accepted_gaps"] = sorted(
            gaps, key=lambda gap: (gap["topic"], gap["partition"], gap["from"])
        )
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def live_positions(states: list[Answer]) -> dict[str, dict[str, int]]:
    """Topic → partition → next offset of all live partitions; none when two workers show one."""
    positions: dict[str, dict[str, int]] = {}
    for state in states:
        for number, partition in state.body["partitions"].items():
            for topic, offset in partition["positions"].items():
                mine = positions.setdefault(topic, {})
                if partition["status"] != "live" or number in mine:
                    return {}
                mine[number] = offset
    return positions


async def until_caught_up(settings: Settings, workers: list[WorkerProcess]) -> list[Answer]:
    """Until the workers together have folded all there is; returns their digests."""
    ends = await log_ends(settings)
    wanted: dict[str, dict[str, int]] = {}
    for (topic, number), end in ends.items():
        wanted.setdefault(topic, {})[str(number)] = end
    deadline = time.monotonic() + PATIENCE
    while True:
        states = [await asyncio.to_thread(worker.get, "/state") for worker in workers]
        if all(answer.status == 200 for answer in states) and live_positions(states) == wanted:
            # Costly, and so not asked for all the time.
            answers = [await asyncio.to_thread(worker.get, "/digest") for worker in workers]
            # On a busy machine the first digest may take longer than is waited for.
            answered = all(answer.status == 200 for answer in answers)
            if answered and merged_digest(answers)[1] == wanted:
                return answers
        told = "\n".join(worker.said for worker in workers)
        assert time.monotonic() < deadline, f"not caught up: {states}\nwanted {wanted}\n{told}"
        await asyncio.sleep(0.2)
