"""Dead letters over a kill -9: none is lost that was not written, none comes back that was done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

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

    for _ in range(100):
        if not (await create_topics(settings)).problems:
            break
        await asyncio.sleep(0.2)
    assert await keys(settings) == []
    second = start(settings)
    (answer,) = await until_caught_up(settings, [second])
    offline = await fold_log(settings, load_pack(PACK))
    assert answer.body["content_digest"] == offline.digest
    await second.until("/state", lambda found: positions(found, "committed") == GOOD + BAD)
    assert len(offline.letters) == BAD
    assert sorted(await keys(settings)) == sorted(offline.letters)


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
