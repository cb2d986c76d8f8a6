"""Reading the snapshot topic when nobody answers any longer."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.log import shelf as shelf_module
from streams.log.shelf import Shelf

TP = TopicPartition("t.snapshot", 3)


class Dying:
    """A client whose broker answers once, and then never again; it keeps what it knows."""

    def __init__(self, records: list[Any], end: int) -> None:
        self._records = records
        self._end = end
        self._position = 0
        self._asked = False

    async def end_offsets(self, _: Any) -> dict[TopicPartition, int]:
        """As listed."""
        return {TP: self._end}

    async def position(self, _: TopicPartition) -> int:
        """Next to read."""
        return self._position

    def last_stable_offset(self, _: TopicPartition) -> int | None:
        """Of the last answer."""
        return self._end if self._asked else None

    def highwater(self, tp: TopicPartition) -> int | None:
        """The same."""
        return self.last_stable_offset(tp)

    async def getmany(self, *_: Any, **__: Any) -> dict[TopicPartition, list[Any]]:
        """What there is, once."""
        await asyncio.sleep(0.01)
        self._asked = True
        found, self._records = self._records, []
        self._position += len(found)
        return {TP: found} if found else {}


@pytest.mark.parametrize("end", [2, 3])
async def test_a_broker_that_goes_in_the_midst_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, end: int
) -> None:
    """What was read is kept, and whoever asked decides: the log alone will do for a rebuild."""
    monkeypatch.setattr(shelf_module, "_TIMEOUT_MS", 100)
    records = [SimpleNamespace(key=b"3/a", value=b"x", offset=n) for n in range(2)]
    shelf = Shelf(TP.topic, TP.partition)
    reading = shelf._read_on(cast("AIOKafkaConsumer", Dying(records, end)), TP)
    if end == len(records):
        assert await asyncio.wait_for(reading, 30)
    else:
        with pytest.raises(KafkaError, match="no answer"):
            await asyncio.wait_for(reading, 30)
    assert shelf.values == {b"3/a": b"x"}
