"""`scrutineer topics` and `scrutineer dead-letters`, on the embedded broker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from schemas import Rejected
from streams.embedded import EmbeddedBroker
from streams.log.clients import MAX_LETTER_BYTES, producer
from streams.log.dead_letter import letter
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.commands.letters import scrutineer, work_off


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    """Settings of an embedded broker of the test's own."""
    async with EmbeddedBroker() as broker:
        yield Settings(
            broker=BrokerSettings(bootstrap=broker.bootstrap, idempotent=False),
            topics=TopicSettings(partitions=2, replication=1),
        )


async def test_topics_missing_created_and_checked(settings: Settings) -> None:
    """Check fails until create has run; both say what they see; twice is harmless."""
    before = await scrutineer(settings, "topics", "check")
    assert before.returncode == 1
    assert b"election.observer" in before.stdout
    assert b"missing" in before.stdout
    made = await scrutineer(settings, "topics", "create")
    assert (made.returncode, made.stderr) == (0, b"")
    assert b"created election.dead-letter: 2 partitions, replication 1" in made.stdout
    again = await scrutineer(settings, "topics", "create")
    assert again.stdout == b"all topics are there and as they should be\n"
    after = await scrutineer(settings, "topics", "check")
    assert (after.returncode, after.stderr) == (0, b"")
    assert after.stdout.startswith(b"election.observer, election.official, election.desk: as they")


async def test_counts_that_differ_are_an_error(settings: Settings) -> None:
    """Another number of partitions than the settings: status 1, both numbers, what to do."""
    await scrutineer(settings, "topics", "create")
    other = settings.model_copy(
        update={"topics": settings.topics.model_copy(update={"partitions": 5})}
    )
    for arguments in (("topics", "check", "--json"), ("topics", "create")):
        done = await scrutineer(other, *arguments)
        assert done.returncode == 1
        assert b"set topics.partitions = 2" in done.stdout
        if "--json" in arguments:
            assert {(row["found"], row["expected"]) for row in json.loads(done.stdout)} == {
                ("2", "5")
            }


async def test_no_topic_and_no_letter_are_told(settings: Settings) -> None:
    """Status 2 and one line, never a stack trace; looking creates no topic."""
    for _ in range(2):
        done = await scrutineer(settings, "dead-letters", "list")
        assert done.returncode == 2
        assert (
            done.stderr == b"scrutineer: there is no topic election.dead-letter: "
            b"scrutineer topics create\n"
        )
    await scrutineer(settings, "topics", "create")
    empty = await scrutineer(settings, "dead-letters", "list")
    assert (empty.returncode, empty.stdout) == (0, b"")
    for name in ("election.desk/0/7", "nonsense", "election.desk/²/7", "²/0/7"):
        done = await scrutineer(settings, "dead-letters", "show", name)
        assert done.returncode == 2
        assert name.encode() in done.stderr


async def test_letters_listed_and_shown(settings: Settings) -> None:
    """Each letter once, filtered by reason; the original bytes come back unchanged."""
    await scrutineer(settings, "topics", "create")
    binary = bytes(range(256)) * 3
    huge = b"h" * (MAX_LETTER_BYTES + 5)
    bad = Rejected("not_json", "line 1\x1b[31m\ncolumn 2", None)
    place = Rejected("unknown_region", "data.region: 'XX' is not in the pack", "election.x.v1")
    large = Rejected("too_large", "131077 bytes", None)
    async with producer(settings) as sender:
        for raw, why, where in (
            (binary, bad, ("election.desk", 0, 7)),
            (b"{}", place, ("election.observer", 1, 3)),
            (b"{}", place, ("election.observer", 1, 3)),
            (huge, large, ("election.desk", 0, 8)),
        ):
            key, value, headers = letter(raw, b"KZ-10", why, *where)
            topic = settings.topics.dead_letter
            await sender.send_and_wait(topic, value, key=key, headers=headers)
        await sender.send_and_wait(settings.topics.dead_letter, b"stray", key=b"stray")
    listed = await scrutineer(settings, "dead-letters", "list", "--json")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [row["name"] for row in rows] == [
        "election.desk/0/7",
        "election.desk/0/8",
        "election.observer/1/3",
    ]
    assert rows[0]["detail"] == r"line 1\x1b[31m\ncolumn 2"
    assert (rows[1]["truncated"], rows[1]["bytes"]) == (True, len(huge))
    assert (rows[2]["reason"], rows[2]["type"]) == ("unknown_region", "election.x.v1")
    assert listed.stderr.count(b"no dead letter") == 1
    people = await scrutineer(settings, "dead-letters", "list", "--reason", "too_large")
    assert people.stdout.splitlines()[0].startswith(b"election.desk/0/8  ")
    assert b"1 of 3 dead letters" in people.stderr
    whole = await scrutineer(settings, "dead-letters", "show", "--raw", "election.desk/0/7")
    assert whole.stdout == binary
    shown = await scrutineer(settings, "dead-letters", "show", "election.desk/0/7")
    assert b"reason: not_json" in shown.stdout
    assert b"\x1b" not in shown.stdout


async def test_letters_are_worked_off(settings: Settings) -> None:
    """Sent again once, as they were or edited, checked before, marked after."""
    await work_off(settings)
