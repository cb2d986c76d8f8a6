"""Values of an event made from the texts of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from streams.sources.importing.table import LookupTable, RowError
from streams.sources.importing.value_model import A_TIME, PLACEHOLDER, Scalar, Taken, Value

_INTEGER: Final = re.compile(r"[+-]?\d+")
_DECIMAL: Final = re.compile(r"\d+(\.\d+)?")
_ISO: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([+-]\d{2}:\d{2}|Z)?"
)
MOST: Final = 1_000_000_000
"""The highest revision that a report may have."""
_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Values:
    """Evaluates the values of a mapping. ``zone`` is that of times without an offset."""

    def __init__(self, lookups: Mapping[str, LookupTable], zone: tzinfo | None) -> None:
        self._lookups = lookups
        self._zone = zone

    def make(self, value: Value, row: Mapping[str, str]) -> Scalar | None:
        """The value for ``row``; None where the mapping leaves it out. Raises ``RowError``."""
        if value.omit_with is not None and row[value.omit_with]:
            return None
        try:
            return self._made(value, row)
        except RowError as error:
            raise RowError(f"{_named(value)} {error}") from error

    def _made(self, value: Value, row: Mapping[str, str]) -> Scalar | None:
        text, taken = self._first(value, row)
        if value.chosen is not None and text != "":
            text = _chosen(str(text), value)
        if value.map is not None and (text != "" or "" in value.map):
            text = _mapped(str(text), value)
        if text == "":
            if value.omit_if_empty:
                return None
            raise RowError("is empty, and the mapping does not say what that means")
        if not isinstance(text, str):
            return text
        if value.type in ("seconds", "minutes"):
            return _elapsed(text, value, row, (self._zone_of(value), self._zone_of(taken)))
        return _convert(text, value, row, self._zone_of(taken))

    def _first(self, value: Value, row: Mapping[str, str]) -> tuple[Scalar, Taken]:
        """The first text that is not empty, and where it is from."""
        for taken in (value, *value.or_):
            text = self._take(taken, row)
            if text != "":
                return text, taken
        return "", value

    def _zone_of(self, taken: Taken) -> tzinfo | None:
        return ZoneInfo(taken.timezone) if taken.timezone else self._zone

    def _take(self, taken: Taken, row: Mapping[str, str]) -> Scalar:
        if taken.const is not None:
            return taken.const
        if taken.lookup is not None:
            try:
                return self._lookups[taken.lookup].get(row[taken.key or ""], taken.column or "")
            except RowError as error:
                raise RowError(f"column '{taken.key}': {error}") from error
        if taken.template is not None:
            return _filled(taken.template, row)
        return row[taken.column or ""]


def _named(value: Value) -> str:
    """Where the value came from, as the user wrote it."""
    if value.column is not None:
        return f"column '{value.column}':"
    return f"'{value.template if value.template is not None else value.const}':"


def _filled(template: str, row: Mapping[str, str]) -> str:
    """The template with the row's texts; empty as soon as one of them is."""
    texts = {name: row[name] for name in PLACEHOLDER.findall(template)}
    if not all(texts.values()):
        return ""
    return PLACEHOLDER.sub(lambda found: texts[found[1]], template)


def _chosen(text: str, value: Value) -> str:
    made = {part.strip() for part in text.split(value.separator)} - {""}
    if unknown := sorted(made.difference(value.among)):
        raise RowError(f"'{unknown[0][:40]}' is no choice of the mapping's 'among'")
    return "yes" if value.chosen in made else "no"


def _mapped(text: str, value: Value) -> Scalar:
    assert value.map is not None
    if text in value.map:
        return value.map[text]
    if value.default is not None:
        return value.default
    raise RowError(f"'{text[:40]}' is not in the mapping's 'map', which has no 'default'")


def _convert(text: str, value: Value, row: Mapping[str, str], zone: tzinfo | None) -> Scalar | None:
    if value.type == "decimal":
        return _decimal(text, value, row)
    if value.type == "time":
        return _moment(text, value.format, zone).isoformat().replace("+00:00", "Z")
    return _CONVERT[value.type](text)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 20:
        raise RowError(f"'{text[:40]}' is not a whole number")
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise RowError(f"'{text[:40]}' is neither true nor false")
    return _BOOLEANS[text.lower()]


_CONVERT: Final[dict[str, Callable[[str], Scalar]]] = {
    "text": str,
    "int": _integer,
    "bool": _boolean,
}


def _decimal(text: str, value: Value, row: Mapping[str, str]) -> str | None:
    """The digits as printed: how many there are says how the figure was rounded."""
    if value.decimal_comma:
        text = text.replace(",", ".")
    if not _DECIMAL.fullmatch(text):
        raise RowError(f"'{text[:40]}' is not a decimal number")
    digits = len(text.partition(".")[2])
    if value.decimals is not None and digits > value.decimals:
        if value.finer == "omit" and all(row[name] for name in value.given):
            return None
        raise RowError(f"'{text[:40]}' has more than {value.decimals} digits after the point")
    return text


def _elapsed(
    text: str, value: Value, row: Mapping[str, str], zones: tuple[tzinfo | None, tzinfo | None]
) -> int:
    """Whole seconds or minutes until ``text``, cut, never rounded: a later time is no less.

    ``zones``: of the time from which they count, and of ``text``.
    """
    since, (first, last) = value.since or "", zones
    start = _moment(since if A_TIME.match(since) else row[since], value.format, first)
    seconds = int((_moment(text, value.format, last) - start).total_seconds())
    if seconds < 0:
        raise RowError(f"'{text[:40]}' is before '{since}', since when it counts")
    count = seconds if value.type == "seconds" else seconds // 60
    if count > MOST:
        raise RowError(
            f"'{text[:40]}' is {count:,} {value.type} later, and a revision is {MOST:,} at most; "
            'count in type = "minutes", from a later time, for all exports alike'
        )
    return count


def _moment(text: str, layout: str | None, zone: tzinfo | None) -> datetime:
    """``text`` with its own offset, or the one of ``zone`` at that time."""
    moment = _parsed(text, layout)
    return _placed(moment, text, zone) if moment.tzinfo is None else moment


def _parsed(text: str, layout: str | None) -> datetime:
    if layout is None and not _ISO.fullmatch(text):
        raise RowError(f"'{text[:40]}' is not a time as in RFC 3339; say how with 'format'")
    try:
        if layout is None:
            return datetime.fromisoformat(text)
        return datetime.strptime(text, layout)  # noqa: DTZ007 - the caller gives it its zone
    except ValueError as error:
        written = f" written as '{layout}'" if layout else ""
        raise RowError(f"'{text[:40]}' is not a time{written}") from error


def _placed(moment: datetime, text: str, zone: tzinfo | None) -> datetime:
    """``moment`` in ``zone``, unless the clocks there had it twice or not at all."""
    if zone is None:
        raise RowError(
            f"'{text[:40]}' has no offset, and the mapping's [file] no timezone; "
            "set it there, or in this value alone, if all such times are of one zone"
        )
    early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        raise RowError(f"'{text[:40]}': the clocks were changed then; give it with its offset")
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise RowError(f"'{text[:40]}' does not exist there")
    return early
