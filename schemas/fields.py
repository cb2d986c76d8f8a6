"""Field types shared by every contract: codes, identifiers, counts, times, free text."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
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

# The years leave room for any offset: a moment must be sayable in UTC. [0-9], as \d takes the
# digits of every script.
_RFC3339: Final = (
    r"^(19[7-9][0-9]|[2-8][0-9]{3})-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MAX_COUNT: Final = 2_000_000_000
"""Largest count of voters or ballots accepted: above the electorate of any country."""

MAX_TEXT: Final = 16_384
"""Longest free text, in characters."""


class _Rfc3339:
    """RFC 3339 with an offset. Pydantic alone would also read "1700000000" as a time."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=_RFC3339, max_length=40)
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
        return {"type": "string", "format": "date-time", "pattern": _RFC3339, "maxLength": 40}


Timestamp = Annotated[datetime, _Rfc3339]
"""A moment: RFC 3339 text with an offset; microseconds are kept, finer digits are cut."""


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
Revision = Annotated[int, Field(ge=0, le=1_000_000)]
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
