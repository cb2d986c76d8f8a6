"""The contracts as other people's tools read them: JSON Schema and AsyncAPI, from the models."""

from __future__ import annotations

import json
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from schemas.envelope import EVENTS, MAX_EVENT_BYTES
from schemas.fields import Authority
from schemas.verdict import Reason

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TITLES: Final[dict[Authority, str]] = {
    "observer": "What observers report",
    "official": "What the authorities publish",
    "desk": "What the operations room decides",
}
_CONTENT_TYPE: Final = "application/cloudevents+json"


def event_schema(type_: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of whole events of ``type_``, envelope and data.

    What JSON Schema cannot say, the order of two times and whatever the election pack decides, is
    in the events reference.
    """
    schema = TypeAdapter(EVENTS[type_][0]).json_schema(mode="validation")
    return {
        "$schema": _DIALECT,
        "$id": f"urn:scrutineer:event:{type_}",
        **schema,
        "title": type_,
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: the inputs that the worker receives, the letters it sends."""
    channels = {authority: _input(authority) for authority in get_args(Authority)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "scrutineer",
            "version": "1.0.0",
            "description": "Events of an election day, one topic per authority. `election` is the "
            "default prefix of the topics' names. Each event is at most "
            f"{MAX_EVENT_BYTES} bytes.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _CONTENT_TYPE,
        "channels": {**channels, "deadLetter": _dead_letter()},
        "operations": {
            **{f"receive_{name}": _operation("receive", name) for name in channels},
            "send_deadLetter": _operation("send", "deadLetter"),
        },
        "components": {"messages": {type_: _message(type_) for type_ in EVENTS}},
    }


def _input(authority: Authority) -> dict[str, Any]:
    types = [type_ for type_, (_, writer) in EVENTS.items() if writer == authority]
    return {
        "address": f"election.{authority}",
        "title": _TITLES[authority],
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in types},
        "bindings": {"kafka": {"bindingVersion": "0.5.0"}},
    }


def _message(type_: str) -> dict[str, Any]:
    key = "The region's code; Kafka's murmur2 partitioner."
    if type_ == "election.clock.v1":
        key = "None: written to each partition by number."
    return {
        "name": type_,
        "contentType": _CONTENT_TYPE,
        "payload": {
            "schemaFormat": "application/schema+json;version=2020-12",
            "schema": {"$ref": f"./{file_name(type_)}"},
        },
        "bindings": _keyed(key),
    }


def _dead_letter() -> dict[str, Any]:
    text = {"type": "string"}
    headers = {
        "type": "object",
        "required": ["reason", "detail", "topic", "partition", "offset"],
        "properties": {
            "reason": {"type": "string", "enum": list(get_args(Reason))},
            "detail": text,
            "topic": text,
            "partition": text,
            "offset": text,
            "type": text,
            "key": text,
            "truncated": {**text, "description": "Bytes of the original, if it was cut."},
            "sha256": {**text, "description": "Of the original, if it was cut."},
        },
    }
    letter = {
        "name": "letter",
        "title": "A rejected event, its original bytes",
        "contentType": "application/octet-stream",
        "headers": headers,
        "bindings": _keyed("topic/partition/offset"),
    }
    return {
        "address": "election.dead-letter",
        "title": "Rejected events",
        "messages": {"letter": letter, "done": _done()},
    }


def _done() -> dict[str, Any]:
    """The mark of a letter whose event was sent again."""
    properties = {
        "sent": {"type": "string", "description": "topic/partition/offset where it stands now"},
        "sha256": {"type": "string", "description": "Of what was sent."},
        "edited": {"type": "boolean"},
    }
    return {
        "name": "done",
        "title": "The mark of a rejected event that was sent again",
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "required": sorted(properties),
            "properties": properties,
        },
        "bindings": _keyed("done/topic/partition/offset, with the letter's name"),
    }


def _keyed(description: str) -> dict[str, Any]:
    key = {"type": "string", "description": description}
    return {"kafka": {"key": key, "bindingVersion": "0.5.0"}}


def _operation(action: str, channel: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def file_name(type_: str) -> str:
    """The file that carries the schema of ``type_``."""
    return f"{type_}.schema.json"


def documents() -> dict[str, str]:
    """File name to text of everything that is published."""
    whole = {file_name(type_): event_schema(type_) for type_ in EVENTS}
    whole["asyncapi.json"] = asyncapi()
    return {name: json.dumps(document, indent=2) + "\n" for name, document in whole.items()}
