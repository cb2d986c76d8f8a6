"""How the naive model spells events and times, written apart from the code under test."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(micro: int) -> str:
    return utc((EPOCH + timedelta(microseconds=micro)).isoformat())


def dumps(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def normal(event: Json) -> Json:
    """What the state keeps of an event, spelled in one way."""
    data = {name: value for name, value in event["data"].items() if value is not None}
    times = ("lifted", "as_of", "published", "arrived", "left", "protocol_time", "filed", "decided")
    for name in times:
        if name in data:
            data[name] = utc(data[name])
    for name in ("description", "note"):
        if name in data:
            data[name] = "sha256:" + hashlib.sha256(data[name].encode()).hexdigest()
    if "interval" in data:
        given = data["interval"]
        data["interval"] = given | {"from": utc(given["from"]), "to": utc(given["to"])}
    if "observer" in event["type"]:
        data.setdefault("withdrawn", False)
        if "incident" in event["type"] or "restriction" in event["type"]:
            data.setdefault("severity", "unspecified")
    if "official" in event["type"]:
        data.setdefault("revision", 0)
    if "notice" in event["type"] or "complaint" in event["type"]:
        data.setdefault("withdrawn", False)
    return {
        "id": event["id"],
        "source": event["source"],
        "type": event["type"],
        "time": utc(event["time"]),
        "data": data,
    }


def order(version: Json) -> tuple[Any, ...]:
    data = version["data"]
    body = {name: version[name] for name in ("id", "source", "type", "time", "data")}
    sha = hashlib.sha256(dumps(data)).hexdigest()
    return data["revision"], version["id"], sha, dumps(body)
