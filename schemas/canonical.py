"""One spelling of an event's content, so that the same content always has the same digest."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from functools import cache
from typing import Any, Final

from schemas.envelope import Data
from schemas.fields import TextDigest, microseconds, rfc3339


def canonical(value: object) -> bytes:
    """JSON after RFC 8785: sorted keys, no spaces, UTF-8.

    Exact for what occurs here: ASCII keys, strings, integers, booleans, null, lists. Raises
    ``ValueError`` on a float that JSON cannot say and ``TypeError`` on what is not JSON.
    """
    return _encode(value).encode()


_encode: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
"""Made once: a digest spells every version there is."""

_AS_IT_IS: Final = frozenset({str, int, bool})


@cache
def _names(model: Any) -> tuple[tuple[str, str], ...]:
    """(attribute, name in JSON) of each field of a model of ``data``."""
    fields = model.__pydantic_fields__
    return tuple((name, fields[name].alias or name) for name in fields)


def _plain(value: object) -> object:
    if value.__class__ in _AS_IT_IS:
        return value
    if isinstance(value, datetime):
        return rfc3339(microseconds(value))
    if isinstance(value, TextDigest):
        return "sha256:" + value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, tuple):  # the pairs of a JSON object
        return dict(value)
    return value


def _fields(model: Any) -> dict[str, object]:
    return {
        alias: _plain(value)
        for name, alias in _names(model.__class__)
        if (value := getattr(model, name)) is not None
    }


def data_fields(data: Data) -> dict[str, object]:
    """``data`` ready for JSON, normalised: times in UTC, free text as its SHA-256, no nulls."""
    return _fields(data)
