"""Stand-ins for families that are planned: gone with the last entry of ``families.PLANNED``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from dashboards.families import PLANNED, is_declared
from dashboards.looks import HEARD, VERDICTS
from streams.metrics.families import BY_NAME
from streams.metrics.text import Values

_COUNTRY = "XX"

SILENT = "XX-ABROAD"
"""The region that no report comes from."""

_LABELS: Mapping[str, tuple[str, ...]] = {
    "contest": ("list", "district"),
    "comparison": ("level", "flow", "matched", "told"),
    "level": ("95", "family"),
    "checkpoint": ("2030-06-02T10:00:00Z", "2030-06-02T14:00:00Z"),
    "stratum": ("town", "country"),
    "finding": ("above_register", "falling", "too_long", "conflict"),
    "phase": ("day", "opening", "voting", "counting"),
    "verdict": tuple(VERDICTS),
    "state": tuple(HEARD),
}

_VALUES: Mapping[str, float] = {"ratio": 0.03, "voters": 1200, "stations": 4, "checkpoints": 2}


def missing() -> Mapping[str, tuple[str, ...]]:
    """The families that are planned and not declared like that, with their labels."""
    return {name: planned.labels for name, planned in PLANNED.items() if not is_declared(name)}


def replaced() -> set[str]:
    """Families that are declared with fewer labels than planned: their samples give way."""
    return {name for name in missing() if name in BY_NAME and PLANNED[name].new is None}


def samples(name: str, labels: tuple[str, ...], regions: list[str]) -> Values:
    """Values of a family for ``regions``; where exactly one label is 1, the first or second."""
    value = _VALUES.get(PLANNED[name].unit.split(",")[0], 1)
    chosen = {"region": tuple(r for r in regions if r != _COUNTRY), **_LABELS}
    if (new := PLANNED[name].new) is not None:
        chosen[new[0]] = (new[1],)
    found: Values = {}
    for key in product(*(chosen[label] for label in labels)):
        found[key] = value
        one_hot = {"verdict", "state"} & set(labels)
        if one_hot and name != "election_turnout_matched":
            label = labels.index(one_hot.pop())
            right = chosen[labels[label]][0 if key[0] == SILENT else 2]
            found[key] = int(key[label] == right)
    return found
