"""Checked events that wait to be sent, and how long silence may last."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import Authority
from streams.sources import checking
from streams.sources.checking import Ready, Refusal, Waiting
from streams.sources.jsonl import Line
from streams.sources.tally import Stall, Tally

AUTHORITIES: list[Authority] = ["observer", "official", "desk"]
EVENTS = st.lists(
    st.builds(
        Ready,
        st.sampled_from(AUTHORITIES),
        st.from_regex(r"[A-Z0-9-]{1,32}", fullmatch=True),
        st.integers(-3, 3) | st.integers(-(2**60), 2**60),
        st.binary(max_size=300),
    ),
    max_size=30,
)


@given(EVENTS, st.sampled_from([0, 1000, 10**6]))
def test_events_come_back_as_they_were(events: list[Ready], memory: int) -> None:
    """As given, or by time with equal times as given; from memory or from disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "_IN_MEMORY", memory or 1)
        with Waiting() as waiting:
            for event in events:
                waiting.add(event)
            assert len(waiting) == len(events)
            assert list(waiting.events()) == events
            assert list(waiting.events(by_time=True)) == sorted(events, key=lambda e: e.at)
            assert list(waiting.events()) == events


def test_a_file_name_that_is_not_utf8(tmp_path: Path) -> None:
    """What the file of wrong lines says is JSON all the same."""
    name = os.fsdecode(bytes(tmp_path) + b"/\xff.jsonl")
    row = json.loads(Refusal(Line(name, 1, b"{"), "not_json", "nothing").record())
    assert row["file"] == name
    assert row["raw"] == "{"


@given(st.lists(st.tuples(st.floats(0.01, 3), st.booleans(), st.booleans()), max_size=60))
def test_silence_ends_a_run_after_the_timeout(steps: list[tuple[float, bool, bool]]) -> None:
    """Only while something is pending and nothing is acknowledged; told once a silence."""
    stall = Stall(timeout=5.0)
    now, done, since, told = 0.0, 0, 0.0, False
    stall.look(now, done, 1)
    for gap, acknowledged, pending in steps:
        now += gap
        done += acknowledged
        state = stall.look(now, done, int(pending))
        if acknowledged or not pending:
            since, told = now, False
            assert state == "fine"
        elif now - since >= 5.0:
            assert state == "dead"
            return
        elif now - since >= 2.0 and not told:
            told = True
            assert state == "quiet"
        else:
            assert state == "fine"


async def test_a_tally_counts_every_record_once() -> None:
    """As acknowledged, failed or pending; the first failure is kept."""
    tally = Tally()
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(5)]
    for number, future in enumerate(futures):
        tally.follow("a" if number % 2 else "b", future)
    futures[0].set_result(None)
    futures[1].set_result(None)
    futures[2].set_exception(OSError("first"))
    await asyncio.sleep(0)
    futures[3].set_exception(OSError("second"))
    await asyncio.sleep(0)
    assert (tally.done, tally.failed, tally.pending) == (2, 2, 1)
    assert str(tally.failure) == "first"
    assert tally.lines() == ["  1 a", "  1 b"]
    futures[4].cancel()
