"""Reports and decisions as the lines that the systems send: CloudEvents, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from schemas.fields import rfc3339
from streams.sources.simulate.chance import chance
from streams.sources.simulate.reports import Decision, Report, Version
from streams.sources.simulate.teams import DESK
from streams.sources.simulate.world import World, minutes

Stream = Literal["observer", "desk"]
_TYPES: Final = {
    "incident": "election.observer.incident.v1",
    "restriction": "election.observer.restriction.v1",
    "turnout": "election.observer.turnout.v1",
}
REDELIVERED: Final = 0.02
"""Share of events that a producer sends a second time, byte for byte."""


class Line(NamedTuple):
    """One line of an event file, and when it arrives."""

    arrives: int
    id: str
    stream: Stream
    raw: bytes
    repeat: bool = False


def encode(event: dict[str, Any]) -> bytes:
    """One line of JSON, without its end."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def report_event(world: World, report: Report, version: Version) -> dict[str, Any]:
    """The event that carries one version of a report."""
    data: dict[str, Any] = {
        "report_id": report.report_id,
        "revision": version.revision,
        "region": report.region,
        "observer": report.team,
        "observer_group": report.organisation.group,
        "phase": report.phase,
    }
    if report.station is not None:
        data["station"] = report.station
    if version.withdrawn:
        data["withdrawn"] = True
    return _envelope(
        world,
        id=version.id,
        source=report.organisation.source,
        type=_TYPES[report.name],
        time=report.at,
        subject=report.report_id,
        recorded=version.arrives or report.at,
    ) | {"data": data | version.fields}


def _decision_event(world: World, report: Report, decision: Decision) -> dict[str, Any]:
    data: dict[str, Any] = {
        "about": _reference(report),
        "revision": decision.revision,
        "status": decision.status,
        "decided_by": "sim-desk-1",
    }
    if decision.severity is not None:
        data["severity"] = decision.severity
    if decision.duplicate_of is not None:
        data["duplicate_of"] = _reference(decision.duplicate_of)
    return _envelope(
        world,
        id=decision.id,
        source=DESK,
        type="election.desk.triage.v1",
        time=decision.arrives,
        subject=None,
        recorded=decision.arrives,
    ) | {"data": data}


def _reference(report: Report) -> dict[str, str]:
    return {
        "source": report.organisation.source,
        "region": report.region,
        "report_id": report.report_id,
    }


def _envelope(
    world: World,
    *,
    id: str,  # noqa: A002 - the attribute's name
    source: str,
    type: str,  # noqa: A002
    time: int,
    subject: str | None,
    recorded: int,
) -> dict[str, Any]:
    """The attributes; ``recordedtime`` is the extension for when an event was received."""
    named = {} if subject is None else {"subject": subject}
    return {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type,
        "time": rfc3339(time),
        **named,
        "datacontenttype": "application/json",
        "recordedtime": rfc3339(recorded),
        "election": world.election,
    }


def lines(world: World, reports: Iterable[Report]) -> Iterator[Line]:
    """Every event that arrived, in no particular order, some of them twice."""
    for report in reports:
        for version in report.versions:
            if version.arrives is not None:
                raw = encode(report_event(world, report, version))
                yield from _sent(world, version.arrives, version.id, "observer", raw)
        for decision in report.decisions:
            raw = encode(_decision_event(world, report, decision))
            yield from _sent(world, decision.arrives, decision.id, "desk", raw)


def _sent(world: World, arrives: int, id_: str, stream: Stream, raw: bytes) -> Iterator[Line]:
    yield Line(arrives, id_, stream, raw)
    rng = chance(world.seed, "again", id_)
    if rng.random() < REDELIVERED:
        again = min(arrives + minutes(rng.uniform(0.1, 20)), world.ends)
        yield Line(again, id_, stream, raw, repeat=True)
