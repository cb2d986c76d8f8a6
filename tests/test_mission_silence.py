"""No incident is not no report: every view tells a calm region from one that nobody speaks for.

Two regions without a single incident. From XX-A an observer reported that nothing happened; from
XX-B nobody reported. Each view below must say different things of the two; the worker's answers
are in ``tests/worker/test_http.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from rich.console import Console

from streams.commands.replay import command
from streams.demo.board import TABLES as OF_THE_BOARD
from streams.demo.board import build
from streams.demo.scene import Pipeline, Scene
from streams.demo.screen import Screen
from streams.tables.basis import NOT_OF_REPORTS
from streams.tables.partition import Partition
from streams.tables.views import TABLES, document, rows
from tests.metrics.worlds import fold, metrics, total, worker
from tests.packs import SMALL_FILES, small_pack
from tests.tables.events import state, us, visit

NOW = us("12:30")
CALM, UNHEARD = "XX-A", "XX-B"
REPORT = visit("v", "12:00", phase="voting", rating="good")
COUNTS = sorted(set(TABLES) - NOT_OF_REPORTS)


def part() -> Partition:
    """One visit in the calm region, and nothing else."""
    return state(REPORT)


@pytest.mark.parametrize("name", COUNTS)
def test_in_an_answer_of_the_tables(name: str) -> None:
    """Beside the rows of any count, of all regions and of the one asked for."""
    found: Any = document([part()], small_pack(), NOW, [name])
    states = {row["region"]: row["state"] for row in found["basis"]}
    assert (states[CALM], states[UNHEARD]) == ("reporting", "nothing_heard")
    one: Any = document([part()], small_pack(), NOW, [name], UNHEARD)
    found_rows = one["tables"][name]
    if name == "incidents_surge":
        # The one count with a row for every region: it shows beside its 0 that 0 stations report.
        assert [(row["reports"], row["stations"]) for row in found_rows] == [(0, 0)]
    else:
        assert found_rows == []
    assert one["basis"][0]["state"] == "nothing_heard"


@pytest.mark.parametrize("name", COUNTS)
def test_in_the_terminal(name: str, tmp_path: Path) -> None:
    """Beside each count, and in JSON."""
    (tmp_path / "events.jsonl").write_bytes(REPORT.raw)
    pack = tmp_path / "pack"
    pack.mkdir()
    for file, text in SMALL_FILES.items():
        (pack / file).write_text(text)
    where = [str(tmp_path / "events.jsonl"), "--pack", str(pack)]

    def told(*more: str) -> str:
        result = CliRunner().invoke(command, [*where, "--table", name, *more])
        assert result.exit_code == 0
        return result.stdout

    line = "no report from 2 of 4 regions: XX-B, XX-C"
    assert told().count(line) == 2, "beside the table and in the last lines"
    assert f"no report from {UNHEARD}" in told("--region", UNHEARD)
    assert f"reports from {CALM}" in told("--region", CALM)
    basis = json.loads(told("--json"))["basis"]
    assert {row["state"] for row in basis if row["region"] == UNHEARD} == {"nothing_heard"}


def test_on_the_screen() -> None:
    """A dash where a report says so, words where none does."""
    pack = small_pack()
    found: Any = document([part()], pack, NOW, [])
    tables = {name: rows(name, [part()], pack, NOW) for name in OF_THE_BOARD}
    board = build(pack, NOW, tables, found["basis"])
    scene = Scene("", ZoneInfo("UTC"), us("07:00"), us("20:00"), board, Pipeline(), "")
    console = Console(width=80, height=24, color_system=None)
    with console.capture() as capture:
        console.print(Screen(scene))
    lines = capture.get().splitlines()
    shown = {
        name: line.split()[1:] for line in lines for name in ["North", "South"] if name in line
    }
    assert shown["North"][:3] == ["-", "-", "-"]
    assert shown["South"][:6] == ["no", "reports"] * 3


def test_in_the_metrics() -> None:
    """Both have 0 incidents; one series of each says what that 0 is worth."""
    found = metrics(fold(worker(now=NOW), [REPORT]))
    for region, heard in ((CALM, "reporting"), (UNHEARD, "nothing_heard")):
        assert total(found, "election_incidents", region=region) == 0
        assert total(found, "election_region_heard", region=region) == 1
        assert total(found, "election_region_heard", region=region, state=heard) == 1
