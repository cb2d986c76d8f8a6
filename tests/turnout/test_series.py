"""What one official figure, two of them, or a region's sum say by themselves."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tables.findings import decimal
from streams.turnout.series import (
    MINUTE,
    Figure,
    Mismatch,
    bad_interval,
    falling,
    impossible,
    inconsistent,
    jump,
    minutes_open,
    overdue,
    printed,
    register_changed,
    rise,
    sum_mismatch,
    summed_by,
)


@pytest.mark.parametrize(
    ("voted", "registered", "percent", "found"),
    [
        (258, 1620, "15.93", False),  # 15.9259… rounded
        (258, 1620, "15.92", False),  # cut off
        (258, 1620, "15.94", True),
        (258, 1620, "15.91", True),
        (258, 1620, "16", False),
        (258, 1620, "15", False),
        (258, 1620, "17", True),
        (258, 0, "15.93", False),
        (0, 0, "0.00", False),
        (258, None, "15.93", False),
        (None, 1620, "15.93", False),
        (258, 1620, None, False),
    ],
)
def test_percent_beyond_the_printed_digits(
    voted: int | None, registered: int | None, percent: str | None, found: bool
) -> None:
    """Rounded or cut off to its digits is consistent; a register of zero is not divided by."""
    assert (inconsistent(Figure(voted, registered, percent)) is not None) == found


def test_inconsistent_shows_both() -> None:
    """The percentage as published, and what the counts make it."""
    assert inconsistent(Figure(100, 200, "51.0")) == Mismatch(Fraction(51), Fraction(50))


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(0, 4))
def test_rounded_percentages_are_consistent(voted: int, registered: int, digits: int) -> None:
    """Whatever Python's exact rounding prints of the counts is no finding."""
    scaled = round(Fraction(100 * voted * 10**digits, registered))
    text = f"{scaled // 10**digits}.{scaled % 10**digits:0{digits}d}" if digits else str(scaled)
    assert inconsistent(Figure(voted, registered, text)) is None


percents = st.from_regex(r"\A[0-9]{1,4}(\.[0-9]{1,8})?\Z")


@given(st.integers(0, 5000), st.integers(1, 5000), percents)
def test_what_is_multiplied_out_is_what_fractions_say(
    voted: int, registered: int, percent: str
) -> None:
    """The bounds by their definition: rounded to the last digit, or cut off there."""
    unit = Fraction(1, 10 ** len(percent.partition(".")[2]))
    low, high = Fraction(percent) - unit / 2, Fraction(percent) + unit
    assert printed(percent) == (low, high)
    share = Fraction(100 * voted, registered)
    wrong = inconsistent(Figure(voted, registered, percent))
    assert wrong == (None if low <= share < high else Mismatch(Fraction(percent), share))
    assert impossible(Figure(percent=percent)) == (Fraction(percent) > 100)


@given(st.integers(0, 10**6), st.integers(1, 10**5), percents)
def test_a_decimal_is_rounded_to_even(numerator: int, denominator: int, percent: str) -> None:
    """Two digits more than were printed, as exact rounding gives them."""
    digits = len(percent.partition(".")[2]) + 2
    value = Fraction(numerator, denominator)
    assert Fraction(decimal(value, percent)) == round(value, digits)
    assert len(decimal(value, percent).partition(".")[2]) == digits


@given(st.integers(-100, 5000), st.fractions(0, 1000), st.integers(1, 9), st.fractions(0, 10))
def test_a_jump_is_more_than_can_be_served(
    new: int, minutes: Fraction, stations: int, rate: Fraction
) -> None:
    """Whole minutes or parts of one, exactly at the limit too."""
    found = jump(Figure(voted=100), Figure(voted=100 + new), minutes, stations, rate)
    possible = rate * stations * minutes
    assert found == (Mismatch(Fraction(new), possible) if new > possible else None)


@pytest.mark.parametrize(
    ("figure", "found"),
    [
        (Figure(voted=11, registered=10), True),
        (Figure(voted=10, registered=10, percent="100.00"), False),
        (Figure(percent="100.01"), True),
        (Figure(voted=1, registered=0), True),
        (Figure(voted=0, registered=0), False),
        (Figure(voted=5), False),
        (Figure(), False),
    ],
)
def test_impossible(figure: Figure, found: bool) -> None:
    """More voters than registered, or above 100 %."""
    assert impossible(figure) == found


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (1000, 1001, False),
        (1000, 1002, True),
        (1000, 998, True),
        (1000, 999, False),
        (0, 0, False),
        (0, 1, True),
        (1, 0, True),
        (None, 5, False),
        (5, None, False),
    ],
)
def test_register_changed(before: int | None, after: int | None, found: bool) -> None:
    """By more than 0.1 % of what it was; exactly 0.1 % is not."""
    assert register_changed(before, after) == found


@pytest.mark.parametrize(
    ("before", "after", "stations", "found"),
    [
        (Figure(100), Figure(220), 1, None),
        (Figure(100), Figure(221), 1, (121, 120)),
        (Figure(100), Figure(50), 1, None),
        (Figure(100), Figure(900), None, None),
        (Figure(percent="10.0"), Figure(percent="80.0", registered=1000), 1, True),
        (Figure(percent="10.0"), Figure(percent="22.0", registered=1000), 1, None),
        (Figure(percent="10.0"), Figure(percent="80.0"), 1, None),
        (Figure(100), Figure(percent="80.0", registered=1000), 1, None),
    ],
)
def test_jump(
    before: Figure, after: Figure, stations: int | None, found: tuple[int, int] | bool | None
) -> None:
    """Above 2 voters per minute and station in an hour; by counts, else by percentages."""
    got = jump(before, after, 60, stations)
    assert (got is not None) == (found is not None)
    if got is not None and isinstance(found, tuple):
        assert (int(got.published), int(got.expected)) == found


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (Figure(100, percent="1"), Figure(90, 1000, "99"), -10),
        (Figure(percent="10.0"), Figure(percent="80.0", registered=1000), Fraction(6985, 10)),
        (Figure(percent="10.0"), Figure(percent="80.0"), None),
        (Figure(percent="10.0"), Figure(percent="80.0", registered=0), None),
        (Figure(100), Figure(percent="80.0", registered=1000), None),
    ],
)
def test_rise(before: Figure, after: Figure, new: Fraction | None) -> None:
    """By counts where both have them; else the least that the printed percentages stand for."""
    assert rise(before, after) == new


TWO_DAYS = ((60 * MINUTE, 120 * MINUTE), (200 * MINUTE, 300 * MINUTE))


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [(0, 60, 0), (0, 61, 1), (70, 80, 10), (110, 210, 20), (0, 999, 160), (120, 200, 0)],
)
def test_minutes_open(since: int, until: int, minutes: int) -> None:
    """What lies before, between and after the days is none; a part of a minute is one."""
    assert minutes_open(TWO_DAYS, since * MINUTE, until * MINUTE) == minutes
    assert minutes_open(TWO_DAYS, since * MINUTE, until * MINUTE + MINUTE // 2) in (
        minutes,
        minutes + Fraction(1, 2),
    )
    assert minutes_open((), since * MINUTE, until * MINUTE) == 0


@pytest.mark.parametrize(
    ("total", "parts", "found"),
    [
        (Figure(30), [Figure(10), Figure(20)], None),
        (Figure(31), [Figure(10), Figure(20)], (31, 30)),
        (Figure(31), [Figure(10), None], None),
        (Figure(31), [Figure(10), Figure(percent="3")], None),
        (Figure(31), [], None),
        (Figure(percent="50.0"), [Figure(percent="40.0"), Figure(percent="55.5")], None),
        (Figure(percent="56.0"), [Figure(percent="40.0"), Figure(percent="55.5")], True),
        (Figure(percent="39.0"), [Figure(percent="40.0"), Figure(percent="55.5")], True),
        (Figure(percent="50"), [Figure(None, 100, "40"), Figure(None, 100, "60")], None),
        (Figure(percent="55"), [Figure(None, 100, "40"), Figure(None, 100, "60")], True),
        (Figure(percent="55"), [Figure(None, 100, "40"), Figure(None, 300, "60")], None),
        (Figure(percent="50"), [Figure(None, 0, "40"), Figure(None, 0, "60")], None),
    ],
)
def test_sum_mismatch(
    total: Figure, parts: list[Figure | None], found: tuple[int, int] | bool | None
) -> None:
    """Counts add up; percentages within what the printed ones can stand for; only when complete."""
    got = sum_mismatch(total, parts)
    assert (got is not None) == (found is not None)
    if got is not None and isinstance(found, tuple):
        assert (int(got.published), int(got.expected)) == found


def test_a_sum_with_an_unknown_part() -> None:
    """Which can only add voters, and whose weight nobody knows."""
    parts = [Figure(10, 100, "10"), Figure(20, 100, "20")]
    assert sum_mismatch(Figure(31), parts, complete=False) is None
    assert sum_mismatch(Figure(29), parts, complete=False) == Mismatch(Fraction(29), Fraction(30))
    shares = [part._replace(voted=None) for part in parts]
    assert sum_mismatch(Figure(percent="19"), shares) is not None
    assert sum_mismatch(Figure(percent="19"), shares, complete=False) is None
    assert sum_mismatch(Figure(percent="31"), shares, complete=False) is not None


def test_what_a_sum_is_made_of() -> None:
    """Voters before percentages; nothing when a part is not there yet."""
    both = Figure(1, percent="1")
    assert summed_by(both, [both, both]) == "voted"
    assert summed_by(both, [both, Figure(percent="1")]) == "percent"
    assert summed_by(both, [Figure(1), Figure(percent="1")]) is None
    assert summed_by(both, [both, None]) is None
    assert summed_by(both, []) is None


def test_overdue() -> None:
    """More than the pack's minutes after the checkpoint, and only without a figure."""
    assert not overdue(0, 90 * MINUTE, 90, published=False)
    assert overdue(0, 90 * MINUTE + 1, 90, published=False)
    assert not overdue(0, 900 * MINUTE, 90, published=True)


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (5, "no_length"),
        (4, "no_length"),
        (6, None),
        (5 + 840 * MINUTE, None),
        (6 + 840 * MINUTE, "too_long"),
    ],
)
def test_bad_interval(until: int, why: str | None) -> None:
    """No length, or over 14 hours."""
    assert bad_interval(5, until) == why


def test_falling_count() -> None:
    """An observer's cumulative count that falls is shown with the one before it."""
    assert falling([(1, 10), (2, 10), (3, 9)]) == ((2, 10), (3, 9))
    assert falling([(1, 10), (2, 11)]) is None
    assert falling([]) is None
