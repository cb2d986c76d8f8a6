"""The official series against itself: what is wrong with published figures, on plain values.

Falls, corrections and conflicts between publishers compare versions and live with the tables; here
is what one figure, two figures or a region's sum say. None or False: no finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from streams.turnout.exact import Exact, fraction

MINUTE = 60_000_000


class Figure(NamedTuple):
    """A published figure; each part may be missing. ``percent`` is as printed."""

    voted: int | None = None
    registered: int | None = None
    percent: str | None = None


class Bounds(NamedTuple):
    """What a printed number can stand for."""

    low: Fraction
    high: Fraction


class Mismatch(NamedTuple):
    """Two values that should be equal: as published, and as the other figures make it."""

    published: Fraction
    expected: Fraction


def scaled(percent: str) -> tuple[int, int]:
    """A printed percentage in whole units of its last digit, and how many of them 1 % has."""
    whole, _, digits = percent.partition(".")
    return int(whole + digits), 10 ** len(digits)


def printed(percent: str) -> Bounds:
    """The numbers that are printed as ``percent``: rounded to its digits, or cut off there."""
    value, units = scaled(percent)
    return Bounds(Fraction(2 * value - 1, 2 * units), Fraction(value + 1, units))


def inconsistent(figure: Figure) -> Mismatch | None:
    """Percent ≠ voted / registered beyond the printed digits; both in percent."""
    if figure.voted is None or not figure.registered or figure.percent is None:
        return None
    # The bounds of ``printed``, multiplied out: fractions cost ten times as much.
    value, units = scaled(figure.percent)
    hundredfold = 100 * figure.voted * units
    low, high = (2 * value - 1) * figure.registered, (value + 1) * figure.registered
    if low <= 2 * hundredfold and hundredfold < high:
        return None
    return Mismatch(Fraction(value, units), Fraction(100 * figure.voted, figure.registered))


def above_register(figure: Figure) -> bool:
    """More voters than registered."""
    voted, registered = figure.voted, figure.registered
    return voted is not None and registered is not None and voted > registered


def impossible(figure: Figure) -> bool:
    """More voters than registered, or above 100 %: of an official figure, or a count."""
    if above_register(figure):
        return True
    if figure.percent is None:
        return False
    value, units = scaled(figure.percent)
    return value > 100 * units


def register_changed(before: int | None, after: int | None, percent: Exact | float = 0.1) -> bool:
    """The register moved by more than ``percent`` of what it was; from or to zero always is."""
    if before is None or after is None:
        return False
    return abs(after - before) * 100 > fraction(percent) * before


def minutes_open(polls: Sequence[tuple[int, int]], since: int, until: int) -> Exact:
    """Minutes from ``since`` to ``until`` (µs) within ``polls``: (open, close) of each day.

    Nights between the days, and what is before the first or after the last, are none.
    """
    spans = (min(close, until) - max(opens, since) for opens, close in polls)
    total = sum(span for span in spans if span > 0)
    return Fraction(total, MINUTE) if total % MINUTE else total // MINUTE


def rise(before: Figure, after: Figure) -> Exact | None:
    """New voters from one figure to a later one; None: the two have nothing in common.

    Where only percentages are printed, the smallest rise of the later register that they can
    stand for.
    """
    if before.voted is not None and after.voted is not None:
        return after.voted - before.voted
    if before.percent is not None and after.percent is not None and after.registered:
        points = printed(after.percent).low - printed(before.percent).high
        return points * after.registered / 100
    return None


def jump(
    before: Figure,
    after: Figure,
    minutes: Exact,
    stations: int | None,
    per_minute: Exact | float = 2.0,
) -> Mismatch | None:
    """More new voters in so many ``minutes`` than ``stations`` can serve: (new, possible).

    ``per_minute`` voters per station and minute. Nothing where stations are not known.
    """
    new = rise(before, after)
    if new is None or new <= 0 or stations is None or minutes < 0:
        return None
    rate = fraction(per_minute)
    served = stations * minutes
    # Multiplied out: there is hardly ever a jump, and a product of fractions costs its gcd.
    if new * rate.denominator <= rate.numerator * served:
        return None
    return Mismatch(Fraction(new), rate * served)


def summed_by(total: Figure, parts: Sequence[Figure | None]) -> Literal["voted", "percent"] | None:
    """What a total is held against all its parts by: voters where all have them.

    None where a part is not there yet, or one of them gives neither.
    """
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    if all(figure.voted is not None for figure in (total, *known)):
        return "voted"
    if all(figure.percent is not None for figure in (total, *known)):
        return "percent"
    return None


def sum_mismatch(
    total: Figure, parts: Sequence[Figure | None], *, complete: bool = True
) -> Mismatch | None:
    """A country's figure ≠ the sum of all its regions' (None: that region's is not there yet).

    Voters where all have them. Else percentages: weighted by the registers where all parts have
    them, else the total only has to lie between the lowest and the highest part. Not
    ``complete``: there is a part beside ``parts``, which can only add voters and whose weight
    nobody knows.
    """
    by = summed_by(total, parts)
    known = [part for part in parts if part is not None]
    if by == "voted" and total.voted is not None:
        expected = sum(part.voted for part in known if part.voted is not None)
        if total.voted == expected or (total.voted > expected and not complete):
            return None
        return Mismatch(Fraction(total.voted), Fraction(expected))
    if by == "percent" and total.percent is not None:
        bounds = [printed(part.percent) for part in known if part.percent is not None]
        weights = [part.registered or 0 for part in known]
        return _between(total.percent, bounds, weights if complete and all(weights) else None)
    return None


def _between(total: str, parts: Sequence[Bounds], weights: Sequence[int] | None) -> Mismatch | None:
    """``total`` is not what ``parts`` allow: their mean by ``weights``, else any between them."""
    if weights is None:
        low, high = min(part.low for part in parts), max(part.high for part in parts)
    else:
        low, high = (
            sum((w * edge for w, edge in zip(weights, edges, strict=True)), Fraction(0))
            / sum(weights)
            for edges in ([part.low for part in parts], [part.high for part in parts])
        )
    published, own = Fraction(total), printed(total)
    if own.low < high and low < own.high:
        return None
    return Mismatch(published, low if published < low else high)


def overdue(checkpoint: int, now: int, minutes: int, *, published: bool) -> bool:
    """No figure so many ``minutes`` after its checkpoint (µs)."""
    return not published and now - checkpoint > minutes * MINUTE


def bad_interval(since: int, until: int, hours: int = 14) -> str | None:
    """Why an observer's count from ``since`` to ``until`` (µs) cannot be used, or None."""
    if until <= since:
        return "no_length"
    return "too_long" if until - since > hours * 60 * MINUTE else None


def falling(counts: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """An observer's cumulative counts (µs, voters), sorted: the first pair that falls."""
    highest: tuple[int, int] | None = None
    for count in counts:
        if highest is not None and count[1] < highest[1]:
            return highest, count
        highest = count
    return None
