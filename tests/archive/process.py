"""The archiver as a process of its own, and what a broker has to be compared with."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from streams.archive.manifest import MANIFEST
from streams.archive.reading import open_archive
from streams.archive.segments import Record
from streams.archive.store import SCRATCH, open_store
from streams.archive.verifying import Expected, verify
from streams.log.reading import read_to_end
from streams.settings import Settings
from tests.archive.made import Log

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def environment(settings: Settings) -> dict[str, str]:
    """What `scrutineer` needs to know of a broker and its topics."""
    broker, topics = settings.broker, settings.topics
    chosen = {
        "BROKER__BOOTSTRAP": broker.bootstrap,
        "BROKER__IDEMPOTENT": str(broker.idempotent),
        "TOPICS__PREFIX": topics.prefix,
        "TOPICS__PARTITIONS": str(topics.partitions),
        "TOPICS__REPLICATION": str(topics.replication),
        "PACK": settings.pack,
    }
    kept = {name: value for name, value in os.environ.items() if "SCRUTINEER" not in name}
    return kept | {f"SCRUTINEER_{name}": value for name, value in chosen.items()}


def scrutineer(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        cwd=ROOT,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


class ArchiverProcess:
    """``with ArchiverProcess(settings, to) as archiver:`` runs `scrutineer archive` live."""

    def __init__(self, settings: Settings, to: Path, *arguments: str) -> None:
        self._settings = settings
        self._to = to
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streams", "archive", str(self._to), *self._arguments],
            cwd=ROOT,
            env=environment(self._settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self.kill()

    async def until_records(self, count: int) -> None:
        """Until so many records are in sealed segments."""
        await self._until(lambda: archived(self._to) >= count)

    async def until_open(self) -> None:
        """Until it has a segment that is not sealed."""
        await self._until(lambda: any((self._to / SCRATCH).glob("*.avro")))

    async def until_answering(self, port: int) -> None:
        """Until it serves there; by then it has removed what a killed one left."""
        await self._until(lambda: _answers(port))

    async def _until(self, holds: Callable[[], bool]) -> None:
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self._process.poll() is None, self._ended()
            assert time.monotonic() < deadline, f"{archived(self._to)} records are archived"
            await asyncio.sleep(0.02)

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.kill()
        self._ended()

    def stop(self) -> tuple[int, str]:
        """SIGTERM; returns the exit status and what was said."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        said = self._ended()
        return self._process.returncode, said

    def _ended(self) -> str:
        """Wait for the end; returns what was said."""
        assert self._process is not None
        return self._process.communicate(timeout=PATIENCE)[0]


def archived(to: Path) -> int:
    """Records in sealed segments."""
    try:
        manifest = json.loads((to / MANIFEST).read_bytes())
    except FileNotFoundError:
        return 0
    return sum(link["segment"]["count"] for link in manifest["segments"])


async def log_of(settings: Settings) -> Log:
    """Every record of the input topics as the broker gives it."""
    topics = settings.topics
    log: Log = {(topic, n): [] for topic in topics.inputs for n in range(topics.partitions)}
    for topic in topics.inputs:
        async for record in read_to_end(settings.broker, topic):
            log[topic, record.partition].append(Record.of(record))
    return log


async def assert_same(settings: Settings, to: Path) -> None:
    """The archive verifies, and holds every record of the log once, byte for byte."""
    verdict = await asyncio.to_thread(verify, open_store(str(to)), Expected(), lambda _: None)
    assert verdict.problems == []
    archive = open_archive(str(to))
    for place, records in (await log_of(settings)).items():
        assert list(archive.records(place)) == records


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port)):
            return True
    except OSError:
        return False
