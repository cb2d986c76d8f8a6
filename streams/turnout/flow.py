"""Flow: voters per hour at stations watched for part of an interval between two checkpoints.

Station i counted c_i voters during h_i hours and has m_i registered; exposure e_i = m_i·h_i. The
observed rate r = Σc/Σe (per registered voter and hour) has the standard error of a ratio of k
clusters, all counts of a station first added up:

    se(r) = sqrt( Σ(c_i − r·e_i)² / (k − 1) / k ) / ē          df k − 1

Counts that cross a checkpoint are split in proportion to time, in exact fractions. Intervals for
verdicts are never narrower than planned (:mod:`streams.turnout.level` says why): the stations'
homogeneity ρ for the turnout x = r·T of the interval, and the Poisson error of the count itself,

    var ≥ ρ·x̃(1 − x̃)/T² · Σe² / (Σe)² + r / Σe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from streams.turnout.exact import HOUR, Exact
from streams.turnout.level import HOMOGENEITY, spread

Polls = Sequence[tuple[int, int]]


class Part(NamedTuple):
    """The part of a count between two checkpoints: ``since`` to ``until``, of ``length`` µs."""

    since: int
    until: int
    voters: Fraction
    length: int


def while_open(since: int, until: int, voters: int, polls: Polls) -> Iterator[Part]:
    """A count from ``since`` to ``until`` (µs), over its time with open polls alone.

    Nobody votes behind a closed door: who watched from half an hour before the opening saw its
    voters in the rest of the time. ``polls``: (open, close) of each day, in order; empty: not
    known, the count stays whole. Nothing where the count has no length with open polls.
    """
    pieces = [(max(since, opens), min(until, close)) for opens, close in polls]
    pieces = [(a, b) for a, b in pieces if b > a] if polls else [(since, until)]
    total = sum(b - a for a, b in pieces)
    for a, b in pieces if total > 0 else ():
        yield Part(a, b, Fraction(voters * (b - a), total), b - a)


def split(since: int, until: int, voters: Exact, checkpoints: Sequence[int]) -> Iterator[Part]:
    """A count from ``since`` to ``until`` (µs) over the intervals between ``checkpoints``.

    ``checkpoints`` ascend. What lies before the first or after the last belongs to no interval and
    is left out. A count without positive length has no parts.
    """
    for start, end in pairwise(checkpoints):
        length = min(until, end) - max(since, start)
        if length > 0:
            yield Part(start, end, Fraction(voters) * length / (until - since), length)


@dataclass(frozen=True, slots=True)
class Watched:
    """All counts at one station within one interval: voters and µs watched; adds, takes away."""

    voters: Fraction = Fraction(0)
    length: int = 0

    def __add__(self, other: Watched) -> Watched:
        return Watched(self.voters + other.voters, self.length + other.length)

    def __sub__(self, other: Watched) -> Watched:
        return Watched(self.voters - other.voters, self.length - other.length)


@dataclass(frozen=True, slots=True)
class FlowSums:
    """Sums over the stations watched in one interval, exact; they add and take away.

    ``e`` in registered·hours. A station whose counts change: take its old sums away, add the new.
    """

    k: int = 0
    c: Exact = 0
    e: Exact = 0
    cc: Exact = 0
    ce: Exact = 0
    ee: Exact = 0
    no_register: int = 0

    @classmethod
    def of(cls, watched: Watched, registered: Exact | None) -> FlowSums:
        """One station; nothing where it was not watched, ``no_register`` without a register."""
        if watched.length <= 0:
            return cls()
        if not registered:
            return cls(no_register=1)
        c, e = watched.voters, Fraction(registered) * watched.length / HOUR
        return cls(1, c, e, c * c, c * e, e * e)

    def __add__(self, other: FlowSums) -> FlowSums:
        return FlowSums(
            self.k + other.k,
            self.c + other.c,
            self.e + other.e,
            self.cc + other.cc,
            self.ce + other.ce,
            self.ee + other.ee,
            self.no_register + other.no_register,
        )

    def __sub__(self, other: FlowSums) -> FlowSums:
        return FlowSums(
            self.k - other.k,
            self.c - other.c,
            self.e - other.e,
            self.cc - other.cc,
            self.ce - other.ce,
            self.ee - other.ee,
            self.no_register - other.no_register,
        )


class Flow(NamedTuple):
    """Observed ``rate`` (voters per registered voter and hour, exact) of ``n`` stations.

    ``variance`` is None for one station; ``unit`` is Σe²/(Σe)², ``exposure`` Σe.
    """

    rate: Fraction
    variance: float | None
    unit: float
    exposure: Fraction
    n: int
    df: int
    no_register: int

    @property
    def standard_error(self) -> float | None:
        """Of the rate, from the differences between stations."""
        return None if self.variance is None else sqrt(self.variance)

    def interval_error(self, hours: Exact, homogeneity: float = HOMOGENEITY) -> float | None:
        """Standard error of the rate that intervals use, never below the planned one."""
        if self.variance is None:
            return None
        stations = spread(self.rate * hours, self.n) / float(hours) ** 2 * self.unit
        planned = homogeneity * stations + float(self.rate / self.exposure)
        return sqrt(max(self.variance, planned))


def estimate(sums: FlowSums) -> Flow | None:
    """The observed rate; None where no station with a register was watched."""
    if not sums.k:
        return None
    c, e, k = Fraction(sums.c), Fraction(sums.e), sums.k
    rate = c / e
    squares = sums.cc - 2 * rate * sums.ce + rate * rate * sums.ee
    return Flow(
        rate=rate,
        variance=float(squares * k / ((k - 1) * e * e)) if k > 1 else None,
        unit=float(sums.ee / (e * e)),
        exposure=e,
        n=k,
        df=k - 1,
        no_register=sums.no_register,
    )


def official_rate(before: Exact, after: Exact, since: int, until: int) -> Fraction | None:
    """Official voters per registered voter and hour between two checkpoints (µs).

    ``before`` and ``after`` are turnouts as parts of 1: see :func:`streams.turnout.exact.share`.
    None where no time passed. Negative where the series falls.
    """
    return (Fraction(after) - before) * HOUR / (until - since) if until > since else None


class FlowGap(NamedTuple):
    """Official against observed: ``ratio`` R/r (None when nobody was seen) and ``gap`` (R − r)·T.

    The gap is a part of 1 of the electorate.
    """

    ratio: Fraction | None
    gap: Fraction


def flow_gap(official: Fraction, flow: Flow, hours: Exact) -> FlowGap:
    """The two differences of an official rate and an observed one over ``hours``."""
    ratio = official / flow.rate if flow.rate else None
    return FlowGap(ratio, (official - flow.rate) * hours)
