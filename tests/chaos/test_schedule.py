"""The schedule: the same for the same seed, of every kind in a long run, never two of a lane."""

from __future__ import annotations

from itertools import pairwise

import pytest

from streams.errors import UserError
from tests.chaos.schedule import (
    BROKER_FAULTS,
    FAULTS,
    SETTLING,
    WORKER_FAULTS,
    dumped,
    parsed,
    schedule,
)


def test_the_seed_decides() -> None:
    """The same faults each time, others with another seed."""
    assert schedule(7, 600) == schedule(7, 600)
    assert schedule(7, 600) != schedule(8, 600)


@pytest.mark.parametrize("seed", range(20))
def test_ten_minutes_have_every_kind(seed: int) -> None:
    """And no two of one lane at a time, none that is not over before the end."""
    faults = schedule(seed, 600)
    assert {fault.kind for fault in faults} == set(FAULTS)
    for kinds in (WORKER_FAULTS, BROKER_FAULTS):
        lane = [fault for fault in faults if fault.kind in kinds]
        assert all(a.at + a.seconds < b.at for a, b in pairwise(lane))
    assert all(fault.at + fault.seconds <= 600 - SETTLING for fault in faults)


@pytest.mark.parametrize("seed", range(20))
def test_forty_seconds_have_what_a_run_must_have(seed: int) -> None:
    """Kill -9, a freeze beyond the session's end and a link of each lane."""
    kinds = {fault.kind for fault in schedule(seed, 42)}
    assert kinds >= {"worker-kill", "worker-freeze", "leader-kill", "broker-link-down"}


def test_a_schedule_is_read_as_it_was_written() -> None:
    """With what it is about."""
    faults = schedule(3, 300)
    assert parsed(dumped(faults, seed=3, seconds=300)) == (faults, {"seed": 3, "seconds": 300})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"faults": [1]}', '{"faults": [{"kind": "leader-kill"}]}']
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    """In a line."""
    with pytest.raises(UserError, match="no schedule"):
        parsed(text)
