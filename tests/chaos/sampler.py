"""Asks every worker all the time, and keeps what it says for the judges."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final, NamedTuple

import aiohttp

from tests.chaos.pack import REGIONS, routed
from tests.chaos.workers import HEADERS, Usage, Worker

Json = dict[str, Any]
EVERY: Final = 0.5
"""Seconds between two looks at a worker."""
SECONDS: Final = 10.0
TABLES: Final = (
    "incidents",
    "restrictions",
    "open_restrictions",
    "visits",
    "answers",
    "official_turnout",
    "observed_turnout",
    "openings",
    "protocols",
    "reports",
    "complaints",
    "notices",
    "corrections",
    "orphans",
)
"""Tables of one region alone, made of its versions: a prefix of its partition decides them."""


class Sample(NamedTuple):
    """An answer. ``life``: of which process; ``at``: monotonic seconds when it was asked for.

    ``kind``: metrics, digest or table. ``about``: of a table its name, region, and the positions
    of its partition before and after, which were the same.
    """

    life: str
    at: float
    kind: str
    body: bytes
    about: tuple[str, str, tuple[tuple[str, int], ...]] | None = None

    @property
    def text(self) -> str:
        """What was said."""
        return zlib.decompress(self.body).decode()


class Seen(NamedTuple):
    """A look at /state: ``positions``: (topic, partition) → next offset, of live partitions.

    ``at``, ``until``: monotonic seconds when it was asked for and when it was answered.
    """

    life: str
    at: float
    until: float
    positions: dict[tuple[str, int], int]
    statuses: dict[int, str]
    body: Json


class Memory(NamedTuple):
    """What a worker took at a moment, and how many partitions it had."""

    life: str
    at: float
    usage: Usage
    partitions: int


class Sampler:
    """Runs until it is cancelled. ``latest``: the last look at each worker that answered.

    ``sparse``: only every so many looks it asks for more than how far the worker is.
    """

    def __init__(self, workers: Sequence[Worker], seed: int, sparse: int = 1) -> None:
        self._sparse = sparse
        self._workers = workers
        self._dice = Random(seed)
        self.samples: list[Sample] = []
        self.history: list[Seen] = []
        self.memory: list[Memory] = []
        self.latest: dict[str, Seen] = {}
        self.stalls: dict[str, float] = {}
        """Process → the longest that its loop stood still, of those that were never frozen."""
        self.slowest_health = 0.0
        self.asked = 0

    async def run(self) -> None:
        """Ask."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(headers=HEADERS, timeout=timeout) as session:
            asking = [self._watch(session, worker) for worker in self._workers]
            await asyncio.gather(*asking)

    async def _watch(self, session: aiohttp.ClientSession, worker: Worker) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(EVERY)
            if worker.running and not worker.frozen:
                rounds += 1
                with suppress(aiohttp.ClientError, TimeoutError, OSError):
                    await self._look(session, worker, rounds)
            if not worker.running:
                self.latest.pop(worker.name, None)

    async def _look(self, session: aiohttp.ClientSession, worker: Worker, rounds: int) -> None:
        life, began = worker.life, time.monotonic()
        seen = await self._state(session, worker)
        if seen is None:
            return
        if (usage := worker.usage()) is not None:
            self.memory.append(Memory(life, began, usage, len(seen.statuses)))
        await self._health(session, worker)
        if rounds % self._sparse:
            return
        rounds //= self._sparse
        if rounds % 2:
            text = await self._get(session, worker, "/metrics")
            self._keep(worker, life, Sample(life, began, "metrics", text))
        else:
            await self._table(session, worker, seen)
        if rounds % (20 + len(self.samples) // 50) == 0:
            text = await self._get(session, worker, "/digest")
            self._keep(worker, life, Sample(life, began, "digest", text))

    def _keep(self, worker: Worker, life: str, sample: Sample) -> None:
        if worker.life == life and sample.body:
            self.samples.append(sample)

    async def _get(self, session: aiohttp.ClientSession, worker: Worker, path: str) -> bytes:
        """What a page says, compressed; empty where it says that it cannot say it."""
        self.asked += 1
        async with session.get(worker.url + path) as answer:
            text = await answer.read()
            return zlib.compress(text, 1) if answer.status == 200 else b""

    async def _state(self, session: aiohttp.ClientSession, worker: Worker) -> Seen | None:
        life, at = worker.life, time.monotonic()
        self.asked += 1
        async with session.get(worker.url + "/state") as answer:
            if answer.status != 200:
                return None
            body: Json = await answer.json()
        if worker.life != life:
            return None
        seen = seen_in(life, at, body)
        self.latest[worker.name] = seen
        self.history.append(seen._replace(body={}))
        if not worker.was_frozen:
            self.stalls[life] = body["longest_stall_seconds"]
        return seen

    async def _health(self, session: aiohttp.ClientSession, worker: Worker) -> None:
        began = time.monotonic()
        async with session.get(worker.url + "/healthz") as answer:
            await answer.read()
        if not worker.was_frozen:
            self.slowest_health = max(self.slowest_health, time.monotonic() - began)

    async def _table(self, session: aiohttp.ClientSession, worker: Worker, seen: Seen) -> None:
        """A table of a region, kept only if its partition stood still meanwhile."""
        live = [region for region in REGIONS if seen.statuses.get(routed(region)) == "live"]
        if not live:
            return
        name, region = self._dice.choice(TABLES), self._dice.choice(live)
        before = await self._state(session, worker)
        text = await self._get(session, worker, f"/tables/{name}?region={region}")
        after = await self._state(session, worker)
        if before is None or after is None or before.life != after.life or not text:
            return
        stood, stands = (positions_of(one, routed(region)) for one in (before, after))
        if stood == stands and before.statuses.get(routed(region)) == "live":
            about = (name, region, stood)
            self._keep(worker, seen.life, Sample(seen.life, seen.at, "table", text, about))


def seen_in(life: str, at: float, body: Json) -> Seen:
    """What /state says of positions."""
    positions = {
        (topic, int(number)): offset
        for number, part in body["partitions"].items()
        if part["status"] == "live"
        for topic, offset in part["positions"].items()
    }
    statuses = {int(number): part["status"] for number, part in body["partitions"].items()}
    return Seen(life, at, time.monotonic(), positions, statuses, body)


def positions_of(seen: Seen, partition: int) -> tuple[tuple[str, int], ...]:
    """(topic, next offset) of a partition, sorted."""
    return tuple(
        sorted((t, at) for (t, number), at in seen.positions.items() if number == partition)
    )
