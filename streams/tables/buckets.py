"""Reports by 5-minute buckets of event time, for the rolling tables."""

from __future__ import annotations

from typing import Final

BUCKET: Final = 5 * 60 * 1_000_000
"""Width of a bucket, µs. Buckets begin at multiples of it since the epoch."""

WINDOWS: Final[dict[str, int]] = {"15m": 3, "1h": 12, "6h": 72}
"""Name of each window: its number of buckets."""


class Buckets:
    """``counts``: bucket number → code (category or kind) → reports. Never pruned, no zeros."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[int, dict[str, int]] = {}

    def add(self, at: int, code: str) -> None:
        """Count one report of ``code`` at ``at`` (µs)."""
        number = at // BUCKET
        cell = self.counts.get(number)
        if cell is None:
            self.counts[number] = {code: 1}
        else:
            cell[code] = cell.get(code, 0) + 1

    def remove(self, at: int, code: str) -> None:
        """Take one report out again, leaving no trace."""
        number = at // BUCKET
        cell = self.counts[number]
        cell[code] -= 1
        if not cell[code]:
            del cell[code]
            if not cell:
                del self.counts[number]

    def recent(self, now: int) -> dict[tuple[str, str], int]:
        """(code, window) → reports in buckets that begin in (now − window, now]."""
        last = now // BUCKET
        found: dict[tuple[str, str], int] = {}
        counts = self.counts
        for number in range(last - max(WINDOWS.values()) + 1, last + 1):
            cell = counts.get(number)
            if cell is None:
                continue
            for window, width in WINDOWS.items():
                if number > last - width:
                    for code, reports in cell.items():
                        key = (code, window)
                        found[key] = found.get(key, 0) + reports
        return found
