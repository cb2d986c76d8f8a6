"""Packs are found, read and decoded; what is wrong is told with paths that can be opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.pack import PackError
from streams.errors import UserError
from streams.packs import built_in, load_pack
from tests.packs import SMALL_FILES, small_pack


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The small pack on disk."""
    for name, text in SMALL_FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_directory(directory: Path) -> None:
    """A pack read from disk is the one parsed from its texts."""
    pack = load_pack(directory)
    assert pack.acceptance_digest == small_pack().acceptance_digest
    assert pack.judgement_digest == small_pack().judgement_digest


@pytest.mark.parametrize("name", built_in())
def test_every_built_in_pack_is_good(name: str) -> None:
    """It loads by its name."""
    assert load_pack(name).regions


def test_kazakhstan_is_built_in() -> None:
    """The demo's election needs no path."""
    assert load_pack("kazakhstan-2023").id == "kz-2023-03-19"


def test_neither_a_directory_nor_a_name() -> None:
    """The error says which names there are."""
    with pytest.raises(UserError, match=r"no-such-pack: does not exist.*kazakhstan-2023"):
        load_pack("no-such-pack")


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000, "x\0"])
def test_a_name_that_cannot_be(name: str) -> None:
    """Too long for a file, or with a byte that no name has."""
    with pytest.raises(UserError, match="does not exist"):
        load_pack(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_read(directory: Path) -> None:
    """Is told with the reason."""
    directory.chmod(0o300)
    with pytest.raises(UserError, match="cannot be read: Permission denied"):
        load_pack(directory)


def test_a_file_instead_of_a_directory(directory: Path) -> None:
    """Naming election.toml itself is an easy mistake."""
    with pytest.raises(UserError, match="is not a directory"):
        load_pack(directory / "election.toml")


def test_faults_name_a_path_that_an_editor_can_open(directory: Path) -> None:
    """The directory as it was given, the file, the line."""
    (directory / "taxonomy.csv").write_text("code,name\nX,y\n")
    with pytest.raises(PackError) as error:
        load_pack(directory)
    assert str(error.value).startswith(f"{directory / 'taxonomy.csv'}:2: code: 'X' does not fit")


def test_a_file_in_another_encoding(directory: Path) -> None:
    """The line of the first wrong byte, for every such file."""
    text = SMALL_FILES["regions.csv"].replace("West", "Wést")
    (directory / "regions.csv").write_bytes(text.encode("latin-1"))
    (directory / "election.toml").write_bytes(SMALL_FILES["election.toml"].encode("utf-16"))
    with pytest.raises(PackError) as error:
        load_pack(directory)
    first, second = error.value.problems
    assert first.file == str(directory / "election.toml")
    assert (first.line, second.line) == (1, 5)
    assert second.message == "is not UTF-8 (byte 0xe9); save the file as UTF-8"


def test_a_misspelt_file_is_noticed(directory: Path) -> None:
    """Though files that are no part of a pack are not read."""
    (directory / "notes.csv").write_bytes(b"\xff")
    load_pack(directory)
    (directory / "questions.csv").rename(directory / "question.csv")
    with pytest.raises(PackError, match=r"question\.csv:1: is no file of a pack; should it be q"):
        load_pack(directory)


def test_a_directory_in_the_place_of_a_file(directory: Path) -> None:
    """What cannot be read is told without a stack trace."""
    (directory / "questions.csv").unlink()
    (directory / "questions.csv").mkdir()
    with pytest.raises(UserError, match=r"questions\.csv: cannot be read: Is a directory"):
        load_pack(directory)
