"""Counts of incidents: current, standing, and by event time."""

from __future__ import annotations

from typing import Final

from schemas.desk import Triage
from schemas.observer import Incident
from streams.tables.buckets import Buckets

DISMISSED: Final = frozenset({"rejected", "duplicate"})
"""Statuses of reports that do not stand."""

CONFIRMED: Final = frozenset({"confirmed", "resolved", "escalated"})
"""Statuses that a "confirmed only" view keeps."""


class Incidents:
    """Counts over the current, not withdrawn incidents of one region.

    ``counts``: (category, severity, phase, status) → reports, severity and status being the
    desk's where it decided. ``recent`` and ``recent_confirmed``: standing ones by event time.
    """

    __slots__ = ("counts", "recent", "recent_confirmed")

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str, str], int] = {}
        self.recent = Buckets()
        self.recent_confirmed = Buckets()

    def add(self, data: Incident, at: int, decision: Triage | None) -> None:
        """Count a report."""
        if decision is None:
            key = (data.category, data.severity, data.phase, "reported")
        else:
            status = decision.status
            key = (data.category, decision.severity or data.severity, data.phase, status)
            if status in CONFIRMED:
                self.recent_confirmed.add(at, data.category)
            elif status in DISMISSED:
                self.counts[key] = self.counts.get(key, 0) + 1
                return
        counts = self.counts
        counts[key] = counts.get(key, 0) + 1
        self.recent.add(at, data.category)

    def remove(self, data: Incident, at: int, decision: Triage | None) -> None:
        """Take out what :meth:`add` put in with the same arguments."""
        status = "reported"
        severity = data.severity
        if decision is not None:
            status = decision.status
            severity = decision.severity or severity
        key = (data.category, severity, data.phase, status)
        self.counts[key] -= 1
        if not self.counts[key]:
            del self.counts[key]
        if status in CONFIRMED:
            self.recent_confirmed.remove(at, data.category)
        if status not in DISMISSED:
            self.recent.remove(at, data.category)
