"""Chance that is the same for the same seed, on every machine."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from random import Random
from typing import TypeVar

Choice = TypeVar("Choice", bound=Hashable)


def chance(seed: int, *names: object) -> Random:
    """A generator of its own for the thing named: one thing more does not reshuffle the rest."""
    return Random(":".join(map(str, (seed, *names))))  # noqa: S311 - made-up reports, no secrets


def pick(rng: Random, weights: Mapping[Choice, float]) -> Choice:
    """One key, as often as its weight says."""
    return rng.choices(list(weights), list(weights.values()))[0]


def around(rng: Random, median: float, spread: float = 0.5) -> float:
    """A positive number with this median; ``spread`` is the standard deviation of its log."""
    return median * rng.lognormvariate(0.0, spread)


def apportion(total: int, weights: Mapping[Choice, float], least: int = 0) -> dict[Choice, int]:
    """``total`` in whole parts in proportion to ``weights``, by the largest remainder.

    Each part is at least ``least``, so the sum exceeds ``total`` when that is too small for it.
    """
    spare = max(0, total - least * len(weights))
    whole = sum(weights.values()) or 1.0
    shares = {key: spare * weight / whole for key, weight in weights.items()}
    parts = {key: int(share) for key, share in shares.items()}
    left = spare - sum(parts.values())
    by_rest = sorted(shares, key=lambda key: parts[key] - shares[key])
    for key in by_rest[:left]:
        parts[key] += 1
    return {key: part + least for key, part in parts.items()}
