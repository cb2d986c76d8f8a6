"""Positions, watermarks and what may be shown: the states without a broker."""

from __future__ import annotations

import io
import json
import logging

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from schemas.verdict import Rejected
from streams.settings import LogSettings
from streams.tables.partition import Partition
from streams.worker import logs
from streams.worker.letters import Posted, written
from streams.worker.state import PartitionState, States
from tests.packs import small_pack

TOPICS = ("t.observer", "t.official", "t.desk")
BAD = Rejected("not_json", "", None)


def a_state(number: int = 0) -> PartitionState:
    return PartitionState(number, Partition(small_pack(), number))


@given(st.integers(0, 30), st.lists(st.integers(0, 29), unique=True), st.integers(0, 30))
def test_the_watermark_waits_for_every_letter(
    records: int, acknowledged: list[int], silent: int
) -> None:
    """Nothing is committed beyond the first record whose letter is not acknowledged."""
    state = a_state()
    state.silent["t.observer"] = silent
    for offset in range(records):
        assert state.fold(BAD, "t.observer", offset) == (offset >= silent)
    for offset in acknowledged:
        state.unsent["t.observer"].discard(offset)
    open_ = [n for n in range(silent, records) if n not in acknowledged]
    assert state.watermark("t.observer") == min(open_, default=records)
    assert state.next("t.observer") == records


def test_only_what_is_new_is_committed() -> None:
    """A failed partition and one that has not moved are left alone, and never set back."""
    states = States(TOPICS)
    moved, failed, still = a_state(0), a_state(1), a_state(2)
    for state in (moved, failed, still):
        states.add(state)
        state.tables.next["t.observer"] = 7
    failed.status = "failed"
    still.committed["t.observer"] = 9
    tps = [TopicPartition(topic, number) for topic in (*TOPICS, "t.x") for number in range(5)]
    assert states.committable(tps) == {TopicPartition("t.observer", 0): 7}
    done = {TopicPartition("t.observer", 0): 7, TopicPartition("t.observer", 4): 1}
    states.note_committed(done, list(states))
    assert states.committable(tps) == {}


def test_a_commit_for_another_log_is_none_of_this_one() -> None:
    """While a commit was under way the topic was made anew: the new state begins with nothing."""
    states = States(TOPICS)
    old, new = a_state(0), a_state(0)
    states.add(old)
    old.tables.next["t.observer"] = 7
    tps = [TopicPartition("t.observer", 0)]
    offsets, committed = states.committable(tps), list(states)
    states.add(new)
    states.note_committed(offsets, committed)
    new.tables.next["t.observer"] = 3
    assert states.committable(tps) == {tps[0]: 3}


@pytest.mark.parametrize("status", ["rebuilding", "failed"])
def test_nothing_half_built_is_shown(status: str) -> None:
    """Only live partitions are shown and only those that are fed are fetched for them."""
    states = States(TOPICS)
    hidden, live, burst = a_state(0), a_state(1), a_state(2)
    hidden.status = status  # type: ignore[assignment]
    live.status, live.fed = "live", True
    burst.status = "live"
    for state in (hidden, live, burst):
        states.add(state)
    assert set(states.live()) == {1, 2}
    fed = [n for n in range(4) if states.fed_live(TopicPartition("t.desk", n))]
    assert fed == [1]
    assert states.fed_live(TopicPartition("another", 0))
    assert [state.number for state in states] == [0, 1, 2]


def test_a_letter_cut_down_says_what_it_was() -> None:
    """The length and the digest of the original go with it."""
    posted = Posted(a_state(3), "t.observer", 5, b"x" * 5000, b"XX-A", BAD)
    key, value, headers = written(posted)
    assert (key, value) == (b"t.observer/3/5", b"x" * 5000)
    key, value, headers = written(posted._replace(shortened=True))
    assert (key, value) == (b"t.observer/3/5", b"x" * 1024)
    assert dict(headers)["truncated"] == b"5000"


def test_log_lines_are_json() -> None:
    """Each line is one object, whatever is said in it; libraries keep quiet."""
    stream = io.StringIO()
    complaints = logs.set_up(LogSettings(), stream)
    logs.info("with\nlines", topic="t", offset=3)
    logging.getLogger("aiokafka.x").error("cannot\nconnect")
    logging.getLogger("faust.y").error("noise")
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert (found["message"], found["topic"], found["offset"]) == ("with\nlines", "t", 3)
    assert found["time"].endswith("Z")
    assert complaints.take() == "cannot connect"
    assert complaints.take() == ""
