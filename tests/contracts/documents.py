"""The published schemas for the tests: read, validated with, and made into events."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from docs.generate import CONTRACTS
from schemas.envelope import EVENTS
from schemas.published import file_name

Schema = Mapping[str, Any]
RELEASED = Path(__file__).resolve().parent / "released"
"""One folder a release, named by its version, with what was published then."""


def schemas_in(folder: Path) -> dict[str, Schema]:
    """Event type to schema of the files in ``folder``."""
    suffix = file_name("")
    return {
        path.name.removesuffix(suffix): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"*{suffix}"))
    }


@cache
def today() -> dict[str, Schema]:
    """The committed schemas; another test compares them with the models."""
    found = schemas_in(CONTRACTS)
    assert found.keys() == EVENTS.keys()
    return found


def _pattern(_: Validator, pattern: str, value: object, __: Schema) -> Iterator[ValidationError]:
    # JSON Schema's patterns are ECMA 262's, in which `$` is the very end; Python's is not.
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value, re.ASCII):
        yield ValidationError(f"{value!r} does not match {pattern}")


def _names(
    validator: Validator, patterns: Schema, value: object, schema: Schema
) -> Iterator[ValidationError]:
    """``patternProperties`` with all other names refused, which is how it is used here."""
    assert schema["additionalProperties"] is False
    for name, inner in value.items() if isinstance(value, dict) else ():
        fits = [s for p, s in patterns.items() if re.search(p.replace("$", r"\Z"), name, re.ASCII)]
        if not fits:
            yield ValidationError(f"{name!r} is no name here")
        for each in fits:
            yield from validator.descend(inner, each, path=name)  # type: ignore[attr-defined]


_VALIDATOR = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, validators={"pattern": _pattern, "patternProperties": _names}
)


def validator(schema: Schema) -> Validator:
    """A validator of ``schema`` that reads patterns as ECMA 262 does."""
    made: Validator = _VALIDATOR(schema)
    return made


def resolved(schema: Schema, root: Schema) -> Schema:
    """``schema``, or what its ``$ref`` into ``root`` means."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


@st.composite
def times(draw: st.DrawFn) -> str:
    """RFC 3339 in its many forms."""
    offset = timedelta(minutes=draw(st.sampled_from((0, 360, -1439, 1439, 330))))
    moment = draw(
        st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2999, 12, 30))  # noqa: DTZ001
    )
    text = moment.replace(microsecond=0, tzinfo=timezone(offset)).isoformat()
    digits = draw(st.sampled_from(("", ".5", ".000001", ".123456789")))
    text = text[:19] + digits + (draw(st.sampled_from("Zz")) if not offset else text[19:])
    return text.replace("T", draw(st.sampled_from("TTTt")))


def events_of(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Whole events of the form that ``schema`` describes; made once, for that is slow."""
    return _events(json.dumps(schema))


@cache
def _events(text: str) -> st.SearchStrategy[dict[str, Any]]:
    schema = json.loads(text)
    return instances(schema, schema)


PATIENT = [HealthCheck.too_slow, HealthCheck.filter_too_much]
"""Some rules between fields are met by few of the events made; a busy machine makes them slowly."""


Leaf = Callable[[Schema], st.SearchStrategy[Any]]
"""From the schema of a number or a text to values of it."""


def leaves(schema: Schema) -> st.SearchStrategy[Any]:
    """Any number or text that ``schema`` allows."""
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema["maximum"])
    return _strings(schema)


def instances(schema: Schema, root: Schema, leaf: Leaf = leaves) -> st.SearchStrategy[Any]:
    """Values of the form that ``schema`` describes; rules between fields may be broken."""
    schema = resolved(schema, root)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind is None:
        return st.one_of([instances(each, root, leaf) for each in schema["anyOf"]])
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer" | "string":
            return leaf(schema)
        case "object":
            return _objects(schema, root, leaf)
    raise AssertionError(f"a form that the generator does not know: {schema}")


def _strings(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return st.one_of(times(), times(), st.from_regex(schema["pattern"], fullmatch=True))
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema["maxLength"], 300))


def _objects(schema: Schema, root: Schema, leaf: Leaf) -> st.SearchStrategy[dict[str, Any]]:
    if "patternProperties" in schema:
        ((pattern, inner),) = schema["patternProperties"].items()
        names = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
        return st.dictionaries(names, instances(inner, root, leaf), max_size=4)
    fields = {name: instances(each, root, leaf) for name, each in schema["properties"].items()}
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: value for name, value in fields.items() if name in needed},
        optional={name: value for name, value in fields.items() if name not in needed},
    )
