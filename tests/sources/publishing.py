"""Events of the small test pack to publish, and what stands in the log afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from streams.log.clients import consumer
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from streams.sources.checking import Ready, check
from streams.sources.jsonl import Line
from tests.packs import SMALL_FILES, small_pack

REGIONS = ("XX-A", "XX-B", "XX-C", "XX-ABROAD", "XX")


def incident(number: int, region: str = "XX-A", minute: int = 0, **data: Any) -> bytes:
    """An incident; its spaces and key order would not survive being written anew."""
    event = {
        "type": "election.observer.incident.v1",
        "specversion": "1.0",
        "time": f"2030-06-02T{8 + minute // 60:02d}:{minute % 60:02d}:00.50+00:00",
        "id": f"e{number}",
        "source": "urn:test:citizen",
        "election": "test-2030",
        "data": {
            "report_id": f"r{number}",
            "revision": 0,
            "region": region,
            "observer_group": "citizen",
            "phase": "voting",
            "category": "procedures",
            "description": "Überfüllt",
            **data,
        },
    }
    return json.dumps(event, ensure_ascii=False, separators=(" ,  ", ": ")).encode()


def figure(number: int, region: str = "XX-A") -> bytes:
    """An official figure."""
    event = {
        "specversion": "1.0",
        "id": f"f{number}",
        "source": "urn:test:official",
        "type": "election.official.turnout.v1",
        "time": "2030-06-02T10:00:00Z",
        "election": "test-2030",
        "data": {
            "region": region,
            "publisher": "commission",
            "as_of": "2030-06-02T10:00:00Z",
            "voted": number,
        },
    }
    return json.dumps(event).encode()


def triage(number: int, region: str = "XX-A") -> bytes:
    """A decision of the desk."""
    about = {"source": "urn:test:citizen", "region": region, "report_id": f"r{number}"}
    event = {
        "specversion": "1.0",
        "id": f"d{number}",
        "source": "urn:test:desk",
        "type": "election.desk.triage.v1",
        "time": "2030-06-02T11:00:00Z",
        "election": "test-2030",
        "data": {"about": about, "revision": 0, "status": "confirmed"},
    }
    return json.dumps(event).encode()


CLOCK = (
    b'{"specversion":"1.0","id":"c","source":"urn:test:desk","type":"election.clock.v1",'
    b'"time":"2030-06-02T11:00:00Z","election":"test-2030","data":{"now":"2030-06-02T11:00:00Z"}}'
)


def write_pack(folder: Path) -> str:
    """The small pack as a directory."""
    where = folder / "pack"
    where.mkdir()
    for name, text in SMALL_FILES.items():
        (where / name).write_text(text)
    return str(where)


async def ready(events: Iterable[bytes]) -> AsyncIterator[Ready]:
    """Checked events."""
    for number, raw in enumerate(events, start=1):
        result = check(Line("test", number, raw), small_pack())
        assert isinstance(result, Ready), result
        yield result


class Stored(NamedTuple):
    """A record of the log."""

    topic: str
    partition: int
    key: bytes
    value: bytes


def embedded(bootstrap: str, partitions: int = 6) -> Settings:
    """Settings of an embedded broker."""
    return Settings(
        broker=BrokerSettings(bootstrap=bootstrap, idempotent=False),
        topics=TopicSettings(partitions=partitions, replication=1),
    )


async def topics(settings: Settings) -> None:
    """Create them."""
    await create_topics(settings)


async def stored(settings: Settings) -> list[Stored]:
    """Everything in the three input topics, partition by partition."""
    parts = [
        TopicPartition(topic, number)
        for topic in settings.topics.inputs
        for number in range(settings.topics.partitions)
    ]
    reader = consumer(settings.broker)
    await reader.start()
    try:
        reader.assign(parts)
        ends = await reader.end_offsets(parts)
        await reader.seek_to_beginning(*parts)
        found: list[Stored] = []
        while len(found) < sum(ends.values()):
            for batch in (await reader.getmany(timeout_ms=500)).values():
                found += [Stored(r.topic, r.partition, r.key, r.value) for r in batch]
        return found
    finally:
        await reader.stop()
