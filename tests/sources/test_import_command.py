"""`scrutineer import` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.cli import run
from tests.packs import SMALL_FILES
from tests.sources.importing import NOON, REPORTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack, a mapping, and a file with one wrong row of three."""
    (tmp_path / "pack").mkdir()
    for name, text in SMALL_FILES.items():
        (tmp_path / "pack" / name).write_text(text)
    (tmp_path / "m.toml").write_text(REPORTS)
    rows = [f"{n},{NOON},{region},procedures" for n, region in enumerate(["XX-A", "XX-Z", "XX-B"])]
    (tmp_path / "rows.csv").write_text("\n".join(["id,time,region,category", *rows]))
    return tmp_path


def call(folder: Path, *more: str) -> int:
    """Run the command on the folder."""
    base = ["import", str(folder / "m.toml"), str(folder / "rows.csv")]
    return run([*base, "--pack", str(folder / "pack"), *more])


def test_nothing_is_written_when_a_row_is_wrong(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The row is told, the status is 1, an output of before stays as it was."""
    (folder / "out.jsonl").write_text("before")
    assert call(folder, "-o", str(folder / "out.jsonl")) == 1
    assert (folder / "out.jsonl").read_text() == "before"
    assert call(folder) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert f"{folder}/rows.csv:3: unknown_region: data.region: 'XX-Z'" in err
    assert "nothing was written" in err


def test_wrong_rows_can_be_put_aside(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The right ones are written, the wrong ones listed with their reasons."""
    assert call(folder, "--skip-invalid", str(folder / "bad.txt")) == 0
    out, err = capfd.readouterr()
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["0", "2"]
    assert (folder / "bad.txt").read_text() == (
        f"{folder}/rows.csv:3: unknown_region: data.region: 'XX-Z'\n"
    )
    assert "3 rows" in err
    assert "2 election.observer.incident.v1" in err
    assert "wrong rows: 1" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--lookup", "register"], "write it as NAME=FILE"),
        (["--lookup", "register=x.csv"], "the mapping has no such lookup"),
        (["--pack", "nowhere"], "nowhere"),
        (["-o", "none/out.jsonl", "--skip-invalid", "none/bad"], "cannot be written"),
    ],
)
def test_mistakes_end_with_2(
    folder: Path, capfd: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    """And one message, without a stack trace."""
    assert call(folder, *more) == 2
    err = capfd.readouterr().err
    assert message in err
    assert "Traceback" not in err
