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


@pytest.mark.parametrize("option", ["-o", "--skip-invalid"])
@pytest.mark.parametrize("name", ["m.toml", "rows.csv", "link.csv"])
def test_what_is_read_is_not_overwritten(
    folder: Path, capfd: pytest.CaptureFixture[str], option: str, name: str
) -> None:
    """A slip of the hand must not cost the data, by whatever name."""
    (folder / "link.csv").symlink_to("rows.csv")
    before = (folder / name).read_bytes()
    assert call(folder, option, str(folder / name)) == 2
    assert (folder / name).read_bytes() == before
    assert "this file is read as" in capfd.readouterr().err


def test_earlier_events_are_not_overwritten(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The next import needs them."""
    (folder / "day.jsonl").write_text("")
    before = ["--previous", str(folder / "day.jsonl")]
    assert call(folder, *before, "-o", str(folder / "day.jsonl")) == 2
    assert "this file is read as" in capfd.readouterr().err


def test_a_lookup_is_not_overwritten(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the one beside the file nor one that is named."""
    lookup = '\n[lookups.register]\nfile = "register.csv"\nkey = "id"\n'
    (folder / "m.toml").write_text(REPORTS + lookup)
    for name, more in (("register.csv", []), ("r.csv", ["--lookup", f"register={folder}/r.csv"])):
        (folder / name).write_text("id\n")
        assert call(folder, *more, "-o", str(folder / name)) == 2
        assert "this file is read as" in capfd.readouterr().err
        assert (folder / name).read_text() == "id\n"


@pytest.mark.parametrize("exists", [True, False])
def test_two_outputs_are_two_files(
    folder: Path, capfd: pytest.CaptureFixture[str], exists: bool
) -> None:
    """The second would overwrite the first."""
    if exists:
        (folder / "both").write_text("")
    both = [str(folder / "both"), "--skip-invalid", f"{folder}/../{folder.name}/both"]
    assert call(folder, "-o", *both) == 2
    assert "this file is that of --output" in capfd.readouterr().err


def test_a_list_of_before_outlives_a_file_that_cannot_be_read(folder: Path) -> None:
    """The list is written when all rows have been read."""
    (folder / "bad.txt").write_text("before")
    (folder / "rows.csv").unlink()
    assert call(folder, "--skip-invalid", str(folder / "bad.txt")) == 2
    assert (folder / "bad.txt").read_text() == "before"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("option", ["-o", "--skip-invalid"])
def test_a_full_disk_is_told(folder: Path, capfd: pytest.CaptureFixture[str], option: str) -> None:
    """With the file's name."""
    assert call(folder, "--skip-invalid", "/dev/null", option, "/dev/full") == 2
    assert "scrutineer: /dev/full: cannot be written: No space left" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--lookup", "register"], "write it as NAME=FILE"),
        (["--lookup", "register=x.csv"], "the mapping has no such lookup"),
        (["--complete"], "withdraws what --previous has, which is not given"),
        (["--withdraw-at-most", "3"], "goes with --complete, without which nothing is"),
        (["--previous", "none.jsonl"], "none.jsonl: cannot be read"),
        (["--pack", "nowhere"], "nowhere"),
        (["-o", "x" * 300, "--skip-invalid", "/dev/null"], "cannot be written: File name too long"),
        (["--skip-invalid", "x" * 300], "cannot be written: File name too long"),
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
