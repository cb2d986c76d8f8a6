"""`scrutineer turnout`: the table of a report and its picture, from events to text."""

from __future__ import annotations

import builtins
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.commands.turnout import command
from streams.errors import UserError
from streams.tables.turnout_rows import turnout
from streams.tables.views import TABLES
from tests.strategies import Record
from tests.tables.events import counted, decision, figure
from tests.tables.test_turnout import counts, sample_files

PNG = b"\x89PNG\r\n"
RECORDS: Sequence[Record] = (
    *counts(),
    figure("10:00", "20.00"),
    figure("14:00", "60.00"),
    figure("14:00", "61.50", "agency"),
    counted("m", "14:00", 300, "t50"),
    figure("14:00", voted=400, station="t50"),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a pack and a file of events."""
    (tmp_path / "pack").mkdir()
    for name, text in sample_files().items():
        (tmp_path / "pack" / name).write_text(text, encoding="utf-8")
    lines = b"".join(record.raw + b"\n" for record in RECORDS)
    (tmp_path / "events.jsonl").write_bytes(lines)
    return tmp_path


def run(place: Path, *arguments: str) -> Result:
    files = [str(place / "events.jsonl"), "--pack", str(place / "pack")]
    result = CliRunner().invoke(command, [*files, *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def line(result: Result, *wanted: str) -> str:
    (found,) = (
        text
        for text in (" ".join(text.split()) for text in result.stdout.splitlines())
        if all(word in text for word in wanted)
    )
    return found


def test_a_table_for_a_report(place: Path) -> None:
    """Both figures, the gap, its interval, n of how many, the verdict; the words explained."""
    found = run(place, "--region", "XX-A")
    assert line(found, "XX-A North", "2030-06-02 14:00", "inconclusive") == (
        "XX-A North 2030-06-02 14:00 0 min 60.00 47.13 +12.87 ± 9.88 7 of 7 inconclusive"
    )
    assert line(found, "agency") == (
        "XX-A 2030-06-02 14:00 conflicting 61.50 agency 60.00 commission open"
    )
    assert line(found, "official_above", "XX-A") == (
        "XX-A North 2030-06-02 14:00 400 300 +100 1 1 0 0 official_above"
    )
    assert "inconclusive: the sample is too small to tell." in found.stdout
    # A station's own count is no sample, and its verdict is not explained by one.
    assert "official_above (the same stations): the official figure is higher than the count" in (
        found.stdout
    )
    assert "official_above: " not in found.stdout
    assert "no_observation" not in found.stdout
    assert "INTERNAL: nothing of this leaves the mission before 2030-06-03 12:00." in found.stdout
    assert "content digest" in found.stdout
    assert "12 lines, 12 accepted" in found.stderr


def test_every_checkpoint_and_what_was_known_then(place: Path) -> None:
    """With --every the morning's row as well; with --until nothing that came later."""
    every = run(place, "--every", "--region", "XX-A")
    assert "2030-06-02 10:00 4 h 00 20.00" in " ".join(every.stdout.split())
    early = run(place, "--region", "XX-A", "--until", "2030-06-02T12:00:00Z")
    assert line(early, "no_observation", "20.00").endswith(
        "10:00 2 h 00 20.00 0 of 7 no_observation"
    )
    assert "14:00" not in early.stdout.split("Verdicts err")[0].replace("12:00", "")


def test_stations_one_by_one(place: Path) -> None:
    """The station, not only how many."""
    assert line(run(place, "--stations", "--region", "XX-A"), "t50").startswith("XX-A t50 ")
    assert "t50" not in run(place, "--region", "XX-A").stdout


def test_a_finding_that_is_past_is_no_secret(place: Path) -> None:
    """Another publisher printed less than was known before: not in force, and still printed."""
    with (place / "events.jsonl").open("ab") as file:
        file.write(figure("14:00", "19.00", "agency", revision=1).raw + b"\n")
    assert line(run(place, "--region", "XX-A"), "fall") == (
        "XX-A 2030-06-02 14:00 fall 19.00 agency 20.00 commission past"
    )


def test_minutes_and_conflicts_of_a_station(place: Path) -> None:
    """The nearest count is four minutes late, and two teams differ: both are said."""
    more = (
        counted("n", "14:04", 380, "t51"),
        counted("o", "14:04", 390, "t51", source="urn:test:party"),
        figure("14:00", voted=400, station="t51"),
    )
    with (place / "events.jsonl").open("ab") as file:
        file.writelines(record.raw + b"\n" for record in more)
    found = run(place, "--stations", "--region", "XX-A")
    assert (
        line(found, "XX-A t51") == "XX-A t51 2030-06-02 14:00 +4 400 385 +15 1 0 1 official_above"
    )
    assert (
        line(found, "XX-A t50") == "XX-A t50 2030-06-02 14:00 0 400 300 +100 1 0 0 official_above"
    )


@pytest.mark.parametrize(("alpha", "said"), [("0.005", "0.5 %"), ("0.01", "1 %")])
def test_the_error_is_said_as_the_pack_has_it(place: Path, alpha: str, said: str) -> None:
    """Half a percent is not none."""
    with (place / "pack" / "election.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[judgement.turnout]\nalpha = {alpha}\n")
    assert f"Verdicts err with {said} for all comparisons" in run(place).stdout


def test_markdown_and_json(place: Path) -> None:
    """A table with pipes to paste; or the rows of the contest as they are."""
    text = run(place, "--format", "markdown", "--region", "XX-A").stdout
    assert "| XX-A | North | 2030-06-02 14:00 | 0 min | 60.00 | 47.13 | +12.87 | ± 9.88 |" in text
    rows = json.loads(run(place, "--format", "json").stdout)
    assert {row["comparison"] for row in rows} == {"level", "flow", "matched"}
    assert {row["region"] for row in rows} == {"XX", "XX-A"}


@pytest.mark.parametrize("name", ["gap.svg", "gap.png"])
def test_a_picture_of_every_place(place: Path, name: str) -> None:
    """Official series and observed estimates; the same rows give the same bytes."""
    file = place / name
    run(place, "--plot", str(file))
    first = file.read_bytes()
    if name.endswith(".svg"):
        text = first.decode()
        for word in ("XX-A North", "inconclusive, n = 7 of 7", "observed, 95 % interval"):
            assert word in text
        assert "INTERNAL" in text
    else:
        assert first.startswith(PNG)
    run(place, "--plot", str(file))
    assert file.read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plot", "gap.pdf"], r"gap.pdf: the name must end in .svg or .png"),
        (["--plot", "no/such/gap.svg"], r"no/such/gap.svg: cannot be written: No such file"),
        (["--contest", "district", "--plot", "gap.svg"], r"no figure of contest district"),
        (["--contest", "mayor"], r"--contest mayor: the pack test-2030 has list, district"),
        (["--region", "XX-Q"], r"--region XX-Q: the pack test-2030 has no such region"),
        (["--until", "noon"], r"--until noon: write a time with its offset"),
    ],
)
def test_mistakes_are_told(place: Path, arguments: list[str], message: str) -> None:
    """What is wrong and what there is instead."""
    with pytest.raises(UserError, match=message):
        run(place, *arguments)


def test_a_picture_never_replaces_the_events(place: Path) -> None:
    """--plot on a file that is read."""
    with pytest.raises(UserError, match="write to another one"):
        run(place, "--plot", str(place / "events.jsonl"))


def test_without_matplotlib(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table needs nothing; the picture says what to install."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    run(place)
    with pytest.raises(UserError, match=r"pip install 'scrutineer\[plot\]'"):
        run(place, "--plot", str(place / "gap.svg"))


def test_only_what_the_desk_confirmed(place: Path) -> None:
    """One confirmed count of seven: described, and too few to show."""
    about = {"source": "urn:test:citizen", "region": "XX-A", "report_id": "t0"}
    with (place / "events.jsonl").open("ab") as stream:
        stream.write(decision("t0", "confirmed", about=about).raw + b"\n")
    found = run(place, "--confirmed-only", "--region", "XX-A")
    assert line(found, "XX-A North", "60.00").endswith("60.00 1 of 7 too_few")


def test_an_empty_file_is_no_error(place: Path) -> None:
    """Nothing known: heads without rows."""
    (place / "events.jsonl").write_bytes(b"")
    found = run(place)
    assert "official %" in found.stdout
    assert "0 lines" in found.stderr


def test_the_table_is_the_one_that_workers_show() -> None:
    """No second way to the numbers."""
    assert TABLES["turnout"] is turnout
