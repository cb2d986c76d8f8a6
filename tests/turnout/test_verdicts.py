"""Verdicts: when to speak, and when to stay silent."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.turnout.flow import FlowSums, Watched
from streams.turnout.level import Stratum, Sums
from streams.turnout.proportion import proportion
from streams.turnout.verdicts import (
    Rules,
    Verdict,
    compare_flow,
    compare_level,
    judge,
    quantile,
    quantiles,
)
from tests.sources_of import imported, modules

RULES = Rules(regions=20, checkpoints=6)
HALF = Fraction(1, 2)


def region(k: int, share: Fraction = HALF, population: int = 500, drawn: int = 0) -> Stratum:
    """``k`` stations of 1,000 voters that differ by ± 5 points around ``share``."""
    sums = Sums()
    for i in range(k):
        sums += Sums.of(int(1000 * share) + (50 if i % 2 else -50), 1000)
    return Stratum(sums, population, drawn or k)


def test_estimators_import_nothing_of_ours() -> None:
    """They can be read, and used, without the rest of the house."""
    names = {name for _, tree in modules("streams/turnout") for _, name in imported(tree)}
    ours = {name for name in names if name.split(".")[0] in {"streams", "schemas"}}
    assert ours
    assert {name for name in ours if not name.startswith("streams.turnout")} == set()


def test_closed_list() -> None:
    """The words that the metrics and the tables know."""
    assert len(set(get_args(Verdict))) == 10


@pytest.mark.parametrize(
    ("official", "k", "drawn", "probability", "verdict"),
    [
        (None, 0, 5, True, "no_official"),
        (None, 90, 90, True, "no_official"),
        (HALF, 0, 5, True, "no_observation"),
        (HALF, 4, 4, True, "too_few"),
        (HALF, 4, 4, False, "too_few"),
        (HALF, 90, 90, False, "descriptive"),
        (HALF, 69, 100, True, "incomplete_sample"),
        (HALF, 70, 100, True, "inconclusive"),
        (HALF, 10, 10, True, "inconclusive"),
        (HALF, 400, 400, True, "within"),
        (Fraction(57, 100), 90, 90, True, "official_above"),
        (Fraction(43, 100), 90, 90, True, "official_below"),
    ],
)
def test_level_verdicts(
    official: Fraction | None, k: int, drawn: int, probability: bool, verdict: str
) -> None:
    """Each word in its place; the interval is shown only where the sample allows one."""
    found = compare_level(official, [region(k, drawn=drawn)], RULES, probability=probability)
    assert found.verdict == verdict
    assert found.n == k
    judged = verdict in {"official_above", "official_below", "within", "inconclusive"}
    figure = judged or verdict in {"descriptive", "incomplete_sample", "lonely_stratum"}
    assert (found.half_width is not None) == judged
    assert (found.half_width_family is not None) == judged
    assert (found.observed is not None) == (found.gap is not None) == figure
    if judged:
        assert (found.half_width or 0) < (found.half_width_family or 0)


def test_lonely_stratum() -> None:
    """Figure without interval where one stratum of several stations has one report."""
    lonely = Stratum(Sums.of(500, 1000), 50, 1)
    found = compare_level(HALF, [region(30), lonely], RULES)
    assert (found.verdict, found.half_width, found.observed) == ("lonely_stratum", None, HALF)


def test_only_one_station_of_each_stratum() -> None:
    """Complete strata of one station each leave no degree of freedom: no interval."""
    strata = [Stratum(Sums.of(500, 1000), 1, 1) for _ in range(8)]
    assert compare_level(HALF, strata, RULES).verdict == "lonely_stratum"


def test_stratum_without_report_is_incomplete() -> None:
    """However many reported elsewhere: nobody saw that stratum."""
    assert (
        compare_level(HALF, [region(300), Stratum(Sums(), 10, 2)], RULES).verdict
        == "incomplete_sample"
    )


def test_station_without_register_has_reported() -> None:
    """It is left out of the figure, not of the share of the sample that reported."""
    stratum = region(60, drawn=100)
    more = stratum._replace(sums=stratum.sums + Sums(no_register=10))
    assert compare_level(HALF, [stratum], RULES).verdict == "incomplete_sample"
    assert compare_level(HALF, [more], RULES).verdict != "incomplete_sample"


def test_verdict_of_a_country_from_sums_of_two_workers() -> None:
    """Strata of regions in any order, and sums merged from parts, give the same comparison."""
    north, south = region(40), region(60, Fraction(2, 5), 300)
    half = region(20)
    merged = Stratum(half.sums + half.sums, 500, 40)
    assert compare_level(HALF, [north, south], RULES) == compare_level(HALF, [south, merged], RULES)


@pytest.mark.parametrize(
    ("official", "k", "probability", "verdict"),
    [
        (None, 30, True, "no_official"),
        (Fraction(1, 20), 0, True, "no_observation"),
        (Fraction(1, 20), 3, True, "too_few"),
        (Fraction(1, 20), 30, False, "descriptive"),
        (Fraction(1, 4), 100, True, "official_above"),
        (Fraction(1, 20), 30, True, "inconclusive"),
    ],
)
def test_flow_verdicts(official: Fraction | None, k: int, probability: bool, verdict: str) -> None:
    """Mobile observers describe unless their stations were drawn."""
    sums = FlowSums()
    for i in range(k):
        sums += FlowSums.of(Watched(Fraction(45 + 10 * (i % 2)), 3_600_000_000), 1000)
    found = compare_flow(official, sums, 2, RULES, probability=probability)
    assert found.verdict == verdict
    if found.gap is not None and official is not None:
        assert float(found.gap) == pytest.approx(float(official) * 2 - 0.1, abs=0.001)


SIZE = st.fractions(0, 1)


@given(SIZE, st.floats(0, 1), SIZE)
def test_judgement(gap: Fraction, half: float, margin: Fraction) -> None:
    """Within never reaches the margin; above is beyond both; the sign only turns the word."""
    verdict, mirrored = judge(gap, half, margin), judge(-gap, half, margin)
    if verdict == "within":
        assert gap + Fraction(half) <= margin
        assert mirrored == "within"
    elif verdict == "official_above":
        assert gap > max(Fraction(half), margin)
        assert mirrored == "official_below"
    else:
        assert verdict == mirrored == "inconclusive"


def test_not_significant_is_not_within() -> None:
    """A gap of 5 points that ten stations cannot prove is inconclusive."""
    assert judge(Fraction(5, 100), 0.14, Fraction(2, 100)) == "inconclusive"


def test_family_is_the_packs() -> None:
    """α over two sides, regions, checkpoints and contests."""
    assert Rules(20, 6, 2, alpha=0.05).tail == pytest.approx(0.05 / 480)


@given(st.integers(1, 500), st.floats(1e-7, 0.4))
def test_quantiles_of_students_t(df: int, tail: float) -> None:
    """Equal to scipy.stats, into the far tail."""
    assert quantile(tail, df) == pytest.approx(float(stats.t.isf(tail, df)), rel=1e-7)


def test_table_of_quantiles() -> None:
    """What Prometheus joins with: one quantile a df, falling."""
    table = list(quantiles(RULES, range(1, 50)).values())
    assert table == sorted(table, reverse=True)
    assert quantiles(RULES, [29]) == {29: quantile(RULES.tail, 29)}


@given(st.integers(0, 300), st.integers(0, 300), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_interval(a: int, b: int, level: float) -> None:
    """Equal to scipy.stats' Wilson interval; a sample of nobody has none."""
    count, n = min(a, b), max(a, b)
    found = proportion(count, n, random=True, level=level)
    if not n:
        assert found == (None, 0, None, None)
        return
    expected = stats.binomtest(count, n).proportion_ci(level, method="wilson")
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5)])
def test_no_share(count: int, n: int) -> None:
    """Counts that no sample can have are refused."""
    with pytest.raises(ValueError, match="is not a share"):
        proportion(count, n, random=True)
