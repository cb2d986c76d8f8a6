"""The metrics that a dashboard may ask for: names, labels and units, from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.metrics.declare import LABELS
from streams.metrics.families import BY_NAME


class Planned(NamedTuple):
    """What a family will be declared with."""

    unit: str
    labels: tuple[str, ...]
    new: tuple[str, str] | None = None
    """(label, value) that a family declared already does not have yet."""


_RATIO: Final = "ratio, 0 to 1"
_STRATUM: Final = ("region", "contest", "checkpoint", "stratum")

PLANNED: Final[Mapping[str, Planned]] = {
    "election_turnout_ratio": Planned(
        _RATIO, ("region", "contest", "source"), ("source", "observed")
    ),
    "election_turnout_official_ratio": Planned(_RATIO, ("region", "contest", "checkpoint")),
    "election_turnout_gap_ratio": Planned(_RATIO, ("region", "contest", "comparison")),
    "election_turnout_gap_half_width_ratio": Planned(
        _RATIO, ("region", "contest", "comparison", "level")
    ),
    "election_turnout_stations": Planned("stations", ("region", "contest", "comparison")),
    "election_turnout_verdict": Planned("none", ("region", "contest", "comparison", "verdict")),
    "election_turnout_gap_checkpoints": Planned("checkpoints", ("region", "contest", "comparison")),
    "election_turnout_matched": Planned(
        "comparisons", ("region", "contest", "comparison", "verdict")
    ),
    "election_turnout_stratum_stations": Planned("stations", _STRATUM),
    "election_turnout_stratum_drawn": Planned("stations", _STRATUM),
    "election_turnout_stratum_reported": Planned("stations", _STRATUM),
    "election_turnout_stratum_no_register": Planned("stations", _STRATUM),
    "election_turnout_stratum_voters": Planned("voters", _STRATUM),
    "election_turnout_stratum_registered": Planned("voters", _STRATUM),
    "election_observed_turnout_findings": Planned("findings", ("region", "finding")),
    "election_stations_silent": Planned("stations", ("region", "phase")),
    "election_stations_expected_by_phase": Planned("stations", ("region", "phase")),
    "election_stations_reporting_by_phase": Planned("stations", ("region", "phase")),
    "election_teams_expected": Planned("teams", ("region",)),
    "election_teams_silent": Planned("teams", ("region",)),
    "election_region_heard": Planned("none", ("region", "state")),
    "election_incident_surge": Planned("none", ("region",)),
}
"""Families, labels and values of labels that the dashboards use and that nothing declares yet.

Empty where everything is declared; a test fails on an entry that has been.
"""


def is_declared(name: str) -> bool:
    """Whether all that PLANNED promises of a family has been declared."""
    planned = PLANNED[name]
    if name not in BY_NAME or not set(planned.labels) <= set(BY_NAME[name].labels):
        return False
    return planned.new is None or planned.new[1] in LABELS[planned.new[0]].meaning


def labels_of(name: str) -> tuple[str, ...]:
    """The labels of a family."""
    return PLANNED[name].labels if name in PLANNED else BY_NAME[name].labels


def unit_of(name: str) -> str:
    """The unit of a family, as it is declared."""
    return PLANNED[name].unit if name in PLANNED else BY_NAME[name].unit
