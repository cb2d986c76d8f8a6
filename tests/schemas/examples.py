"""One good event of each type that fits the small pack, and ways to spoil it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from schemas.envelope import EVENTS
from schemas.routing import partition_of
from schemas.verdict import Origin
from tests.packs import small_pack

PARTITIONS = 12
_PACK = small_pack()
_STATION = min((_PACK.stations or {}).values(), key=lambda station: station.id)
_DAY = _PACK.days[0].isoformat()
TIME = f"{_DAY}T06:00:00.25Z"
RECORD_TIME = 1_950_000_000_000
"""Far later than the events: they are history, as in a replay."""

Change = Mapping[str, Any]
"""Dotted path to new value; ``...`` takes the field away."""


def _source(authority: str) -> str:
    return min(s.uri for s in _PACK.sources.values() if s.authority == authority)


def _event(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": f"{data.get('report_id', 'event')}-{data.get('revision', 0)}",
        "source": _source(EVENTS[type_][1]),
        "type": type_,
        "time": TIME,
        "datacontenttype": "application/json",
        "election": _PACK.id,
        "data": data,
    }
    if "report_id" in data:
        event["subject"] = data["report_id"]
    return event


def _report(**more: Any) -> dict[str, Any]:
    return {
        "report_id": "r-1",
        "revision": 0,
        "region": _STATION.region,
        "station": _STATION.id,
        "observer": "o-7",
        "observer_group": "citizen",
        "phase": "voting",
        **more,
    }


def incident() -> dict[str, Any]:
    """An incident at a station."""
    data = _report(category=min(_PACK.categories), severity="high", description="seen")
    return _event("election.observer.incident.v1", data)


def restriction() -> dict[str, Any]:
    """A restriction, lifted after an hour."""
    data = _report(kind="entry_denied", lifted=f"{_DAY}T07:00:00.25Z")
    return _event("election.observer.restriction.v1", data)


def turnout() -> dict[str, Any]:
    """Voters counted since opening."""
    return _event("election.observer.turnout.v1", _report(method="counted", cumulative=120))


def official() -> dict[str, Any]:
    """A figure of a region."""
    data = {
        "region": _STATION.region,
        "publisher": min(_PACK.publishers),
        "as_of": TIME,
        "published": TIME,
        "contest": _PACK.main_contest,
        "registered": 1000,
        "voted": 420,
        "percent": "42.00",
        "revision": 0,
    }
    return _event("election.official.turnout.v1", data)


def triage() -> dict[str, Any]:
    """A decision about the incident."""
    about = {"source": _source("observer"), "region": _STATION.region, "report_id": "r-1"}
    data = {"about": about, "revision": 0, "status": "confirmed", "note": "called back"}
    return _event("election.desk.triage.v1", data)


def visit() -> dict[str, Any]:
    """A visit with its assessment."""
    answers = dict.fromkeys(sorted(_PACK.questions), "yes")
    data = _report(arrived=TIME, left=TIME, rating="good", answers=answers)
    return _event("election.observer.visit.v1", data)


FIGURES: dict[str, Any] = {
    "registered": 1000,
    "received": 900,
    "issued": 600,
    "unused": 300,
    "spoiled": 2,
    "voted": 598,
    "voted_at_home": 20,
    "in_box": 598,
    "valid": 590,
    "invalid": 8,
    "votes": {"a": 300, "b": 290},
}


def protocol() -> dict[str, Any]:
    """An observer's copy of a results protocol whose arithmetic is right."""
    data = _report(contest=_PACK.main_contest, protocol_time=TIME, **FIGURES)
    return _event("election.observer.protocol.v1", {**data, "phase": "counting"})


def published_protocol() -> dict[str, Any]:
    """The same protocol as published."""
    data = {
        "region": _STATION.region,
        "station": _STATION.id,
        "publisher": min(_PACK.publishers),
        "published": TIME,
        "contest": _PACK.main_contest,
        "revision": 0,
        **FIGURES,
    }
    return _event("election.official.protocol.v1", data)


def opening() -> dict[str, Any]:
    """Stations open in a region."""
    data = {
        "region": _STATION.region,
        "publisher": min(_PACK.publishers),
        "as_of": TIME,
        "open": 3,
        "expected": 4,
    }
    return _event("election.official.opening.v1", data)


def notice() -> dict[str, Any]:
    """A note of the whole country's."""
    data = {"notice_id": "n-1", "revision": 0, "text": "Polls closed in the east."}
    return _event("election.desk.notice.v1", data)


def complaint() -> dict[str, Any]:
    """A complaint, decided and published."""
    data = {
        "complaint_id": "c-1",
        "revision": 0,
        "region": _STATION.region,
        "filed": TIME,
        "subject": "voter_list",
        "decided": TIME,
        "published": TIME,
        "outcome": "dismissed",
    }
    return _event("election.desk.complaint.v1", data)


def clock() -> dict[str, Any]:
    """A tick of the log's clock."""
    return _event("election.clock.v1", {"now": TIME})


EVENTS_BY_TYPE: dict[str, Callable[[], dict[str, Any]]] = {
    make()["type"]: make
    for make in (
        visit,
        incident,
        restriction,
        turnout,
        protocol,
        official,
        published_protocol,
        opening,
        triage,
        notice,
        complaint,
        clock,
    )
}


def changed(event: dict[str, Any], change: Change) -> dict[str, Any]:
    """A copy of ``event`` with ``change`` made; paths into what is no object are left out."""
    copy = deepcopy(event)
    for path, value in change.items():
        *parents, name = path.split(".")
        holder: Any = copy
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            continue
        if value is ...:
            holder.pop(name, None)
        else:
            holder[name] = value
    return copy


def encoded(event: dict[str, Any]) -> bytes:
    """The event as a producer would send it."""
    return json.dumps(event).encode()


def origin_of(event: dict[str, Any]) -> Origin:
    """The record that carries a good ``event``: right topic, key and partition, much later."""
    data = event["data"]
    region = data.get("region") or data.get("about", {}).get("region") or ""
    if "notice_id" in data and not region:
        region = _PACK.country
    topic = f"test.{EVENTS[event['type']][1]}"
    partition = partition_of(region, PARTITIONS)
    return Origin(topic, partition, PARTITIONS, region.encode(), RECORD_TIME)
