"""`scrutineer pack check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.cli import run
from tests.packs import SMALL_FILES, small_pack


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The small pack on disk."""
    for name, text in SMALL_FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_good_pack_is_summed_up(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it holds, with its digests, and status 0."""
    assert run(["pack", "check", str(directory)]) == 0
    shown = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    shown = {label: value.strip() for label, value in shown.items()}
    assert shown["election"] == "test-2030 (Test election)"
    assert shown["regions"] == "4 and XX as a whole"
    assert shown["stations"] == "8 listed"
    assert shown["contests"] == "2, the main one is list"
    assert shown["sources"] == "1 desk, 3 observer, 1 official"
    assert shown["acceptance digest"] == small_pack().acceptance_digest


def test_a_built_in_pack(capsys: pytest.CaptureFixture[str]) -> None:
    """It is checked by its name; that it lists no stations is said."""
    assert run(["pack", "check", "kazakhstan-2023"]) == 0
    out = capsys.readouterr().out
    assert "none listed (there are 10,223): reports may name any" in out


def test_a_bad_pack(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All faults on stdout, one a line, and status 1."""
    (directory / "taxonomy.csv").write_text("code,name\nX,y\nz,\n")
    assert run(["pack", "check", str(directory)]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{directory}/taxonomy.csv:2: code: ")
    assert lines[1] == f"{directory}/taxonomy.csv:3: name: is empty"
    assert captured.err == f"2 problems in {directory}\n"


def test_no_pack(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and what names there are."""
    assert run(["pack", "check", "nowhere"]) == 2
    assert "kazakhstan-2023" in capsys.readouterr().err


def test_the_report_of_a_pack(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Deviations and sums as tables and as JSON; the same figures in both."""
    (directory / "districts.csv").write_text(
        "code,contest,region,name,electorate\n1,district,XX-A,North,4000\n2,district,XX-B,South,2900\n"
        "3,district,XX-C,West,3100\n",
        encoding="utf-8",
    )
    assert run(["pack", "report", str(directory)]) == 0
    shown = capsys.readouterr().out
    assert "Mean electorate: 3,333.3, of all 3 districts." in shown
    assert "+20.0 %" in shown
    assert "Of 3 districts: 1 above 15 %, 1 above 10 % but not 15 %, 1 within 10 %" in shown
    assert run(["pack", "report", str(directory), "--json"]) == 0
    (contest,) = (found := json.loads(capsys.readouterr().out))["districts"]
    assert contest["mean_exact"] == "10000/3"
    assert [each["deviation_percent"] for each in contest["districts"]] == [20.0, -13.0, -7.0]
    assert contest["counts"]["above_permissible"] == 1
    rows = {row["region"]: row for row in found["registers"]}
    assert rows["XX-A"]["registered_listed"] == 4000
    assert rows["XX"]["registered_below"] is None


def test_the_report_of_a_built_in_pack(capsys: pytest.CaptureFixture[str]) -> None:
    """What was not published is unknown, and the mean that stands in says what it is."""
    assert run(["pack", "report", "kazakhstan-2023"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "cannot be computed: the electorates of 4 of 29 districts are known" in shown
    assert "12,032,550 voters registered in the whole country / 29 districts = 414,915.5" in shown
    assert "25 unknown" in shown
