"""Kafka, workers, Prometheus, Alertmanager and those who are told, put together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.settings import Settings
from streams.sources.play import clock_event
from tests.dashboards.prometheus import Prometheus
from tests.deploy.alerting import Alertmanager
from tests.deploy.receivers import Inbox
from tests.endtoend.server import prometheus
from tests.kafka.harness import KafkaCluster
from tests.kafka.jars import class_path
from tests.tools import tool
from tests.worker.process import WorkerProcess, send
from tests.worker.sample import encoded, restriction

ELECTION = "kz-2023-03-19"
PARTITIONS = 6
WORKERS = 2
HALF_PAST_TEN = 1_679_200_200_000_000
"""In Astana on election day, µs since the epoch: what time it is when the chain starts."""
TEN = 3 * 3600
"""Seconds after 07:00, as ``tests.worker.sample`` tells the time of an event."""
LONG_AGO = 600
"""The same: too early to belong to a cluster at half past ten."""
SENTINELS = "KZ-43"
"""The region of ``Chain.sentinel``'s restrictions: no other is to be published there."""

PHONE, DESK = "access-phone", "access-desk"


def place(number: int) -> str:
    """The station of a restriction."""
    return f"station-{number:07}"


def line(state: str, region: str, kind: str) -> str:
    """How a restriction is told. ``state``: NOW or OVER; ``kind`` as events have it."""
    return f"{state} Observers restricted: {region}, {kind.replace('_', ' ')}"


@dataclass
class Chain:
    """All parts, running. ``workers`` share the regions among them."""

    settings: Settings
    workers: list[WorkerProcess]
    prometheus: Prometheus
    inbox: Inbox
    _sentinels: Iterator[tuple[int, int]] = field(
        default_factory=lambda: zip(count(1_000_000), count(1), strict=True)
    )

    async def restrict(
        self, number: int, region: str, kind: str, began: int = TEN, **data: object
    ) -> None:
        """Publish that observers are restricted (or a correction, with ``revision``)."""
        data = {"kind": kind, "station": place(number), **data}
        event = restriction(number, region, began, **data)
        await send(self.settings, [encoded(event, "observer")])

    async def lift(self, number: int, region: str, kind: str, began: int = TEN) -> None:
        """Publish that they are not any more."""
        lifted = {"revision": 1, "lifted": "2023-03-19T10:20:00+06:00"}
        await self.restrict(number, region, kind, began, **lifted)

    async def set_clock(self, now: int) -> None:
        """Tell every partition what time it is (µs since the epoch)."""
        value = clock_event(ELECTION, now)
        client = producer(self.settings)
        await client.start()
        try:
            for number in range(self.settings.topics.partitions):
                await client.send_and_wait(self.settings.topics.desk, value, partition=number)
        finally:
            await client.stop()

    async def until(self, expression: str) -> None:
        """Wait until Prometheus has a series for ``expression``."""
        await asyncio.to_thread(self.prometheus.until, expression)

    async def hears(self, receiver: str, said: str, times: int = 1) -> None:
        """Wait until a receiver was told something, or told it so often."""
        await self.inbox.until(lambda: self.inbox.lines(receiver).count(said) >= times)

    async def told(self, state: str, region: str, kind: str, *receivers: str) -> None:
        """Wait until the receivers, phone and desk without any, are told of a restriction."""
        for receiver in receivers or (PHONE, DESK):
            await self.hears(receiver, line(state, region, kind))

    def lines(self, receiver: str, region: str) -> Counter[str]:
        """What a receiver was told of single restrictions in a region, and how often."""
        found = self.inbox.lines(receiver)
        return Counter(one for one in found if f" Observers restricted: {region}, " in one)

    async def sentinel(self) -> None:
        """A restriction comes and goes elsewhere, and both is told.

        What was to be told before that is told by then: every part has gone through a full turn,
        Alertmanager through its interval between the beginning and the end of one group.
        """
        number, times = next(self._sentinels)
        region, kind = SENTINELS, "other"
        for state, publish in (("NOW", self.restrict), ("OVER", self.lift)):
            await publish(number, region, kind, LONG_AGO)
            for receiver in (PHONE, DESK):
                await self.hears(receiver, line(state, region, kind), times)

    async def holder(self, region: str) -> WorkerProcess:
        """The worker that shows a region."""
        for worker in self.workers:
            path = f"/tables/open_restrictions?region={region}"
            if (await asyncio.to_thread(worker.get, path)).status == 200:
                return worker
        raise AssertionError(f"nobody shows {region}")

    async def all_watched(self) -> None:
        """Wait until every worker is ready and scraped, and every region shown by one of them."""
        for worker in self.workers:
            await worker.until_ready()
        await self.until(f'sum(up{{job="scrutineer"}}) == {len(self.workers)}')
        unwatched = "pack:election_region:info unless on (region) scrutineer_region_live"
        await self.until(f"count(pack:election_region:info) and absent({unwatched})")


def need_tools() -> None:
    """Skip, or fail on CI, with what there is to install."""
    tool("prometheus", "prometheus")
    tool("prometheus-alertmanager", "prometheus-alertmanager")
    class_path()


@asynccontextmanager
async def chain(folder: Path, interval: int) -> AsyncIterator[Chain]:
    """Everything started, and every region watched.

    Configurations, rules, routes, groups, inhibitions and templates are those of deploy/, with
    these exceptions: addresses, secrets, TLS to the mail server, and ``interval`` seconds between
    scrapes and between evaluations.
    """
    need_tools()
    async with AsyncExitStack() as stack:
        kafka = stack.enter_context(KafkaCluster(1))
        settings = kafka.settings(partitions=PARTITIONS)
        await create_topics(settings)
        inbox = await stack.enter_async_context(Inbox())
        alerts = folder / "alertmanager"
        alerts.mkdir()
        alertmanager = await stack.enter_async_context(Alertmanager(alerts, inbox, hurry=False))
        workers = [
            stack.enter_context(WorkerProcess(settings, folder, WORKER__CLOCK="log"))
            for _ in range(WORKERS)
        ]
        ports = [worker.port for worker in workers]
        server = stack.enter_context(
            prometheus(folder / "prometheus", settings.pack, ports, alertmanager.address, interval)
        )
        running = Chain(settings, workers, server, inbox)
        await running.set_clock(HALF_PAST_TEN)
        await running.all_watched()
        yield running
