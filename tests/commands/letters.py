"""Working off dead letters by command, on whichever broker the settings name."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from schemas import Accepted, Origin, Rejected, read
from streams.log.clients import producer
from streams.log.dead_letter import letter
from streams.log.reading import read_to_end
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "observer-incident.jsonl"


async def scrutineer(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as an operator does, with these settings in its environment."""
    topics = settings.topics
    environment = {
        **{name: value for name, value in os.environ.items() if "SCRUTINEER_" not in name},
        "SCRUTINEER_BROKER__BOOTSTRAP": settings.broker.bootstrap,
        "SCRUTINEER_BROKER__IDEMPOTENT": str(settings.broker.idempotent).lower(),
        "SCRUTINEER_TOPICS__PREFIX": topics.prefix,
        "SCRUTINEER_TOPICS__PARTITIONS": str(topics.partitions),
        "SCRUTINEER_TOPICS__REPLICATION": str(topics.replication),
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams", *arguments],
        env=environment,
        capture_output=True,
        check=False,
    )


async def accepted(settings: Settings, topic: str) -> list[Accepted]:
    """What ``topic`` holds, each record read as a worker reads it: all must be accepted."""
    pack = load_pack(settings.pack)
    found = []
    async for record in read_to_end(settings.broker, topic):
        origin = Origin(
            topic, record.partition, settings.topics.partitions, record.key, record.timestamp
        )
        verdict = read(record.value, origin, pack)
        assert isinstance(verdict, Accepted), verdict
        found.append(verdict)
    return found


async def work_off(settings: Settings) -> None:
    """The whole course: list, refused retry, retry with an edit, mark, refused and forced again."""
    await create_topics(settings)
    topics = settings.topics
    good = EXAMPLE.read_bytes().rstrip()
    wrong = good.replace(b"KZ-75", b"KZ-99")
    why = Rejected("unknown_region", "data.region: 'KZ-99'", "election.observer.incident.v1")
    cut = Rejected("too_large", "many bytes", None)
    async with producer(settings) as sender:
        for raw, reason, offset in ((wrong, why, 3), (good, why, 4), (b"x" * 200_000, cut, 5)):
            key, value, headers = letter(raw, b"KZ-99", reason, topics.observer, 1, offset)
            await sender.send_and_wait(topics.dead_letter, value, key=key, headers=headers)
    bad, fine, large = (f"{topics.observer}/1/{offset}" for offset in (3, 4, 5))

    refused = await scrutineer(settings, "dead-letters", "retry", bad)
    assert refused.returncode == 2
    assert b"unknown_region: data.region: 'KZ-99'" in refused.stderr
    truncated = await scrutineer(settings, "dead-letters", "retry", large)
    assert truncated.returncode == 2
    assert b"only a part" in truncated.stderr
    edit = ("--edit", "data.region=KZ-61", "--edit", "data.station=null")
    tried = await scrutineer(settings, "dead-letters", "retry", bad, "--dry-run", *edit)
    assert tried.returncode == 0, tried.stderr
    assert await accepted(settings, topics.observer) == []

    sent = await scrutineer(settings, "dead-letters", "retry", bad, *edit)
    assert (sent.returncode, sent.stderr) == (0, b"")
    assert sent.stdout.startswith(f"{bad}: sent again as {topics.observer}/".encode())
    again = await scrutineer(settings, "dead-letters", "retry", bad, *edit)
    assert again.returncode == 2
    assert b"was sent again already" in again.stderr
    original = await scrutineer(settings, "dead-letters", "retry", fine)
    assert (original.returncode, original.stderr) == (0, b"")
    regions = {each.region for each in await accepted(settings, topics.observer)}
    assert regions == {"KZ-61", "KZ-75"}
    values = [record.value async for record in read_to_end(settings.broker, topics.observer)]
    assert good in values, "without an edit the original bytes are sent"
    forced = await scrutineer(settings, "dead-letters", "retry", fine, "--force")
    assert forced.returncode == 0, forced.stderr
    assert len(await accepted(settings, topics.observer)) == 3

    await _listed(settings, bad, fine, large)


async def _listed(settings: Settings, bad: str, fine: str, large: str) -> None:
    listed = await scrutineer(settings, "dead-letters", "list", "--json")
    assert listed.stderr == b""
    rows = {row["name"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert list(rows) == [bad, fine, large]
    assert (rows[bad]["reason"], rows[bad]["detail"]) == ("unknown_region", "data.region: 'KZ-99'")
    assert rows[bad]["done"]["edited"] is True
    assert rows[fine]["done"]["edited"] is False
    assert rows[large]["done"] is None
    people = await scrutineer(settings, "dead-letters", "list", "--open")
    assert people.stdout.split()[0].decode() == large
    assert len(people.stdout.splitlines()) == 1
    assert b"1 of 3 dead letters, 2 done" in people.stderr
    shown = await scrutineer(settings, "dead-letters", "show", bad)
    assert b"done: {" in shown.stdout
