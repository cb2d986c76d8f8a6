"""The findings that are not counted, each with a reason and a last day."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple


class IgnoreError(Exception):
    """The file of ignored findings is not as it should be; the message says where."""


class Ignored(NamedTuple):
    """One entry. ``until``: the first day on which it is no longer ignored."""

    id: str
    package: str
    reason: str
    until: date


def read_ignored(path: Path) -> list[Ignored]:
    """The entries of a TOML file. IgnoreError: it lacks something, or has something else."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise IgnoreError(f"{path}: {error}") from None
    if set(table) != {"ignored"} or not isinstance(table["ignored"], list):
        raise IgnoreError(f"{path}: holds nothing but the array `ignored`")
    return [_entry(path, number, entry) for number, entry in enumerate(table["ignored"], 1)]


def _entry(path: Path, number: int, entry: object) -> Ignored:
    where = f"{path}: entry {number}"
    if not isinstance(entry, dict) or set(entry) != set(Ignored._fields):
        raise IgnoreError(f"{where}: needs exactly {', '.join(Ignored._fields)}")
    for name in ("id", "package", "reason"):
        if not isinstance(entry[name], str) or not entry[name].strip():
            raise IgnoreError(f"{where}: {name} must be text that says something")
    if type(entry["until"]) is not date:
        raise IgnoreError(f"{where}: until must be a day, as 2026-12-31 without quotes")
    return Ignored(**entry)


def expired(ignored: Sequence[Ignored], today: date) -> list[Ignored]:
    """Those whose last day is over."""
    return [entry for entry in ignored if entry.until <= today]
