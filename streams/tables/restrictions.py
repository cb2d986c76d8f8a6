"""Counts of restrictions on observers, and the ones that nobody has lifted yet."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

from schemas.desk import Triage
from schemas.fields import microseconds
from schemas.observer import Restriction
from schemas.pack import Pack
from streams.tables.buckets import Buckets
from streams.tables.incidents import CONFIRMED, DISMISSED
from streams.tables.versions import Version

CLOSED: Final = DISMISSED | {"resolved"}
"""Statuses of restrictions that are not open any more, lifted or not."""

Cell = tuple[str, str, str, str]
"""(kind, observer_group, phase, status)"""


class Restrictions:
    """Counts over the current, not withdrawn restrictions of one region.

    ``total``: cell → restrictions. ``unlifted``: cell → those not lifted and not closed by the
    desk; each of them is in ``standing``: (source, report_id) → its current version. Whether it is
    open or ``ended_unlifted`` depends on the moment: :func:`phase_over`. ``durations``: cell →
    how long the lifted ones lasted, whole seconds, ascending. No zeros, no empty lists.
    ``recent`` and ``recent_confirmed``: the ones that stand, by event time and kind. ``changes``
    grows with every change.
    """

    __slots__ = (
        "changes",
        "durations",
        "recent",
        "recent_confirmed",
        "standing",
        "total",
        "unlifted",
    )

    def __init__(self) -> None:
        self.changes = 0
        self.total: dict[Cell, int] = {}
        self.unlifted: dict[Cell, int] = {}
        self.durations: dict[Cell, list[int]] = {}
        self.standing: dict[tuple[str, str], Version] = {}
        self.recent = Buckets()
        self.recent_confirmed = Buckets()

    def add(self, version: Version, decision: Triage | None) -> None:
        """Count a restriction."""
        self.changes += 1
        data: Restriction = version.data
        kind = data.kind
        status = "reported" if decision is None else decision.status
        cell = (kind, data.observer_group, data.phase, status)
        total = self.total
        total[cell] = total.get(cell, 0) + 1
        if data.lifted is not None:
            durations = self.durations.get(cell)
            if durations is None:
                durations = self.durations[cell] = []
            insort(durations, _lasted(version, data))
        elif status not in CLOSED:
            unlifted = self.unlifted
            unlifted[cell] = unlifted.get(cell, 0) + 1
            self.standing[version.source, data.report_id] = version
        if decision is None:
            self.recent.add(version.at, kind)
        elif status not in DISMISSED:
            self.recent.add(version.at, kind)
            if status in CONFIRMED:
                self.recent_confirmed.add(version.at, kind)

    def remove(self, version: Version, decision: Triage | None) -> None:
        """Take out what :meth:`add` put in with the same arguments."""
        self.changes += 1
        data: Restriction = version.data
        status = "reported" if decision is None else decision.status
        cell = (data.kind, data.observer_group, data.phase, status)
        _decrease(self.total, cell)
        if data.lifted is not None:
            durations = self.durations[cell]
            del durations[bisect_left(durations, _lasted(version, data))]
            if not durations:
                del self.durations[cell]
        elif status not in CLOSED:
            _decrease(self.unlifted, cell)
            del self.standing[version.source, data.report_id]
        if status not in DISMISSED:
            self.recent.remove(version.at, data.kind)
            if status in CONFIRMED:
                self.recent_confirmed.remove(version.at, data.kind)


def _decrease(counts: dict[Cell, int], cell: Cell) -> None:
    counts[cell] -= 1
    if not counts[cell]:
        del counts[cell]


def _lasted(version: Version, data: Restriction) -> int:
    """Whole seconds from the printed time to ``lifted``: both are told by the same clock."""
    assert data.lifted is not None
    return max(0, microseconds(data.lifted) - version.time) // 1_000_000


def phase_over(pack: Pack, region: str, phase: str, now: int) -> bool:
    """Whether ``phase`` ended in ``region`` longer ago than the pack's grace."""
    end = pack.phase_end(region, phase)
    return end is not None and now > end + pack.judgement.restriction_grace.get(phase, 0)


def median(ascending: list[int]) -> int | float | None:
    """The exact median of integers: an integer, or one and a half between two."""
    n = len(ascending)
    if not n:
        return None
    both = ascending[(n - 1) // 2] + ascending[n // 2]
    return both / 2 if both % 2 else both // 2
