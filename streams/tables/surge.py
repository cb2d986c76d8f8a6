"""Surges of incidents: a region's last quarter of an hour against its own earlier rate.

Two Poisson rates are compared, the window's and the one since the polls opened that day, each per
station that reports: c reports in the window with exposure E (station × bucket), C before it with
exposure D. The earlier rate is itself an estimate, often from few reports, so it is not taken for
known: given c + C reports in all, at equal rates c is binomial with share E / (E + D)
(Przyborowski and Wilenski 1940), and a surge is a c whose upper tail is improbable. That holds
its level early in the day too, when a rate of two reports in an hour says little.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from scipy.special import bdtrc

from schemas.pack import Pack
from streams.tables.buckets import BUCKET, WINDOWS, Buckets
from streams.tables.heard import Heard

WINDOW: Final = "15m"
_WIDTH: Final = WINDOWS[WINDOW]


class Surge(NamedTuple):
    """One region. ``reports``: incidents in the window; ``earlier``: since the opening, before it.

    ``stations``: heard from since the opening. ``expected``: reports in the window at the earlier
    rate; ``probability``: of at least ``reports`` at that rate. None for both before a first whole
    bucket has passed since the polls opened, and where their hours are not known.
    """

    reports: int
    earlier: int
    stations: int
    expected: float | None
    probability: float | None
    surge: bool


def opening(pack: Pack, code: str, now: int) -> int | None:
    """The newest opening of the polls in a region that is not after ``now`` (µs)."""
    return max((opens for opens, _ in pack.polls(code) if opens <= now), default=None)


def surge(recent: Buckets, heard: Heard, code: str, pack: Pack, now: int) -> Surge:
    """How the incidents of the last quarter of an hour compare.

    By buckets of event time, of which the running one counts as a whole, which errs on the quiet
    side. A station counts from the bucket of its first report since the opening on, whatever the
    report is about; where no report names a station the comparison is by time alone.
    """
    last = now // BUCKET
    begins = last - _WIDTH + 1
    reports = _between(recent, begins, last)
    opens = opening(pack, code, now)
    if opens is None or opens // BUCKET >= begins:
        return Surge(reports, 0, 0, None, None, surge=False)
    first = opens // BUCKET
    joined = sorted(at // BUCKET for at in heard.firsts(opens) if at // BUCKET <= last)
    before = _exposure(joined, first, begins - 1)
    within = _exposure(joined, begins, last)
    earlier = _between(recent, first, begins - 1)
    share = within / (within + before)
    tail = float(bdtrc(reports - 1, reports + earlier, share)) if reports else 1.0
    alarms = pack.judgement.alarms
    found = reports >= alarms.surge_reports and tail < alarms.surge_probability
    expected = earlier * within / before
    return Surge(reports, earlier, len(joined), expected, tail, surge=found)


def surging(recent: Buckets, heard: Heard, code: str, pack: Pack, now: int) -> bool:
    """Whether there is a surge; costs next to nothing where there are few reports."""
    last = now // BUCKET
    if _between(recent, last - _WIDTH + 1, last) < pack.judgement.alarms.surge_reports:
        return False
    return surge(recent, heard, code, pack, now).surge


def _between(recent: Buckets, first: int, last: int) -> int:
    """Reports in the buckets ``first`` to ``last``."""
    counts = recent.counts
    if last - first < len(counts):
        cells = (counts.get(number) for number in range(first, last + 1))
        return sum(sum(cell.values()) for cell in cells if cell is not None)
    return sum(sum(cell.values()) for number, cell in counts.items() if first <= number <= last)


def _exposure(joined: list[int], first: int, last: int) -> int:
    """Stations × buckets from ``first`` to ``last``; a bucket has at least one station.

    ``joined``: in which bucket each station was first heard, ascending. Until the first of them
    there is one as well, so it is the others that add.
    """
    return last - first + 1 + sum(max(0, last - max(at, first) + 1) for at in joined[1:])
