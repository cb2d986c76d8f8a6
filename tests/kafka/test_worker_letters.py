"""Dead letters over a kill -9: none is lost that was not written, none comes back that was done."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from schemas.routing import partition_of
from streams.log.clients import admin
from streams.log.dead_letter import is_mark
from streams.log.reading import read_to_end
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings
from tests.commands.letters import scrutineer
from tests.kafka.harness import KafkaCluster
from tests.worker.process import Answer, WorkerProcess, fold_log, send, until_caught_up
from tests.worker.sample import PACK, Event, encoded, incident

Start = Callable[..., WorkerProcess]
GOOD, BAD = 60, 30


def events() -> list[Event]:
    """Good ones, with a bad one after every second of them."""
    found = []
    for number in range(GOOD):
        found.append(encoded(incident(number, "KZ-61"), "observer"))
        if number % 2:
            bad = json.dumps({**incident(number, "KZ-61"), "election": "xx"}).encode()
            found.append(Event("observer", b"KZ-61", bad))
    return found


async def keys(settings: Settings) -> list[bytes]:
    """Those of the dead-letter topic, in order."""
    dead = settings.topics.dead_letter
    return [each.key async for each in read_to_end(settings.broker, dead)]


def positions(found: Answer, name: str) -> int:
    """The sum of a kind of positions over all partitions."""
    parts: dict[str, Any] = found.body["partitions"]
    return sum(sum(each[name].values()) for each in parts.values())


async def test_killed_between_fold_and_letter(kafka: KafkaCluster, start: Start) -> None:
    """Rejections are counted, their letters not to be had yet, -9: the next worker writes them.

    The letters' topic is away meanwhile, so that no letter can be acknowledged.
    """
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    first = start(settings)
    await first.until_ready()
    async with admin(settings.broker) as client:
        await client.delete_topics([settings.topics.dead_letter])
    await send(settings, events())

    def folded(found: Answer) -> bool:
        return bool(
            positions(found, "positions") == GOOD + BAD and found.body["letters"]["waiting"] == BAD
        )

    await first.until("/state", folded)
    # The first two are good; nothing after them may be committed.
    state = await first.until("/state", lambda found: positions(found, "committed") == 2)
    assert state.body["letters"]["written"] == 0
    first.kill()

    await until_created(settings)
    assert await keys(settings) == []
    second = start(settings)
    (answer,) = await until_caught_up(settings, [second])
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
    await second.until("/state", lambda found: positions(found, "committed") == GOOD + BAD)
    assert len(offline.letters) == BAD
    assert sorted(await keys(settings)) == sorted(offline.letters)


FEW = """
from streams.worker import letters
letters.SHARE = 3 * letters.OVERHEAD
from streams.cli import main
main()
"""


async def test_a_partition_that_its_letters_hold_up_is_not_ready(
    kafka: KafkaCluster, start: Start
) -> None:
    """Live, but not kept up: that, why, and how far it is behind is told until it goes on.

    A worker that takes only a few letters, and whose topic for them is away.
    """
    settings = kafka.settings(partitions=2)
    number = str(partition_of("KZ-61", 2))
    await create_topics(settings)
    worker = start(settings, program=("-c", FEW))
    await worker.until_ready()
    async with admin(settings.broker) as client:
        await client.delete_topics([settings.topics.dead_letter])
    await send(settings, events())
    found = await worker.until("/readyz", lambda answer: answer.status == 503)
    assert found.body["ready"] is False
    assert found.body["doing"] == f"waiting to write dead letters of [{number}]"
    (part,) = [part for part in found.body["partitions"].values() if "reason" in part]
    assert part == found.body["partitions"][number]
    assert part["status"] == "live"
    assert re.fullmatch(r"held up for \d+ s: waiting to write its dead letters", part["reason"])

    # Nothing more is fetched of it, and the lag grows all the same.
    more = [encoded(incident(GOOD + each, "KZ-61"), "observer") for each in range(50)]
    await send(settings, more)
    topic = settings.topics.observer

    def behind(answer: Answer) -> bool:
        part = answer.body["partitions"][number]
        held = part["reason"].startswith("held up")
        total = GOOD + BAD + len(more)
        return held and bool(part["lag"][topic] == total - part["positions"][topic])

    await worker.until("/state", behind)
    health = worker.get("/healthz")
    assert (health.status, health.body["status"]) == (200, "degraded")

    await until_created(settings)
    await worker.until_ready()
    (answer,) = await until_caught_up(settings, [worker])
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
    state = await worker.until("/state", lambda found: found.body["letters"]["waiting"] == 0)
    assert state.body["partitions"][number]["reason"] == ""
    assert sorted(await keys(settings)) == sorted(offline.letters)


async def until_created(settings: Settings) -> None:
    """Create the topics that are missing: what was deleted just now may be there yet."""
    for _ in range(100):
        if not (await create_topics(settings)).problems:
            return
        await asyncio.sleep(0.2)


async def test_a_letter_that_was_worked_off_stays_so(kafka: KafkaCluster, start: Start) -> None:
    """Its mark has a key of its own: a worker that writes the letter again does not undo it."""
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    wrong = json.dumps({**incident(1, "KZ-61"), "election": "xx"}).encode()
    await send(settings, [Event("observer", b"KZ-61", wrong)])
    first = start(settings)
    await first.until("/state", lambda found: found.body["letters"]["written"] == 1)
    (key,) = await keys(settings)
    name = key.decode()
    done = await scrutineer(
        settings, "dead-letters", "retry", name, "--edit", "election=kz-2023-03-19"
    )
    assert done.returncode == 0, done.stderr
    first.kill()

    # A group that has committed nothing knows of no letter that is written.
    worker = settings.worker.model_copy(update={"group": "another"})
    second = start(settings.model_copy(update={"worker": worker}))
    await until_caught_up(settings, [second])
    await second.until("/state", lambda found: found.body["letters"]["written"] == 1)
    written = await keys(settings)
    assert [each for each in written if not is_mark(each)] == [key, key], "it was written again"
    assert len(written) == 3
    listed = await scrutineer(settings, "dead-letters", "list", "--open")
    assert listed.stdout == b""
    assert b"0 of 1 dead letters, 1 done" in listed.stderr
    again = await scrutineer(settings, "dead-letters", "retry", name)
    assert again.returncode == 2
    assert b"was sent again already" in again.stderr
