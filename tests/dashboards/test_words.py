"""Words beside colours, units that fit, and no empty place that looks like a zero."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboards.families import unit_of
from dashboards.looks import ALERT, CALM, LATENT, NEUTRAL, UNKNOWN, URGENT
from tests.dashboards.boards import Board, Panel, every_panel, fields
from tests.dashboards.rules import names, recorded

PALETTE = {ALERT, CALM, LATENT, NEUTRAL, UNKNOWN, URGENT}


NOUNS = {
    "restrictions": {"restrictions", "reports"},
    "reports": {"reports", "incidents", "incidents per station"},
    "visits": {"visits", "counts"},
    "protocols": {"protocols", "copies"},
    "counts": {"findings"},
    "stations": {"stations", "protocols"},
    "events": {"events", "events/s"},
}
"""Declared unit → what an operator calls it, where that is not the same."""


def _colours(settings: dict[str, Any]) -> set[str]:
    """Colours that say something: those of words and thresholds."""
    thresholds = settings.get("thresholds") or {"steps": []}
    found = {step["color"] for step in thresholds["steps"]} - {NEUTRAL}
    return found | {word["color"] for word in _words(settings)}


def _words(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        word for mapping in settings.get("mappings", ()) for word in mapping["options"].values()
    ]


@every_panel
def test_a_colour_is_never_alone(board: Board, panel: Panel) -> None:
    """Wherever colours say something there are words too, one for each colour or number."""
    for _, settings in fields(panel):
        if not _colours(settings):
            continue
        words = _words(settings)
        assert words
        assert all(word["text"] for word in words)
        assert len({word["text"] for word in words}) == len(words)


@every_panel
def test_colours_are_blue_and_orange(board: Board, panel: Panel) -> None:
    """Which those tell apart who cannot tell green from red."""
    for _, settings in fields(panel):
        fixed = settings.get("color", {}).get("fixedColor")
        assert _colours(settings) | ({fixed} if fixed else set()) <= PALETTE


@every_panel
def test_an_empty_place_is_no_zero(board: Board, panel: Panel) -> None:
    """What is not there has words of its own: never those of a zero."""
    for column, settings in fields(panel):
        if "unit" not in settings:
            continue
        absent = settings["noValue"]
        assert absent
        assert not re.match(r"\d", absent)
        zeros = [
            m["options"]["0"]["text"] for m in settings.get("mappings", ()) if "0" in m["options"]
        ]
        assert absent not in zeros, column


@every_panel
def test_every_unit_fits_its_metric(board: Board, panel: Panel) -> None:
    """Percent for ratios and shares, time for ages, moments for moments, else the thing counted."""
    for expression, unit in _asked(panel):
        assert_fits(expression, unit)


def assert_fits(expression: str, unit: str) -> None:
    """The unit is one for what the query gives."""
    families = {name: _unit(name) for name in names(expression)}
    asked = {name: one for name, one in families.items() if not _is_only_a_filter(name)}
    declared = set((asked or families).values())
    if unit == "percentunit":
        assert "/" in expression or any(one.startswith("ratio") for one in declared)
    elif unit == "s":
        assert any(one.startswith("seconds") for one in declared)
        if any("since 1970" in one for one in declared):
            assert " - " in expression, "the age of a moment is now less the moment"
    elif unit == "dateTimeAsIso":
        assert "* 1000" in expression, "Grafana wants milliseconds"
        moments = [unit for unit in families.values() if "since 1970" in unit]
        assert moments or "ALERTS_FOR_STATE" in expression
    elif unit == "none":
        assert re.search(r"\b\d+ \* \(|\) \* \d", expression), "only codes have no unit"
    else:
        assert unit.removeprefix("suffix:") in _nouns(expression, declared)


def _nouns(expression: str, declared: set[str]) -> set[str]:
    """What the query can be a number of: what its families count, or what has such a series."""
    found = {noun for one in declared for noun in NOUNS.get(one, {one})}
    if re.search(r"\b(count|sum) ?(by \([^)]*\) )?\(", expression):
        if "ALERTS" in expression:
            found.add("alerts")
        if "region" in expression:
            found.add("regions")
        if re.search(r"scrutineer_(?!region_|now_)|scrutineer_region_live|up\{", expression):
            found |= {"workers", "partitions"}
        if "scrutineer_archive_" in expression:
            found.add("archivers")
    return found


@every_panel
def test_every_share_stands_beside_its_n(board: Board, panel: Panel) -> None:
    """A part of something is shown with the count that it is a part of."""
    asked = _asked(panel)
    if any(unit == "percentunit" and "/" in expression for expression, unit in asked):
        assert any(unit.startswith("suffix:") for _, unit in asked)


@every_panel
def test_every_estimate_stands_beside_its_interval(board: Board, panel: Panel) -> None:
    """A gap or an observed turnout is shown with its interval, and the word why there is none."""
    text = " ".join(expression for expression, _ in _asked(panel))
    if "election_turnout_gap_ratio" in text or 'source="observed"' in text:
        assert "election_turnout_gap_half_width_ratio" in text
        assert "election_turnout_verdict" in text or panel["type"] == "timeseries"


def _asked(panel: Panel) -> list[tuple[str, str]]:
    """(query, unit of its values)."""
    settings = dict(fields(panel))
    titles = _titles(panel)
    found = []
    for target in panel["targets"]:
        own = settings.get(titles.get(target["refId"], target.get("legendFormat", "")), {})
        found.append((target["expr"], own.get("unit", settings[None]["unit"])))
    return found


def _titles(panel: Panel) -> dict[str, str]:
    """Query → column, of a table."""
    for step in panel.get("transformations", ()):
        if step["id"] == "organize":
            renamed = step["options"]["renameByName"]
            several = {
                ref[-1]: title for ref, title in renamed.items() if ref.startswith("Value #")
            }
            return several or ({"A": renamed["Value"]} if "Value" in renamed else {})
    return {}


def _unit(name: str) -> str:
    """The declared unit; of what a rule records, by its name."""
    if name in recorded():
        return name.rpartition(":")[0].rpartition("_")[2]
    return unit_of(name.removesuffix("_bucket"))


def _is_only_a_filter(name: str) -> bool:
    """Families that say which worker, which region or what time, not what the value is."""
    return name in {
        "scrutineer_region_position",
        "scrutineer_region_live",
        "scrutineer_now_timestamp_seconds",
        "election_region_heard",
    }


@pytest.mark.parametrize("unit", ["none", "percentunit", "s"])
def test_the_check_of_units_can_fail(unit: str) -> None:
    """A moment shown as a number, a percentage or a duration is seen."""
    with pytest.raises(AssertionError):
        assert_fits("election_last_report_timestamp_seconds", unit)
