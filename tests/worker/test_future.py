"""Records whose broker stamped them later than it is here: told once, until it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from streams.packs import load_pack
from streams.settings import WorkerSettings
from streams.tables.partition import Partition
from streams.worker import logs
from streams.worker.app import ScrutineerApp, create_app
from streams.worker.state import PartitionState
from tests.worker.sample import PACK
from tests.worker.test_feed import HERE, REGION, SETTINGS, THERE, good, worker

FUTURE = "a record comes from the future: this host's clock is behind, or the broker's ahead"
OVER = "records come from the future no more"


class Lines(logging.Handler):
    """What a worker says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.fields: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.said.append(record.getMessage())
        self.fields.append(getattr(record, "fields", {}))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is said in this process meanwhile."""
    logger, handler = logging.getLogger(logs.LOGGER), Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


async def take(
    app: ScrutineerApp, tp: TopicPartition, *ahead: float, by_broker: bool = True
) -> None:
    """A batch whose records are stamped so many seconds ahead of the wall clock."""
    state = app.states.get(tp.partition)
    assert state is not None
    batch: list[ConsumerRecord] = []
    for number, seconds in enumerate(ahead, state.next(tp.topic)):
        record = good(tp, number)
        record.timestamp = round((time.time() + seconds) * 1000)
        record.timestamp_type = int(by_broker)
        batch.append(record)
    await app.feed.take({tp: batch})
    assert state.next(tp.topic) == batch[-1].offset + 1


async def test_it_is_told_once_with_where_and_by_how_much(lines: Lines) -> None:
    """However many records and partitions; over when the last of them is, and then anew."""
    async with worker() as app:
        await take(app, HERE, -5.0, 0.0)
        assert lines.said == []
        await take(app, HERE, 3600.0, 3600.0)
        await take(app, THERE, 3600.0)
        await take(app, HERE, 3600.0)
        assert lines.said == [FUTURE]
        said = lines.fields[0]
        assert 3595 < said.pop("seconds") <= 3600  # type: ignore[operator]
        assert said == {"topic": HERE.topic, "partition": HERE.partition, "offset": 3}
        assert REGION not in str(lines.fields)
        await take(app, HERE, 0.0)
        assert lines.said == [FUTURE]
        await take(app, THERE, 0.0)
        assert lines.said == [FUTURE, OVER]
        await take(app, THERE, 3600.0)
        assert lines.said == [FUTURE, OVER, FUTURE]


async def test_clocks_that_are_just_as_far_apart_do_not_fill_the_log(lines: Lines) -> None:
    """Around half a minute a record is told and the next is not: one line for all."""
    async with worker() as app:
        await take(app, HERE, 29.0)
        assert lines.said == []
        for _ in range(20):
            await take(app, HERE, 32.0)
            await take(app, HERE, 28.0)
        assert lines.said == [FUTURE]


async def test_a_partition_that_went_to_another_worker_holds_nothing_up(lines: Lines) -> None:
    """Nobody here will ever tell that it is over there."""
    async with worker() as app:
        await take(app, HERE, 60.0)
        await take(app, THERE, 60.0)
        app.drop(THERE.partition)
        await take(app, HERE, 0.0)
        assert lines.said[-1] == OVER


async def test_only_a_brokers_stamps_and_only_by_the_wall_clock(lines: Lines) -> None:
    """A sender's clock is its own affair, and a day that is played has its own time."""
    async with worker() as app:
        await take(app, HERE, 3600.0, by_broker=False)
    settings = SETTINGS.model_copy(update={"worker": WorkerSettings(clock="log")})
    played = create_app(settings, load_pack(PACK))
    state = PartitionState(HERE.partition, Partition(played.pack, HERE.partition))
    state.status, state.fed = "live", True
    played.states.add(state)
    await take(played, HERE, 3600.0)
    await played.end()
    assert lines.said == []
