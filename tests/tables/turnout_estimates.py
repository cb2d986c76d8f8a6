"""The naive model's estimates of turnout: the textbook's formulas, station by station.

In fractions until a root or a quantile is taken; nothing is made from running sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple

from scipy.special import stdtrit

from schemas.pack import Pack
from tests.tables.spelling import Json


class Pair(NamedTuple):
    """A station: voters and its register, or its exposure; None: nobody knows it."""

    a: Fraction
    m: Fraction | None


class Drawn(NamedTuple):
    """A stratum: the stations that reported, K, and how many were drawn."""

    pairs: list[Pair]
    size: int
    drawn: int


def usable(pairs: Sequence[Pair]) -> list[tuple[Fraction, Fraction]]:
    return [(a, m) for a, m in pairs if m is not None]


class Estimates:
    """Figures and verdicts by the pack's thresholds."""

    def __init__(self, pack: Pack) -> None:
        self.rules: Any = pack.judgement.turnout
        self.homogeneity = Fraction(str(self.rules.homogeneity))
        family = len(pack.region_codes()) + 1
        family *= max(1, len(pack.checkpoints)) * len(pack.contests)
        self.tail = self.rules.alpha / (2 * family)

    def level(self, official: Fraction | None, strata: list[Drawn], probability: bool) -> Json:
        """Cochran's combined ratio estimator."""
        sizes = [(one, len(usable(one.pairs))) for one in strata]
        reporting = [(k, max(one.size, k), usable(one.pairs)) for one, k in sizes if k]
        n = sum(k for k, _, _ in reporting)
        row: Json = {"official": official, "n": n, "verdict": self.silence(official, n)}
        if row["verdict"] or official is None:
            return row
        zero = Fraction(0)
        total = sum(
            (Fraction(size, k) * sum(m for _, m in own) for k, size, own in reporting), zero
        )
        voted = sum(
            (Fraction(size, k) * sum(a for a, _ in own) for k, size, own in reporting), zero
        )
        p = voted / total
        gap = official - p
        row |= {"observed": p, "gap": gap, "verdict": "descriptive"}
        if not probability:
            return row
        missing = any(one.size and not k for one, k in sizes)
        if missing or self.is_incomplete(
            sum(len(one.pairs) for one in strata), sum(one.drawn for one in strata)
        ):
            return row | {"verdict": "incomplete_sample"}
        variance, unit = zero, zero
        for k, size, own in reporting:
            weight = Fraction(size, k) ** 2 * (1 - Fraction(k, size)) / total**2
            unit += weight * sum(m * m for _, m in own)
            if k > 1:
                residuals = [a - p * m for a, m in own]
                mean = sum(residuals, zero) / k
                squares = sum(((d - mean) ** 2 for d in residuals), zero)
                variance += weight * k * squares / (k - 1)
        planned = self.homogeneity * away(p, n) * unit
        lonely = any(k == 1 < size for k, size, _ in reporting)
        error = None if lonely else sqrt(max(variance, planned))
        return row | self.judged(gap, error, n - len(reporting))

    def flow(
        self,
        official: Fraction | None,
        pairs: list[Pair],
        hours: Fraction,
        probability: bool,
        drawn: int,
    ) -> Json:
        """The ratio of clusters' totals; turnouts within an interval of ``hours``."""
        own = usable(pairs)
        n = len(own)
        row: Json = {"official": official, "n": n, "verdict": self.silence(official, n)}
        if row["verdict"] or official is None:
            return row
        exposure = sum((e for _, e in own), Fraction(0))
        rate = sum(c for c, _ in own) / exposure
        gap = official - rate * hours
        row |= {"observed": rate * hours, "gap": gap, "verdict": "descriptive"}
        row["ratio"] = official / (rate * hours) if rate else None
        if not probability:
            return row
        if self.is_incomplete(len(pairs), drawn):
            return row | {"verdict": "incomplete_sample"}
        error = None
        if n > 1:
            mean = exposure / n
            variance = sum((c - rate * e) ** 2 for c, e in own) / (n - 1) / n / mean**2
            stations = self.homogeneity * away(rate * hours, n) / hours**2
            stations *= sum(e * e for _, e in own) / exposure**2
            error = sqrt(max(variance, stations + rate / exposure)) * float(hours)
        return row | self.judged(gap, error, n - 1)

    def silence(self, official: Fraction | None, n: int) -> str | None:
        """Why no figure is shown."""
        if official is None:
            return "no_official"
        if not n:
            return "no_observation"
        return "too_few" if n < self.rules.minimum_stations else None

    def is_incomplete(self, reported: int, drawn: int) -> bool:
        """Whether too few of the drawn stations have reported."""
        return reported * 100 < Fraction(str(self.rules.sample_percent)) * drawn

    def judged(self, gap: Fraction, error: float | None, df: int) -> Json:
        """With a sample: intervals, and the verdict by the family-wise one."""
        if error is None or df < 1:
            return {"verdict": "lonely_stratum", "df": df}
        wide = -error * float(stdtrit(df, self.tail))
        row = {"half_width": -error * float(stdtrit(df, 0.025)), "half_width_family": wide}
        margin = Fraction(str(self.rules.margin_points)) / 100
        verdict = "within" if abs(gap) + Fraction(wide) <= margin else "inconclusive"
        if abs(gap) > margin and abs(gap) > Fraction(wide):
            verdict = "official_above" if gap > 0 else "official_below"
        return row | {"df": df, "verdict": verdict}

    def matched(self, official: Fraction | None, observed: Fraction) -> Json:
        """Voters at the same door: by tolerance alone."""
        row: Json = {"official": official, "observed": observed, "above": 0, "below": 0}
        if official is None:
            return row | {"verdict": "no_official"}
        gap = official - observed
        percent = Fraction(str(self.rules.matched_percent))
        tolerance = max(Fraction(self.rules.matched_votes), percent * observed / 100)
        row |= {"gap": gap, "above": int(gap > tolerance), "below": int(-gap > tolerance)}
        verdict = "official_above" if row["above"] else "official_below" if row["below"] else ""
        return row | {"verdict": verdict or "within"}


def away(p: Fraction, n: int) -> Fraction:
    """p(1 − p) with p kept 1/n away from 0 and 1."""
    edge = min(Fraction(1, n), Fraction(1, 2))
    p = max(edge, min(p, 1 - edge))
    return p * (1 - p)
