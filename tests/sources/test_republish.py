"""Publishing records again: their order, their pauses, and the clock beside them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import microseconds
from streams.sources import republish
from streams.sources.pace import Clock
from streams.sources.play import TICK
from streams.sources.republish import Kept, Progress, Republisher, Ticker

BEGINS = 1_679_270_400_000_000
PAUSES = st.lists(st.just(0.0) | st.floats(0, 5), min_size=1, max_size=12)
TICKER = Ticker("p.desk", 2, "e", "urn:test:desk")


class Sent(NamedTuple):
    """What a producer was given, and at which second."""

    second: float
    topic: str
    partition: int
    value: bytes | None
    key: bytes | None
    stamp: int | None
    headers: Sequence[tuple[str, bytes | None]]

    @property
    def tick(self) -> int | None:
        """The moment that it says, if it is the clock's."""
        if self.value is None or b"election.clock.v1" not in self.value:
            return None
        return microseconds(datetime.fromisoformat(json.loads(self.value)["data"]["now"]))


@dataclass
class Recorder:
    """A producer that writes down what it is given, with a clock that moves when one sleeps."""

    time: float = 0.0
    sent: list[Sent] = field(default_factory=list)
    fails_at: int | None = None

    def clock(self) -> Clock:
        """For the player."""
        return Clock(now=lambda: self.time, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.time += seconds
        await asyncio.sleep(0)

    async def send(
        self,
        topic: str,
        *,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        timestamp_ms: int | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> Awaitable[Any]:
        """Take a record."""
        self.sent.append(Sent(self.time, topic, partition, value, key, timestamp_ms, headers))
        future = asyncio.get_running_loop().create_future()
        if self.fails_at is not None and len(self.sent) >= self.fails_at:
            future.set_exception(OSError("no broker"))
        else:
            future.set_result(None)
        return future

    async def flush(self) -> None:
        """Everything is sent already."""

    @property
    def records(self) -> list[Sent]:
        """All but the clock's."""
        return [each for each in self.sent if each.tick is None]


def kept(*pauses: float) -> list[Kept]:
    """Records with so many seconds before each."""
    found, at = [], BEGINS
    for number, pause in enumerate(pauses):
        at += round(pause * 1e6)
        found.append(Kept(at, "p.observer", number % 2, b"k", str(number).encode()))
    return found


@given(PAUSES, st.sampled_from([1.0, 60.0]))
def test_order_and_pauses_are_those_of_the_log(pauses: list[float], speed: float) -> None:
    """Each record goes out at its moment, divided by the speed; none before the one above it."""
    records, recorder = kept(*pauses), Recorder()
    player = Republisher(recorder, TICKER, recorder.clock())
    assert asyncio.run(player.play(records, BEGINS, speed))
    assert [each.value for each in recorder.records] == [each.value for each in records]
    for sent, record in zip(recorder.records, records, strict=True):
        due = (record.at - BEGINS) / 1e6 / speed
        assert due - 1e-5 <= sent.second <= due + 0.002


@given(PAUSES, st.sampled_from([None, 7.0]))
def test_the_clock_is_never_ahead_of_what_is_not_sent(
    pauses: list[float], speed: float | None
) -> None:
    """It goes forward on every partition, and ends with the last record."""
    records, recorder = kept(*pauses), Recorder()
    asyncio.run(Republisher(recorder, TICKER, recorder.clock()).play(records, BEGINS, speed))
    left = [each.at for each in records]
    ticks: dict[int, list[int]] = {0: [], 1: []}
    for sent in recorder.sent:
        if sent.tick is None:
            left.pop(0)
            continue
        assert sent.topic == "p.desk"
        assert not left or sent.tick <= left[0]
        ticks[sent.partition].append(sent.tick)
    assert ticks[0] == ticks[1] == sorted(ticks[0])
    assert ticks[0][-1] == records[-1].at


def test_ticks_come_at_their_own_pace() -> None:
    """Four a second, however many records there are."""
    recorder = Recorder()
    records = kept(*[0.01] * 1_000)
    asyncio.run(Republisher(recorder, TICKER, recorder.clock()).play(records, BEGINS, 1.0))
    ticks = [each.second for each in recorder.sent if each.tick is not None and not each.partition]
    assert len(ticks) == pytest.approx(10 / TICK, abs=2)


def test_what_is_older_goes_out_at_once() -> None:
    """A day that begins at noon has its morning behind it."""
    records, recorder = kept(*[3_600.0] * 6), Recorder()
    noon = records[3].at
    asyncio.run(Republisher(recorder, TICKER, recorder.clock()).play(records, noon, 60.0))
    seconds = [each.second for each in recorder.records]
    assert seconds == pytest.approx([0, 0, 0, 0, 60, 120], abs=0.002)
    assert min(each.tick for each in recorder.sent if each.tick is not None) == noon


def test_everything_of_a_record_is_sent() -> None:
    """Nulls, headers and, where it is asked for, the timestamp."""
    recorder = Recorder()
    whole = Kept(BEGINS, "p.official", 1, None, None, [("a", None), ("a", b"\xff")], 77)
    asyncio.run(Republisher(recorder, None, recorder.clock()).play([whole], BEGINS, None))
    assert recorder.sent == [
        Sent(0.0, *whole[1:3], whole.value, whole.key, 77, list(whole.headers))
    ]
    ticker = TICKER._replace(stamped=True)
    asyncio.run(Republisher(recorder, ticker, recorder.clock()).play([whole], BEGINS, None))
    assert recorder.sent[-1].stamp == BEGINS // 1000


def test_it_stops_when_told() -> None:
    """And says that it is not whole; what was sent is acknowledged."""
    recorder = Recorder()
    player = Republisher(recorder, TICKER, recorder.clock())

    def stop(progress: Progress) -> None:
        if progress.records >= 3:
            player.stop.set()

    assert not asyncio.run(player.play(kept(*[1.0] * 9), BEGINS, 1.0, stop))
    assert len(recorder.records) == 3


def test_a_record_that_is_not_taken_ends_it() -> None:
    """With the producer's own error."""
    recorder = Recorder(fails_at=4)
    player = Republisher(recorder, TICKER, recorder.clock())
    with pytest.raises(OSError, match="no broker"):
        asyncio.run(player.play(kept(*[1.0] * 9), BEGINS, 1.0))


async def test_told_to_stop_it_does_not_wait_for_ever_for_what_does_not_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the broker away an idempotent producer flushes without end."""
    monkeypatch.setattr(republish, "LAST_WAIT", 0.01)
    stuck = Stuck()
    playing = Republisher(stuck, None, clock=stuck.clock())
    records = [Kept(BEGINS, "p.desk", 0, b"KZ", b"{}")]
    running = asyncio.create_task(playing.play(records, BEGINS, None))
    await stuck.flushing.wait()
    assert not running.done()
    playing.stop.set()
    assert await asyncio.wait_for(running, 60) is False


class Stuck(Recorder):
    """A producer whose broker is away."""

    def __init__(self) -> None:
        super().__init__()
        self.flushing = asyncio.Event()

    async def flush(self) -> None:
        """Never done."""
        self.flushing.set()
        await asyncio.Event().wait()
