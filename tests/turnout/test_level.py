"""The level estimator against an independent implementation, exact enumeration, and its rules."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product
from math import isfinite, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.turnout.exact import register, share
from streams.turnout.level import Level, Stratum, Sums, estimate
from tests.turnout.oracle import answers, designs

STATION = st.tuples(st.integers(0, 5000), st.integers(0, 5000))
STRATA = st.lists(
    st.tuples(st.lists(STATION, max_size=6), st.integers(0, 20), st.integers(0, 20)), max_size=5
)


def sums(stations: list[tuple[int, int]]) -> Sums:
    return sum((Sums.of(a, m) for a, m in stations), Sums())


def known(strata: list[Stratum]) -> Level:
    found = estimate(strata)
    assert found is not None
    return found


def test_equal_to_an_independent_implementation() -> None:
    """1,000 random designs of strata, unequal sizes and finite population correction."""
    asked = answers()
    assert len(asked) == 1000
    for layers, (ratio, error) in zip(designs(), asked, strict=True):
        found = known(
            [
                Stratum(sums(list(zip(a, m, strict=True))), population, len(a))
                for population, a, m in layers
            ]
        )
        assert float(found.ratio) == pytest.approx(ratio, rel=1e-12)
        assert found.standard_error == pytest.approx(error, rel=1e-9, abs=1e-12)


SMALL = (
    [(420, 1000), (400, 800), (700, 1200), (150, 500), (450, 900), (300, 950)],
    [(450, 900), (600, 1500), (380, 700), (500, 1000), (90, 400)],
)


def test_over_all_samples_of_a_small_population() -> None:
    """All 200 samples of two strata: unbiased as the linearisation is, and so is its variance.

    Equal registers make the ratio a mean: then both hold exactly. With unequal ones the bias of
    p is below a tenth of its true error, and the mean variance within 20 % of the true one.
    """
    for equal in (True, False):
        layers = [[(a, 1000 if equal else m) for a, m in layer] for layer in SMALL]
        truth = Fraction(sum(a for x in layers for a, _ in x), sum(m for x in layers for _, m in x))
        found = [
            known(
                [Stratum(sums(list(s)), len(x), len(s)) for s, x in zip(both, layers, strict=True)]
            )
            for both in product(combinations(layers[0], 3), combinations(layers[1], 3))
        ]
        assert len(found) == 200
        mean = sum((one.ratio for one in found), Fraction(0)) / len(found)
        real = float(sum((one.ratio - mean) ** 2 for one in found) / len(found))
        linearised = sum(one.variance or 0 for one in found) / len(found)
        if equal:
            assert mean == truth
            assert linearised == pytest.approx(real, rel=1e-12)
        else:
            assert abs(float(mean - truth)) < 0.1 * sqrt(real)
            assert linearised == pytest.approx(real, rel=0.2)


@given(st.lists(STATION), st.lists(STATION))
def test_sums_add_up_and_take_away(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    """Sums of parts are the sums of the whole, in any order, and a withdrawal leaves no trace."""
    whole = sums(one + two)
    assert sums(one) + sums(two) == whole == sums(two[::-1] + one[::-1])
    assert whole - sums(two) == sums(one)


@given(STRATA, st.randoms(use_true_random=False))
def test_total_and_independent_of_order(
    strata: list[tuple[list[tuple[int, int]], int, int]], random: object
) -> None:
    """Any strata give finite figures or None; their order changes no bit."""
    made = [Stratum(sums(stations), size, drawn) for stations, size, drawn in strata]
    found = estimate(made)
    mixed = made[:]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert estimate(mixed) == found
    if found is None:
        assert not any(m for stations, _, _ in strata for _, m in stations)
        return
    assert found.n == sum(1 for stations, _, _ in strata for _, m in stations if m)
    assert found.no_register == sum(1 for stations, _, _ in strata for _, m in stations if not m)
    assert isfinite(found.unit)
    assert found.unit >= 0
    error = found.interval_error()
    if found.variance is None:
        assert error is None
    else:
        assert found.variance >= 0
        assert error is not None
        assert isfinite(error)
        assert error >= sqrt(found.variance)


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900)), min_size=2, max_size=20),
    st.integers(2, 50),
)
def test_scale(stations: list[tuple[int, int]], factor: int) -> None:
    """Stations that are all larger by one factor have the same turnout with the same error."""
    small = known([Stratum(sums(stations), 40, 20)])
    large = known([Stratum(sums([(a * factor, m * factor) for a, m in stations]), 40, 20)])
    assert large.ratio == small.ratio
    assert large.variance == small.variance


def test_country_is_the_strata_of_its_regions() -> None:
    """The estimate of a country weighs each region by its stations, not by who reported."""
    north = Stratum(sums([(500, 1000), (500, 1000)]), 300, 2)
    south = Stratum(sums([(200, 1000)] * 8), 100, 8)
    assert known([north, south]).ratio == Fraction(500 * 3 + 200, 4000)


def test_complete_stratum_has_no_error_and_is_not_lonely() -> None:
    """A stratum that reported completely, even of one station, leaves the variance known."""
    found = known([Stratum(sums([(5, 10)]), 1, 1), Stratum(sums([(4, 10), (6, 10)]), 2, 2)])
    assert found.variance == 0


def test_lonely_stratum() -> None:
    """One station of several says nothing about its stratum's differences."""
    found = known([Stratum(sums([(5, 10)]), 9, 1), Stratum(sums([(4, 10), (6, 10)]), 20, 2)])
    assert found.ratio == Fraction(1, 2)
    assert found.variance is None
    assert found.standard_error is None
    assert found.interval_error() is None


def test_stratum_without_reports_is_missing() -> None:
    """A stratum of the design that nobody reported from is told, with what was drawn there."""
    found = known([Stratum(Sums(), 50, 7), Stratum(sums([(4, 10), (6, 10)]), 20, 3)])
    assert (found.missing, found.drawn) == (1, 10)


def test_more_reports_than_the_pack_has_stations() -> None:
    """A stratum never has fewer stations than reported: no negative variance."""
    assert known([Stratum(sums([(4, 10), (6, 10), (1, 10)]), 2, 2)]).variance == 0


@pytest.mark.parametrize("voters", [0, 100])
def test_no_voters_yet_is_not_certainty(voters: int) -> None:
    """Stations that all say 0 % or 100 % still leave an interval."""
    found = known([Stratum(sums([(voters, 100)] * 10), 500, 10)])
    assert found.standard_error == 0
    assert (found.interval_error() or 0) > 0.01


@pytest.mark.parametrize(
    ("reported", "listed", "used"), [(900, 800, 900), (None, 800, 800), (0, 800, 800), (0, 0, None)]
)
def test_register_of_a_station(reported: int | None, listed: int | None, used: int | None) -> None:
    """The report's register, else the pack's; zero is none."""
    assert register(reported, listed) == used


@pytest.mark.parametrize(
    ("voted", "registered", "percent", "expected"),
    [
        (50, 200, "25.1", Fraction(1, 4)),
        (50, 0, "25.1", Fraction(251, 1000)),
        (50, None, None, None),
        (None, 200, "25.1", Fraction(251, 1000)),
    ],
)
def test_official_share(
    voted: int | None, registered: int | None, percent: str | None, expected: Fraction | None
) -> None:
    """From the counts where both are there, else as printed, else nothing."""
    assert share(voted, registered, percent) == expected
