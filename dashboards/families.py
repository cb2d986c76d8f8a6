"""What a dashboard may ask for: metrics by their declarations, and series that rules record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.metrics.families import DECLARED
from streams.rules.alert import REGION_INFO


class Recorded(NamedTuple):
    """A series that a rule records."""

    unit: str
    labels: tuple[str, ...]


_COUNTRY: Final = ("contest", "checkpoint")

RECORDED: Final[Mapping[str, Recorded]] = {
    REGION_INFO: Recorded("none", ("region", "name")),
    "country:election_turnout_official_ratio:furthest": Recorded("ratio", _COUNTRY),
    "country:election_turnout_observed_ratio:level": Recorded("ratio", _COUNTRY),
    "country:election_turnout_gap_ratio:level": Recorded("ratio", _COUNTRY),
    "country:election_turnout_gap_half_width_ratio:level": Recorded("ratio", (*_COUNTRY, "level")),
    "country:election_turnout_stations:sum": Recorded("stations", _COUNTRY),
    "country:election_turnout_verdict:level": Recorded("none", (*_COUNTRY, "verdict")),
}
"""The recorded series that the dashboards use; a test fails on one that no rule records."""


def labels_of(name: str) -> tuple[str, ...]:
    """The labels of a family or a recorded series."""
    return RECORDED[name].labels if name in RECORDED else DECLARED[name].labels


def unit_of(name: str) -> str:
    """The unit of a family, as it is declared, or of a recorded series."""
    return RECORDED[name].unit if name in RECORDED else DECLARED[name].unit
