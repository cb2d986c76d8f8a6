"""Events of every type reach the tables; bad ones come out as dead letters."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.routing import partition_of
from streams.log.clients import producer
from streams.log.dead_letter import Letter
from streams.log.reading import read_to_end
from tests.worker import sample
from tests.worker.conftest import Running
from tests.worker.process import Answer, send
from tests.worker.sample import Event, encoded

REGION = "KZ-61"


async def rows_of(running: Running, name: str, region: str, count: int) -> list[dict[str, Any]]:
    """The table's rows for the region, once there are that many."""

    def enough(answer: Answer) -> bool:
        return answer.status == 200 and len(answer.body["rows"]) >= count

    answer = await running.worker.until(f"/tables/{name}?region={region}", enough)
    found: list[dict[str, Any]] = answer.body["rows"]
    return found


async def test_an_event_of_every_type_is_in_its_table(running: Running) -> None:
    """Incident, restriction, both turnouts and the desk's decision are seen; the clock counts."""
    events = [
        encoded(sample.incident(1, REGION, category="tension", severity="high"), "observer"),
        encoded(sample.restriction(2, REGION, 36_000), "observer"),
        encoded(sample.turnout(3, REGION, station="A-61"), "observer"),
        encoded(sample.official(4, REGION, 10_800), "official"),
        encoded(sample.triage(1, REGION, status="escalated"), "desk"),
        Event("desk", REGION.encode(), json.dumps(sample.clock(sample.at(0))).encode()),
    ]
    await send(running.settings, events)
    incidents = await rows_of(running, "incidents", REGION, 1)
    await rows_of(running, "official_turnout", REGION, 1)
    restrictions = await rows_of(running, "restrictions", REGION, 1)

    def decided(answer: Answer) -> bool:
        return any(row["status"] == "escalated" for row in answer.body["rows"])

    answer = await running.worker.until(f"/tables/incidents?region={REGION}", decided)
    assert (
        [row["category"] for row in answer.body["rows"]]
        == ["tension"]
        == [row["category"] for row in incidents]
    )
    assert restrictions[0]["kind"] == "expelled"
    assert (await rows_of(running, "incidents", REGION, 1))[0]["severity"] == "high"

    def counted(answer: Answer) -> bool:
        topic = running.settings.topics.desk
        return bool(answer.body["outcomes"][topic].get("accepted", 0) >= 2)

    await running.worker.until("/state", counted)


async def test_confirmed_alone_when_asked(running: Running) -> None:
    """`confirmed=1` leaves out what the desk has not confirmed."""
    region = "KZ-75"
    events = [
        encoded(sample.incident(11, region), "observer"),
        encoded(sample.incident(12, region, category="secrecy"), "observer"),
        encoded(sample.triage(12, region, status="confirmed"), "desk"),
    ]
    await send(running.settings, events)
    await rows_of(running, "incidents", region, 2)

    def confirmed(answer: Answer) -> bool:
        return [row["category"] for row in answer.body["rows"]] == ["secrecy"]

    await running.worker.until(f"/tables/incidents?region={region}&confirmed=1", confirmed)


def nested(depth: int) -> bytes:
    """JSON nested that deep."""
    return b'{"specversion":"1.0","x":' + b"[" * depth + b"]" * depth + b"}"


def changed(**fields: Any) -> bytes:
    """An incident with other top-level fields."""
    return json.dumps({**sample.incident(900, REGION), **fields}).encode()


def data(**fields: Any) -> bytes:
    """An incident with other data fields."""
    event = sample.incident(901, REGION)
    return json.dumps({**event, "data": {**event["data"], **fields}}).encode()


LATER = (datetime.now(UTC) + timedelta(days=3)).isoformat()
BAD = {
    "not JSON": (Event("observer", b"KZ-61", b"hello"), "not_json"),
    "no bytes": (Event("observer", b"KZ-61", None), "not_json"),
    "invalid UTF-8": (Event("observer", b"KZ-61", b'{"id": "\xff\xfe"}'), "not_json"),
    "deep nesting": (Event("observer", b"KZ-61", nested(5_000)), "not_json"),
    "NaN": (Event("observer", b"KZ-61", changed(x=float("nan"))), "not_json"),
    "wrong envelope": (Event("observer", b"KZ-61", changed(specversion="0.3")), "bad_envelope"),
    "a list": (Event("observer", b"KZ-61", b"[1, 2]"), "bad_envelope"),
    "unknown type": (
        Event("observer", b"KZ-61", changed(type="election.observer.rumour.v1")),
        "unknown_type",
    ),
    "official turnout from an observer": (
        encoded(sample.official(902, REGION), "observer"),
        "wrong_authority",
    ),
    "another election": (Event("observer", b"KZ-61", changed(election="xx")), "wrong_election"),
    "a stranger": (Event("observer", b"KZ-61", changed(source="urn:x")), "unknown_source"),
    "unknown region": (encoded(sample.incident(903, "KZ-99"), "observer"), "unknown_region"),
    "unknown station": (
        encoded(sample.incident(904, REGION, station="A-0"), "observer"),
        "unknown_station",
    ),
    "a station of another region": (
        encoded(sample.incident(905, REGION, station="A-75"), "observer"),
        "unknown_station",
    ),
    "huge number": (Event("observer", b"KZ-61", data(revision=10**400)), "invalid_data"),
    "unknown field": (Event("observer", b"KZ-61", data(mood="bad")), "invalid_data"),
    "in the future": (Event("observer", b"KZ-61", changed(time=LATER)), "future_time"),
    "another region's key": (
        Event("observer", b"KZ-75", changed(id="misrouted")),
        "misrouted",
    ),
    "65 KiB": (Event("observer", b"KZ-61", changed(x="x" * 65 * 1024)), "too_large"),
}


async def letters(running: Running) -> dict[str, Letter]:
    """The dead letters so far, by the place of the event."""
    topic = running.settings.topics.dead_letter
    found = [Letter.parse(each) async for each in read_to_end(running.settings.broker, topic)]
    return {letter.name: letter for letter in found}


async def until_letters(running: Running, names: set[str]) -> dict[str, Letter]:
    """Until those letters are written."""
    for _ in range(300):
        found = await letters(running)
        if names <= found.keys():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"no letters for {names - found.keys()}\n{running.worker.said}")


async def test_bad_input_becomes_dead_letters(running: Running) -> None:
    """Each bad event has one letter with its bytes and reason, and good ones go on being folded."""
    client = producer(running.settings)
    await client.start()
    sent = {}
    try:
        for what, (event, _) in BAD.items():
            topic = f"{running.settings.topics.prefix}.{event.authority}"
            sent[what] = await client.send_and_wait(topic, event.value, key=event.key)
        partition = partition_of(REGION, 3)
        wrong = (partition + 1) % 3
        sent["wrong partition"] = await client.send_and_wait(
            running.settings.topics.observer, changed(), key=b"KZ-61", partition=wrong
        )
    finally:
        await client.stop()
    expected = {what: (event.value or b"", reason) for what, (event, reason) in BAD.items()}
    expected["wrong partition"] = (changed(), "misrouted")
    places = {what: f"{at.topic}/{at.partition}/{at.offset}" for what, at in sent.items()}
    found = await until_letters(running, set(places.values()))
    for what, (value, reason) in expected.items():
        letter = found[places[what]]
        assert (letter.value, letter.reason) == (value, reason), what
        assert letter.detail or reason == "too_large", what
    await send(running.settings, [encoded(sample.incident(990, "KZ-79"), "observer")])
    await rows_of(running, "incidents", "KZ-79", 1)
    assert "hello" not in running.worker.said


@pytest.mark.parametrize("size", [70_000, 900_000])
async def test_a_huge_event_is_no_hindrance(running: Running, size: int) -> None:
    """What no letter can hold whole is cut, said so, and its offset committed all the same."""
    client = producer(running.settings, max_request_size=2_000_000)
    await client.start()
    try:
        raw = changed(x="y" * size)
        at = await client.send_and_wait(running.settings.topics.observer, raw, key=b"KZ-61")
    finally:
        await client.stop()
    name = f"{at.topic}/{at.partition}/{at.offset}"
    letter = (await until_letters(running, {name}))[name]
    assert letter.reason == "too_large"
    assert letter.length == len(raw)
    assert raw.startswith(letter.value)

    def committed(answer: Answer) -> bool:
        mine = answer.body["partitions"][str(at.partition)]
        return bool(mine["committed"][at.topic] > at.offset)

    await running.worker.until("/state", committed)
