"""Verdicts: official against observed, in a closed list of words, with family-wise error control.

The family is what the pack says can be compared (regions × checkpoints × contests), never how many
happen to be compared now: a verdict must not change when work moves between workers.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from scipy.special import stdtrit

from streams.turnout import flow as flows
from streams.turnout import level as levels
from streams.turnout.exact import Exact, fraction

Verdict = Literal[
    "no_official",
    "no_observation",
    "too_few",
    "descriptive",
    "incomplete_sample",
    "lonely_stratum",
    "official_above",
    "official_below",
    "within",
    "inconclusive",
]


class Rules(NamedTuple):
    """The pack's constants. ``alpha`` is the error of all verdicts of the election together."""

    regions: int
    checkpoints: int
    contests: int = 1
    alpha: float = 0.01
    margin_points: float = 2.0
    minimum_stations: int = 5
    sample_percent: float = 70.0
    homogeneity: float = levels.HOMOGENEITY

    @property
    def tail(self) -> float:
        """Probability of one tail of one comparison: α / (2·R·C·B)."""
        return self.alpha / (2 * self.regions * self.checkpoints * self.contests)

    @property
    def margin(self) -> Fraction:
        """Smallest gap that counts, part of 1."""
        return fraction(self.margin_points) / 100


@lru_cache(maxsize=4096)
def quantile(tail: float, df: int) -> float:
    """Student's t with ``df`` degrees of freedom that leaves ``tail`` above it."""
    return -float(stdtrit(df, tail))


def quantiles(rules: Rules, dfs: Iterable[int]) -> dict[int, float]:
    """The family's quantile by df: the table that Prometheus joins with."""
    return {df: quantile(rules.tail, df) for df in dfs}


class Comparison(NamedTuple):
    """One place, contest, checkpoint and comparison. All parts of 1 (of the electorate).

    What may not be shown is None: no figure with ``too_few``, no interval with ``descriptive``,
    ``incomplete_sample`` or ``lonely_stratum``. ``half_width`` is the 95 % interval's,
    ``half_width_family`` the one that decides.
    """

    verdict: Verdict
    official: Fraction | None = None
    observed: Fraction | None = None
    gap: Fraction | None = None
    half_width: float | None = None
    half_width_family: float | None = None
    n: int = 0
    df: int | None = None
    ratio: Fraction | None = None


def judge(gap: Exact, half_width: float, margin: Exact) -> Verdict:
    """Above or below only beyond interval and margin, within only if all of the interval is.

    ``half_width`` is the family-wise one. What is neither is ``inconclusive``, never ``within``.
    """
    size, half = abs(Fraction(gap)), Fraction(half_width)
    if size > half and size > margin:
        return "official_above" if gap > 0 else "official_below"
    return "within" if size + half <= margin else "inconclusive"


def compare_level(
    official: Fraction | None,
    strata: Iterable[levels.Stratum],
    rules: Rules,
    *,
    probability: bool = True,
) -> Comparison:
    """Official turnout (part of 1) against a sample of stations.

    ``strata``: a region's, or those of all regions for the country. ``probability`` False: the
    stations were not drawn at random, so they are described and not judged.
    """
    found = levels.estimate(strata)
    n = found.n if found else 0
    silent = _silent(official, n, rules)
    if silent is not None or found is None or official is None:
        return Comparison(silent or "no_observation", official, n=n)
    basis = Comparison("descriptive", official, found.ratio, official - found.ratio, n=n)
    if not probability:
        return basis
    reported = n + found.no_register
    if found.missing or reported * 100 < fraction(rules.sample_percent) * found.drawn:
        return basis._replace(verdict="incomplete_sample")
    return _judged(basis, found.interval_error(rules.homogeneity), found.df, rules)


def compare_flow(
    official: Fraction | None,
    sums: flows.FlowSums,
    hours: Exact,
    rules: Rules,
    *,
    probability: bool = False,
) -> Comparison:
    """Official rate per hour against stations watched within an interval of ``hours``.

    Figures are turnout within the interval (rate × hours). Observers who go where they like are no
    sample: ``descriptive`` unless ``probability`` says that their stations were drawn.
    """
    found = flows.estimate(sums)
    n = found.n if found else 0
    silent = _silent(official, n, rules)
    if silent is not None or found is None or official is None:
        turnout = None if official is None else official * hours
        return Comparison(silent or "no_observation", turnout, n=n)
    ratio, gap = flows.flow_gap(official, found, hours)
    basis = Comparison("descriptive", official * hours, found.rate * hours, gap, n=n, ratio=ratio)
    if not probability:
        return basis
    error = found.interval_error(hours, rules.homogeneity)
    scaled = None if error is None else error * float(hours)
    return _judged(basis, scaled, found.df, rules)


def _silent(official: Fraction | None, n: int, rules: Rules) -> Verdict | None:
    if official is None:
        return "no_official"
    if not n:
        return "no_observation"
    return "too_few" if n < rules.minimum_stations else None


def _judged(basis: Comparison, error: float | None, df: int, rules: Rules) -> Comparison:
    if error is None or df < 1 or basis.gap is None:
        return basis._replace(verdict="lonely_stratum", df=df)
    family = quantile(rules.tail, df) * error
    return basis._replace(
        verdict=judge(basis.gap, family, rules.margin),
        half_width=quantile(0.025, df) * error,
        half_width_family=family,
        df=df,
    )
