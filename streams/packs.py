"""Reads election packs from directories; knows the packs that ship with scrutineer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from schemas.pack import PACK_FILES, Pack, PackError, Problem, parse_pack
from streams.errors import UserError

_REFERENCE: Final = Path(__file__).resolve().parent / "reference"


def built_in() -> list[str]:
    """Names of the packs that ship with scrutineer, sorted."""
    return sorted(file.parent.name for file in _REFERENCE.glob("*/election.toml"))


def pack_directory(where: str | Path) -> Path:
    """The directory of a pack: a path, or the name of a built-in one.

    A directory of that name wins. Raises UserError when there is neither.
    """
    path = Path(where)
    if os.path.isdir(path):  # unlike Path.is_dir: no OSError for names that can't be
        return path
    if str(where) in built_in():
        return _REFERENCE / str(where)
    known = ", ".join(built_in())
    what = "is not a directory" if os.path.exists(path) else "does not exist"
    raise UserError(
        f"pack {where}: {what}, and no built-in pack has that name (there are: {known})"
    )


def load_pack(where: str | Path) -> Pack:
    """The pack at ``where``: a directory, or the name of a built-in one.

    Raises UserError when there is no such pack, and PackError, whose files are paths that an
    editor can open, with all that is wrong with it.
    """
    directory = pack_directory(where)
    try:
        return parse_pack(_read(directory))
    except PackError as error:
        raise PackError(
            Problem(str(directory / file), line, message) for file, line, message in error.problems
        ) from None


def pack_texts(where: str | Path) -> dict[str, str]:
    """The texts of the files of the pack at ``where``, by name. Raises as ``load_pack``."""
    texts = _read(pack_directory(where))
    return {name: text for name, text in texts.items() if name in PACK_FILES}


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError as error:
        raise UserError(f"{directory}: cannot be read: {error.strerror}") from error


def _read(directory: Path) -> dict[str, str]:
    """The texts of the pack's files; of other tables only the names, to notice misspelt ones."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in _files(directory):
        if path.name not in PACK_FILES:
            texts[path.name] = ""
            continue
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            texts[path.name] = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            byte = raw[error.start]
            message = f"is not UTF-8 (byte 0x{byte:02x}); save the file as UTF-8"
            problems.append(Problem(path.name, line, message))
    if problems:
        raise PackError(problems)
    return texts
