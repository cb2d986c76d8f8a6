"""Student's t quantiles for Prometheus, which has no such function.

Up to ``TABLE`` degrees of freedom a constant series each, joined by the label ``df``. Beyond, a
polynomial in 1/df: the quantile is a smooth function of it down to 1/df = 0, the normal quantile,
so that interpolation at a few Chebyshev nodes comes within 1e-12 of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import cos, pi
from typing import Final, NamedTuple

from scipy.special import stdtrit

from schemas.pack import Pack
from streams.rules.model import Recording
from streams.tables.sample import rules
from streams.turnout.verdicts import quantile

TABLE: Final = 40
QUANTILE: Final = "election_t_quantile"
_NODES: Final = 9


def tails(pack: Pack) -> dict[str, float]:
    """Level → the probability above its quantile."""
    return {"95": 0.025, "family": rules(pack).tail}


def table(pack: Pack) -> Iterator[Recording]:
    """The quantiles of few degrees of freedom."""
    for level, tail in tails(pack).items():
        for df in range(1, TABLE + 1):
            labels = {"df": str(df), "level": level}
            yield Recording(QUANTILE, f"vector({_rounded(quantile(tail, df))!r})", labels)


def _rounded(value: float) -> float:
    """To 13 digits, so that the files do not depend on the version of a library."""
    return float(f"{value:.13g}")


class Newton(NamedTuple):
    """c₀ + (x − x₀)(c₁ + (x − x₁)(c₂ + …)): Newton's form of an interpolating polynomial."""

    nodes: tuple[float, ...]
    coefficients: tuple[float, ...]

    def __call__(self, x: float) -> float:
        """The value at ``x``, computed as Prometheus computes it."""
        found = self.coefficients[-1]
        for node, c in reversed(list(zip(self.nodes, self.coefficients[:-1], strict=True))):
            found = found * (x - node) + c
        return found


@lru_cache(maxsize=16)
def beyond_table(tail: float) -> Newton:
    """The quantile as a polynomial in 1/df, for more degrees of freedom than the table has.

    Through its values at Chebyshev nodes between 0 and 1/``TABLE``, by divided differences.
    """
    width = 1 / (2 * TABLE)
    nodes = [_rounded(width * (1 + cos(pi * (2 * i + 1) / (2 * _NODES)))) for i in range(_NODES)]
    column = [Fraction(_rounded(-float(stdtrit(1 / x, tail)))) for x in nodes]
    found = [column[0]]
    for step in range(1, _NODES):
        column = [
            (column[i + 1] - column[i]) / (Fraction(nodes[i + step]) - Fraction(nodes[i]))
            for i in range(_NODES - step)
        ]
        found.append(column[0])
    return Newton(tuple(nodes[:-1]), tuple(_rounded(float(c)) for c in found))


def by_df(df: str, inverse: str, level: str, tail: float) -> str:
    """An expression for the quantile at the series ``df``, which has contest and checkpoint.

    ``inverse``: 1/df of those that are beyond the table.
    """
    newton = beyond_table(tail)
    horner = repr(newton.coefficients[-1])
    for node, c in reversed(list(zip(newton.nodes, newton.coefficients[:-1], strict=True))):
        horner = f"({horner} * ({inverse} - {node!r})\n+ {c!r})"
    return f"""
sum by (contest, checkpoint) (
  count_values by (contest, checkpoint) ("df", {df} <= {TABLE})
    * on (df) group_left () {QUANTILE}{{level="{level}"}}
)
or
{horner}
"""
