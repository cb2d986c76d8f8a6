"""Reading and checking a mapping file."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from schemas.pack.toml_lines import line_of, toml_lines
from streams.errors import UserError
from streams.sources.importing.model import PACK_ZONE, Mapping, described

BUILT_IN = Path(__file__).resolve().parents[2] / "reference" / "mappings"
"""The mappings that come with the project."""


def built_in() -> list[str]:
    """The names of the mappings that come with the project."""
    return sorted(path.stem for path in BUILT_IN.glob("*.toml"))


def load_mapping(where: str) -> Mapping:
    """The mapping in the file ``where``, or the built-in one of that name.

    Raises ``UserError`` with one ``file:line: path: what`` for each thing that is wrong.
    """
    path = Path(where)
    if not os.path.isfile(path) and where in built_in():
        path = BUILT_IN / f"{where}.toml"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        names = ", ".join(built_in())
        raise UserError(
            f"{where}: cannot be read: {error.strerror}. Give a mapping file, or one of: {names}"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: not UTF-8: {error}") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str) -> Mapping:
    """The mapping in ``text``; ``name`` is the file's, for messages. Raises ``UserError``."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{name}: not TOML: {error}") from error
    try:
        mapping = Mapping.model_validate(raw)
    except ValidationError as error:
        raise UserError("\n".join(_problems(error, text, name))) from error
    if mapping.file.timezone not in (None, PACK_ZONE):
        _check_zone(str(mapping.file.timezone), text, name)
    return mapping


def _problems(error: ValidationError, text: str, name: str) -> list[str]:
    problems = []
    lines = toml_lines(text)
    for problem in error.errors(include_url=False, include_input=False):
        message = described(problem)
        path: tuple[str | int, ...] = problem["loc"]
        if not path:  # of the whole file: the message begins with the place
            place, _, rest = message.partition(": ")
            path, message = tuple(place.strip("[]").split(".", 1)), rest
        line = line_of(lines, path)
        problems.append(f"{name}:{line}: {'.'.join(map(str, path))}: {message}")
    return problems


def _check_zone(zone: str, text: str, name: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        line = line_of(toml_lines(text), ("file", "timezone"))
        raise UserError(
            f"{name}:{line}: file.timezone: unknown zone '{zone}'; use an IANA name such as "
            "'Europe/Moscow'"
        ) from error
