"""The panels of the turnout gap say what the tables say, in the words of the verdict."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import pytest

from schemas import read
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.dashboards.boards import Panel, boards
from tests.dashboards.day import EVENING, chosen, pack, random_day
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.test_queries import answers

BOARD = next(board for board in boards() if board.uid == "turnout-gap")
CHECKPOINT = "2030-06-02T14:00:00Z"


def panel(title: str) -> Panel:
    """A panel by its title."""
    return next(one for one in BOARD.panels if one["title"] == title)


def column(prometheus: Prometheus, title: str, name: str) -> dict[str, float]:
    """Region, or stratum → value of a column."""
    one = panel(title)
    renamed = one["transformations"][-1]["options"]["renameByName"]
    ref = next(ref for ref, shown in renamed.items() if shown == name and ref.startswith("Value #"))
    found = answers(BOARD, one, prometheus)[ref[-1]]
    return {series.labels.get("stratum", series.labels["region"]): series.value for series in found}


def test_gap_interval_and_basis_are_the_tables(prometheus: Prometheus) -> None:
    """Every region's newest comparison of levels, as the table turnout has it."""
    part = Partition(pack())
    for record in (*random_day(), *chosen()):
        part.fold(read(record.raw, record.origin, pack()), record.origin.topic)
    table: list[dict[str, Any]] = [
        dict(row)
        for row in rows("turnout", [part], pack(), EVENING)
        if (row["comparison"], row["contest"], row["checkpoint"]) == ("level", "list", CHECKPOINT)
        and row["region"] in ("XX-A", "XX-B")
        and row.get("station") is None
    ]
    assert len(table) == 2
    for name, key in (
        ("Gap", "gap"),
        ("± 95 %", "half_width"),
        ("± all", "half_width_family"),
        ("Stations", "n"),
        ("Observed", "observed"),
    ):
        shown = column(prometheus, "Regions by verdict", name)
        for row in table:
            assert shown[row["region"]] == pytest.approx(row[key]), (name, row["region"])
    words = panel("Regions by verdict")["fieldConfig"]["overrides"][0]["properties"]
    (mapping,) = next(item["value"] for item in words if item["id"] == "mappings")
    shown = column(prometheus, "Regions by verdict", "Verdict")
    for row in table:
        text = mapping["options"][f"{shown[row['region']]:.0f}"]["text"]
        assert text.startswith(row["verdict"].replace("_", " "))
    assert mapping["options"][f"{shown['XX']:.0f}"]["text"] == "not compared here"


def test_the_spread_is_the_standard_deviation_between_stations(prometheus: Prometheus) -> None:
    """Of Σ(a − p·m)², as part of the mean register."""
    shown = column(prometheus, "The sample, by stratum", "Spread")
    for name, drawn in (("town", 5), ("country", 4)):
        counts = [400 + number for number in range(drawn)]
        p = sum(counts) / (1000 * drawn)
        square = sum((a - p * 1000) ** 2 for a in counts) / (drawn - 1)
        assert shown[name] == pytest.approx(square**0.5 / fmean([1000] * drawn), rel=1e-6)
