"""Events for the worker's tests: many, varied, the same for the same seed, some of them bad."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.pack import Pack
from streams.packs import load_pack

PACK = "kazakhstan-2023"
OBSERVERS = ("urn:scrutineer:simulated:citizen", "urn:scrutineer:simulated:party-agent")
KINDS = ("entry_denied", "expelled", "view_obstructed", "recording_forbidden")
STATUSES = ("under_review", "confirmed", "rejected", "resolved", "escalated")


class Event(NamedTuple):
    """A record to be sent. ``authority``: the topic's last part."""

    authority: str
    key: bytes | None
    value: bytes | None


def envelope(kind: str, source: str, id_: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    """A whole event as JSON."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": kind,
        "time": time,
        "election": "kz-2023-03-19",
        "data": data,
    }


def encoded(event: dict[str, Any], authority: str) -> Event:
    """The event with its region as the key."""
    data = event["data"]
    region = data["about"]["region"] if "about" in data else data.get("region", "")
    return Event(authority, region.encode(), json.dumps(event).encode())


def at(second: int) -> str:
    """A moment of the election day."""
    second %= 46_800
    return f"2023-03-19T{7 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+06:00"


def report(number: int, region: str, source: str = OBSERVERS[0], **data: Any) -> dict[str, Any]:
    """What every observer's report carries."""
    return {
        "report_id": f"r{number}",
        "revision": 0,
        "region": region,
        "observer_group": "citizen",
        "phase": "voting",
        **data,
    }


def incident(number: int, region: str, second: int = 0, **data: Any) -> dict[str, Any]:
    """An incident."""
    body = report(number, region, **{"category": "campaigning", **data})
    id_ = f"i{number}-{body['revision']}"
    return envelope("election.observer.incident.v1", OBSERVERS[0], id_, at(second), body)


def restriction(number: int, region: str, second: int = 0, **data: Any) -> dict[str, Any]:
    """A restriction on observers."""
    body = report(number, region, **{"kind": "expelled", **data})
    id_ = f"x{number}-{body['revision']}"
    return envelope("election.observer.restriction.v1", OBSERVERS[0], id_, at(second), body)


def turnout(number: int, region: str, second: int = 0, **data: Any) -> dict[str, Any]:
    """Voters counted at a station."""
    counted = {"station": f"s{number}", "method": "counted", "cumulative": number % 900}
    body = report(number, region, **{**counted, **data})
    return envelope("election.observer.turnout.v1", OBSERVERS[1], f"t{number}", at(second), body)


def official(number: int, region: str, second: int = 0, **data: Any) -> dict[str, Any]:
    """An official figure."""
    body = {
        "region": region,
        "publisher": "cec",
        "as_of": at(second),
        "percent": f"{number % 100}.5",
        "revision": 0,
        **data,
    }
    source = "urn:scrutineer:importer:kazakhstan"
    return envelope("election.official.turnout.v1", source, f"o{number}", at(second), body)


def triage(number: int, region: str, second: int = 0, **data: Any) -> dict[str, Any]:
    """A decision of the desk."""
    about = {"source": OBSERVERS[0], "region": region, "report_id": f"r{number}"}
    body = {"about": about, "revision": 0, "status": "confirmed", **data}
    return envelope(
        "election.desk.triage.v1", "urn:scrutineer:desk", f"d{number}", at(second), body
    )


def clock(time: str) -> dict[str, Any]:
    """The log's clock."""
    return envelope("election.clock.v1", "urn:scrutineer:player", "c", time, {"now": time})


def regions(pack: Pack | None = None) -> list[str]:
    """The regions that events come from, sorted."""
    return (pack or load_pack(PACK)).region_codes()


def sample(count: int, seed: int = 1, bad: float = 0.01) -> Iterator[Event]:
    """``count`` events: new ones, corrections, withdrawals, exact repeats, and ``bad`` ones."""
    dice = random.Random(seed)
    codes = regions()
    sent: list[Event] = []
    for number in range(count):
        region = dice.choice(codes)
        roll = dice.random()
        if roll < bad:
            event = _bad(dice, number, region)
        elif roll < bad + 0.05 and sent:
            event = dice.choice(sent)
        else:
            event = _good(dice, number, region)
            sent.append(event)
        yield event


def _good(dice: random.Random, number: int, region: str) -> Event:
    roll = dice.random()
    second = dice.randrange(46_800)
    of = dice.randrange(max(1, number // 2))
    revision = dice.choice((0, 0, 0, 1, 2))
    if roll < 0.45:
        category = dice.choice(("campaigning", "tension", "secrecy", "group_voting"))
        severity = dice.choice(("low", "medium", "high", "critical"))
        withdrawn = {"withdrawn": True} if dice.random() < 0.03 else {}
        fields = {"category": category, "severity": severity, "revision": revision, **withdrawn}
        return encoded(incident(of if revision else number, region, second, **fields), "observer")
    if roll < 0.6:
        fields = {"kind": dice.choice(KINDS), "revision": revision}
        event = restriction(of if revision else number, region, second, **fields)
        return encoded(event, "observer")
    if roll < 0.75:
        return encoded(turnout(number, region, second), "observer")
    if roll < 0.9:
        station = f"s{number if dice.random() < 0.9 else of}"
        figure = official(number, region, dice.randrange(0, 46_800, 7200), station=station)
        return encoded(figure, "official")
    return encoded(triage(of, region, second, status=dice.choice(STATUSES)), "desk")


def _bad(dice: random.Random, number: int, region: str) -> Event:
    event = incident(number, region)
    roll = dice.randrange(5)
    if roll == 0:
        return Event("observer", region.encode(), b'{"specversion": "1.0", ' + str(number).encode())
    if roll == 1:
        return encoded({**event, "type": "election.observer.rumour.v1"}, "observer")
    if roll == 2:
        return encoded({**event, "source": "urn:stranger"}, "observer")
    if roll == 3:
        return encoded(official(number, region), "observer")
    return Event("desk", region.encode(), None)
