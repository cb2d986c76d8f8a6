"""What is done of one moment, and what must not be done before another: letters, snapshots, pages.

Each moment is made to come here; none is waited for.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from streams.log.snapshots import Counts
from streams.log.topics import create_topics
from streams.worker import acceptance, pages
from streams.worker import letters as letters_module
from streams.worker.app import ScrutineerApp
from streams.worker.letters import Letters
from streams.worker.state import PartitionState
from streams.worker.transport import StateConsumer
from tests.worker.conftest import settings_of
from tests.worker.in_process import in_process, until, until_live
from tests.worker.process import send
from tests.worker.sample import Event, encoded, incident
from tests.worker.test_feed import HERE, REGION, THERE, TOPIC, Slow, good, record, worker

BAD = 3
"""Rejected events in the log of these tests."""


def mixed() -> list[Event]:
    """Good events of a region, and after them bad ones."""
    whole = [encoded(incident(n, REGION), "observer") for n in range(5)]
    return [*whole, *(Event("observer", REGION.encode(), b"{") for _ in range(BAD))]


@pytest.mark.parametrize(("beyond", "posted"), [(0, 0), (1, BAD)])
async def test_an_offset_of_a_log_that_is_no_more_silences_no_letter(
    broker: str, monkeypatch: pytest.MonkeyPatch, beyond: int, posted: int
) -> None:
    """A topic made anew while no worker ran: what the group has committed is beyond its end."""
    settings = settings_of(broker, f"silence-{beyond}", partitions=1)
    await create_topics(settings)
    await send(settings, mixed())

    async def marks(app: Any, _: PartitionState) -> dict[str, OffsetAndMetadata]:
        committed = len(mixed()) + beyond
        return {settings.topics.observer: OffsetAndMetadata(committed, app.pack.acceptance_digest)}

    monkeypatch.setattr(acceptance, "_marks", marks)
    async with in_process(settings) as app:
        await until_live(app)
        await until(app, lambda: app.states.get(0).next(settings.topics.observer) == len(mixed()))  # type: ignore[union-attr]
        assert app.letters.waiting + app.letters.written == posted


async def test_no_snapshot_is_ahead_of_its_letters(broker: str) -> None:
    """Killed right after it, nobody would write them: whoever restores it goes on beyond them."""
    settings = settings_of(broker, "ahead", partitions=1)
    await create_topics(settings)
    await send(settings, mixed())
    slow = Slow()
    asked, done = asyncio.Event(), []
    async with in_process(settings) as app:
        app.letters._new_producer = lambda: slow
        app.snapshots._events = 1
        wait = app.snapshots._letters_written

        async def watched(state: PartitionState, counts: Counts) -> bool:
            asked.set()
            written = await wait(state, counts)
            done.append(all(state.watermark(topic) >= at for topic, at in counts.next.items()))
            return written

        app.snapshots._letters_written = watched  # type: ignore[method-assign]
        await until_live(app)
        state = app.states.get(0)
        assert state is not None
        await until(app, asked.is_set)
        assert (state.shelved.written, done) == (None, [])
        await slow.until_sent(BAD)
        for each in slow.sent:
            each.set_result(None)
        await until(app, lambda: state.shelved.written)
        assert all(done)


async def test_letters_on_their_way_are_handed_to_the_next_producer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One is refused, and of the others nobody will ever hear: all of them are written anew."""
    monkeypatch.setattr(letters_module, "_RETRY_SECONDS", 0.01)
    producers = [Slow(), Slow()]
    made = iter(producers)
    async with worker() as app:
        app.letters = Letters("t.dead-letter", lambda: next(made))
        app.letters.abstract = False
        await app.letters.start()
        await app.feed.take({HERE: [record(HERE, n, b"{") for n in range(BAD)]})
        state = app.states.get(HERE.partition)
        assert state is not None
        await producers[0].until_sent(BAD)
        producers[0].sent[0].set_exception(KafkaError("planted"))
        await asyncio.wait_for(producers[1].until_sent(BAD), 10)
        assert (state.watermark(TOPIC), app.letters.waiting) == (0, BAD)
        for each in producers[1].sent:
            each.set_result(None)
        # What the first producer says now is of no letter any more.
        producers[0].sent[1].set_result(None)
        assert await app.letters.flush(10)
        assert (state.watermark(TOPIC), app.letters.written) == (BAD, BAD)
        await app.letters.stop()


class Group:
    """Stands for the group's consumer: what it was asked to commit, and whether it came about."""

    def __init__(self, app: ScrutineerApp) -> None:
        self.app = app
        self.asked: list[dict[TopicPartition, int]] = []
        self.there = False

    def assignment(self) -> set[TopicPartition]:
        """What is ours."""
        return {HERE}

    async def _commit(self, offsets: dict[TopicPartition, int]) -> bool:
        self.asked.append(offsets)
        return self.there


async def test_a_commit_that_did_not_come_about_is_made_again() -> None:
    """Also where no further event comes: else the next owner begins before what was done."""
    async with worker() as app:
        await app.feed.take({HERE: [good(HERE, n) for n in range(3)]})
        group = Group(app)
        commit = partial(StateConsumer.force_commit, group)  # type: ignore[arg-type]
        assert not await commit()
        group.there = True
        assert await commit()
        assert not await commit()
        assert group.asked == [{HERE: 3}, {HERE: 3}]


async def test_a_snapshot_from_before_another_pack_is_not_gone_on_from(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds what this pack accepts, and is beyond letters that are to be written anew."""
    settings = settings_of(broker, "back", partitions=1)
    await create_topics(settings)
    await send(settings, mixed())
    async with in_process(settings) as app:
        app.snapshots._events = 1
        await until_live(app)
        state = app.states.get(0)
        assert state is not None
        await until(app, lambda: state.shelved.written)

    async def marks(*_: object) -> dict[str, OffsetAndMetadata]:
        return {settings.topics.observer: OffsetAndMetadata(len(mixed()), "of another pack")}

    monkeypatch.setattr(acceptance, "_marks", marks)
    async with in_process(settings) as app:
        accepting = app.settings.worker.model_copy(update={"accept_pack": True})
        app.settings = app.settings.model_copy(update={"worker": accepting})
        await until_live(app)
        assert app.letters.waiting + app.letters.written == BAD


def log(tp: TopicPartition, upto: int) -> list[ConsumerRecord]:
    """The log of a partition: every third event is a bad one."""
    return [record(tp, n, b"{") if n % 3 == 2 else good(tp, n) for n in range(upto)]


async def test_a_digest_is_of_the_positions_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events come while it is made: all it says of a partition is of one moment."""
    async with worker() as app:

        class Meanwhile:
            """Of each partition another event comes with every breath."""

            upto = 6

            async def take(self) -> None:
                Meanwhile.upto += 1
                await app.feed.take({tp: log(tp, self.upto) for tp in (HERE, THERE)})

        await app.feed.take({tp: log(tp, Meanwhile.upto) for tp in (HERE, THERE)})
        with monkeypatch.context() as patched:
            patched.setattr(pages, "Breath", Meanwhile)
            said: Any = await pages.digest(app)
        assert Meanwhile.upto > 8
    named = said["positions"][TOPIC]
    async with worker() as again:
        await again.feed.take({tp: log(tp, named[str(tp.partition)]) for tp in (HERE, THERE)})
        assert await pages.digest(again) == said
