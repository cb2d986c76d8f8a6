"""The archiver on the embedded broker, as a process that is stopped and killed."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.request
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest

from streams.archive.manifest import MANIFEST, parse
from streams.embedded import EmbeddedBroker, free_port
from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.packs import pack_directory
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.archive.process import ArchiverProcess, archived, assert_same, scrutineer
from tests.log.door import Door, door
from tests.worker.process import send
from tests.worker.sample import sample


@pytest.fixture
async def running() -> AsyncIterator[Settings]:
    """A broker of the test's own with the topics."""
    async with EmbeddedBroker() as broker:
        settings = settings_of(broker.bootstrap)
        await create_topics(settings)
        yield settings


def settings_of(bootstrap: str) -> Settings:
    """Topics of few partitions."""
    return Settings(
        broker=BrokerSettings(bootstrap=bootstrap, idempotent=False),
        topics=TopicSettings(prefix="copied", partitions=2, replication=1),
    )


async def test_once_and_again(running: Settings, tmp_path: Path) -> None:
    """Up to the end each time; with nothing new nothing is written."""
    to = tmp_path / "a"
    events = sample(1_500, seed=1)
    await send(running, islice(events, 1_000))
    done = scrutineer(running, "archive", str(to), "--once")
    assert done.returncode == 0, done.stderr
    assert f"{to}: 1000 records" in done.stdout
    assert "keeps the pack" not in done.stderr
    await assert_same(running, to)
    before = (to / MANIFEST).read_bytes()
    assert scrutineer(running, "archive", str(to), "--once").returncode == 0
    assert (to / MANIFEST).read_bytes() == before
    await send(running, events)
    tried = Path(shutil.copytree(pack_directory(running.pack), tmp_path / "tried"))
    text = (tried / "election.toml").read_text()
    (tried / "election.toml").write_text(f"{text}\n# thought over\n")
    done = scrutineer(running, "archive", "copy", str(to), "--once", "--pack", str(tried))
    assert "going on with" in done.stderr
    assert "keeps the pack that it began with, of which election.toml is another" in done.stderr
    assert parse((to / MANIFEST).read_bytes()).chain in done.stdout
    assert archived(to) == 1_500
    await assert_same(running, to)


async def test_headers_and_nulls_are_kept(running: Settings, tmp_path: Path) -> None:
    """Whatever a producer wrote is in the archive, though no event could hold it."""
    client = producer(running)
    await client.start()
    headers = [("trace", b"\xff\x00"), ("trace", b""), ("ключ", None)]
    await client.send_and_wait("copied.observer", None, key=b"k", partition=0, headers=headers)
    await client.send_and_wait("copied.observer", b"{}", key=None, partition=0)
    await client.send_and_wait("copied.observer", b"\xff", key=b"\x00", partition=0)
    await client.stop()
    assert scrutineer(running, "archive", str(tmp_path / "a"), "--once").returncode == 0
    await assert_same(running, tmp_path / "a")


async def test_killed_in_the_midst_nothing_is_missing_or_twice(
    running: Settings, tmp_path: Path
) -> None:
    """While the log grows, at any moment, again and again."""
    to = tmp_path / "a"
    events = sample(6_000, seed=3)
    await send(running, islice(events, 1_000))
    for number in range(4):
        with ArchiverProcess(running, to, "--seal-every", "0.1") as archiver:
            await send(running, islice(events, 1_000))
            await archiver.until_records(1_000 * number + 300)
            archiver.kill()
    port = free_port()
    listen = ("--metrics", f":{port}")
    with ArchiverProcess(running, to, "--seal-every", "3600", *listen) as archiver:
        await send(running, events)
        await archiver.until_answering(port)
        await archiver.until_open()
        before = archived(to)
        health, shown = (fetched(port, page) for page in ("healthz", "metrics"))
        status, said = archiver.stop()
    assert status == 0, said
    assert json.loads(health) == {"status": "ok", "doing": "following the log"}
    assert f"\nscrutineer_archive_records {before}.0\n" in shown
    assert f"metrics at http://127.0.0.1:{port}/metrics" in said
    assert archived(to) > before, "what was open is sealed at the end"
    done = scrutineer(running, "archive", str(to), "--once")
    assert done.returncode == 0, done.stderr
    assert archived(to) == 6_000
    await assert_same(running, to)


def fetched(port: int, page: str) -> str:
    """A page of the archiver's."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=30) as answer:
        text: str = answer.read().decode()
        return text


async def test_another_log_is_noticed(running: Settings, tmp_path: Path) -> None:
    """A topic that was made anew: shorter, as long, or longer with other records."""
    to = str(tmp_path / "a")
    await send(running, sample(400, seed=1, bad=0))
    assert scrutineer(running, "archive", to, "--once").returncode == 0
    before = (tmp_path / "a" / MANIFEST).read_bytes()
    for count, told in ((0, "truncated or recreated"), (900, "is not the record that")):
        async with EmbeddedBroker() as broker:
            settings = settings_of(broker.bootstrap)
            await create_topics(settings)
            await send(settings, sample(count, seed=8, bad=0))
            done = scrutineer(settings, "archive", to, "--once")
        assert done.returncode == 2, done.stdout + done.stderr
        assert told in done.stderr
        assert (tmp_path / "a" / MANIFEST).read_bytes() == before


async def test_topics_that_are_not_there_or_not_these(running: Settings, tmp_path: Path) -> None:
    """Are told by name; nothing is written but the empty archive."""
    for topics, told in (
        ({"prefix": "nowhere"}, "there is no topic nowhere.observer"),
        ({"partitions": 7}, "copied.observer has 2 partitions"),
    ):
        other = running.model_copy(update={"topics": running.topics.model_copy(update=topics)})
        for command in (("archive", str(tmp_path / told[:4]), "--once"), ("replay", "kafka")):
            done = scrutineer(other, *command)
            assert done.returncode == 2
            assert told in done.stderr


async def test_a_broker_away_for_a_moment_as_it_starts_is_asked_again(
    running: Settings, tmp_path: Path
) -> None:
    """A live archiver waits for what is away; a copy that is made once says that it was."""
    await send(running, sample(100, seed=5))
    # The look before the topics comes first, for a live archiver another before that.
    async with door(running.broker.bootstrap, 2) as there:
        once = ("archive", str(tmp_path / "once"), "--once")
        done = await asyncio.to_thread(scrutineer, _behind(running, there), *once)
        assert done.returncode == 2
        assert f"the broker at {there.address} went away" in done.stderr
    async with door(running.broker.bootstrap, 3) as there:
        with ArchiverProcess(_behind(running, there), tmp_path / "live") as archiver:
            await archiver.until_open()
            status, said = await asyncio.to_thread(archiver.stop)
        assert status == 0, said
        assert f"the broker at {there.address} went away" in said
    await assert_same(running, tmp_path / "live")


def _behind(settings: Settings, there: Door) -> Settings:
    broker = settings.broker.model_copy(update={"bootstrap": there.address})
    return settings.model_copy(update={"broker": broker})


async def test_replay_reads_kafka_and_archive_alike(running: Settings, tmp_path: Path) -> None:
    """The same document, positions and statement digest included."""
    await send(running, sample(800, seed=4))
    assert scrutineer(running, "archive", str(tmp_path / "a"), "--once").returncode == 0
    found = [
        scrutineer(running, "replay", source, "--json", "--jobs", jobs)
        for source, jobs in ((str(tmp_path / "a"), "1"), ("kafka", "1"), ("kafka", "2"))
    ]
    first, *others = (json.loads(done.stdout) for done in found)
    assert first["statement_digest"]
    assert others == [first, first]
