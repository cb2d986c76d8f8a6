"""An archive of Apache Kafka's log comes to what the workers came to, bit for bit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.log.clients import admin, producer
from streams.log.topics import check_topics, create_topics
from tests.archive.made import build, made_log
from tests.archive.process import ArchiverProcess, archived, assert_same, scrutineer
from tests.kafka.harness import KafkaCluster
from tests.worker.process import WorkerProcess, merged_statement, send, until_caught_up
from tests.worker.sample import encoded, incident, sample


async def test_replay_of_the_archive_is_the_workers_statement(
    kafka: KafkaCluster, start: Callable[..., WorkerProcess], tmp_path: Path
) -> None:
    """Two workers, a rebalance in the midst, the archiver killed in the midst."""
    settings = kafka.settings(partitions=4)
    await create_topics(settings)
    events = sample(6_000, seed=11)
    await send(settings, islice(events, 2_000))
    to = tmp_path / "archive"
    first = start(settings)
    with ArchiverProcess(settings, to, "--seal-every", "0.2") as archiver:
        await first.until_ready()
        await archiver.until_records(500)
        second = start(settings)
        await send(settings, islice(events, 1_000))
        archiver.kill()
    with ArchiverProcess(settings, to, "--seal-every", "0.2") as archiver:
        await send(settings, islice(events, 1_000))
        await second.until_ready()
        await send(settings, events)
        live = await until_caught_up(settings, [first, second])
        await archiver.until_records(6_000)
        status, said = archiver.stop()
    assert status == 0, said
    assert all(answer.body["statement_digest"] is None for answer in live)
    assert archived(to) == 6_000
    await assert_same(settings, to)
    statement = merged_statement(live)
    for source, jobs in ((str(to), "2"), (str(to), "1"), ("kafka", "2")):
        done = await asyncio.to_thread(
            scrutineer, settings, "replay", source, "--json", "--jobs", jobs
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["statement_digest"] == statement


async def test_what_is_archived_may_leave_kafka(kafka: KafkaCluster, tmp_path: Path) -> None:
    """Records deleted after they were archived are not missed; those deleted before are told."""
    settings = kafka.settings(partitions=1)
    topic = settings.topics.observer
    await create_topics(settings)
    to = tmp_path / "archive"

    async def publish(first: int, count: int) -> None:
        numbers = range(first, first + count)
        await send(settings, [encoded(incident(n, "KZ-75"), "observer") for n in numbers])

    async def delete(before: int) -> None:
        async with admin(settings.broker) as client:
            await client.delete_records({TopicPartition(topic, 0): RecordsToDelete(before)})

    async def archive(*arguments: str) -> tuple[int, str]:
        arguments = arguments or ("archive", str(to), "--once")
        done = await asyncio.to_thread(scrutineer, settings, *arguments)
        return done.returncode, done.stdout + done.stderr

    await publish(0, 300)
    assert (await archive())[0] == 0
    await delete(300)
    await publish(300, 100)
    assert (await archive())[0] == 0
    assert archived(to) == 400
    await publish(400, 100)
    await delete(450)
    status, said = await archive()
    assert status == 2
    assert f"{topic}/0 holds offsets 450 to 500, position 400 is deleted" in said
    status, said = await archive("replay", "kafka")
    assert status == 2
    assert "replay an archive that still has it" in said
    status, said = await archive("replay", str(to), "--table", "incidents")
    assert status == 0
    assert "400 accepted" in said


async def test_holes_of_transactions_are_told_and_kept(kafka: KafkaCluster, tmp_path: Path) -> None:
    """What was aborted is not archived; its offsets are, as holes, also at the end."""
    settings = kafka.settings(partitions=1)
    await create_topics(settings)
    client = producer(settings, transactional_id=settings.topics.prefix)
    await client.start()
    for number in range(4):
        await client.begin_transaction()
        event = encoded(incident(number, "KZ-75"), "observer")
        await client.send_and_wait(settings.topics.observer, event.value, key=event.key)
        await (client.abort_transaction() if number % 2 else client.commit_transaction())
    await client.stop()
    to = tmp_path / "archive"
    for _ in range(2):
        done = await asyncio.to_thread(scrutineer, settings, "archive", str(to), "--once")
        assert done.returncode == 0, done.stderr
        assert f"{to}: 2 records" in done.stdout
        assert "6 offsets hold no record" in done.stdout
    await assert_same(settings, to)
    found = await asyncio.to_thread(scrutineer, settings, "replay", str(to), "--json")
    assert json.loads(found.stdout)["positions"][settings.topics.observer] == {"0": 8}


async def test_what_is_played_comes_to_the_archives_content(
    kafka: KafkaCluster, tmp_path: Path
) -> None:
    """On topics as they should be; nothing is written to those of the settings."""
    settings = kafka.settings(partitions=3)
    await create_topics(settings)
    archive = str(tmp_path / "kept")
    build(archive, made_log(sample(1_500, seed=21, bad=0.03)))
    prefix = f"play.{settings.topics.prefix}"
    play = ("play", archive, "--speed", "max", "--prefix", prefix)
    done = await asyncio.to_thread(scrutineer, settings, *play)
    assert done.returncode == 0, done.stderr
    topics = settings.topics.model_copy(update={"prefix": prefix})
    stage = settings.model_copy(update={"topics": topics})
    assert await check_topics(stage) == []
    found = [
        json.loads((await asyncio.to_thread(scrutineer, each, "replay", where, "--json")).stdout)
        for each, where in ((settings, archive), (stage, "kafka"), (settings, "kafka"))
    ]
    kept, played, live = found
    assert played["content_digest"] == kept["content_digest"] != live["content_digest"]
    assert not any(live["positions"][settings.topics.observer].values())
    done = await asyncio.to_thread(scrutineer, settings, *play)
    assert done.returncode == 2
    assert f"{prefix}.observer holds records already" in done.stderr
