"""Stand-ins for families that are planned: gone with the last entry of ``families.PLANNED``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from dashboards.families import PLANNED, is_declared
from dashboards.looks import HEARD
from streams.metrics.families import BY_NAME
from streams.metrics.text import Values
from tests.dashboards.day import SILENT
from tests.dashboards.rules import recorded

_COUNTRY = "XX"

_LABELS: Mapping[str, tuple[str, ...]] = {
    "checkpoint": ("2030-06-02T10:00:00Z", "2030-06-02T14:00:00Z"),
    "contest": ("list",),
    "level": ("95", "family"),
    "verdict": ("inconclusive",),
    "category": ("campaigning", "tampering"),
    "partition": ("0", "5"),
    "phase": ("day", "opening", "voting", "counting"),
    "state": tuple(HEARD),
    "topic": ("election.observer",),
    "type": ("election.observer.restriction.v1", "other"),
}


def missing() -> Mapping[str, tuple[str, ...]]:
    """The families that are planned and not declared like that, with their labels."""
    return {
        name: planned.labels
        for name, planned in PLANNED.items()
        if not is_declared(name) and name not in recorded()
    }


def replaced() -> set[str]:
    """Families that are declared with fewer labels than planned: their samples give way."""
    return {name for name in missing() if name in BY_NAME}


def samples(name: str, labels: tuple[str, ...], regions: list[str]) -> Values:
    """Values of a family for ``regions``; of states exactly one is 1."""
    chosen = {"region": tuple(r for r in regions if r != _COUNTRY), **_LABELS}
    found: Values = {}
    for key in product(*(chosen[label] for label in labels)):
        found[key] = 1
        if "state" in labels:
            right = "nothing_heard" if key[0] == SILENT else "reporting"
            found[key] = int(key[labels.index("state")] == right)
    return found
