"""The estimators give the figures that were computed independently of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any, Final

import pytest
from scipy.special import ndtri

from streams.turnout import flow, level
from streams.turnout.exact import Exact
from streams.turnout.flow import FlowSums, Watched
from streams.turnout.level import Level, Stratum, Sums
from streams.turnout.matched import MatchedSums, Tolerance
from streams.turnout.proportion import proportion
from streams.turnout.verdicts import Rules, judge, quantile

HOUR = 3_600_000_000


def near(value: float, tolerance: float = 1e-9) -> Any:
    return pytest.approx(value, rel=0, abs=tolerance)


FIRST: Final = ([1000, 800, 1200, 500], [420, 400, 700, 150])
SECOND: Final = ([900, 1500, 700], [450, 600, 380])


def stratum(
    registered: Sequence[Exact], voters: Sequence[Exact], population: Exact, drawn: int = 0
) -> Stratum:
    sums = sum((Sums.of(a, m) for a, m in zip(voters, registered, strict=True)), Sums())
    return Stratum(sums, population, drawn)


def estimate(*strata: Stratum, finite: bool = True) -> Level:
    found = level.estimate(strata, finite=finite)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("population", "se"),
    [
        (5 / Fraction(4400, 100000), near(0.04112878233745452)),
        (114, near(0.0411318, 5e-8)),
    ],
)
def test_level_of_one_stratum(population: Exact, se: float) -> None:
    """The textbook's ratio estimator with its error, sampling fraction as given and by stations."""
    found = estimate(stratum([1000, 800, 1200, 500, 900], [420, 400, 700, 150, 450], population))
    assert float(found.ratio) == near(0.4818181818181818)
    assert found.standard_error == se
    assert (found.n, found.df) == (5, 4)


def test_intervals_of_one_stratum() -> None:
    """± by the normal and by Student's t, in points."""
    se = 0.04112878233745452
    assert 100 * se * float(ndtri(0.975)) == near(8.061093, 5e-7)
    assert 100 * se * quantile(0.025, 4) == near(11.419180, 1e-6)


def test_level_of_two_strata() -> None:
    """The combined ratio estimator over strata with their finite population corrections."""
    found = estimate(stratum(*FIRST, 120), stratum(*SECOND, 60))
    assert float(found.ratio) == near(0.47125748502994014)
    assert found.standard_error == near(0.03842111092969111)
    assert found.df == 5


@pytest.mark.parametrize(("finite", "se"), [(False, 0.7413), (True, 0.616)])
def test_mean_of_two_strata_as_in_r(finite: bool, se: float) -> None:
    """R's survey package: mean and its error without and with the correction."""
    one = [Fraction(x, 10) for x in (28, 41, 68, 68, 92)]
    two = [Fraction(x, 10) for x in (37, 66, 42)]
    found = estimate(stratum([1] * 5, [*one], 15), stratum([1] * 3, [*two], 12), finite=finite)
    assert round(float(found.ratio), 4) == 5.4481
    assert found.standard_error == near(se, 6e-5)


def test_flow() -> None:
    """Rate and error of six stations, and the official rate's ratio and gap."""
    counts = [38, 22, 51, 17, 44, 9]
    registered = [1400, 900, 2100, 800, 1600, 500]
    quarters = [4, 3, 4, 2, 4, 2]
    sums = sum(
        (
            FlowSums.of(Watched(Fraction(c), q * HOUR // 4), m)
            for c, m, q in zip(counts, registered, quarters, strict=True)
        ),
        FlowSums(),
    )
    found = flow.estimate(sums)
    assert found is not None
    assert float(found.rate) == near(0.028171206225680933)
    assert found.standard_error == near(0.0018314916228695567)
    assert found.df == 5
    million = 1_000_000
    official = flow.official_rate(
        Fraction(151_200, million), Fraction(214_300, million), 0, 2 * HOUR
    )
    assert official is not None
    ratio, gap = flow.flow_gap(official, found, 2)
    assert ratio is not None
    assert float(ratio) == near(1.1199378453, 5e-11)
    assert float(gap) * 100 == near(0.6757587549, 5e-11)


def test_family_quantile() -> None:
    """Student's t with 5 degrees of freedom for 20 regions at 1 %."""
    assert quantile(Rules(regions=20, checkpoints=1).tail, 5) == near(7.975653419, 5e-10)


def test_matched_stations_of_belarus_2015() -> None:
    """450 stations: 336,577 counted, 368,878 announced."""
    total = MatchedSums()
    for i in range(450):
        observed = 747 + (i < 427)
        official = 819 + (i < 328)
        total += MatchedSums.of(official, observed, Tolerance())
    assert total.stations == 450
    assert (int(total.observed), int(total.official)) == (336_577, 368_878)
    assert total.gap == 32_301


@pytest.mark.parametrize(
    ("observed", "half", "official", "factor", "verdict"),
    [
        ("22.7", "0.7", "22.22", 1, "within"),
        ("50.2", "0.9", "50.6", 1, "within"),
        ("22.7", "0.7", "22.22", 2, "within"),
        ("50.2", "0.9", "50.6", 2, "inconclusive"),
    ],
)
def test_georgia_2024(observed: str, half: str, official: str, factor: int, verdict: str) -> None:
    """A published sample: within by its own intervals, not by intervals twice as wide."""
    gap = Fraction(official) - Fraction(observed)
    assert judge(gap, float(half) * factor, Fraction(2)) == verdict


def test_counts_assessed_negatively() -> None:
    """58 of 128, with Wilson's interval only for a random sample."""
    sample = proportion(58, 128, random=True)
    assert sample.low is not None
    assert sample.high is not None
    assert round(float(sample.share or 0) * 100, 1) == 45.3
    assert (round(sample.low * 100, 2), round(sample.high * 100, 2)) == (36.95, 53.95)
    assert proportion(58, 128, random=False) == (Fraction(58, 128), 128, None, None)


def test_planned_error_by_hand() -> None:
    """Where the sample's own error is below the planned one, intervals take the planned one."""
    found = estimate(stratum([1000] * 10, [300] * 10, 100))
    assert found.standard_error == 0
    assert found.interval_error(0.02) == near(sqrt(0.02 * 0.3 * 0.7 * 0.9 / 10))
    assert found.interval_error(0) == 0
