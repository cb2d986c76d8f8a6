"""Publishing to a broker that speaks Kafka's protocol: what arrives, and when it does not."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from schemas.routing import partition_of
from streams.embedded import EmbeddedBroker, free_port
from streams.errors import UserError
from streams.settings import Settings
from streams.sources.checking import Ready
from streams.sources.pace import Pace
from streams.sources.publish import Publisher, _end
from tests.log.between import INIT_PRODUCER, METADATA, between
from tests.sources.publishing import (
    REGIONS,
    embedded,
    figure,
    incident,
    ready,
    stored,
    topics,
    triage,
)


class Said(list[str]):
    """Lines told to the operator; ``heard`` is set by the first."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    def publisher(self, settings: Settings, timeout: float = 30.0) -> Publisher:
        """One that tells them here."""
        return Publisher(settings, Pace(), timeout, self._hear)

    def _hear(self, line: str) -> None:
        self.append(line)
        self.heard.set()


async def test_what_arrives_is_what_was_given() -> None:
    """Byte for byte, on the topic of its authority, on the partition of its region's murmur2."""
    events = [
        make(number, region)
        for number in range(40)
        for region in REGIONS
        for make in (incident, figure, triage)
    ]
    said = Said()
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        publisher = said.publisher(settings)
        await publisher.publish(ready(events))
        records = await stored(settings)
    assert Counter(record.value for record in records) == Counter(events)
    for record in records:
        authority = {b"e": "observer", b"f": "official", b"d": "desk"}[
            record.value.split(b'"id": "')[1][:1]
        ]
        assert record.topic == f"election.{authority}"
        assert b'"region": "%s"' % record.key in record.value
        assert record.partition == partition_of(record.key.decode(), 6)
    assert publisher.tally.acknowledged == dict.fromkeys(settings.topics.inputs, 200)
    assert publisher.tally.pending == 0
    assert said == []


async def test_the_order_of_a_region_is_kept() -> None:
    """In each partition events stand in the order in which they were given."""
    events = [incident(number, REGIONS[number % 5]) for number in range(500)]
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        await Said().publisher(settings).publish(ready(events))
        records = await stored(settings)
    place = {raw: number for number, raw in enumerate(events)}
    for partition in range(6):
        order = [place[record.value] for record in records if record.partition == partition]
        assert order == sorted(order)


async def test_a_missing_topic_is_told_and_not_made() -> None:
    """Made by the way it would have the wrong partitions."""
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        for _ in range(2):
            with pytest.raises(UserError, match=r"topic election\.observer does not exist: run"):
                await Said().publisher(settings).publish(ready([incident(1)]))


async def test_another_number_of_partitions_is_told() -> None:
    """Nothing is sent: it would be misrouted."""
    async with EmbeddedBroker() as broker:
        await topics(embedded(broker.bootstrap, 6))
        settings = embedded(broker.bootstrap, 5)
        with pytest.raises(UserError, match=r"has 6 partitions, topics\.partitions is 5"):
            await Said().publisher(settings).publish(ready([incident(1)]))
        assert await stored(embedded(broker.bootstrap, 6)) == []


async def test_a_broker_that_is_away_is_waited_for() -> None:
    """With one line, however often it is tried."""
    port = free_port()
    settings = embedded(f"127.0.0.1:{port}")
    said = Said()
    publisher = said.publisher(settings)

    async def after_the_broker() -> AsyncIterator[Ready]:
        await topics(settings)
        async for event in ready([incident(1)]):
            yield event

    waiting = asyncio.create_task(publisher.publish(after_the_broker()))
    await said.heard.wait()
    await asyncio.sleep(1.2)  # time for two more attempts
    async with EmbeddedBroker(port=port):
        await waiting
        assert len(await stored(settings)) == 1
    (line,) = said
    assert line.startswith(f"no broker answers (127.0.0.1:{port}: connection refused); trying for")


async def test_a_broker_that_stays_away_is_given_up() -> None:
    """After the timeout, with what to look at."""
    settings = embedded(f"127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match=r"for 0\.2 s now: nothing was sent.*broker\.bootstrap"):
        await Said().publisher(settings, 0.2).publish(ready([incident(1)]))


async def test_a_broker_that_goes_away_is_given_up_with_counts() -> None:
    """What was acknowledged before is known; the rest may have arrived."""
    said = Said()
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        publisher = said.publisher(settings, 3.0)

        async def endless() -> AsyncIterator[Ready]:
            number = 0
            while True:
                number += 1
                async for event in ready([incident(number)]):
                    yield event
                if publisher.tally.done >= 100 and broker.pid is not None:
                    await broker.stop()
                await asyncio.sleep(0)

        with pytest.raises(UserError, match=r"no acknowledgement for 3 s\. [\d,]+ events were"):
            await publisher.publish(endless())
    assert publisher.tally.done >= 100
    assert publisher.tally.pending + publisher.tally.failed > 0
    assert said == ["no acknowledgement from the broker; waiting up to 3 s"]


@pytest.mark.parametrize("number", [2, 3])
async def test_a_broker_that_is_away_for_a_moment_is_asked_again(number: int) -> None:
    """As the producer begins, or as it is asked for the topics."""
    async with EmbeddedBroker() as broker, between(broker.bootstrap) as way:
        await topics(embedded(broker.bootstrap))
        way.rule = lambda asked: "shut" if asked[::2] == (METADATA, number) else "pass"
        await Said().publisher(embedded(way.address)).publish(ready([incident(1)]))
        assert len(await stored(embedded(broker.bootstrap))) == 1


async def test_a_broker_too_busy_to_give_an_id_is_asked_again() -> None:
    """It is not one without idempotent producers."""
    said = Said()
    async with EmbeddedBroker() as broker, between(broker.bootstrap) as way:
        await topics(embedded(broker.bootstrap))
        busy = struct.pack(">ihqh", 0, 7, -1, -1)
        way.rule = lambda asked: busy if asked.api == INIT_PRODUCER else "pass"
        settings = embedded(way.address)
        stern = settings.broker.model_copy(update={"idempotent": True})
        publisher = said.publisher(settings.model_copy(update={"broker": stern}), 0.2)
        with pytest.raises(UserError, match=r"RequestTimedOut.* for 0\.2 s now") as told:
            await publisher.publish(ready([incident(1)]))
    assert "idempotent" not in str(told.value)


async def test_a_broker_without_idempotent_producers_is_told() -> None:
    """With the setting that helps."""
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        stern = settings.model_copy(
            update={"broker": settings.broker.model_copy(update={"idempotent": True})}
        )
        with pytest.raises(UserError, match=r"broker\.idempotent = false"):
            await Said().publisher(stern).publish(ready([incident(1)]))


async def test_an_interrupted_run_counts_what_was_acknowledged() -> None:
    """What was sent before is delivered first."""
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        publisher = Said().publisher(settings)
        all_sent = asyncio.Event()

        async def then_silence() -> AsyncIterator[Ready]:
            async for event in ready(incident(number) for number in range(10)):
                yield event
            all_sent.set()
            await asyncio.Event().wait()

        running = asyncio.create_task(publisher.publish(then_silence()))
        await all_sent.wait()
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()
        assert publisher.tally.done == 10
        assert len(await stored(settings)) == 10


async def test_sending_ends_where_a_cancellation_is_lost() -> None:
    """As Python's own waiting may lose one that comes at the same moment as the result."""
    lost = asyncio.Event()

    async def send() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    await asyncio.wait_for(_end(sending), 60)
    assert lost.is_set()
    assert sending.cancelled()
