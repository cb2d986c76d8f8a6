"""The shape of a mapping file. What its parts mean is in docs/import.md."""

from __future__ import annotations

import collections.abc
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from schemas.envelope import EVENTS
from streams.sources.importing.value_model import HASH, INDEX, REVISION, Part, Value, known_type

Columns = collections.abc.Mapping[str, str]
PACK_ZONE: Final = "pack"
"""What [file] timezone is where times are told in the zone of the pack."""


def _short(key: str) -> BeforeValidator:
    """A bare text stands for the table with ``key`` alone."""
    return BeforeValidator(lambda given: {key: given} if isinstance(given, str) else given)


def _time(given: Any) -> Any:
    table = {"column": given} if isinstance(given, str) else given
    return {**table, "type": "time"} if isinstance(table, dict) else table


class Layout(Part):
    """How a file is written."""

    format: Literal["csv", "json", "xlsx"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"
    sheet: str | None = None
    """Of a workbook; the first, when not given."""
    records: str = ""
    """Path of the list of records in a JSON document; empty where the document is that list."""


class FileSpec(Layout):
    """``[file]``: how the file is written, and its times."""

    timezone: str | None = None
    """IANA name of the zone of times that carry no offset, or ``pack``; else they are errors."""
    more: str | None = None
    """The member beside a JSON document's records that is filled when another page follows."""
    total: str | None = None
    """The member that says how many records all pages have."""

    @model_validator(mode="after")
    def _of_json(self) -> Self:
        if self.format != "json" and (self.more or self.total or self.records):
            raise ValueError("'records', 'more' and 'total' go with format = \"json\"")
        return self


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
            known_type(name)
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


class Repeat(Part):
    """``[repeat]``: a record becomes a row for each instance of a repeat group."""

    path: Annotated[str, Field(min_length=1)]


class Require(Part):
    """``[[require]]``: what every record must say, or it is wrong: a form's version, a status."""

    column: str
    one_of: tuple[str, ...] = Field(min_length=1, strict=False)
    reason: Annotated[str, Field(min_length=1)]
    """What the text was instead, and what to do."""


class Filter(Part):
    """``[[filter]]``: rows that are no events, with the reason that the summary names."""

    column: str
    keep: tuple[str, ...] | None = Field(default=None, strict=False)
    drop: tuple[str, ...] | None = Field(default=None, strict=False)
    unless: tuple[str, ...] = Field(default=(), strict=False)
    """Columns: a row where one of them is filled is never left out."""
    reason: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.keep is None) == (self.drop is None):
            raise ValueError("give either 'keep' or 'drop'")
        return self

    def drops(self, row: Columns) -> bool:
        """Whether the row is left out."""
        if any(row[name] for name in self.unless):
            return False
        text = row[self.column]
        return text not in self.keep if self.keep is not None else text in (self.drop or ())


class Lookup(Layout):
    """``[lookups.NAME]``: a second file, one row per ``key``."""

    file: str
    key: str
    unknown: Literal["error", "empty"] = "error"
    """What a key that the file does not have comes to. An empty key gives an empty text."""


class RevisionRule(Part):
    """``[revision]``: numbered by order of appearance of the same ``of`` and source."""

    order_of: tuple[str, ...] = Field(min_length=1, strict=False)


class Mapping(Part):
    """A whole mapping file."""

    about: str = ""
    file: FileSpec = FileSpec()
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    require: tuple[Require, ...] = Field(default=(), strict=False)
    filter: tuple[Filter, ...] = Field(default=(), strict=False)
    keyed: dict[str, str] = Field(default_factory=dict)
    """Lists whose members are named by one of their own fields: path of the list to that field."""
    repeat: Repeat | None = None
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
        if self.file.format != "json" and (self.repeat or self.keyed):
            raise ValueError(f'[{"repeat" if self.repeat else "keyed"}]: for format = "json" only')
        for name, value in self.values():
            for taken in (value, *value.or_):
                if self.repeat is None and INDEX in (taken.column, *taken.placeholders()):
                    raise ValueError(f"{name}: {INDEX} is for mappings with a [repeat]")
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
        """The columns that the file must have, each with the path of one reader of it."""
        made = self.split.makes() if self.split else set()
        wanted: dict[str, str] = {}
        for check in self.require:
            wanted.setdefault(check.column, "require")
        for rule in self.filter:
            for column in (rule.column, *rule.unless):
                wanted.setdefault(column, "filter")
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
