"""What the runbook of SourceFloods lets somebody type, on a log of Apache Kafka."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from streams.log.topics import create_topics
from tests.data import ROOT
from tests.kafka.harness import KafkaCluster
from tests.test_docs import as_shown, blocks, execute
from tests.tools import tool
from tests.worker.process import send
from tests.worker.sample import Event

PAGE = ROOT / "docs" / "runbooks" / "SourceFloods.md"
REPORT = json.loads((ROOT / "docs" / "examples" / "observer-incident.jsonl").read_bytes())


def flood() -> Iterator[Event]:
    """One observer's app that repeats itself, among others and what nobody can read."""
    for observer, region, times in (
        ("phone-17", "KZ-75", 40),
        (None, "KZ-75", 3),
        ("phone-04", "KZ-10", 2),
    ):
        about = {"region": region} if observer is None else {"region": region, "observer": observer}
        value = json.dumps({**REPORT, "data": {**REPORT["data"], **about}}).encode()
        for _ in range(times):
            yield Event("observer", region.encode(), value)
    for value in (b"{", b"\xff", b"[]", b"", b"{}}"):
        yield Event("observer", b"KZ-10", value)


async def test_who_floods_is_found(kafka: KafkaCluster, tmp_path: Path) -> None:
    """By observer and region, the most first; what cannot be read is counted by its region."""
    for program in ("kcat", "jq"):
        tool(program, program)
    settings = kafka.settings()
    await create_topics(settings)
    await send(settings, flood())
    ((step,),) = blocks(PAGE, "run on a flooded log")
    here = step.command.replace("localhost:9092", settings.broker.bootstrap)
    here = here.replace("election.observer", settings.topics.observer)
    assert here.count(settings.broker.bootstrap) == here.count(settings.topics.observer) == 1
    status, output = await asyncio.to_thread(execute, step._replace(command=here), tmp_path)
    assert status == 0, output
    assert as_shown(step, output), output
    assert len(output.splitlines()) == len(step.shown)
