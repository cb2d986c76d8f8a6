"""Visits of one region: their ratings, the answers to the form, the stations they were to."""

from __future__ import annotations

from typing import Final

from schemas.desk import Triage
from schemas.observer import Visit
from streams.tables.versions import Version

NEGATIVE: Final = frozenset({"bad", "very_bad"})
"""Ratings of a visit that was assessed negatively."""

Cell = tuple[str, str | None, str]
"""(phase, rating or None, status)"""
Stop = tuple[str, str | None]
"""(source, station; None for a visit to a commission)"""


class Visits:
    """Counts over the current, not withdrawn visits of one region.

    ``cells``: cell → stop → visits. ``answers``: (phase, question, answer, status) → visits with
    that answer; the phase is the visit's. No zeros, no empty cells.
    """

    __slots__ = ("answers", "cells")

    def __init__(self) -> None:
        self.cells: dict[Cell, dict[Stop, int]] = {}
        self.answers: dict[tuple[str, str, str, str], int] = {}

    def add(self, version: Version, decision: Triage | None) -> None:
        """Count a visit."""
        data: Visit = version.data
        status = "reported" if decision is None else decision.status
        stops = self.cells.setdefault((data.phase, data.rating, status), {})
        stop = (version.source, data.station)
        stops[stop] = stops.get(stop, 0) + 1
        answers = self.answers
        for question, answer in data.answers:
            key = (data.phase, question, answer, status)
            answers[key] = answers.get(key, 0) + 1

    def remove(self, version: Version, decision: Triage | None) -> None:
        """Take out what :meth:`add` put in with the same arguments."""
        data: Visit = version.data
        status = "reported" if decision is None else decision.status
        cell = (data.phase, data.rating, status)
        stops = self.cells[cell]
        stop = (version.source, data.station)
        stops[stop] -= 1
        if not stops[stop]:
            del stops[stop]
            if not stops:
                del self.cells[cell]
        answers = self.answers
        for question, answer in data.answers:
            key = (data.phase, question, answer, status)
            answers[key] -= 1
            if not answers[key]:
                del answers[key]


def stations(*several: dict[Stop, int]) -> int:
    """How many different stations the stops are at."""
    return len({station for stops in several for _, station in stops if station is not None})
