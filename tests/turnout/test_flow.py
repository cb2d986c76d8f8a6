"""Flow: counts split over checkpoints, rates of watched stations."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.turnout.exact import HOUR
from streams.turnout.flow import (
    FlowSums,
    Watched,
    estimate,
    flow_gap,
    official_rate,
    split,
    while_open,
)

STATION = st.tuples(
    st.integers(0, 300), st.integers(0, 14 * HOUR), st.one_of(st.none(), st.integers(0, 5000))
)


def sums(stations: list[tuple[int, int, int | None]]) -> FlowSums:
    made = [FlowSums.of(Watched(Fraction(c), length), m) for c, length, m in stations]
    return sum(made, FlowSums())


def test_count_over_a_checkpoint_is_split_by_time() -> None:
    """40 voters from 9:40 to 10:20 are 20 before the checkpoint at 10:00 and 20 after it."""
    minute = HOUR // 60
    checkpoints = [8 * HOUR, 10 * HOUR, 12 * HOUR]
    parts = list(split(580 * minute, 620 * minute, 40, checkpoints))
    assert [(part.since // HOUR, int(part.voters), part.length // minute) for part in parts] == [
        (8, 20, 20),
        (10, 20, 20),
    ]


@given(
    st.integers(0, 100),
    st.integers(1, 100),
    st.integers(0, 1000),
    st.sets(st.integers(-10, 210), max_size=6),
)
def test_split_loses_nothing(since: int, length: int, voters: int, inner: set[int]) -> None:
    """With checkpoints around the count its parts add up to it exactly."""
    until = since + length
    checkpoints = sorted({-20, 220} | inner)
    parts = list(split(since, until, voters, checkpoints))
    assert sum(part.voters for part in parts) == voters
    assert sum(part.length for part in parts) == length
    assert list(split(since, until, voters, [])) == []


@pytest.mark.parametrize("until", [5, 4])
def test_interval_without_length_has_no_parts(until: int) -> None:
    """A count that ends when or before it begins is nowhere, and divides nothing by zero."""
    assert list(split(5, until, 10, [0, 10])) == []


def test_counts_of_one_station_are_one_cluster() -> None:
    """Two counts at a station are added before its square is taken."""
    morning, evening = Watched(Fraction(30), HOUR), Watched(Fraction(10), HOUR // 2)
    station = FlowSums.of(morning + evening, 1000)
    assert station == FlowSums(1, Fraction(40), 1500, 1600, 60_000, 2_250_000)
    assert morning + evening - evening == morning


@given(st.lists(STATION), st.lists(STATION))
def test_sums_add_up_and_take_away(
    one: list[tuple[int, int, int | None]], two: list[tuple[int, int, int | None]]
) -> None:
    """Sums of parts are the sums of the whole in any order; a withdrawal leaves no trace."""
    whole = sums(one + two)
    assert sums(two[::-1]) + sums(one) == whole
    assert whole - sums(two) == sums(one)


@given(st.lists(STATION, max_size=8))
def test_total(stations: list[tuple[int, int, int | None]]) -> None:
    """Any stations give finite figures or None: no register, nothing watched, one station."""
    found = estimate(sums(stations))
    used = [c for c, length, m in stations if length and m]
    if found is None:
        assert not used
        return
    assert (found.n, found.df) == (len(used), len(used) - 1)
    error, interval = found.standard_error, found.interval_error(2)
    if found.n == 1:
        assert error is None
        assert interval is None
    else:
        assert error is not None
        assert interval is not None
        assert isfinite(interval)
        assert 0 <= error <= interval
    assert flow_gap(Fraction(1, 10), found, 2).gap == (Fraction(1, 10) - found.rate) * 2
    assert (flow_gap(Fraction(1, 10), found, 2).ratio is None) == (not found.rate)


def test_planned_error_has_chance_of_counting() -> None:
    """Stations that happen to agree keep the Poisson error of the count and the planned one."""
    found = estimate(sums([(50, HOUR, 1000)] * 25))
    assert found is not None
    assert found.standard_error == 0
    poisson, stations = 0.05 / 25_000, 0.02 * 0.1 * 0.9 / 4 / 25
    assert found.interval_error(2) == pytest.approx(sqrt(poisson + stations), rel=1e-12)


@pytest.mark.parametrize(
    ("since", "until", "rate"), [(0, 2 * HOUR, Fraction(1, 20)), (5, 5, None), (6, 5, None)]
)
def test_official_rate(since: int, until: int, rate: Fraction | None) -> None:
    """From turnouts at two checkpoints; no time between them is no rate."""
    assert official_rate(Fraction(2, 10), Fraction(3, 10), since, until) == rate


def test_official_rate_of_a_falling_series_is_negative() -> None:
    """It is told as it is."""
    assert official_rate(Fraction(3, 10), Fraction(2, 10), 0, HOUR) == Fraction(-1, 10)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (6, 9, [(7, 9, 30)]),
        (8, 10, [(8, 10, 30)]),
        (19, 32, [(19, 20, 15), (31, 32, 15)]),
        (20, 31, []),
        (4, 7, []),
    ],
)
def test_nobody_votes_while_polls_are_closed(
    since: int, until: int, expected: list[tuple[int, int, int]]
) -> None:
    """Two days from 7 to 20 o'clock: 30 voters are spread over the open hours alone."""
    polls = [(7 * HOUR, 20 * HOUR), (31 * HOUR, 44 * HOUR)]
    parts = list(while_open(since * HOUR, until * HOUR, 30, polls))
    assert [(p.since // HOUR, p.until // HOUR, int(p.voters)) for p in parts] == expected
    assert [p.length for p in parts] == [p.until - p.since for p in parts]
    (whole,) = while_open(since * HOUR, until * HOUR, 30, [])
    assert (int(whole.voters), whole.length) == (30, (until - since) * HOUR)
