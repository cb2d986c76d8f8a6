"""The interval of a share."""

from __future__ import annotations


def wilson(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of ``count`` of ``n`` (both shares from 0 to 1).

    Only for a simple random sample. Raises ``ValueError`` unless 0 ≤ count ≤ n and n > 0.
    """
    if not 0 <= count <= n or not n:
        raise ValueError(f"{count} of {n} is no share")
    # Needed only where a pack declares a probability sample, and slow to import.
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, n, alpha=1 - level, method="wilson")
    return float(low), float(high)
