"""`scrutineer simulate` writes a day that `replay` accepts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.archive.replay import Replay
from streams.commands.simulate import command
from streams.errors import UserError
from streams.packs import load_pack, pack_directory
from streams.sources.jsonl import read_lines


def test_a_day_on_disk(tmp_path: Path) -> None:
    """Events, a pack they fit, and what was planted."""
    out = tmp_path / "day"
    arguments = ["--pack", "kazakhstan-2023", "--teams", "45", "--stations", "400"]
    result = CliRunner().invoke(command, [*arguments, "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    pack = load_pack(out / "pack")
    assert pack.stations is not None
    assert 400 <= len(pack.stations) <= 420
    planted = json.loads((out / "planted.json").read_text())
    replay = Replay(pack)
    files = [str(out / name) for name in ("observers.jsonl", "desk.jsonl")]
    replay.fold((line.where, line.raw) for line in read_lines(files))
    assert replay.reasons == planted["invalid"]["by_reason"]
    assert replay.read == planted["events"]["observer"] + planted["events"]["desk"]
    assert "planted.json" in result.output


def test_it_does_not_overwrite_what_it_reads(tmp_path: Path) -> None:
    """Neither the pack nor the official figures, whatever the way they are named."""
    pack = tmp_path / "pack"
    shutil.copytree(pack_directory("kazakhstan-2023"), pack)
    before = (pack / "election.toml").read_bytes()
    (tmp_path / "desk.jsonl").write_text("mine")
    there = ["--out", str(tmp_path), "--teams", "30", "--stations", "100"]
    for read in (["--pack", str(pack)], ["--official", f"{pack}/../desk.jsonl"]):
        with pytest.raises(UserError, match="this file is read as"):
            CliRunner().invoke(
                command, ["--pack", "kazakhstan-2023", *read, *there], catch_exceptions=False
            )
    assert (pack / "election.toml").read_bytes() == before
    assert (tmp_path / "desk.jsonl").read_text() == "mine"


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    """Is told."""
    (tmp_path / "file").write_text("")
    arguments = ["--pack", "kazakhstan-2023", "--teams", "30", "--stations", "100"]
    with pytest.raises(UserError, match="cannot be written"):
        CliRunner().invoke(
            command, [*arguments, "--out", str(tmp_path / "file" / "x")], catch_exceptions=False
        )
