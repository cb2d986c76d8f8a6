"""Workers that start from snapshots, and from logs whose start is gone, on Apache Kafka."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from click.testing import CliRunner

from streams.cli import cli
from streams.log.clients import admin, kafka_options
from streams.log.reading import read_to_end
from streams.log.snapshots import SLOTS, Of, Restoring, chunk_key, decoded, header_key
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings, WorkerSettings
from tests.kafka.harness import KafkaCluster
from tests.worker.process import (
    Answer,
    WorkerProcess,
    fold_log,
    log_ends,
    merged_statement,
    send,
    until_caught_up,
)
from tests.worker.sample import PACK, encoded, incident, regions, sample

Start = Callable[..., WorkerProcess]
PARTITIONS = 2


def with_snapshots(settings: Settings, events: int) -> Settings:
    """Settings under which a snapshot is written after so many events."""
    worker = WorkerSettings(snapshot_seconds=0, snapshot_events=events)
    return settings.model_copy(update={"worker": worker})


def all_written(answer: Answer) -> bool:
    """Whether the newest snapshot of each partition is of all that is folded."""
    return all(
        each["snapshot"]["events"] == sum(each["positions"].values()) > 0
        for each in answer.body["partitions"].values()
    )


def statement(answer: Answer) -> str:
    """The statement digest of a worker that has all partitions, by the recipe of the docs."""
    digest: str = answer.body["statement_digest"]
    assert digest == merged_statement([answer])
    return digest


async def cut(settings: Settings, offsets: dict[TopicPartition, int]) -> None:
    """Delete the records below these offsets."""
    deleted = {
        tp: RecordsToDelete(before_offset=offset) for tp, offset in offsets.items() if offset
    }
    async with admin(settings.broker) as client:
        await client.delete_records(deleted)


async def make_anew(settings: Settings) -> None:
    """Delete the inputs and create them again."""
    async with admin(settings.broker) as client:
        await client.delete_topics(list(settings.topics.inputs))
    await until_created(settings)


async def until_created(settings: Settings) -> None:
    """Create the topics that are missing: what was deleted just now may be there yet."""
    for _ in range(100):
        if not (await create_topics(settings)).problems:
            break
        await asyncio.sleep(0.2)


def scrutineer(settings: Settings, *arguments: str) -> Any:
    """Run the command."""
    env = {
        "SCRUTINEER_BROKER__BOOTSTRAP": settings.broker.bootstrap,
        "SCRUTINEER_TOPICS__PREFIX": settings.topics.prefix,
        "SCRUTINEER_TOPICS__PARTITIONS": str(settings.topics.partitions),
    }
    return CliRunner().invoke(cli, arguments, env=env, standalone_mode=False)


async def test_killed_and_restarted_from_snapshots(kafka: KafkaCluster, start: Start) -> None:
    """Kill -9 at any moment: digests are those of the log, and the log's start is not needed.

    Once the log is deleted below the snapshots' positions they are the only way to the state.
    """
    settings = with_snapshots(kafka.settings(partitions=PARTITIONS), 1)
    await create_topics(settings)
    await send(settings, sample(1_500))
    worker = start(settings)
    for seed in (2, 3):
        # One is written after the other meanwhile; it dies in the midst of it.
        said = worker.said.count("snapshot written")
        sending = asyncio.create_task(send(settings, sample(1_000, seed)))
        await worker.until("/state", more_than(worker, said))
        worker.kill()
        worker.start()
        await sending
    (answer,) = await until_caught_up(settings, [worker])
    for seed in (4, 5):
        # However fast it died: of each partition there are some now, one after the other.
        await worker.until("/state", all_written)
        await send(settings, sample(60, seed))
        (answer,) = await until_caught_up(settings, [worker])
    await worker.until("/state", all_written)
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
    assert worker.said.count("restored from a snapshot") >= PARTITIONS
    assert "snapshot not used" not in worker.said

    await every_moment_has_a_snapshot(settings)
    assert await asyncio.to_thread(worker.stop) == 0
    ends = await log_ends(settings)
    await cut(settings, ends)
    worker.start()
    await worker.until_ready()
    await send(settings, [encoded(incident(9_999_999, regions()[0]), "observer")])
    again = await worker.until("/digest", lambda got: got.body["content_digest"] is not None)
    again = await worker.until("/digest", lambda got: got.body != again.body or moved(got, answer))
    assert again.body["rejected"] == answer.body["rejected"]
    changed = {r for r, d in again.body["regions"].items() if answer.body["regions"].get(r) != d}
    assert changed == {regions()[0]}
    listed = await asyncio.to_thread(scrutineer, settings, "partition", "list", "--json")
    assert listed.return_value == 0
    lines = [json.loads(line) for line in listed.output.splitlines()]
    assert [line["missing"] for line in lines] == [{}] * PARTITIONS
    assert all(line["snapshot"] for line in lines)


def more_than(worker: WorkerProcess, count: int) -> Callable[[Answer], bool]:
    """Whether it has written more snapshots than so many."""
    return lambda _: worker.said.count("snapshot written") > count


def moved(now: Answer, before: Answer) -> bool:
    """Whether more is folded than before."""
    return bool(now.body["positions"] != before.body["positions"])


async def every_moment_has_a_snapshot(settings: Settings) -> None:
    """Whatever was the last record that the topic took: a whole snapshot is there.

    This is what kill -9 between any two records leaves behind.
    """
    of = Of(load_pack(PACK), settings.topics.inputs, PARTITIONS)
    for number in range(PARTITIONS):
        shelf: dict[bytes, bytes] = {}
        begun, checked = False, 0
        async for record in read_to_end(settings.broker, settings.topics.snapshot, number):
            if record.value is None:
                shelf.pop(record.key, None)
            else:
                shelf[record.key] = record.value
            begun = begun or b"/header/" in record.key
            if begun:
                checked += 1
                assert any(whole(shelf, number, slot, of, checked % 10 == 1) for slot in SLOTS)
        assert checked >= 3


def whole(shelf: dict[bytes, bytes], number: int, slot: str, of: Of, thorough: bool) -> bool:
    """Whether the snapshot in a slot has all its chunks, and can be restored."""
    value = shelf.get(header_key(number, slot))
    if value is None:
        return False
    header = decoded(value)
    values = [shelf.get(chunk_key(number, digest)) for digest in header.chunks]
    if None in values:
        return False
    if thorough:
        restoring = Restoring(header, of)
        for digest, each in zip(header.chunks, values, strict=True):
            assert each is not None
            restoring.put(each, digest)
        assert restoring.done().next == header.next
    return True


async def test_another_log_is_not_taken_for_the_old_one(kafka: KafkaCluster, start: Start) -> None:
    """Topics made anew, as long as before: the anchor tells, and the new log alone counts."""
    settings = with_snapshots(kafka.settings(partitions=PARTITIONS), 1)
    await create_topics(settings)
    await send(settings, sample(400))
    worker = start(settings)
    await until_caught_up(settings, [worker])
    await worker.until("/state", all_written)
    assert await asyncio.to_thread(worker.stop) == 0
    await make_anew(settings)
    await send(settings, sample(900, seed=7))
    worker.start()
    (answer,) = await until_caught_up(settings, [worker])
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
    assert '"reason": "anchor"' in worker.said
    text = worker.get("/metrics").body
    refused = [line for line in text.splitlines() if 'refused_total{reason="anchor"}' in line]
    assert refused
    assert float(refused[0].split()[-1]) >= 1


async def test_snapshots_whose_topic_lost_them_are_written_anew(
    kafka: KafkaCluster, start: Start
) -> None:
    """Made anew or purged under a running worker: it notices, and a restart has a snapshot.

    At the next snapshot, and where no event comes that would have one written.
    """
    settings = with_snapshots(kafka.settings(partitions=1), 1)
    topic = settings.topics.snapshot
    await create_topics(settings)
    await send(settings, sample(3_000))
    worker = start(settings)
    await until_caught_up(settings, [worker])
    await worker.until("/state", all_written)

    async with admin(settings.broker) as client:
        await client.delete_topics([topic])
    await until_created(settings)
    await send(settings, sample(60, seed=2))
    await until_caught_up(settings, [worker])
    await worker.until("/state", all_written)

    # The next one looks sooner than after a minute, and gets no event.
    worker.program = ("-c", SOON)
    await restarts_from_a_snapshot(settings, worker)
    written = worker.get("/state").body["partitions"]["0"]["snapshot"]["written"]
    await purge(settings)

    def anew(answer: Answer) -> bool:
        shown = answer.body["partitions"]["0"]["snapshot"]["written"]
        return shown is not None and bool(shown > written)

    await worker.until("/state", anew)
    await restarts_from_a_snapshot(settings, worker)
    assert worker.said.count("the snapshot topic has lost what was written") == 2


SOON = """
from streams.worker import snapshots
snapshots._LOOK_SECONDS = 0.5
from streams.cli import main
main()
"""


async def purge(settings: Settings) -> None:
    """Delete all that the snapshot topic holds, which of a compacted one is not allowed."""
    topic = settings.topics.snapshot
    async with admin(settings.broker) as client:
        both = {"cleanup.policy": "compact,delete"}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, both)])
    await cut(settings, {TopicPartition(topic, 0): await end_of(settings)})


async def end_of(settings: Settings) -> int:
    """The end of the snapshots' only partition."""
    tp = TopicPartition(settings.topics.snapshot, 0)
    async with AIOKafkaConsumer(**kafka_options(settings.broker)) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets([tp])
    return ends[tp]


async def restarts_from_a_snapshot(settings: Settings, worker: WorkerProcess) -> None:
    """Stopped and started, the worker is at once where it was."""
    before = worker.get("/digest").body
    restored = worker.said.count("restored from a snapshot")
    assert await asyncio.to_thread(worker.stop) == 0
    worker.start()
    await worker.until_ready()
    assert "snapshot not used" not in worker.said
    # Once more if the group shares out anew meanwhile, as it may on a busy machine.
    assert worker.said.count("restored from a snapshot") > restored
    assert worker.get("/digest").body == before


async def test_a_gap_is_accepted_by_an_operator_alone(kafka: KafkaCluster, start: Start) -> None:
    """Failed until `scrutineer partition accept`; from then on every view says what is missing."""
    settings = with_snapshots(kafka.settings(partitions=PARTITIONS), 0)
    await create_topics(settings)
    await send(settings, sample(600))
    topic = settings.topics.observer
    await cut(settings, {TopicPartition(topic, 1): 20})
    worker = start(settings)

    def statuses(answer: Answer) -> dict[str, str]:
        return {number: each["status"] for number, each in answer.body["partitions"].items()}

    await worker.until("/readyz", lambda got: statuses(got) == {"0": "live", "1": "failed"})
    listed = await asyncio.to_thread(scrutineer, settings, "partition", "list")
    assert listed.return_value == 1
    assert f"{topic} 0 to 19" in listed.output
    refused = await asyncio.to_thread(
        scrutineer, settings, "partition", "accept", "0", "--reason", "x"
    )
    assert "nothing is gone of partition 0" in str(refused.exception)
    done = await asyncio.to_thread(
        scrutineer, settings, "partition", "accept", "1", "--reason", "retention was on"
    )
    assert done.exit_code == 0, done.exception
    assert f"{topic}/1: accepted that offsets before 20 are gone" in done.output
    ready = await worker.until_ready()
    again = ("partition", "accept", "1", "--reason", "another")
    done = await asyncio.to_thread(scrutineer, settings, *again)
    assert "partition 1: accepted already at " in done.output
    listed = await asyncio.to_thread(scrutineer, settings, "partition", "list")
    assert "retention was on" in listed.output
    gap = {"topic": topic, "partition": 1, "from": 0, "to": 20}
    assert ready.body["partitions"]["1"]["accepted_gaps"] == [gap]
    digest = worker.get("/digest").body
    assert digest["accepted_gaps"] == [gap]
    assert worker.get("/tables/incidents").body["accepted_gaps"] == [gap]
    assert worker.get("/state").body["partitions"]["1"]["accepted_gaps"] == [gap]
    text = worker.get("/metrics").body
    family = "scrutineer_partition_accepted_gap_events"
    assert f'{family}{{partition="1",topic="{topic}"}} 20' in text
    assert f'{family}{{partition="0",topic="{topic}"}} 0' in text
    assert statement(worker.get("/digest"))
    # Another log, cut at less than what was accepted.
    assert await asyncio.to_thread(worker.stop) == 0
    await make_anew(settings)
    await send(settings, sample(600, seed=7))
    await cut(settings, {TopicPartition(topic, 1): 10})
    worker.start()
    await worker.until("/readyz", lambda got: statuses(got) == {"0": "live", "1": "failed"})
    assert "what was accepted is not what is gone now" in worker.said
    listed = await asyncio.to_thread(scrutineer, settings, "partition", "list")
    assert listed.return_value == 1
    again = ("partition", "accept", "1", "--reason", "made anew")
    done = await asyncio.to_thread(scrutineer, settings, *again)
    assert done.exit_code == 0, done.exception
    await worker.until_ready()
    # What goes afterwards is another matter.
    assert await asyncio.to_thread(worker.stop) == 0
    await cut(settings, {TopicPartition(topic, 1): 30})
    worker.start()
    await worker.until("/readyz", lambda got: statuses(got) == {"0": "live", "1": "failed"})
