"""What brokers tell each other goes through the proxy, so what is done there they feel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

import pytest
from aiokafka import AIOKafkaProducer

from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.chaos.brokers import Brokers
from tests.chaos.child import must_find_all_as_it_should_be
from tests.chaos.faults import among
from tests.chaos.proxy import FAIR, Proxy, Weather
from tests.chaos.sandbox import prepare
from tests.chaos.schedule import Fault

WAIT: Final = 4.0
"""Seconds for which something does not happen; far less than the 30 after which a copy is out."""
PATIENCE: Final = 60.0
STARTER: Final = """
import sys
from tests.chaos.sandbox import run_inside
code = "from tests.chaos.test_among import inside; inside()"
sys.exit(run_inside(sys.executable, "-c", code))
"""


def test_what_a_fault_does_is_in_its_amount() -> None:
    """Milliseconds of delay; percent of loss, and per mille of connections lost."""
    assert among(Fault(1, "brokers-delay", 5, 0, 400)) == Weather(delay=0.4)
    assert among(Fault(1, "brokers-loss", 5, 0, 30)) == Weather(loss=0.3, reset=0.03)


class PlantedError(Exception):
    """What a test plants."""


@pytest.mark.parametrize("dies", [True, False])
async def test_what_is_withheld_arrives_only_where_its_sender_lives(dies: bool) -> None:
    """The request with those bytes and all after it on its connection; none of others."""
    proxy = Proxy([], seed=1)
    arrived: list[bytes] = []
    ended = asyncio.Event()

    async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(1000):
                arrived.append(chunk)
                writer.write(b"what is known of letters;")
        writer.close()
        ended.set()

    async with await asyncio.start_server(broker, "127.0.0.1", 0) as there:
        address, port = there.sockets[0].getsockname()
        serve = partial(proxy._serve, address, port)
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as here, asyncio.timeout(60):
            proxy.shape(Weather(withheld=b"letters"), "127.0.0.1")
            answers, writer = await asyncio.open_connection(*here.sockets[0].getsockname())
            writer.write(b"a fetch;")
            await until(lambda: b"".join(arrived) == b"a fetch;")
            # No request: it would keep the worker from reading, not from writing letters.
            await answers.readexactly(len(b"what is known of letters;"))
            writer.write(b"of letters;")
            await until(lambda: proxy.withheld == 1)
            writer.write(b"more;")
            if dies:
                writer.close()
                await ended.wait()
            proxy.shape(FAIR, "127.0.0.1")
            if not dies:
                await until(lambda: b"".join(arrived) == b"a fetch;of letters;more;")
                writer.close()
                await ended.wait()
    proxy._loop.close()
    assert b"".join(arrived) == (b"a fetch;" if dies else b"a fetch;of letters;more;")
    assert (proxy.withheld, proxy.dropped, proxy.problems) == (1, int(dies), [])


async def until(holds: Callable[[], bool]) -> None:
    """The caller's time limit is the only one."""
    while not holds():  # noqa: ASYNC110 - a proxy tells nobody what it holds
        await asyncio.sleep(0.01)


async def test_an_error_of_the_proxys_own_is_no_weather(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that it loses by a defect is told: a run judges that as a problem."""
    proxy = Proxy([], seed=1)

    async def broken(*_: object, **__: object) -> None:
        raise PlantedError("not passed on")

    async def upstream(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    monkeypatch.setattr(proxy, "_send", broken)
    try:
        async with await asyncio.start_server(upstream, "127.0.0.1", 0) as there:
            address, port = there.sockets[0].getsockname()
            reader, writer = await asyncio.open_connection(address, port)
            await proxy._serve(address, port, reader, writer)
    finally:
        proxy._loop.close()
    assert set(proxy.problems) == {"proxy: PlantedError: not passed on"}


def inside() -> None:
    """Run in a sandbox by the test below."""
    prepare()
    kafka = Brokers(64)
    with Proxy([host.address for host in kafka.hosts], seed=1) as proxy, kafka:
        asyncio.run(_replicate(kafka, proxy))
    print("all as it should be", flush=True)


async def _replicate(kafka: Brokers, proxy: Proxy) -> None:
    """A record is acknowledged once other brokers have it: by way of the proxy, and only so."""
    settings = Settings(
        broker=BrokerSettings(bootstrap=kafka.direct),
        topics=TopicSettings(prefix="among", partitions=1, replication=3),
    )
    assert not (await create_topics(settings)).problems
    topic = settings.topics.inputs[0]
    leader = await kafka.leader(settings, topic, 0)
    assert leader is not None

    def shape(weather: Weather) -> None:
        for other in kafka.hosts:
            if other is not kafka.hosts[leader]:
                proxy.shape(weather, kafka.hosts[leader].address, other.address)

    client = producer(settings, request_timeout_ms=int(PATIENCE * 1000))
    await client.start()
    try:
        await _acknowledged(client, topic)
        delay = 0.5
        shape(Weather(delay=delay))
        # The record goes to a copy, and what comes back says that it is there.
        assert await _acknowledged(client, topic) > 2 * delay
        for weather in (Weather(cut=True), Weather(reset=1.0)):
            shape(weather)
            sent = await client.send(topic, b"x", partition=0)
            done, _ = await asyncio.wait([sent], timeout=WAIT)
            assert not done, f"acknowledged in spite of {weather}"
            shape(FAIR)
            await asyncio.wait_for(sent, PATIENCE)
    finally:
        await client.stop()


async def _acknowledged(client: AIOKafkaProducer, topic: str) -> float:
    """Seconds until a record was."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await asyncio.wait_for(client.send_and_wait(topic, b"x", partition=0), PATIENCE)
    return clock() - began


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("sandbox", "jars")
def test_replication_goes_through_the_proxy() -> None:
    """It is late where that delays, and waits for as long as that lets nothing through."""
    must_find_all_as_it_should_be(STARTER)
