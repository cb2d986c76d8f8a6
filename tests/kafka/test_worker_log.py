"""Workers on Apache Kafka when the log itself, its pack or its letters are not as expected."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete

from streams.log.clients import admin, kafka_options
from streams.log.dead_letter import Letter
from streams.log.reading import read_to_end
from streams.log.topics import create_topics
from streams.packs import load_pack, pack_directory
from streams.settings import Settings
from tests.kafka.harness import KafkaCluster
from tests.worker.process import WorkerProcess, fold_log, send, until_caught_up
from tests.worker.sample import PACK, Event, encoded, incident, sample

Start = Callable[..., WorkerProcess]


async def test_a_partition_without_its_start_fails_alone(kafka: KafkaCluster, start: Start) -> None:
    """Where records were deleted nothing is shown and everybody is told; the others are live."""
    settings = kafka.settings(partitions=3)
    await create_topics(settings)
    await send(settings, sample(600))
    topic = settings.topics.observer
    async with admin(settings.broker) as client:
        await client.delete_records({TopicPartition(topic, 1): RecordsToDelete(before_offset=5)})
    worker = start(settings)

    def settled(answer: object) -> bool:
        partitions = answer.body["partitions"]  # type: ignore[attr-defined]
        return sorted(each["status"] for each in partitions.values()) == ["failed", "live", "live"]

    answer = await worker.until("/readyz", settled)
    assert answer.status == 503
    assert "deleted" in answer.body["partitions"]["1"]["reason"]
    assert worker.get("/healthz").status == 200
    assert worker.get("/digest").body["partitions"] == [0, 2]
    assert worker.get("/digest").body["content_digest"] is None
    text = worker.get("/metrics").body
    assert f'{{partition="1",state="failed",topic="{topic}"}} 1' in text
    assert worker.said.count("partition failed") == 1
    home = load_pack(PACK).region_codes()
    statuses = {worker.get(f"/tables/incidents?region={code}").status for code in home}
    assert statuses == {200, 503}


async def test_a_recreated_topic_is_folded_anew(kafka: KafkaCluster, start: Start) -> None:
    """A log that is another one under the same name replaces the tables, letters included."""
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    await send(settings, sample(400, bad=0.1))
    worker = start(settings)
    await until_caught_up(settings, [worker])
    async with admin(settings.broker) as client:
        await client.delete_topics(list(settings.topics.inputs))
        await asyncio.sleep(1)
    for _ in range(100):
        if not (await create_topics(settings)).problems:
            break
        await asyncio.sleep(0.2)
    await send(settings, sample(100, seed=9, bad=0.1))
    (answer,) = await until_caught_up(settings, [worker])
    assert worker.running
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
    await worker.until("/state", lambda found: found.body["letters"]["waiting"] == 0)
    keys = {each.key async for each in read_to_end(settings.broker, settings.topics.dead_letter)}
    assert offline.letters <= keys


async def test_another_pack_stops_the_worker(
    kafka: KafkaCluster, start: Start, tmp_path: Path
) -> None:
    """A pack that accepts other events ends it with both digests, unless that is accepted."""
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    await send(settings, [encoded(incident(n, "KZ-61"), "observer") for n in range(20)])
    first = start(settings)
    await until_caught_up(settings, [first])
    assert first.stop() == 0
    folder = tmp_path / "other"
    shutil.copytree(pack_directory(PACK), folder)
    taxonomy = folder / "taxonomy.csv"
    lines = taxonomy.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("campaigning,")]
    taxonomy.write_text("\n".join(kept) + "\n", encoding="utf-8")
    second = start(settings, "--pack", str(folder))
    assert await asyncio.to_thread(second.exit_status) == 2
    assert "--accept-pack" in second.said
    assert "Traceback" not in second.said
    third = start(settings, "--pack", str(folder), "--accept-pack")
    await until_caught_up(settings, [third])
    offline = await fold_log(settings, load_pack(folder))
    assert len(offline.letters) == 20
    await third.until("/state", lambda found: found.body["letters"]["written"] == 20)
    await third.until(
        "/state",
        lambda found: (
            _committed(found.body)
            == sum(
                found.body["outcomes"][t][o]
                for t in found.body["outcomes"]
                for o in found.body["outcomes"][t]
            )
        ),
    )
    assert third.stop() == 0
    fourth = start(settings, "--pack", str(folder))
    await until_caught_up(settings, [fourth])
    assert fourth.get("/state").body["letters"] == {"waiting": 0, "written": 0}


def _committed(state: dict[str, object]) -> int:
    partitions = state["partitions"]
    assert isinstance(partitions, dict)
    return sum(sum(each["committed"].values()) for each in partitions.values())


async def limit_letters(settings: Settings, limit: str) -> None:
    """Put a dead-letter topic that takes batches of ``limit`` bytes in the place of the present."""
    dead = settings.topics.dead_letter
    async with admin(settings.broker) as client:
        await client.delete_topics([dead])
        await asyncio.sleep(1)
        for _ in range(50):
            answer = await client.create_topics(
                [NewTopic(dead, 1, 1, topic_configs={"max.message.bytes": limit})]
            )
            if answer.to_object()["topic_errors"][0]["error_code"] == 0:
                return
            await asyncio.sleep(0.2)
    raise AssertionError(answer)


@pytest.mark.parametrize(("limit", "length"), [("4096", 1024), ("300", None)])
async def test_letters_too_large_for_their_topic(
    kafka: KafkaCluster, start: Start, limit: str, length: int | None
) -> None:
    """They are cut, or in the end given up with a line that says which; commits go on."""
    settings = kafka.settings(partitions=1)
    await create_topics(settings)
    dead = settings.topics.dead_letter
    await limit_letters(settings, limit)
    bad = {**incident(1, "KZ-61"), "election": "xx", "padding": "z" * 20_000}
    good = [encoded(incident(n, "KZ-61"), "observer") for n in range(2, 12)]
    await send(settings, [Event("observer", b"KZ-61", json.dumps(bad).encode()), *good])
    worker = start(settings)
    await worker.until("/state", lambda found: _committed(found.body) == 11)
    letters = [Letter.parse(each) async for each in read_to_end(settings.broker, dead)]
    assert [len(letter.value) for letter in letters] == ([] if length is None else [length])
    assert "too large" in worker.said
    if length is None:
        assert "given up" in worker.said
        assert f'"topic": "{settings.topics.observer}", "partition": 0, "offset": 0' in worker.said
    else:
        assert letters[0].truncated


async def test_letters_too_large_together(kafka: KafkaCluster, start: Start) -> None:
    """A batch that is refused is sent again one by one: what fits alone is written whole."""
    settings = kafka.settings(partitions=1)
    await create_topics(settings)
    await limit_letters(settings, "4096")
    raw = {
        n: json.dumps({**incident(n, "KZ-61"), "election": "xx", "padding": "z" * size}).encode()
        for n, size in enumerate([500] * 30 + [20_000] * 2 + [500] * 30)
    }
    await send(settings, [Event("observer", b"KZ-61", value) for value in raw.values()])
    worker = start(settings)
    await worker.until("/state", lambda found: _committed(found.body) == len(raw))
    dead = settings.topics.dead_letter
    found = {
        letter.offset: letter
        async for record in read_to_end(settings.broker, dead)
        if (letter := Letter.parse(record))
    }
    cut = {offset for offset, letter in found.items() if letter.truncated}
    assert cut == {n for n, value in raw.items() if len(value) > 4096}
    assert {n: found[n].value for n in raw if n not in cut} == {
        n: value for n, value in raw.items() if n not in cut
    }
    assert "given up" not in worker.said
    assert worker.said.count("written shortened") == len(cut)
    assert worker.said.count("one by one") == 1


async def test_transactions_leave_holes_that_cost_nothing(
    kafka: KafkaCluster, start: Start
) -> None:
    """Offsets that are no records (markers of transactions) neither stop a worker nor fool it."""
    settings = kafka.settings(partitions=1)
    await create_topics(settings)
    worker = start(settings)
    await worker.until_ready()
    client = AIOKafkaProducer(**kafka_options(settings.broker), transactional_id="holes")
    await client.start()
    try:
        for n in range(8):
            async with client.transaction():
                event = encoded(incident(n, "KZ-61"), "observer")
                await client.send(settings.topics.observer, event.value, key=event.key)
    finally:
        await client.stop()

    def folded(answer: object) -> bool:
        outcomes = answer.body["outcomes"][settings.topics.observer]  # type: ignore[attr-defined]
        return bool(outcomes == {"accepted": 8})

    state = await worker.until("/state", folded)
    await until_caught_up(settings, [worker])
    assert state.body["partitions"]["0"]["gaps"] > 0


async def test_a_burst_is_folded_live(kafka: KafkaCluster, start: Start) -> None:
    """Far behind the log, partitions stay live, nothing is read past them, and all is exact."""
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    worker = start(settings)
    await worker.until_ready()
    statuses: set[str] = set()
    sending = asyncio.create_task(send(settings, sample(30_000, seed=5)))
    while not sending.done():
        found = await asyncio.to_thread(worker.get, "/state")
        statuses |= {each["status"] for each in found.body["partitions"].values()}
    (answer,) = await until_caught_up(settings, [worker])
    assert statuses == {"live"}
    assert "in bulk" not in worker.said
    partitions = worker.get("/state").body["partitions"].values()
    assert [(each["gaps"], each["skipped"]) for each in partitions] == [(0, 0), (0, 0)]
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
