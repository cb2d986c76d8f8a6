"""A rejected event made ready to be sent again: its fields changed, then checked like any other."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from streams.errors import UserError

Edits = Mapping[tuple[str, ...], Any]
"""Path of a field to its new value; None takes it away."""

_FILE: Final = ".toml"


def read_edits(texts: Iterable[str]) -> Edits:
    """The field changes in ``texts``: each ``path=value``, or the name of a TOML file of them.

    A path is dotted (``data.region``). A value is JSON where it reads as JSON (``12``, ``true``,
    ``"12"``), else text as it stands; ``null`` takes the field away. Later ones win. UserError.
    """
    edits: dict[tuple[str, ...], Any] = {}
    for text in texts:
        if "=" not in text and text.endswith(_FILE):
            edits |= _from_file(Path(text))
            continue
        path, equals, value = text.partition("=")
        if not equals or not all(parts := tuple(path.strip().split("."))):
            raise UserError(
                f"--edit {text!r}: it is path=value, as in data.region=KZ-61, or a file{_FILE}"
            )
        edits[parts] = _value(value)
    return edits


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _from_file(path: Path) -> dict[tuple[str, ...], Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"--edit {path}: {error.strerror}") from None
    except ValueError as error:  # also UnicodeDecodeError and TOMLDecodeError
        raise UserError(f"--edit {path}: not TOML: {error}") from None
    return dict(_flat(table, ()))


def _flat(
    table: Mapping[str, Any], above: tuple[str, ...]
) -> Iterable[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), _plain(value)


def _plain(value: Any) -> Any:
    """TOML's own dates and times as the text that events hold."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def edited(raw: bytes, edits: Edits) -> bytes:
    """``raw`` with ``edits`` made; the very bytes without any. UserError: it is no JSON object."""
    if not edits:
        return raw
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"what was rejected is not JSON, so no field can be changed: {error}"
        ) from None
    for path, value in edits.items():
        holder = event
        for number, name in enumerate(path[:-1]):
            if isinstance(holder, dict) and name not in holder and value is not None:
                holder[name] = {}
            holder = holder.get(name) if isinstance(holder, dict) else None
            if not isinstance(holder, dict):
                where = ".".join(path[: number + 1])
                raise UserError(f"--edit {'.'.join(path)}: there is no object {where} in the event")
        if not isinstance(holder, dict):
            raise UserError("the event is no JSON object, so no field can be changed")
        if value is None:
            holder.pop(path[-1], None)
        else:
            holder[path[-1]] = value
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "backslashreplace")
