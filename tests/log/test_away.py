"""Brokers that are away for a moment, or not ready: told as what it is, and waited for by who can.

Each request that may meet with it is answered so by what stands between us and the broker.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.embedded import EmbeddedBroker, free_port
from streams.errors import UserError
from streams.log import reading, sending
from streams.log.bulk import BulkReader
from streams.log.clients import AwayError, admin, consumer, kafka_options, producer
from streams.log.closing import close_producer
from streams.log.reading import read_to_end
from streams.log.refusals import hidden
from streams.log.topics import check_topics, create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.commands.letters import scrutineer
from tests.log.between import (
    CREATE_TOPICS,
    FETCH,
    INIT_PRODUCER,
    LIST_OFFSETS,
    METADATA,
    PRODUCE,
    Answer,
    Asked,
    Between,
    Rule,
    between,
)
from tests.worker.sample import PACK

NEVER_MET = 60.0
"""Seconds; what takes longer has hung."""
PREFIX = "away"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """The address of an embedded broker with the topics."""
    embedded = EmbeddedBroker()
    with asyncio.Runner() as runner:
        try:
            runner.run(embedded.__aenter__())
            runner.run(create_topics(settings_at(embedded.bootstrap)))
            yield embedded.bootstrap
        finally:
            runner.run(embedded.stop())


@pytest.fixture
async def way(broker: str) -> AsyncIterator[Between]:
    """A way to it, by whatever rule the test gives it."""
    async with between(broker) as found:
        yield found


def settings_at(address: str, *, idempotent: bool = False, prefix: str = PREFIX) -> Settings:
    """Settings of a client that goes this way."""
    return Settings(
        broker=BrokerSettings(bootstrap=address, idempotent=idempotent),
        topics=TopicSettings(prefix=prefix, partitions=2, replication=1),
        pack=PACK,
    )


def at(api: int, number: int, answer: Answer = "shut") -> Rule:
    """A rule for the request of this number alone."""
    return lambda asked: answer if (asked.api, asked.number) == (api, number) else "pass"


def since(api: int, number: int, answer: Answer = "shut") -> Rule:
    """A rule for the request of this number and all that follow."""
    return lambda a: answer if a.api == api and a.number >= number else "pass"


def told_id(code: int) -> bytes:
    """The body that gives a producer its id, or an error's code."""
    return struct.pack(">ihqh", 0, code, -1 if code else 7, -1 if code else 0)


# Reading


@pytest.mark.parametrize("rule", [at(METADATA, 4), since(FETCH, 1), since(LIST_OFFSETS, 1)])
async def test_a_topic_that_cannot_be_read_now(
    way: Between, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever request it is that nobody answers: no other error, and not for ever."""
    monkeypatch.setattr(reading, "_STUCK_SECONDS", 0.5)
    monkeypatch.setattr(reading, "consumer", partial(consumer, request_timeout_ms=1000))
    way.rule = rule

    async def read() -> None:
        async for _ in read_to_end(settings_at(way.address).broker, f"{PREFIX}.desk"):
            pass

    with pytest.raises(AwayError):
        await asyncio.wait_for(read(), NEVER_MET)


async def test_a_bulk_reader_of_an_empty_partition_tells_that_nobody_answers(way: Between) -> None:
    """What may have come since is not known before the first answer."""
    way.rule = since(FETCH, 1)
    told: asyncio.Queue[str] = asyncio.Queue()
    options = kafka_options(settings_at(way.address).broker)
    starts = {TopicPartition(f"{PREFIX}.official", 0): 0}
    async with BulkReader(options, starts, told.put_nowait, patience=0.2) as reader:
        reads = asyncio.create_task(reader.read())
        async with asyncio.timeout(NEVER_MET):
            assert "no records" in await told.get()
            way.rule = lambda _: "pass"
            while await told.get():
                pass
            assert await reads == []


async def test_a_replay_says_that_it_waits_for_the_broker(way: Between) -> None:
    """Else it stands still, and nobody knows why."""
    way.rule = at(METADATA, 4)
    done = await scrutineer(settings_at(way.address), "replay", "kafka", "--json")
    assert done.returncode == 0, done.stderr
    assert b"waiting for the broker: KafkaConnectionError" in done.stderr
    assert b"the broker answers again" in done.stderr


# Sending


@pytest.mark.parametrize("number", [2, 3])
async def test_a_sender_whose_broker_goes_away(way: Between, number: int) -> None:
    """That is not the broker's refusal, and nothing of the user's to mend."""
    way.rule = at(METADATA, number)
    with pytest.raises(AwayError, match=r"went away|is not ready") as told:
        async with sending.sender(settings_at(way.address)) as out:
            await out.check(f"{PREFIX}.desk")
    assert "refuses" not in str(told.value)


async def test_a_broker_too_busy_to_give_a_producer_its_id(way: Between) -> None:
    """It knows idempotent producers; they are not to be switched off for that."""
    way.rule = at(INIT_PRODUCER, 1, told_id(7))
    with pytest.raises(AwayError, match="RequestTimedOutError") as told:
        async with sending.sender(settings_at(way.address, idempotent=True)):
            pass
    assert "idempotent" not in str(told.value)


async def test_what_is_not_acknowledged_is_given_up(
    way: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idempotent producer tries for ever, also while it is stopped."""
    monkeypatch.setattr(sending, "_SECONDS", 1.0)

    def rule(asked: Asked) -> Answer:
        if asked.api == INIT_PRODUCER:
            return told_id(0)
        return "shut" if asked.api == PRODUCE else "pass"

    way.rule = rule
    with pytest.raises(UserError, match="no acknowledgement"):
        async with (
            asyncio.timeout(NEVER_MET),
            sending.sender(settings_at(way.address, idempotent=True)) as out,
        ):
            await out.send(f"{PREFIX}.desk", b"KZ", b"{}")


async def test_a_producer_that_is_given_up_sends_no_more(way: Between) -> None:
    """Nor does it keep tasks or connections, a set of them for each that is given up."""
    before = asyncio.all_tasks()
    way.rule = since(PRODUCE, 1)
    client = producer(settings_at(way.address), client_id="given up")
    await client.start()
    sent = await client.send(f"{PREFIX}.desk", b"{}", key=b"KZ")
    await close_producer(client, 0.2)
    mine = {task for task in asyncio.all_tasks() - before if "aiokafka" in repr(task.get_coro())}
    assert [repr(task) for task in mine if "MessageAccumulator" not in repr(task)] == []
    assert not any(each.connected() for each in client.client._conns.values())
    sent.cancel()


# Asking about topics


def two_brokers(alive: int, dead: int, controller: int) -> bytes:
    """The body of an answer (Metadata, version 5) with two brokers and no topic."""

    def one(number: int, port: int) -> bytes:
        return struct.pack(">ih9sih", number, 9, b"127.0.0.1", port, -1)

    listed = struct.pack(">ii", 0, 2) + one(1, dead) + one(2, alive)
    return listed + struct.pack(">hii", -1, controller, 0)


async def test_another_broker_is_asked_where_one_is_away(way: Between) -> None:
    """Which of them is asked first is chance."""
    settings = settings_at(way.address)
    port = int(way.address.rpartition(":")[2])
    for _ in range(6):
        way.came.clear()
        way.rule = at(METADATA, 2, two_brokers(port, free_port(), 2))
        problems = await check_topics(settings)
        assert [each for each in problems if each.kind == "wrong"] == []


async def test_topics_where_no_controller_is_known(way: Between) -> None:
    """As while the brokers choose one."""
    port = int(way.address.rpartition(":")[2])
    way.rule = since(METADATA, 2, two_brokers(port, port, -1))
    with pytest.raises(AwayError, match="no controller"):
        await create_topics(settings_at(way.address, prefix="other"))


@pytest.mark.parametrize("answer", ["shut", "moved"])
async def test_topics_where_the_controller_goes(way: Between, answer: str) -> None:
    """Amid the request, or before it: it says then that it is none."""
    name = b"other.observer"
    body = struct.pack(f">iih{len(name)}shh", 0, 1, len(name), name, 41, -1)
    way.rule = since(CREATE_TOPICS, 1, body if answer == "moved" else "shut")
    with pytest.raises(AwayError, match=r"went away|is not ready"):
        await create_topics(settings_at(way.address, prefix="other"))


async def test_a_topic_of_which_nobody_says_whether_it_is_hidden(way: Between) -> None:
    """Is not missing for that."""
    login = settings_at(way.address).broker
    guarded = login.model_copy(update={"security_protocol": "SSL"})
    async with admin(login) as client:
        way.rule = since(METADATA, 3)
        with pytest.raises(KafkaError):
            await hidden(client, guarded, f"{PREFIX}.desk")
