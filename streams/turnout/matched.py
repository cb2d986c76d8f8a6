"""Matched stations: one station's independent count against its own official figure.

These are the same people at the same door: there is no sampling error, the verdict is by tolerance
alone and never ``too_few``. What a commission *told* observers goes through the same functions and
is kept in sums of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Literal, NamedTuple

from streams.turnout.exact import Exact, fraction

MatchVerdict = Literal[
    "no_official", "no_observation", "official_above", "official_below", "within"
]


class Count(NamedTuple):
    """Voters counted since opening at one station at ``at`` (µs); ``ref`` says whose count it is.

    Counts sort by moment: a station's counts are a sorted list.
    """

    at: int
    voters: int
    ref: tuple[str, ...] = ()


class Choice(NamedTuple):
    """The count that meets an official figure: ``counts`` are all of that moment.

    ``observed`` is their median; ``offset`` is its moment − ``as_of`` in µs; ``conflict`` says
    that the counts of that moment differ.
    """

    counts: tuple[Count, ...]
    observed: Fraction
    offset: int
    conflict: bool


def choose(
    counts: Sequence[Count], as_of: int, within: int, closed: tuple[int, int] | None = None
) -> Choice | None:
    """The count nearest to ``as_of``, at most ``within`` µs away; None where there is none.

    ``counts`` is sorted; O(log n) and the counts of one moment. Of two moments equally near the
    later one is taken: it holds more voters, so the choice itself never makes a gap upwards.
    ``closed``: from when to when (µs) polls are closed around ``as_of``; None: they are open.
    Nobody votes meanwhile, so a count of that time holds, however far it is from ``as_of``.
    """
    if closed is not None:
        final = counts[bisect_left(counts, (closed[0],)) : bisect_left(counts, (closed[1],))]
        if final:
            return choose(final, as_of, closed[1] - closed[0])
    after = bisect_left(counts, (as_of,))
    moments = [counts[i].at for i in (after, after - 1) if 0 <= i < len(counts)]
    if not moments:
        return None
    at = min(moments, key=lambda moment: abs(moment - as_of))
    return None if abs(at - as_of) > within else _at(counts, at, as_of)


def _at(counts: Sequence[Count], at: int, as_of: int) -> Choice:
    """All counts of the moment ``at``, of which there is one at least."""
    first, end = bisect_left(counts, (at,)), bisect_left(counts, (at + 1,))
    chosen = tuple(counts[first:end])
    voters = [Fraction(count.voters) for count in chosen]
    return Choice(chosen, median(voters), at - as_of, len(set(voters)) > 1)


class Tolerance(NamedTuple):
    """What may differ at one station: ``percent`` of the count, and at least ``votes`` voters."""

    percent: float = 3.0
    votes: int = 5

    def of(self, observed: Exact) -> Fraction:
        """The tolerated difference at a count of ``observed``."""
        return max(Fraction(self.votes), fraction(self.percent) * observed / 100)


def match(
    official: Exact | None, observed: Exact | None, tolerance: Tolerance
) -> tuple[MatchVerdict, Fraction | None]:
    """Verdict and gap (official − observed, voters) of one station; the tolerance itself passes."""
    if official is None:
        return "no_official", None
    if observed is None:
        return "no_observation", None
    gap = Fraction(official) - observed
    if abs(gap) <= tolerance.of(observed):
        return "within", gap
    return ("official_above" if gap > 0 else "official_below"), gap


@dataclass(frozen=True, slots=True)
class MatchedSums:
    """Sums over the matched stations of a region, exact; they add and take away."""

    stations: int = 0
    official: Fraction = Fraction(0)
    observed: Fraction = Fraction(0)
    above: int = 0
    below: int = 0
    conflicts: int = 0

    @classmethod
    def of(
        cls, official: Exact, observed: Exact, tolerance: Tolerance, *, conflict: bool = False
    ) -> MatchedSums:
        """One station."""
        verdict, _ = match(official, observed, tolerance)
        return cls(
            stations=1,
            official=Fraction(official),
            observed=Fraction(observed),
            above=int(verdict == "official_above"),
            below=int(verdict == "official_below"),
            conflicts=int(conflict),
        )

    @property
    def gap(self) -> Fraction:
        """Official − observed over all matched stations, voters."""
        return self.official - self.observed

    def __add__(self, other: MatchedSums) -> MatchedSums:
        return MatchedSums(
            self.stations + other.stations,
            self.official + other.official,
            self.observed + other.observed,
            self.above + other.above,
            self.below + other.below,
            self.conflicts + other.conflicts,
        )

    def __sub__(self, other: MatchedSums) -> MatchedSums:
        return MatchedSums(
            self.stations - other.stations,
            self.official - other.official,
            self.observed - other.observed,
            self.above - other.above,
            self.below - other.below,
            self.conflicts - other.conflicts,
        )
