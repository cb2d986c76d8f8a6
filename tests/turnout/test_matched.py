"""Matched stations: which count meets a figure, and what may differ."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.turnout.matched import Count, MatchedSums, Tolerance, choose, match

MINUTE = 60_000_000
TEN = 10 * MINUTE


def counts(*rows: tuple[int, int]) -> list[Count]:
    return sorted(
        Count(minute * MINUTE, voters, (str(i),)) for i, (minute, voters) in enumerate(rows)
    )


def test_two_teams_at_one_moment() -> None:
    """Station 16 of St Petersburg 2021: 260 and 275 counted, 321 announced; both are shown."""
    chosen = choose(counts((1200, 260), (1200, 275)), 1200 * MINUTE, TEN)
    assert chosen is not None
    assert [count.voters for count in chosen.counts] == [260, 275]
    assert chosen.observed == Fraction(535, 2)
    assert chosen.conflict
    assert match(321, chosen.observed, Tolerance()) == ("official_above", Fraction(107, 2))


def test_two_teams_that_agree_are_no_conflict() -> None:
    """Two counts of one moment with one result."""
    chosen = choose(counts((60, 70), (60, 70)), 60 * MINUTE, TEN)
    assert chosen is not None
    assert (len(chosen.counts), int(chosen.observed), chosen.conflict) == (2, 70, False)


def test_nearest_count_is_taken() -> None:
    """The count nearest to the figure's moment, with how far it was from it."""
    chosen = choose(counts((50, 1), (57, 2), (64, 3)), 60 * MINUTE, TEN)
    assert chosen is not None
    assert (int(chosen.observed), chosen.offset) == (2, -3 * MINUTE)


def test_of_two_equally_near_the_later() -> None:
    """A count 5 minutes after beats one 5 minutes before."""
    chosen = choose(counts((55, 1), (65, 2)), 60 * MINUTE, TEN)
    assert chosen is not None
    assert (int(chosen.observed), chosen.offset, chosen.conflict) == (2, 5 * MINUTE, False)


@pytest.mark.parametrize(("minute", "found"), [(50, True), (70, True), (49, False), (71, False)])
def test_ten_minutes_match_and_no_more(minute: int, found: bool) -> None:
    """The pack's minutes, both ends included."""
    assert (choose(counts((minute, 5)), 60 * MINUTE, TEN) is not None) == found


def test_after_the_close_a_count_holds_however_far_it_is() -> None:
    """Closed from 20:00 to 7:00: the count of 20:05 is that of 22:10, and of 20:00 as well."""
    closed, late = (1200 * MINUTE, 1860 * MINUTE), 1330 * MINUTE
    chosen = choose(counts((1190, 400), (1205, 420)), late, TEN, closed)
    assert chosen is not None
    assert (int(chosen.observed), chosen.offset) == (420, -125 * MINUTE)
    early = choose(counts((1199, 400), (1275, 420)), 1200 * MINUTE, TEN, closed)
    assert early is not None
    assert (int(early.observed), early.offset) == (420, 75 * MINUTE)
    assert choose(counts((1190, 400)), late, TEN, closed) is None
    assert choose(counts((1860, 5)), late, TEN, closed) is None
    assert choose(counts((1205, 420)), late, TEN) is None
    near = choose(counts((1199, 400)), 1205 * MINUTE, TEN, closed)
    assert near is not None
    assert int(near.observed) == 400


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=12),
    st.integers(0, 60),
    st.integers(0, 20),
)
def test_choice_is_that_of_a_search_through_all(
    rows: list[tuple[int, int]], as_of: int, within: int
) -> None:
    """The bisection finds what looking at every count finds."""
    given_counts = counts(*rows)
    near = [
        (abs(count.at - as_of * MINUTE), -count.at)
        for count in given_counts
        if abs(count.at - as_of * MINUTE) <= within * MINUTE
    ]
    chosen = choose(given_counts, as_of * MINUTE, within * MINUTE)
    if not near:
        assert chosen is None
        return
    at = -min(near)[1]
    assert chosen is not None
    assert list(chosen.counts) == [count for count in given_counts if count.at == at]


@pytest.mark.parametrize(
    ("official", "observed", "verdict"),
    [
        (105, 100, "within"),
        (106, 100, "official_above"),
        (95, 100, "within"),
        (94, 100, "official_below"),
        (1030, 1000, "within"),
        (1031, 1000, "official_above"),
        (6, 0, "official_above"),
        (0, 0, "within"),
        (None, 5, "no_official"),
        (None, None, "no_official"),
        (5, None, "no_observation"),
    ],
)
def test_tolerance(official: int | None, observed: int | None, verdict: str) -> None:
    """3 % of the count and at least 5 voters; the tolerance itself still passes."""
    assert match(official, observed, Tolerance())[0] == verdict


STATIONS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.booleans()))


@given(STATIONS, STATIONS)
def test_sums_add_up_and_take_away(
    one: list[tuple[int, int, bool]], two: list[tuple[int, int, bool]]
) -> None:
    """A region's sums are its stations' in any order; a withdrawal leaves no trace."""

    def sums(stations: list[tuple[int, int, bool]]) -> MatchedSums:
        made = [
            MatchedSums.of(official, Fraction(observed, 2), Tolerance(), conflict=conflict)
            for official, observed, conflict in stations
        ]
        return sum(made, MatchedSums())

    whole = sums(one + two)
    assert sums(two[::-1]) + sums(one) == whole
    assert whole - sums(two) == sums(one)
    assert whole.above + whole.below <= whole.stations == len(one) + len(two)
    assert whole.gap == sum(o - Fraction(c, 2) for o, c, _ in one + two)
