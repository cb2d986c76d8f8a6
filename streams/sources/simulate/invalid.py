"""Bad events, as real systems send them: each is to be rejected for a reason known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple

from schemas.verdict import Reason
from streams.sources.simulate.chance import chance
from streams.sources.simulate.reports import Report
from streams.sources.simulate.wire import Line, encode, report_event
from streams.sources.simulate.world import World

ONE_IN: Final = 300
"""One bad event among so many, but at least one of every kind."""

Event = dict[str, Any]


class Bad(NamedTuple):
    """A bad event. ``reason``: what it is to be rejected for."""

    reason: Reason
    line: Line


def _unknown_category(event: Event, _: Random) -> bytes:
    event["data"]["category" if "category" in event["data"] else "kind"] = "no-such-thing"
    return encode(event)


def _unknown_field(event: Event, _: Random) -> bytes:
    event["data"]["urgency"] = "very"
    return encode(event)


def _text_for_number(event: Event, _: Random) -> bytes:
    event["data"]["revision"] = "0"
    return encode(event)


def _unknown_region(event: Event, _: Random) -> bytes:
    event["data"]["region"] = "XX-99"
    event["data"].pop("station", None)
    return encode(event)


def _unknown_station(event: Event, rng: Random) -> bytes:
    event["data"]["station"] = f"SIM-XX-{rng.randint(1, 9999):04d}"
    return encode(event)


def _cut_off(event: Event, rng: Random) -> bytes:
    raw = encode(event)
    return raw[: rng.randint(len(raw) // 3, len(raw) - 2)].decode(errors="ignore").encode()


def _no_offset(event: Event, _: Random) -> bytes:
    event["time"] = event["time"].rstrip("Z")
    return encode(event)


def _other_election(event: Event, _: Random) -> bytes:
    event["election"] = "simulated-other-election"
    return encode(event)


def _stranger(event: Event, _: Random) -> bytes:
    event["source"] = "urn:scrutineer:simulated:stranger"
    return encode(event)


def _no_such_type(event: Event, _: Random) -> bytes:
    event["type"] = "election.observer.rumour.v1"
    return encode(event)


def _official_figure(event: Event, _: Random) -> bytes:
    """An observers' system that passes on an official figure: it has no right to."""
    data = {
        "region": event["data"]["region"],
        "publisher": "simulated",
        "as_of": event["time"],
        "percent": "99.9",
    }
    event.pop("subject", None)
    return encode(event | {"type": "election.official.turnout.v1", "data": data})


def _too_large(event: Event, _: Random) -> bytes:
    event["photo"] = "A" * 66_000
    return encode(event)


_KINDS: Final[tuple[tuple[Reason, Callable[[Event, Random], bytes]], ...]] = (
    ("invalid_data", _unknown_category),
    ("unknown_region", _unknown_region),
    ("not_json", _cut_off),
    ("unknown_station", _unknown_station),
    ("wrong_authority", _official_figure),
    ("bad_envelope", _no_offset),
    ("unknown_source", _stranger),
    ("invalid_data", _unknown_field),
    ("unknown_type", _no_such_type),
    ("wrong_election", _other_election),
    ("invalid_data", _text_for_number),
    ("too_large", _too_large),
)


def bad_events(world: World, reports: list[Report], good: int) -> list[Bad]:
    """Bad versions of incidents and restrictions, one for about every 300 good events.

    ``reports``: to be spoilt, already delivered ones. Each bad event has an id of its own.
    """
    spoilt = [report for report in reports if report.name != "turnout"]
    if not spoilt:
        return []
    rng = chance(world.seed, "bad")
    made = []
    for number in range(max(len(_KINDS), good // ONE_IN)):
        reason, spoil = _KINDS[number % len(_KINDS)]
        # A station can only be wrong where there is one.
        report = rng.choice([r for r in spoilt if r.station is not None] or spoilt)
        version = report.versions[0]
        event = report_event(world, report, version)
        event["id"] = f"bad-{number:04d}"
        event["data"]["report_id"] = event["subject"] = f"bad-{number:04d}"
        arrives = version.arrives
        assert arrives is not None
        made.append(Bad(reason, Line(arrives, event["id"], "observer", spoil(event, rng))))
    return made
