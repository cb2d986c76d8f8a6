"""The cyclic garbage collector rests, and still nothing stays for good."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

from streams.worker.threads import SWITCH_SECONDS, BulkGarbage


class Client:
    """Refers to itself, as clients of Kafka do."""

    def __init__(self) -> None:
        self.me = self


@pytest.mark.parametrize("objects", [1, 250_000, 10**9])
async def test_what_went_out_of_sight_is_looked_for_again(
    objects: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients that a rebuild read with are freed after some rebuilds, though they were frozen.

    How many rebuilds depends on how much this process has out of sight: eight at the latest.
    """
    monkeypatch.setattr(BulkGarbage, "OBJECTS", objects)
    garbage = BulkGarbage()
    gone: list[weakref.ref[Client]] = []
    try:
        for _ in range(3 * BulkGarbage.THOROUGH):
            client = Client()
            gone.append(weakref.ref(client))
            garbage.slice_done(lasting=True)
            del client
            garbage.end()
            assert all(each() is None for each in gone[: -BulkGarbage.THOROUGH + 1])
        assert gone[0]() is None
    finally:
        garbage.end()
        gc.unfreeze()
        gc.enable()


async def test_where_little_is_out_of_sight_each_rebuild_looks_through_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing adds up from one to the next: looking costs nothing there."""
    monkeypatch.setattr(BulkGarbage, "OBJECTS", 10**9)
    garbage = BulkGarbage()
    try:
        for _ in range(3):
            client = Client()
            gone = weakref.ref(client)
            garbage.slice_done(lasting=True)
            del client
            garbage.end()
            assert gone() is None
    finally:
        garbage.end()
        gc.unfreeze()
        gc.enable()


async def test_a_burst_hides_nothing() -> None:
    """What does not last is not moved out of sight; threads take turns again as they did before."""
    gc.unfreeze()
    garbage = BulkGarbage()
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.001)
        for _ in range(2):
            garbage.slice_done(lasting=False)
            assert not gc.isenabled()
            assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
        garbage.end()
        assert sys.getswitchinterval() == pytest.approx(0.001)
    finally:
        sys.setswitchinterval(before)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
