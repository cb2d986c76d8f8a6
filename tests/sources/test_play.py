"""The player: order of arrival, pace, the log's clock on every partition."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from schemas import Accepted, read
from schemas.fields import rfc3339
from schemas.pack import parse_pack
from schemas.routing import partition_of
from streams.embedded import EmbeddedBroker
from streams.log.clients import consumer, producer
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from streams.sources.pace import Clock
from streams.sources.play import PLAYER, TICK, Item, Player, clock_event, schedule
from tests.packs import SMALL_FILES

HOUR = 3_600_000_000
DAY = 1_906_614_000_000_000


class Hand:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def clock(self) -> Clock:
        """For the player."""
        return Clock(now=lambda: self.time, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.time += seconds
        await asyncio.sleep(0)


class Metadata(NamedTuple):
    """What a producer says of a record."""

    topic: str
    partition: int
    offset: int


@dataclass
class Recorder:
    """A producer that writes down what it is given, and when by ``hand``."""

    hand: Hand
    records: list[tuple[float, str, int | None, bytes | None, bytes]] = field(default_factory=list)
    broken: bool = False

    async def send(
        self, topic: str, value: bytes, key: bytes | None = None, partition: int | None = None
    ) -> Awaitable[Any]:
        """Take a record."""
        self.records.append((self.hand.time, topic, partition, key, value))
        future = asyncio.get_running_loop().create_future()
        if self.broken:
            future.set_exception(OSError("no broker"))
        else:
            number = sum(record[1:3] == (topic, partition) for record in self.records)
            future.set_result(Metadata(topic, partition or 0, number - 1))
        return future

    async def flush(self) -> None:
        """Everything is sent already."""


def _item(hours: float, text: str = "x") -> Item:
    return Item(DAY + int(hours * HOUR), "t.observer", b"XX-A", text.encode())


def _player(hand: Hand, recorder: Recorder, partitions: int = 3) -> Player:
    return Player(recorder, "t.desk", partitions, "test-2030", hand.clock())


async def test_events_go_out_at_their_time_of_arrival() -> None:
    """Ten hours in ten seconds: an event of the third hour goes out in the third second."""
    hand = Hand()
    recorder = Recorder(hand)
    items = [_item(3.0, "c"), _item(1.0, "a"), _item(9.9, "d"), _item(1.0, "b")]
    progress = await _player(hand, recorder).play(items, DAY, DAY + 10 * HOUR, 10)
    events = [(at, value) for at, topic, _, _, value in recorder.records if topic == "t.observer"]
    assert [value for _, value in events] == [b"a", b"b", b"c", b"d"]
    for (at, _), due in zip(events, (1.0, 1.0, 3.0, 9.9), strict=True):
        assert due <= at <= due + TICK
    assert progress.events == 4
    assert progress.now == DAY + 10 * HOUR


async def test_the_clock_is_on_every_partition_and_never_runs_back() -> None:
    """The last tick says the end; no event is younger than the tick that follows it."""
    hand = Hand()
    recorder = Recorder(hand)
    items = [_item(hour / 2) for hour in range(20)]
    await _player(hand, recorder).play(items, DAY, DAY + 10 * HOUR, 5)
    for partition in range(3):
        ticks = [
            json.loads(value)["data"]["now"]
            for _, topic, number, _, value in recorder.records
            if topic == "t.desk" and number == partition
        ]
        assert ticks == sorted(ticks)
        assert ticks[-1] == rfc3339(DAY + 10 * HOUR)
        assert len(ticks) >= 5 / TICK


async def test_an_event_later_than_the_end_is_not_left_out() -> None:
    """The clock then ends where the last event is."""
    hand = Hand()
    recorder = Recorder(hand)
    player = _player(hand, recorder)
    progress = await player.play([_item(12)], DAY, DAY + 10 * HOUR, 2)
    assert progress.events == 1
    assert progress.now == DAY + 12 * HOUR


async def test_records_are_counted_where_they_went() -> None:
    """By topic and partition, ticks included: the positions a worker must reach."""
    hand = Hand()
    recorder = Recorder(hand)
    progress = await _player(hand, recorder).play([_item(1)], DAY, DAY + HOUR, 1)
    assert sum(progress.sent.values()) == len(recorder.records)
    assert progress.sent["t.observer", partition_of("XX-A", 3)] == 1
    assert progress.ends == progress.sent


async def test_what_the_broker_refuses_ends_the_play() -> None:
    """No event is lost in silence."""
    hand = Hand()
    recorder = Recorder(hand, broken=True)
    with pytest.raises(OSError, match="no broker"):
        await _player(hand, recorder).play([_item(1)], DAY, DAY + HOUR, 1)


def test_clock_events_are_accepted() -> None:
    """By a pack that lists the player."""
    source = f'\n[[sources]]\nuri = "{PLAYER}"\nname = "Player"\nauthority = "desk"\n'
    pack = parse_pack(
        {**SMALL_FILES, "election.toml": SMALL_FILES["election.toml"] + source},
    )
    assert isinstance(read(clock_event("test-2030", DAY), None, pack), Accepted)


def _raw(name: str, **attributes: Any) -> bytes:
    return json.dumps({"id": name, "data": {"region": "XX-B"}, **attributes}).encode()


def test_a_line_arrives_when_it_was_recorded_published_or_happened() -> None:
    """In this order of preference; the lag is for what only says when it happened."""
    recorded = _raw("a", time=rfc3339(DAY), recordedtime=rfc3339(DAY + 5))
    published = json.dumps(
        {"time": rfc3339(DAY), "data": {"region": "XX-B", "published": rfc3339(DAY + 7)}}
    ).encode()
    happened = _raw("c", time=rfc3339(DAY))
    for raw, at in ((recorded, 5), (published, 7), (happened, 2)):
        (item,) = schedule("t", [raw], lag=2)
        assert item == Item(DAY + at, "t", b"XX-B", raw)


def test_a_repeat_and_an_unreadable_line_stay_where_they_are() -> None:
    """The same bytes a second time arrive with their neighbours, not at the first time."""
    first = _raw("a", time=rfc3339(DAY), recordedtime=rfc3339(DAY))
    later = _raw("b", time=rfc3339(DAY), recordedtime=rfc3339(DAY + 9))
    items = schedule("t", [first, later, first, b'{"region": "XX-A", cut'])
    assert [item.at - DAY for item in items] == [0, 9, 9, 9]
    assert [item.key for item in items] == [b"XX-B", b"XX-B", b"XX-B", b"XX-A"]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_scheduled(raw: bytes) -> None:
    """Bad events are published too: they get some key and some time."""
    (item,) = schedule("t", [raw])
    assert item.value == raw
    assert item.key.decode("ascii")


async def test_a_broker_gets_every_record_on_its_partition() -> None:
    """With a real producer: positions on the broker are those the player counted."""
    async with EmbeddedBroker() as broker:
        settings = Settings(
            broker=BrokerSettings(bootstrap=broker.bootstrap, idempotent=False),
            topics=TopicSettings(partitions=3, replication=1),
        )
        await create_topics(settings)
        sender = producer(settings)
        await sender.start()
        try:
            player = Player(sender, settings.topics.desk, 3, "test-2030")
            items = [
                Item(DAY + number, settings.topics.observer, region, str(number).encode())
                for number, region in enumerate((b"XX-A", b"XX-B", b"XX-C") * 50)
            ]
            progress = await player.play(items, DAY, DAY + 1000, 0.5)
        finally:
            await sender.stop()
        found = await _counted(settings, sum(progress.sent.values()))
    assert found == progress.sent
    assert progress.events == 150


async def _counted(settings: Settings, number: int) -> Counter[tuple[str, int]]:
    """How many of ``number`` records each partition holds."""
    parts = [TopicPartition(topic, each) for topic in settings.topics.inputs for each in range(3)]
    reader = consumer(settings.broker, auto_offset_reset="earliest")
    await reader.start()
    found: Counter[tuple[str, int]] = Counter()
    try:
        reader.assign(parts)
        async with asyncio.timeout(30):
            while sum(found.values()) < number:
                for tp, records in (await reader.getmany(timeout_ms=200)).items():
                    found[tp.topic, tp.partition] += len(records)
    finally:
        await reader.stop()
    return found
