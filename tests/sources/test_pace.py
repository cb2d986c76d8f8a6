"""Rate and speed, with a clock that the test drives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.pace import SLACK, Clock, Pace

SECOND = 1_000_000


class Hand:
    """A clock that moves only by sleeping, and by ``busy`` seconds of work per event."""

    def __init__(self, busy: float = 0.0) -> None:
        self.time = 1000.0
        self.busy = busy

    def clock(self) -> Clock:
        """For ``Pace``."""
        return Clock(lambda: self.time, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds


async def sent(pace: Pace, hand: Hand, times: list[int]) -> list[float]:
    """When each event goes out, in seconds after the start."""
    out = []
    for at in times:
        await pace.wait(at)
        out.append(hand.time - 1000.0)
        hand.time += hand.busy
    return out


async def test_a_rate_spaces_events_evenly() -> None:
    """The first goes at once."""
    hand = Hand()
    out = await sent(Pace(rate=4, clock=hand.clock()), hand, [0] * 9)
    assert out == pytest.approx([n / 4 for n in range(9)])


@given(
    st.floats(0.5, 5000),
    st.lists(st.sampled_from([0.0, 0.0, 0.001, 2.0]), min_size=2, max_size=40),
)
async def test_a_rate_is_never_exceeded_by_more_than_its_slack(
    rate: float, gaps: list[float]
) -> None:
    """However long the sender is held up between events."""
    hand = Hand()
    pace = Pace(rate=rate, clock=hand.clock())
    out = []
    for gap in gaps:
        hand.time += gap
        await pace.wait(0)
        out.append(hand.time)
    for first in range(len(out)):
        for last in range(first, len(out)):
            window = out[last] - out[first]
            assert last - first <= rate * (window + SLACK) + 1e-6 * rate + 1


async def test_after_a_long_wait_there_is_no_burst() -> None:
    """Ten idle seconds at 100 a second are no credit of a thousand events."""
    hand = Hand()
    pace = Pace(rate=100, clock=hand.clock())
    await pace.wait(0)
    hand.time += 10
    out = await sent(pace, hand, [0] * 50)
    at_once = sum(moment == out[0] for moment in out)
    assert 1 < at_once <= 100 * SLACK + 1
    assert out[-1] - out[0] == pytest.approx((50 - at_once) / 100, abs=0.011)


async def test_speed_plays_event_time() -> None:
    """At speed 60 an hour of the day takes a minute."""
    hand = Hand()
    times = [0, 600 * SECOND, 600 * SECOND, 3600 * SECOND]
    out = await sent(Pace(speed=60, clock=hand.clock()), hand, times)
    assert out == pytest.approx([0, 10, 10, 60])


async def test_speed_catches_up() -> None:
    """A slow sender does not shift the rest of the day."""
    hand = Hand(busy=4.0)
    times = [second * SECOND for second in (0, 1, 2, 30)]
    out = await sent(Pace(speed=1, clock=hand.clock()), hand, times)
    assert out == pytest.approx([0, 4, 8, 30])


async def test_rate_and_speed_hold_together() -> None:
    """An event waits for whichever is later."""
    hand = Hand()
    times = [0, 0, 0, 100 * SECOND]
    out = await sent(Pace(rate=1, speed=10, clock=hand.clock()), hand, times)
    assert out == pytest.approx([0, 1, 2, 10])


async def test_without_either_nothing_waits() -> None:
    """The clock is not even asked."""
    hand = Hand()
    assert await sent(Pace(clock=hand.clock()), hand, [0, 10**15]) == [0, 0]
