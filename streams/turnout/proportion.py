"""A share of reports, such as counts assessed negatively: an interval only for a random sample."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import NamedTuple

from scipy.special import ndtri


class Proportion(NamedTuple):
    """``share`` of ``n``, exact; ``low`` and ``high`` are None when descriptive or n = 0."""

    share: Fraction | None
    n: int
    low: float | None
    high: float | None


def proportion(count: int, n: int, *, random: bool, level: float = 0.95) -> Proportion:
    """Share ``count`` of ``n`` with its Wilson interval; without one unless a ``random`` sample.

    The closed form, equal to statsmodels' and scipy.stats' (a test holds it to that), because
    those two cost a worker a second and 100 MB to import. Raises ValueError for counts that no
    sample can have.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is not a share")
    if not n:
        return Proportion(None, 0, None, None)
    if not random:
        return Proportion(Fraction(count, n), n, None, None)
    z = float(ndtri((1 + level) / 2))
    p = count / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = middle - half if count else 0.0
    return Proportion(Fraction(count, n), n, low, middle + half if count < n else 1.0)
