"""Field types shared by every contract: codes, identifiers, counts, times, free text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

CLOSED: Final = ConfigDict(extra="forbid", strict=True)
"""Configuration of every ``data`` model: unknown fields are refused, nothing is coerced."""


def closed(rules: dict[str, Any]) -> ConfigDict:
    """``CLOSED``, with what its cross-field checks demand said in JSON Schema too."""
    return ConfigDict(**CLOSED, json_schema_extra=rules)


def given(name: str, kind: str) -> dict[str, Any]:
    """JSON Schema of an object in which ``name`` is there and not null."""
    return {"properties": {name: {"type": kind}}, "required": [name]}


_DATE: Final = r"(19[7-9][0-9]|[2-8][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_ZONE: Final = rf"(\.[0-9]{{1,9}})?([Zz]|[+-]{_CLOCK})"
RFC3339: Final = rf"^{_DATE}[Tt]{_CLOCK}:[0-5][0-9]{_ZONE}$"
# The years leave room for any offset: a moment must be sayable in UTC. Not \d, which here matches
# every script's digits, while other readers of the published pattern take ASCII's alone.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MAX_COUNT: Final = 2_000_000_000
"""Largest count of voters or ballots accepted: above the electorate of any country."""

MAX_TEXT: Final = 16_384
"""Longest free text, in characters."""


class Rfc3339:
    """RFC 3339 with an offset. Pydantic alone would also read "1700000000" as a time."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=RFC3339, max_length=40)
        moment = core_schema.datetime_schema(tz_constraint="aware", strict=False)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.chain_schema([text, moment]),
            python_schema=core_schema.union_schema(
                [
                    core_schema.datetime_schema(tz_constraint="aware", strict=True),
                    core_schema.chain_schema([text, moment]),
                ]
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "pattern": RFC3339, "maxLength": 40}


Timestamp = Annotated[datetime, Rfc3339]
"""A moment: RFC 3339 text with an offset; microseconds are kept, finer digits are cut."""


def moment_of(text: str) -> datetime:
    """The moment in ``text``, a :data:`Timestamp`; ValueError: it is none, or spelled rarely.

    The same as by the pattern, in a third of the time: digits and ranges are looked after by
    ``fromisoformat``, which reads more spellings than this lets it see.
    """
    if (
        len(text) > 19
        and text[4] == text[7] == "-"
        and text[10] in "Tt"
        and text[13] == text[16] == ":"
        and text[11:13] != "24"
        and _is_zone(text[19:])
    ):
        found = datetime.fromisoformat(text)
        if 1970 <= found.year < 9000:
            return found
    raise ValueError(text)


@lru_cache(maxsize=4096)
def _is_zone(text: str) -> bool:
    return re.fullmatch(_ZONE, text) is not None


class TextDigest(bytes):
    """SHA-256 of a free text (32 bytes). The text itself stays in the log, never in the state."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> TextDigest:
        """Digest of ``text`` in UTF-8."""
        return cls(hashlib.sha256(text.encode()).digest())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls.of, core_schema.str_schema(max_length=MAX_TEXT, strict=True)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "maxLength": MAX_TEXT}


# ASCII without spaces: what is shown in a terminal or a URL must not be able to forge either.
RegionCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,32}$")]
PlaceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,64}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
UriReference = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,256}$")]
Url = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,2048}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,64}$")]
"""Codes of the pack: incident categories, contests, publishers, questions."""
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Revision = Annotated[int, Field(ge=0, le=1_000_000_000)]
PercentText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,8})?$")]
"""A percentage as printed, a decimal string: its digits say how it was rounded."""

ObserverGroup = Literal[
    "citizen",
    "international",
    "party_agent",
    "media",
    "commission_member",
    "candidate",
    "voter",
    "unknown",
]
Phase = Literal[
    "pre_election", "opening", "voting", "counting", "tabulation", "post_election", "unknown"
]
Severity = Literal["unspecified", "low", "medium", "high", "critical"]
Authority = Literal["observer", "official", "desk"]


class Pairs:
    """A JSON object kept as sorted pairs, a third of a dict's memory; equal pairs are shared."""

    def __init__(self, values: Any, most: int) -> None:
        self.values = values
        self.most = most

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        mapping = core_schema.dict_schema(
            handler.generate_schema(Code), handler.generate_schema(self.values), strict=True
        )
        mapping["max_length"] = self.most
        return core_schema.no_info_after_validator_function(pairs, mapping)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        mapping = handler(schema["schema"])
        return {**mapping, "additionalProperties": False}


def pairs(
    mapping: dict[str, Any], check: Callable[[str], str] = str
) -> tuple[tuple[str, Any], ...]:
    """The members of a JSON object, sorted by name; ``check`` raises on a name that is none."""
    names = sorted(map(check, mapping))
    return tuple(map(_shared, names, map(mapping.__getitem__, names)))


@lru_cache(maxsize=4096)
def _shared(name: str, value: object) -> tuple[str, object]:
    return name, value


Answer = Literal["yes", "no", "not_observed"]
Answers = Annotated[tuple[tuple[str, Answer], ...], Pairs(Answer, 300)]
"""(question code, answer), sorted by code; a JSON object {code: answer} on the wire."""
Votes = Annotated[tuple[tuple[str, int], ...], Pairs(Count, 1000)]
"""(contestant, votes), sorted by contestant; a JSON object {contestant: n} on the wire."""


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z of an aware ``moment``: exact, unlike a float."""
    # Not `// timedelta(microseconds=1)`, which takes twice as long in the hot path.
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(us: int) -> datetime:
    """The aware UTC datetime of ``us`` microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=us)


def rfc3339(us: int) -> str:
    """``us`` microseconds since the epoch as RFC 3339 UTC, without needless digits."""
    return moment(us).isoformat().replace("+00:00", "Z")
