"""What a mapping says of one value of an event. What its keys mean is in docs/import.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.envelope import EVENTS

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
HASH: Final = "@hash"
"""In a template: a hash of the row's content (all its columns, and its part when split)."""
REVISION: Final = "@revision"
"""In the template of an id: the revision that the event got."""
INDEX: Final = "@index"
"""A column of its own: which instance of the repeat a row is, from 1; `2.1` where repeats nest."""
MADE: Final = frozenset({HASH, REVISION, INDEX})
"""What no file has: made on the way."""

A_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T")
"""What tells a time from a column's name."""
Scalar = str | int | bool
Type = Literal["text", "int", "decimal", "time", "bool", "seconds", "minutes"]


class Part(BaseModel):
    """Base of every table of a mapping: closed, and nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Taken(Part):
    """Where a text is taken from: exactly one of a column, a constant, a template, a lookup."""

    column: str | None = None
    const: Scalar | None = None
    template: str | None = None
    lookup: str | None = None
    key: str | None = None
    """With ``lookup``: the row's column that is looked up; ``column`` is then the other file's."""
    timezone: str | None = None
    """IANA name of the zone of this time where it has no offset; else that of ``[file]``."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        try:
            return zone and ZoneInfo(zone).key
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"unknown zone '{zone}'; use an IANA name such as 'Europe/Moscow'"
            ) from error

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.lookup is not None:
            if self.key is None or self.column is None:
                raise ValueError("'lookup' needs 'key' (of this file) and 'column' (of the other)")
            if self.const is not None or self.template is not None:
                raise ValueError("'lookup' goes with neither 'const' nor 'template'")
            return self
        if self.key is not None:
            raise ValueError("'key' goes with 'lookup' only")
        if sum(x is not None for x in (self.column, self.const, self.template)) != 1:
            raise ValueError("give exactly one of 'column', 'const', 'template' and 'lookup'")
        if self.template is not None and "{" in PLACEHOLDER.sub("", self.template):
            raise ValueError("'template' has a brace without its partner")
        return self

    def columns(self) -> Iterator[str]:
        """The file's columns that this reads: none of ``MADE``."""
        if self.lookup is not None:
            yield self.key or ""
        elif self.column is not None and self.column not in MADE:
            yield self.column
        yield from (name for name in self.placeholders() if name not in MADE)

    def placeholders(self) -> list[str]:
        """The names in braces of the template."""
        return PLACEHOLDER.findall(self.template or "")


class Value(Taken):
    """A value of an event: where its text comes from, and what is made of it."""

    or_: tuple[Taken, ...] = Field(default=(), alias="or", strict=False)
    """What to try, in order, when the text is empty."""
    map: dict[str, Scalar] | None = None
    default: Scalar | None = None
    """What a text that is not in ``map`` stands for; without it such a text is an error."""
    type: Type = "text"
    format: str | None = None
    """With a type of time: how it is written, as ``strptime`` says; else RFC 3339."""
    since: str | None = None
    """With ``seconds`` and ``minutes``: from when they count, a column or a time (RFC 3339)."""
    chosen: str | None = None
    """Of a multiple choice: ``yes`` where this is among the choices, ``no`` where it is not."""
    separator: Annotated[str, Field(min_length=1)] = " "
    """With ``chosen``: what stands between the choices."""
    among: tuple[str, ...] = Field(default=(), strict=False)
    """With ``chosen``: all choices that the question has. Another one is an error, not a ``no``."""
    decimals: Annotated[int, Field(ge=0, le=8)] | None = None
    finer: Literal["error", "omit"] = "error"
    """What becomes of a decimal with more than ``decimals`` digits after the point."""
    given: tuple[str, ...] = Field(default=(), strict=False)
    """``finer = "omit"`` only where these columns are filled; elsewhere it stays an error."""
    decimal_comma: bool = False
    omit_if_empty: bool = False
    omit_with: str | None = None
    """Left out where this column is filled."""
    only_for: tuple[str, ...] = Field(default=(), strict=False)
    """The event types that have this field; all, when empty."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.default is not None and self.map is None:
            raise ValueError("'default' is for texts that are not in 'map'; there is no 'map'")
        if (self.chosen is not None and self.chosen not in self.among) or (
            self.among and self.chosen is None
        ):
            raise ValueError("'chosen' needs 'among', the question's choices, and is one of them")
        counted = self.type in ("seconds", "minutes")
        if self.format is not None and self.type != "time" and not counted:
            raise ValueError('\'format\' goes with type = "time", "seconds" and "minutes"')
        zones = self.timezone or any(taken.timezone for taken in self.or_)
        if zones and self.type != "time" and not counted:
            raise ValueError('\'timezone\' goes with type = "time", "seconds" and "minutes"')
        if counted != (self.since is not None):
            raise ValueError('\'since\' and type = "seconds" or "minutes" go together')
        if self.type != "decimal" and (self.decimals is not None or self.decimal_comma):
            raise ValueError("'decimals' and 'decimal_comma' go with type = \"decimal\"")
        if (self.finer == "omit" or self.given) and self.decimals is None:
            raise ValueError("'finer' and 'given' need 'decimals'")
        return self

    @field_validator("only_for")
    @classmethod
    def _known(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        for name in types:
            known_type(name)
        return types

    def reads(self) -> Iterator[str]:
        """Every column of the row that this value needs."""
        yield from self.columns()
        for other in self.or_:
            yield from other.columns()
        yield from self.given
        if self.omit_with is not None:
            yield self.omit_with
        if self.since is not None and not A_TIME.match(self.since):
            yield self.since


def known_type(name: str) -> None:
    """Raise ``ValueError`` for what is no event type that an import may give."""
    if name not in EVENTS or name == "election.clock.v1":
        known = ", ".join(n for n in EVENTS if n != "election.clock.v1")
        raise ValueError(f"unknown event type '{name}'; there are {known}")
