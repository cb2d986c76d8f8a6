"""The live path without a broker: what it folds of what it is given, and when it holds back."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.routing import partition_of
from streams.packs import load_pack
from streams.settings import Settings, TopicSettings
from streams.tables.partition import Partition
from streams.worker import garbage, watch
from streams.worker import letters as letters_module
from streams.worker.app import ScrutineerApp, create_app
from streams.worker.letters import OVERHEAD, Letters
from streams.worker.pages import readiness
from streams.worker.state import PartitionState
from tests.worker.sample import PACK, encoded, incident

SETTINGS = Settings(topics=TopicSettings(prefix="t", partitions=3, replication=1))
TOPIC = "t.observer"
REGION = "KZ-61"
NUMBER = partition_of(REGION, 3)
OTHER = next(code for code in load_pack(PACK).region_codes() if partition_of(code, 3) != NUMBER)
HERE, THERE = TopicPartition(TOPIC, NUMBER), TopicPartition(TOPIC, partition_of(OTHER, 3))


@asynccontextmanager
async def worker() -> AsyncIterator[ScrutineerApp]:
    """A worker whose partitions are live, and that has no broker."""
    app = create_app(SETTINGS, load_pack(PACK))
    for number in range(3):
        state = PartitionState(number, Partition(app.pack, number))
        state.status, state.fed = "live", True
        app.states.add(state)
    try:
        yield app
    finally:
        await app.end()


def record(tp: TopicPartition, offset: int, value: bytes) -> ConsumerRecord:
    """What the client makes of a record."""
    key = (REGION if tp == HERE else OTHER).encode()
    return ConsumerRecord(
        tp.topic, tp.partition, offset, 1_700_000_000_000, 1, key, value, None, 0, 0, ()
    )


def good(tp: TopicPartition, offset: int) -> ConsumerRecord:
    """An incident."""
    value = encoded(incident(offset, REGION if tp == HERE else OTHER), "observer").value
    return record(tp, offset, value or b"")


def positions(app: ScrutineerApp) -> tuple[int, int]:
    """How far the two partitions are."""
    here, there = app.states.get(HERE.partition), app.states.get(THERE.partition)
    assert here is not None
    assert there is not None
    return here.next(TOPIC), there.next(TOPIC)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), max_size=8))
def test_batches_fold_the_next_record_and_no_other(batches: list[tuple[int, int]]) -> None:
    """Batches that overlap what is folded are skipped as far; one that leaves a gap is not begun.

    That one sends the partition through the bulk path, until when nothing of it is folded.
    """

    async def fold() -> None:
        async with worker() as app:
            state = app.states.get(NUMBER)
            assert state is not None
            told: list[str] = []

            def burst(state: PartitionState, why: str) -> None:
                state.fed = False
                told.append(why)

            app.catch_up.start_burst = burst  # type: ignore[method-assign]
            position = skipped = 0
            gap = False
            for start, count in batches:
                await app.feed.take({HERE: [good(HERE, start + n) for n in range(count)]})
                if not gap and start <= position:
                    skipped += min(position, start + count) - start
                    position = max(position, start + count)
                gap = gap or start > position
            assert (len(told), state.gaps) == (int(gap), int(gap))
            assert (state.next(TOPIC), state.skipped) == (position, skipped)
            assert sum(state.tables.outcomes.values()) == state.next(TOPIC)

    asyncio.run(fold())


async def test_a_state_that_was_dropped_gets_nothing() -> None:
    """Its log is another one: what was fetched before must not reach the new state."""
    async with worker() as app:
        old = app.states.get(NUMBER)
        new = PartitionState(NUMBER, Partition(app.pack, NUMBER))
        new.status, new.fed = "live", True
        taking = asyncio.create_task(app.feed.take({HERE: [good(HERE, n) for n in range(3000)]}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        app.states.add(new)
        await taking
        assert old is not None
        assert 0 < old.next(TOPIC) < 3000
        assert new.next(TOPIC) == 0


class Slow:
    """A producer whose broker acknowledges when the test says so."""

    def __init__(self) -> None:
        self.sent: list[asyncio.Future[None]] = []
        self._came = asyncio.Event()

    async def until_sent(self, number: int) -> None:
        """Until that many letters were sent."""
        while len(self.sent) < number:
            self._came.clear()
            await self._came.wait()

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def send(self, *_: Any, **__: Any) -> asyncio.Future[None]:
        """Take it."""
        self.sent.append(asyncio.get_running_loop().create_future())
        self._came.set()
        return self.sent[-1]


async def until(app: ScrutineerApp, wanted: tuple[int, int]) -> None:
    """Go round as the drain does, until the partitions are that far."""
    for _ in range(1000):
        if positions(app) == wanted:
            return
        await app.feed.take({})
        await asyncio.sleep(0)
    raise AssertionError(positions(app))


async def test_letters_that_wait_hold_up_their_own_partition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Room for three letters: the flooded partition waits at the fourth, the other goes on."""
    monkeypatch.setattr(letters_module, "SHARE", 3 * OVERHEAD)
    broker = Slow()
    async with worker() as app:
        app.letters = Letters("t.dead-letter", lambda: broker)
        app.letters.abstract = False
        await app.letters.start()
        bad: Sequence[ConsumerRecord] = [record(HERE, n, b"x" * n) for n in range(5)]
        # Good ones pass while there is no room, up to the next bad one.
        flood = [*bad[:3], good(HERE, 3), good(HERE, 4), *(record(HERE, n, b"") for n in (5, 6))]
        await app.feed.take({HERE: flood, THERE: [good(THERE, n) for n in range(40)]})
        assert positions(app) == (5, 40)
        assert app.feed.held == {HERE}
        await app.feed.take({THERE: [good(THERE, n) for n in range(40, 50)]})
        assert positions(app) == (5, 50)
        await broker.until_sent(3)
        broker.sent[0].set_result(None)
        await until(app, (6, 50))
        assert app.feed.held == {HERE}
        broker.sent[1].set_result(None)
        await until(app, (7, 50))
        assert not app.feed.held
        await broker.until_sent(5)
        for each in broker.sent[2:]:
            each.set_result(None)
        assert await app.letters.flush(5)
        assert app.letters.takes(app.states.get(NUMBER))  # type: ignore[arg-type]
        await app.letters.stop()


async def test_what_is_held_up_is_forgotten_with_a_seek(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a rebalance all is fetched again from the states' positions."""
    monkeypatch.setattr(letters_module, "SHARE", 1)
    async with worker() as app:
        await app.feed.take({HERE: [record(HERE, n, b"") for n in range(4)]})
        assert app.feed.held == {HERE}
        app.feed.forget()
        assert not app.feed.held
        assert positions(app)[0] == 1


async def test_a_long_batch_lets_others_have_their_turn() -> None:
    """However long a batch, the loop goes round in between: pages and commits are answered."""
    async with worker() as app:
        rounds: list[int] = []

        async def others() -> None:
            while True:
                rounds.append(positions(app)[0])
                await asyncio.sleep(0)

        other = asyncio.create_task(others())
        await app.feed.take({HERE: [good(HERE, n) for n in range(2000)]})
        other.cancel()
        seen = set(rounds)
        assert positions(app)[0] == 2000
        assert len(seen - {0, 2000}) >= 3


async def test_the_collector_looks_through_what_is_new_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It rests while events come, works once for so many, and works by itself in the end."""
    monkeypatch.setattr(garbage, "EVERY", 50)
    async with worker() as app:
        before = gc.get_freeze_count()
        await app.feed.take({HERE: [good(HERE, n) for n in range(49)]})
        assert gc.get_freeze_count() <= before
        assert not gc.isenabled()
        await app.feed.take({HERE: [good(HERE, 49)]})
        assert gc.get_freeze_count() > before
    assert gc.isenabled()


async def test_freshness_counts_what_was_folded_and_no_more() -> None:
    """Records that were skipped are not new."""
    async with worker() as app:
        await app.feed.take({HERE: [good(HERE, n) for n in range(6)]})
        await app.feed.take({HERE: [good(HERE, n) for n in range(3, 9)]})
        assert sum(app.freshness.distributions()[TOPIC].counts) == 9


async def test_a_partition_that_waits_for_its_letters_is_not_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither read past in bulk nor a reason to restart: it is the broker that takes none."""
    monkeypatch.setattr(letters_module, "SHARE", 1)
    async with worker() as app:
        state = app.states.get(NUMBER)
        assert state is not None
        await app.feed.take({HERE: [record(HERE, n, b"") for n in range(4)]})
        state.ends[TOPIC] = 4
        app.states.assigned, app.preflight.waiting_for = True, ""
        app.watch._measure()
        state.moved_at -= 100
        app.watch._measure()
        assert state.fed
        health = app.watch.health()
        assert (health.ok, health.degraded) == (True, True)
        assert health.doing == f"waiting to write dead letters of [{NUMBER}]"


async def test_who_is_held_up_for_long_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a reason, whatever else of the partition goes on; not for a moment's wait."""
    monkeypatch.setattr(letters_module, "SHARE", 1)
    async with worker() as app:
        state = app.states.get(NUMBER)
        assert state is not None
        app.states.assigned, app.preflight.waiting_for = True, ""
        await app.feed.take({HERE: [record(HERE, n, b"") for n in range(4)]})
        state.ends[TOPIC] = 4
        assert state.held_since is not None
        assert readiness(app)[1]
        state.held_since -= watch.HELD_SECONDS
        desk = TopicPartition("t.desk", NUMBER)
        await app.feed.take({desk: [good(desk, 0)], THERE: [good(THERE, 0)]})
        told, ready = readiness(app)
        assert not ready
        mine = told["partitions"][str(NUMBER)]  # type: ignore[index]
        assert mine["status"] == "live"
        assert re.fullmatch(
            r"held up for [0-9]+ s: waiting to write its dead letters", mine["reason"]
        )
        assert "reason" not in told["partitions"][str(THERE.partition)]  # type: ignore[index]
        app.feed.forget()
        assert state.held_since is None
        assert readiness(app)[1]


async def test_a_rebuild_that_waits_for_letters_is_not_stuck() -> None:
    """Nor is one in bulk: a restart would not make the broker take them, and begin again."""
    async with worker() as app:
        state = app.states.get(NUMBER)
        assert state is not None
        app.states.assigned, app.preflight.waiting_for = True, ""
        app.letters._room.clear()
        state.status, state.fed = "rebuilding", False
        state.task = asyncio.create_task(app.catch_up._room(state))
        await asyncio.sleep(0)
        app.watch._measure()
        state.moved_at -= 100
        app.watch._measure()
        health = app.watch.health()
        assert (health.ok, health.degraded) == (True, True)
        assert health.doing == f"waiting to write dead letters of [{NUMBER}]"
        app.letters._room.set()
        await state.task
        assert state.held_since is None


async def test_a_reader_that_is_given_up_leaves_no_trouble_behind() -> None:
    """What it told last may come when its partition has gone: nobody would take it back."""
    async with worker() as app:
        old = app.states.get(NUMBER)
        assert old is not None
        app.reader_trouble(old, "no answer")
        assert app.watch._readers == {NUMBER: "no answer"}
        app.drop(NUMBER)
        app.reader_trouble(old, "no answer")
        assert app.watch._readers == {}
