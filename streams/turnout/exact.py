"""Exact numbers: what the estimators of turnout count with until a view wants a float."""

from __future__ import annotations

from fractions import Fraction

Exact = int | Fraction
"""A whole number or a fraction: sums of these do not depend on their order."""

HOUR = 3_600_000_000
"""Microseconds of an hour."""


def fraction(value: Exact | float | str) -> Fraction:
    """The number as it is written: 0.1 is one tenth, not the nearest binary fraction."""
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def share(voted: int | None, registered: int | None, percent: str | None) -> Fraction | None:
    """Official turnout as a part of 1: from the counts where both are there, else as printed.

    A register of zero is none: the figure then is the printed percentage, or nothing.
    """
    if voted is not None and registered:
        return Fraction(voted, registered)
    return Fraction(percent) / 100 if percent is not None else None


def register(reported: int | None, listed: int | None) -> int | None:
    """Voters registered at a station: as reported with the count, else as the pack lists them.

    None (count it as ``no_register``) where neither is there; zero is not a register.
    """
    return reported or listed or None
