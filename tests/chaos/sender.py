"""Sends the traffic as fast as it is asked to, and writes down what the brokers acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.log.clients import producer
from streams.log.closing import close
from streams.settings import Settings
from tests.chaos.traffic import Planned, Traffic

LARGEST: Final = 400_000
"""Longest record that is sent: one that is too large must reach the log to be rejected."""

MOST_WAITING: Final = 20_000
_TICK: Final = 0.02
_RETRY_SECONDS: Final = 1.0


class Sent(NamedTuple):
    """A record that the brokers acknowledged. ``timestamp``: theirs, in ms since the epoch."""

    planned: Planned
    topic: str
    offset: int
    timestamp: int

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it stands in the log."""
        return self.topic, self.planned.partition, self.offset


class Journal:
    """What was sent. ``unsure``: sends that failed, of which the log may hold some all the same."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.unsure: list[Planned] = []
        self.failures = 0
        self._ends: dict[tuple[str, int], int] = {}

    def ends(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → offset after the last acknowledged one, as of now."""
        return dict(self._ends)

    def note(self, sent: Sent) -> None:
        """Write down an acknowledgement."""
        self.sent.append(sent)
        key = sent.topic, sent.planned.partition
        self._ends[key] = max(sent.offset + 1, self._ends.get(key, 0))


class Sender:
    """An idempotent producer, acks=all. What fails is sent again by another one."""

    def __init__(self, settings: Settings, traffic: Traffic, journal: Journal) -> None:
        self._settings = settings
        self._traffic = traffic
        self._journal = journal
        self._again: deque[Planned] = deque()
        self._producer: AIOKafkaProducer | None = None
        self._waiting: set[asyncio.Future[Any]] = set()
        self._broken = False

    async def run(self, rate: float, goes_on: Callable[[], bool]) -> None:
        """Send ``rate`` events/s while it ``goes_on``; less while the brokers take less."""
        clock = asyncio.get_running_loop().time
        began, made = clock(), 0
        while goes_on():
            due = min(int((clock() - began) * rate) - made, int(rate))
            for _ in range(due):
                await self._send(self._traffic.next(datetime.now(UTC)))
            made += due
            await asyncio.sleep(_TICK)

    async def send(self, planned: list[Planned]) -> None:
        """Send some events, and wait until all that was ever sent is acknowledged."""
        for each in planned:
            await self._send(each)
        await self.settle()

    async def settle(self) -> None:
        """Until the brokers have acknowledged everything."""
        while self._waiting or self._again:
            if self._broken:
                await self._drop()
            if self._again:
                await self._send(self._again.popleft())
            elif self._waiting:
                await asyncio.wait(self._waiting, timeout=_RETRY_SECONDS)
        await self._drop()

    async def _send(self, planned: Planned) -> None:
        while len(self._waiting) > MOST_WAITING:
            await asyncio.wait(self._waiting, return_when=asyncio.FIRST_COMPLETED)
        topic = f"{self._settings.topics.prefix}.{planned.authority}"
        while True:
            try:
                client = await self._client()
                sent = await client.send(
                    topic, planned.value, key=planned.key, partition=planned.partition
                )
            except KafkaError:
                # Not taken: the client gave up before it was in a batch.
                self._journal.failures += 1
                self._broken = True
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                break
        self._waiting.add(sent)
        sent.add_done_callback(lambda done: self._done(done, planned, topic))

    def _done(self, done: asyncio.Future[Any], planned: Planned, topic: str) -> None:
        self._waiting.discard(done)
        error = KafkaError("cancelled") if done.cancelled() else done.exception()
        if error is not None:
            self._journal.failures += 1
            self._journal.unsure.append(planned)
            self._again.append(planned)
            self._broken = True
            return
        told = done.result()
        self._journal.note(Sent(planned, topic, told.offset, told.timestamp))

    async def _client(self) -> AIOKafkaProducer:
        if self._broken:
            # An idempotent producer that failed once may be of no more use.
            await self._drop()
        if self._producer is None:
            client = producer(
                self._settings,
                max_request_size=LARGEST,
                linger_ms=10,
                compression_type="gzip",
                metadata_max_age_ms=5_000,
                request_timeout_ms=30_000,
            )
            try:
                await client.start()
            except KafkaError:
                await close(client.stop())
                raise
            self._producer = client
            while self._again:
                await self._send(self._again.popleft())
        return self._producer

    async def _drop(self) -> None:
        client, self._producer = self._producer, None
        self._broken = False
        if client is not None:
            await close(client.stop())
        for lost in list(self._waiting):
            lost.cancel()
        await asyncio.sleep(0)
