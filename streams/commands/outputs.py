"""Files that a command writes: opened late, and never one that it reads."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from streams.errors import UserError
from streams.sources.jsonl import STDIN


def refuse_reuse(outputs: Iterable[tuple[str, Path | None]], inputs: Iterable[str | Path]) -> None:
    """Raise ``UserError`` when a file is both read and written, or written twice, by any names.

    ``outputs``: with the option that names each; None is not given. '-' among ``inputs`` is
    standard input.
    """
    taken = [(f"is read as {name}", status) for name in inputs if (status := _input(name))]
    new: dict[str, str] = {}
    for option, path in outputs:
        if path is None:
            continue
        status = _file(path)
        for use, other in taken:
            if status is not None and os.path.samestat(status, other):
                raise UserError(f"{option} {path}: this file {use}; write to another one")
        if status is not None:
            taken.append((f"is that of {option} {path}", status))
        elif not os.path.exists(path):
            other_option = new.setdefault(os.path.realpath(path), option)
            if other_option != option:
                raise UserError(f"{option} {path}: this file is that of {other_option} too")


def _file(path: str | Path) -> os.stat_result | None:
    """Of a regular file that is there: devices and pipes lose nothing by being written to."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _input(name: str | Path) -> os.stat_result | None:
    if name != STDIN:
        return _file(name)
    try:
        status = os.fstat(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or replaced by something else
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def create(path: Path) -> IO[bytes]:
    """``path`` opened for writing, emptied. UserError: it can't be."""
    try:
        return path.open("wb")
    except OSError as error:
        raise unwritable(path, error) from error


def copy_to(path: Path, waiting: IO[bytes]) -> None:
    """Write all of ``waiting`` to the file ``path``. UserError: it can't be written."""
    waiting.seek(0)
    try:
        with create(path) as stream:
            shutil.copyfileobj(waiting, stream)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> UserError:
    """What to tell the user of ``error``."""
    return UserError(f"{path}: cannot be written: {error.strerror or error}")
