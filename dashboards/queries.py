"""The pieces that queries are made of.

During a handover two workers may show a region, and one that lost its partitions without noticing
shows old numbers. So no query takes the highest value: ``furthest`` takes the value of the worker
that has folded most of the region's log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboards.families import labels_of
from streams.rules.alert import REGION_INFO

NOW: Final = "scalar(max(scrutineer_now_timestamp_seconds))"
"""What time it is, of the wall or of the log's clock: never ``time()``."""

_POSITION: Final = "scrutineer_region_position"
AHEAD: Final = (
    f" and on (job, instance, region) "
    f"({_POSITION} == on (region) group_left () max by (region) ({_POSITION}))"
)
"""Keeps, of each region, the series of the worker that is furthest."""


def series(name: str, **wanted: str) -> str:
    """The family in the chosen regions, with the ``wanted`` labels.

    A wanted value may be several (``a|b``) or a variable (``$contest``); ``!a|b``: none of these.
    """
    labels = {"region": "$region"} if "region" in labels_of(name) else {}
    return recorded(name, **(labels | wanted))


def recorded(name: str, **wanted: str) -> str:
    """A series that rules record, of the furthest workers already, with the ``wanted`` labels."""
    return f"{name}{{{', '.join(_matcher(*item) for item in wanted.items())}}}"


def _matcher(label: str, value: str) -> str:
    if value.startswith("!"):
        return f'{label}!~"{value[1:]}"'
    operator = "=~" if set(value) & set("|$") else "="
    return f'{label}{operator}"{value}"'


def furthest(expression: str, *labels: str) -> str:
    """``expression``, of each region from the worker that is furthest in the region's log.

    ``labels`` beside the region are kept. To be replaced where rules record this once for all.
    """
    kept = ", ".join(("region", *(label for label in labels if label != "region")))
    return f"max by ({kept}) ({expression}{AHEAD})"


def each(name: str, **wanted: str) -> str:
    """Every series of a family, from the furthest worker."""
    return furthest(series(name, **wanted), *labels_of(name))


def total(name: str, *, by: tuple[str, ...] = ("region",), **wanted: str) -> str:
    """The sum of a family over its other labels; over everything where ``by`` is empty."""
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouped} ({each(name, **wanted)})"


def by_region_only(expression: str) -> str:
    """``expression`` without the country's own region, which a sum would count twice.

    Only for what is published for the country and for its regions: a report is in one place.
    The families of the deployment plan leave the country out, so they tell which one it is.
    """
    return f"({expression}) and on (region) election_stations_reporting"


def age(name: str, **wanted: str) -> str:
    """Seconds since the moment that a family gives, by region."""
    return f"{NOW} - {furthest(series(name, **wanted))}"


def age_of_newest(name: str, **wanted: str) -> str:
    """Seconds since the newest moment of a family in any chosen region."""
    return f"{NOW} - max({furthest(series(name, **wanted))})"


def heard(state: str = "reporting") -> str:
    """The regions that are heard from, or in another ``state`` of that (a regular expression)."""
    return f"{each('election_region_heard', state=state)} == 1"


def spoken(count: str) -> str:
    """A count by region, where a zero without reports is −1: nobody reports is not nothing is."""
    silence = f"{each('scrutineer_region_live')} - 2"
    return f"({count} > 0) or ({count} and on (region) ({heard()})) or on (region) ({silence})"


def unwatched() -> str:
    """The chosen regions of the pack that no worker shows: what is there is in no count."""
    regions = recorded(REGION_INFO, region="$region")
    return f"{regions} unless on (region) scrutineer_region_live"


def while_heard(count: str) -> str:
    """A count over all chosen regions, whose zeros are left out while no region reports.

    And while one of them is not watched: none elsewhere is not none.
    """
    told = f"(count({heard()}) > 0) unless on () ({unwatched()})"
    return f"({count} > 0) or ({count} and on () {told})"


def spoken_total(count: str) -> str:
    """One number over all chosen regions, −1 for a zero that ``while_heard`` leaves out."""
    return f"{while_heard(count)} or on () vector(-1)"


def spoken_all(count: str) -> str:
    """Counts over all chosen regions, by something else, −1 for zeros while no region reports."""
    return f"{while_heard(count)} or ({count} * 0 - 1)"


def some(count: str) -> str:
    """The regions where a count is not 0."""
    return f"{count} > 0"


def listed(expression: str) -> str:
    """``expression``, or where it is empty for want of reports or workers: a row with −1."""

    def row(text: str) -> str:
        return f'label_replace(vector(-1), "region", "{text}", "", "")'

    return (
        f"({expression}) or on () ({row('no region reports')} unless on () ({heard()}))"
        f" or on () ({row('a region is not watched')} and on () ({unwatched()}))"
    )


def everywhere(code: str) -> str:
    """``code`` by region, 0 in the regions that have none."""
    return f"({code}) or on (region) ({each('scrutineer_region_live')} - 1)"


def first_of(*states: tuple[int, str]) -> str:
    """The code of the first of ``states`` that each region is in: (code, what has a series then).

    The last one should hold for every region.
    """
    choice = " or on (region) ".join(f"(({found}) * 0 + {code})" for code, found in states)
    return f"max by (region) ({choice})"


def coded(name: str, label: str, codes: Mapping[str, int], **wanted: str) -> str:
    """For a family of which exactly one value of ``label`` is 1: that one's code, per region."""
    chosen = {"region": "$region"} | wanted
    return furthest(code_of(name, label, codes, **chosen))


def code_of(name: str, label: str, codes: Mapping[str, int], **wanted: str) -> str:
    """The code of the value of ``label`` whose series is 1."""
    found = " or ".join(
        f"{code} * ({recorded(name, **{label: value}, **wanted)} == 1)"
        for value, code in codes.items()
    )
    return f"({found})"


def share(part: str, whole: str) -> str:
    """``part`` of ``whole``, 0 to 1; nothing where the whole is 0."""
    return f"({part}) / ({whole} > 0)"
