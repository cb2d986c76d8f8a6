"""The shape of a mapping file. What its parts mean is in docs/import.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from schemas.envelope import EVENTS

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
HASH: Final = "@hash"
"""In a template: a hash of the row's content (all its columns, and its part when split)."""
REVISION: Final = "@revision"
"""In the template of an id: the revision that the event got."""

Scalar = str | int | bool
Type = Literal["text", "int", "decimal", "time", "bool"]


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
        """The row's columns that this reads, ``@hash`` and ``@revision`` left out."""
        if self.lookup is not None:
            yield self.key or ""
        elif self.column is not None:
            yield self.column
        yield from (name for name in self.placeholders() if name not in (HASH, REVISION))

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
    """With type ``time``: how it is written, as ``strptime`` says; else RFC 3339."""
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
        if self.format is not None and self.type != "time":
            raise ValueError("'format' goes with type = \"time\"")
        if self.type != "decimal" and (self.decimals is not None or self.decimal_comma):
            raise ValueError("'decimals' and 'decimal_comma' go with type = \"decimal\"")
        if (self.finer == "omit" or self.given) and self.decimals is None:
            raise ValueError("'finer' and 'given' need 'decimals'")
        return self

    @field_validator("only_for")
    @classmethod
    def _known(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        for name in types:
            _event_type(name)
        return types

    def reads(self) -> Iterator[str]:
        """Every column of the row that this value needs."""
        yield from self.columns()
        for other in self.or_:
            yield from other.columns()
        yield from self.given
        if self.omit_with is not None:
            yield self.omit_with


def _short(key: str) -> BeforeValidator:
    """A bare text stands for the table with ``key`` alone."""
    return BeforeValidator(lambda given: {key: given} if isinstance(given, str) else given)


def _time(given: Any) -> Any:
    table = {"column": given} if isinstance(given, str) else given
    return {**table, "type": "time"} if isinstance(table, dict) else table


def _event_type(name: str) -> None:
    if name not in EVENTS or name == "election.clock.v1":
        known = ", ".join(n for n in EVENTS if n != "election.clock.v1")
        raise ValueError(f"unknown event type '{name}'; there are {known}")


class FileSpec(Part):
    """``[file]``: how the CSV is written."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"
    timezone: str | None = None
    """IANA name of the zone of times that carry no offset; without it they are errors."""


class EventSpec(Part):
    """``[event]``: the envelope."""

    type: Annotated[Value, _short("const")]
    id: Annotated[Value, _short("template")] = Value(template="{" + HASH + "}")
    source: Annotated[Value, _short("const")]
    time: Annotated[Value, BeforeValidator(_time)]

    @field_validator("type")
    @classmethod
    def _known_types(cls, value: Value) -> Value:
        for name in _possible(value):
            _event_type(name)
        return value

    def types(self) -> set[str]:
        """Every event type that a row may become."""
        return set(_possible(self.type))


def _possible(value: Value) -> Iterator[str]:
    if value.map is None and value.const is None:
        raise ValueError("give the event type as a constant or by a 'map'")
    if value.map is None:
        yield str(value.const)
        return
    yield from map(str, value.map.values())
    if value.default is not None:
        yield str(value.default)


class Split(Part):
    """``[split]``: one row becomes an event for each part of a column."""

    column: str
    separator: Annotated[str, Field(min_length=1)] = "|"
    pattern: str | None = None
    """Named groups of this regular expression become columns; a part it doesn't fit is an error."""
    as_: str = Field(default="part", alias="as")
    empty: dict[str, str] | None = None
    """The columns of the one event of a row without parts; without it such a row is an error."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _empty_is_whole(self) -> Self:
        if self.empty is not None and set(self.empty) != self.makes():
            raise ValueError(f"'empty' must give {', '.join(sorted(self.makes()))}, and no more")
        return self

    def makes(self) -> set[str]:
        """The columns that a part brings."""
        return {self.as_, *re.compile(self.pattern or "").groupindex}


class Filter(Part):
    """``[[filter]]``: rows that are no events, with the reason that the summary names."""

    column: str
    keep: tuple[str, ...] | None = Field(default=None, strict=False)
    drop: tuple[str, ...] | None = Field(default=None, strict=False)
    reason: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.keep is None) == (self.drop is None):
            raise ValueError("give either 'keep' or 'drop'")
        return self

    def drops(self, text: str) -> bool:
        """Whether a row with ``text`` in the column is left out."""
        return text not in self.keep if self.keep is not None else text in (self.drop or ())


class Lookup(Part):
    """``[lookups.NAME]``: a second CSV file, one row per ``key``."""

    file: str
    key: str
    unknown: Literal["error", "empty"] = "error"
    """What a key that the file does not have comes to. An empty key gives an empty text."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"


class RevisionRule(Part):
    """``[revision]``: numbered by order of appearance of the same ``of`` and source."""

    order_of: tuple[str, ...] = Field(min_length=1, strict=False)


class Mapping(Part):
    """A whole mapping file."""

    about: str = ""
    file: FileSpec = FileSpec()
    lookups: dict[str, Lookup] = {}
    filter: tuple[Filter, ...] = Field(default=(), strict=False)
    split: Split | None = None
    event: EventSpec
    revision: RevisionRule | None = None
    fields: dict[str, Value]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        official = sorted(t for t in self.event.types() if EVENTS[t][1] == "official")
        if self.revision is not None:
            if official:
                raise ValueError(
                    "[revision]: an official figure has a revision only where its publisher "
                    "issued one; map it from a column"
                )
            if "revision" in self.fields:
                raise ValueError("[revision]: there is a [fields.revision] as well; keep one")
            if not {HASH, REVISION} & set(self.event.id.placeholders()):
                raise ValueError(
                    f"[event.id]: versions need ids of their own: put {{{REVISION}}} in"
                )
            if missing := [n for n in self.revision.order_of if n not in self.fields]:
                raise ValueError(f"[revision]: no field '{missing[0]}'")
        for name, value in self.values():
            for taken in (value, *value.or_):
                if name != "event.id" and REVISION in taken.placeholders():
                    raise ValueError(f"{name}: {{{REVISION}}} is for the id only")
                if taken.lookup is not None and taken.lookup not in self.lookups:
                    raise ValueError(f"{name}: no [lookups.{taken.lookup}]")
        return self

    def values(self) -> Iterator[tuple[str, Value]]:
        """Every value of the mapping with its path in the file."""
        for name in ("type", "source", "time", "id"):
            yield f"event.{name}", getattr(self.event, name)
        for name, value in self.fields.items():
            yield f"fields.{name}", value

    def reads(self) -> dict[str, str]:
        """The columns that the CSV must have, each with the path of one reader of it."""
        made = self.split.makes() if self.split else set()
        wanted: dict[str, str] = {}
        for rule in self.filter:
            wanted.setdefault(rule.column, "filter")
        if self.split:
            wanted.setdefault(self.split.column, "split")
        for path, value in self.values():
            for column in value.reads():
                if column not in made:
                    wanted.setdefault(column, path)
        return wanted


def described(error: Any) -> str:
    """A pydantic error's message in plain words."""
    text = str(error["msg"]).removeprefix("Value error, ")
    return "unknown key" if error["type"] == "extra_forbidden" else text
