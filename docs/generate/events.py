"""docs/events.md, from the models of the events and the examples beside the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

from pydantic import TypeAdapter

from docs.generate.meanings import ENVELOPE, FIELDS, REASONS, TYPES
from schemas.envelope import EVENTS, MAX_EVENT_BYTES, Envelope
from schemas.verdict import Reason

_HEAD: Final = f"""\
<!-- Written by `make docs`. Change the models in schemas/ and docs/generate/meanings.py. -->

# Events

What may be written to the topics, one topic per authority: `election.observer`,
`election.official`, `election.desk` (the first part of the names is the setting `topics.prefix`).
An event is one JSON object in the structured mode of CloudEvents 1.0, UTF-8, at most
{MAX_EVENT_BYTES:,} bytes. The record's key is the region's code; the partition is Kafka's default
of that key, murmur2 (producers built on librdkafka: `partitioner=murmur2_random`).
`scrutineer publish` does both.

Times are RFC 3339 with an offset. Fields of `data` that are not listed here are refused;
nothing is guessed or converted. The examples are in [examples/](examples/), one file each, and
belong to the built-in election `kazakhstan-2023`; but for official turnout and openings, which
quote publications, their station, reports and figures are made up. [producers.md](producers.md)
says how to send them.

For programs there are JSON Schemas (2020-12) of every type and an AsyncAPI 3.0 document in
[schemas/json/](../schemas/json/); they come with the package. They say what this page says, but
for what JSON Schema has no words for: the order of two times, days that no month has, a report
that is its own duplicate, integers written as `1.0` (refused), the size of the whole, whatever
the election's pack decides, and what depends on the record (key, partition, times in the future).
Patterns are ECMA 262's: a validator in Python, whose `$` also matches before a final line end,
lets such a line end pass.

## Identity and corrections

A report is known by its source, region and `report_id`; an official figure by its publisher,
place, contest and checkpoint; a published protocol by publisher, place and contest; openings by
publisher, region and `as_of`; a decision by the report it is about; notes and complaints by
source, region and their id. A correction is the same identity with a higher `revision`, and it
takes the earlier version out of every count. Sending an event twice changes nothing. The same
revision with another content is listed as a conflict. Every version stays in the log.

The region is part of what a report, a note or a complaint is known by. One that belongs to another
region is moved: sent there, and withdrawn where it was. The import does both for reports,
`scrutineer notice --moved-from` for notes; other producers have to. An id that lives in two regions
counts in both until then, and is listed as a conflict `two_regions`.

## Envelope
"""


def page(examples: Path) -> str:
    """The page's text; ``examples`` is the folder with one example of every type."""
    parts = [_HEAD, *_fields(TypeAdapter(Envelope), "Envelope", ENVELOPE)]
    parts += [f"| `{name}` | required | | {ENVELOPE[name]} |" for name in ("type", "data")]
    for type_, (model, authority) in EVENTS.items():
        parts += [f"\n## {type_}\n", TYPES[type_] + "\n", f"Topic: `election.{authority}`.\n"]
        data = get_type_hints(model)["data"]
        parts += _fields(TypeAdapter(data), data.__name__, FIELDS)
        parts.append(f"\n```json\n{_pretty(example(examples, type_))}\n```")
    parts += ["\n## Rejections\n", "An event that is not accepted changes no table. It goes to the"]
    parts += ["topic `election.dead-letter` with its original bytes and one of these reasons:\n"]
    parts += ["| reason | the event |", "|---|---|"]
    parts += [f"| `{reason}` | {REASONS[reason]} |" for reason in get_args(Reason)]
    return "\n".join(parts) + "\n"


def example(examples: Path, type_: str) -> bytes:
    """The bytes of the example of ``type_``, as a producer would send them."""
    name = type_.removeprefix("election.").removesuffix(".v1").replace(".", "-")
    return (examples / f"{name}.jsonl").read_bytes().rstrip(b"\n")


def _pretty(raw: bytes) -> str:
    return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)


def _fields(adapter: TypeAdapter[Any], model: str, meanings: Mapping[str, str]) -> Iterator[str]:
    schema = adapter.json_schema(mode="validation")
    yield "| field | | form | meaning |\n|---|---|---|---|"
    needed = schema.get("required", [])
    for name, field in schema["properties"].items():
        must = "required" if name in needed else ""
        form = _form(field, schema.get("$defs", {}))
        meaning = meanings.get(f"{model}.{name}") or meanings[name]
        yield f"| `{name}` | {must} | {form} | {meaning} |"


def _form(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a value looks like, from its JSON Schema."""
    if "anyOf" in field:
        inner = [item for item in field["anyOf"] if item.get("type") != "null"]
        return " or ".join(_form(item, definitions) for item in inner)
    if "$ref" in field:
        return _object(definitions[field["$ref"].rpartition("/")[2]], definitions)
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("format") == "date-time":
        return "time"
    if field["type"] == "string":
        return _text(field)
    if field["type"] == "integer":
        return f"integer, {field['minimum']:,} to {field['maximum']:,}"
    if field["type"] == "object":
        ((key, value),) = field["patternProperties"].items()
        most = f"at most {field['maxProperties']:,}"
        return f"object, {most}: names `{key}`, each {_form(value, definitions)}"
    return {"boolean": "`true` or `false`"}[field["type"]]


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    members = schema["properties"].items()
    return "object: " + "; ".join(f"`{key}` {_form(value, definitions)}" for key, value in members)


def _text(field: Mapping[str, Any]) -> str:
    if "pattern" in field:
        return f"text, `{field['pattern']}`".replace("|", "\\|")
    return f"text of at most {field['maxLength']:,} characters"
