"""The examples of docs/producers.md, taken from the page and run on Apache Kafka."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from schemas import Accepted, Origin, Rejected, read
from schemas.envelope import MAX_EVENT_BYTES
from schemas.routing import partition_of
from streams.log.reading import read_to_end
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings
from tests.data import ROOT
from tests.kafka.harness import KafkaCluster
from tests.kafka.jars import class_path
from tests.tools import tool

PAGE = (ROOT / "docs" / "producers.md").read_text(encoding="utf-8")
REPORT = (ROOT / "docs" / "examples" / "observer-incident.jsonl").read_bytes()
PACK = load_pack("kazakhstan-2023")
PARTITIONS = 12
REGIONS = ("KZ-75", "KZ-61", "KZ-10", "KZ-ABROAD")
CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer"


def example(name: str) -> str:
    """The code of the block that the page marks with ``name``."""
    found = re.findall(rf"<!-- kafka: {name} -->\n```\w+\n(.*?)\n```", PAGE, re.DOTALL)
    assert len(found) == 1, f"docs/producers.md has {len(found)} examples for {name}"
    code: str = found[0]
    return code


def in_region(raw: bytes, region: str) -> bytes:
    """The report from another region; its station stays, as the pack lists none."""
    return raw.replace(b'"KZ-75"', f'"{region}"'.encode())


async def run(settings: Settings, code: str, folder: Path, region: str, *shell: str) -> None:
    """Run an example as the page shows it, for this broker, these topics and this region."""
    for shown, here in (
        ("localhost:9092", settings.broker.bootstrap),
        ("election.observer", settings.topics.observer),
        ("KZ-75", region),
    ):
        code = code.replace(shown, here)
    (folder / "report.jsonl").write_bytes(in_region(REPORT, region))
    (folder / "example").write_text(code, encoding="utf-8")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = await asyncio.to_thread(
        subprocess.run,
        [*shell, "example"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def landed(settings: Settings) -> dict[str, int]:
    """Key to partition of all records, each read as a worker reads it and accepted."""
    found = {}
    topic = settings.topics.observer
    async for record in read_to_end(settings.broker, topic):
        origin = Origin(topic, record.partition, PARTITIONS, record.key, record.timestamp)
        verdict = read(record.value, origin, PACK)
        assert isinstance(verdict, Accepted), verdict
        found[record.key.decode()] = record.partition
    return found


async def topics(kafka: KafkaCluster) -> Settings:
    """Topics of the test's own."""
    settings = kafka.settings(partitions=PARTITIONS)
    await create_topics(settings)
    return settings


async def test_kcat(kafka: KafkaCluster, tmp_path: Path) -> None:
    """Every region's report is where murmur2 says, and accepted."""
    tool("kcat", "kcat")
    settings = await topics(kafka)
    for region in REGIONS:
        await run(settings, example("kcat"), tmp_path, region, "sh", "-eu")
    assert await landed(settings) == {each: partition_of(each, PARTITIONS) for each in REGIONS}


async def test_kcat_without_the_partitioner_is_misrouted(
    kafka: KafkaCluster, tmp_path: Path
) -> None:
    """The option that the page insists on is needed: librdkafka's own default is another."""
    tool("kcat", "kcat")
    settings = await topics(kafka)
    code = example("kcat")
    without = code.replace("-X partitioner=murmur2_random", "")
    assert without != code
    for region in REGIONS:
        await run(settings, without, tmp_path, region, "sh", "-eu")
    reasons = set()
    topic = settings.topics.observer
    async for record in read_to_end(settings.broker, topic):
        origin = Origin(topic, record.partition, PARTITIONS, record.key, record.timestamp)
        verdict = read(record.value, origin, PACK)
        reasons.add(verdict.reason if isinstance(verdict, Rejected) else None)
    assert "misrouted" in reasons


async def test_javas_console_producer(kafka: KafkaCluster, tmp_path: Path) -> None:
    """By Kafka's own program, under the name that a Kafka installation gives it."""
    command = shlex.join(["java", "-Xmx256m", "-cp", class_path(), CONSOLE_PRODUCER])
    script = tmp_path / "kafka-console-producer.sh"
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    settings = await topics(kafka)
    for region in REGIONS[:2]:
        await run(settings, example("java"), tmp_path, region, "sh", "-eu")
    assert await landed(settings) == {each: partition_of(each, PARTITIONS) for each in REGIONS[:2]}


async def test_aiokafka(kafka: KafkaCluster, tmp_path: Path) -> None:
    """The Python program, as it stands."""
    settings = await topics(kafka)
    for region in REGIONS[:2]:
        await run(settings, example("python"), tmp_path, region, sys.executable)
    assert await landed(settings) == {each: partition_of(each, PARTITIONS) for each in REGIONS[:2]}


def test_the_limits_that_the_page_names_are_those_in_force() -> None:
    """Bytes of an event, minutes and hours ahead of the broker's clock."""
    assert f"{MAX_EVENT_BYTES:,} bytes" in PAGE
    assert PACK.future_tolerance == 5 * 60_000_000
    assert PACK.restriction_future_tolerance == 24 * 3_600_000_000


@pytest.mark.parametrize("name", ["kcat", "java", "python"])
def test_each_example_is_careful(name: str) -> None:
    """None of them shows a producer that could lose an event."""
    code = example(name)
    assert re.search(r"acks=\"?all", code)
    assert re.search(r"enable.idempotence=(true|True)", code)
