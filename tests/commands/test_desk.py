"""`scrutineer triage` and `scrutineer notice`, on the embedded broker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from streams.embedded import EmbeddedBroker
from streams.errors import UserError
from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import BrokerSettings, Settings, TopicSettings
from streams.sources.desk import ReportId, own_source, whole_id
from tests.commands.letters import EXAMPLE, accepted, scrutineer

PACK = load_pack("kazakhstan-2023")
MANUAL, CITIZEN = "urn:scrutineer:manual", "urn:scrutineer:simulated:citizen"


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    """An embedded broker with topics, and the same report id in three reports."""
    async with EmbeddedBroker() as broker:
        found = Settings(
            broker=BrokerSettings(bootstrap=broker.bootstrap, idempotent=False),
            topics=TopicSettings(partitions=3, replication=1),
        )
        await create_topics(found)
        example = EXAMPLE.read_bytes().rstrip()
        async with producer(found) as sender:
            for key, raw in (
                (b"KZ-75", example),
                (b"KZ-75", example.replace(MANUAL.encode(), CITIZEN.encode())),
                (b"KZ-61", example.replace(b"KZ-75", b"KZ-61")),
                (b"KZ-61", example.replace(b"KZ-75", b"KZ-61").replace(b"-0001", b"-0009")),
            ):
                await sender.send_and_wait(found.topics.observer, raw, key=key)
        yield found


async def test_a_decision_is_published_and_counts_up(settings: Settings) -> None:
    """The first is revision 0, the next the next, unless told otherwise; all are accepted."""
    report = ("--region", "KZ-75", "--source", MANUAL)
    first = await scrutineer(settings, "triage", "manual-0001", "under_review", *report)
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith(b"sent as election.desk/")
    event = json.loads(first.stdout)
    assert event["data"] == {
        "about": {"source": MANUAL, "region": "KZ-75", "report_id": "manual-0001"},
        "revision": 0,
        "status": "under_review",
    }
    assert event["source"] == "urn:scrutineer:desk"
    more = ("--note", "called back, «да»", "--severity", "critical", "--by", "shift-2")
    second = await scrutineer(settings, "triage", f"{MANUAL}|KZ-75|manual-0001", "confirmed", *more)
    data = json.loads(second.stdout)["data"]
    assert (data["revision"], data["note"], data["severity"], data["decided_by"]) == (
        1,
        "called back, «да»",
        "critical",
        "shift-2",
    )
    forced = await scrutineer(
        settings, "triage", "manual-0001", "resolved", *report, "--revision", "7"
    )
    assert json.loads(forced.stdout)["data"]["revision"] == 7
    other = await scrutineer(settings, "triage", "manual-0009", "rejected")
    assert json.loads(other.stdout)["data"]["revision"] == 0
    last = await scrutineer(settings, "triage", "manual-0001", "escalated", *report)
    assert json.loads(last.stdout)["data"]["revision"] == 8
    assert len(await accepted(settings, settings.topics.desk)) == 5


async def test_an_id_must_be_of_one_report(settings: Settings) -> None:
    """Found when unique, also by one of region and source; else the candidates are told."""
    unclear = await scrutineer(settings, "triage", "manual-0001", "confirmed")
    assert unclear.returncode == 2
    for each in (f"{MANUAL}|KZ-75|manual-0001", f"{CITIZEN}|KZ-75|manual-0001", "KZ-61"):
        assert each.encode() in unclear.stderr
    clear = await scrutineer(
        settings,
        *("triage", "manual-0001", "duplicate", "--region", "KZ-61"),
        *("--duplicate-of", "manual-0009"),
    )
    assert clear.returncode == 0, clear.stderr
    data = json.loads(clear.stdout)["data"]
    assert data["about"]["source"] == data["duplicate_of"]["source"] == MANUAL
    assert data["duplicate_of"]["report_id"] == "manual-0009"
    nowhere = await scrutineer(settings, "triage", "manual-0404", "confirmed")
    assert nowhere.returncode == 2
    assert b"there is no report 'manual-0404'" in nowhere.stderr
    early = await scrutineer(
        settings, "triage", "later", "confirmed", "--region", "KZ-10", "--source", MANUAL
    )
    assert early.returncode == 0, early.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("confirmed", "--duplicate-of", f"{MANUAL}|KZ-75|x"), b"invalid_data"),
        (("duplicate",), b"invalid_data"),
        (("confirmed", "--source", "urn:nobody"), b"unknown_source"),
        (("confirmed", "--region", "KZ-99"), b"unknown_region"),
        (("confirmed", "--time", "2999-01-01T00:00:00Z"), b"future_time"),
        (("confirmed", "--time", "noon"), b"--time"),
        (("confirmed", "--as", MANUAL), b"no desk source"),
        (("perhaps",), b"perhaps"),
    ],
)
async def test_what_would_be_rejected_is_not_sent(
    settings: Settings, arguments: tuple[str, ...], told: bytes
) -> None:
    """Status 2, the reason and the field; the topic stays as it was."""
    where = [
        part
        for name, value in (("--region", "KZ-75"), ("--source", MANUAL))
        if name not in arguments
        for part in (name, value)
    ]
    done = await scrutineer(settings, "triage", "manual-0001", *arguments, *where)
    assert done.returncode == 2
    assert told in done.stderr
    assert b"Traceback" not in done.stderr
    assert await accepted(settings, settings.topics.desk) == []


async def test_a_note_is_published_corrected_and_withdrawn(settings: Settings) -> None:
    """By its id, which the first one prints; without a region it is the country's."""
    first = json.loads((await scrutineer(settings, "notice", "Polls are open.")).stdout)
    ident = first["data"]["notice_id"]
    await scrutineer(settings, "notice", "Another.", "--region", "KZ-61")
    second = await scrutineer(settings, "notice", "Polls are closed.", "--id", ident)
    assert json.loads(second.stdout)["data"]["revision"] == 1
    gone = await scrutineer(settings, "notice", "Wrong.", "--id", ident, "--withdraw")
    assert json.loads(gone.stdout)["data"] == {
        "notice_id": ident,
        "text": "Wrong.",
        "withdrawn": True,
        "revision": 2,
    }
    found = await accepted(settings, settings.topics.desk)
    assert sorted(each.region for each in found) == ["KZ", "KZ", "KZ", "KZ-61"]
    refused = await scrutineer(settings, "notice", "x", "--withdraw")
    assert refused.returncode == 2
    empty = await scrutineer(settings, "notice", "")
    assert b"invalid_data: data.text" in empty.stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{MANUAL}|KZ-75|r-1", ReportId(MANUAL, "KZ-75", "r-1")),
        (f"{MANUAL}|KZ-75|r|KZ-75|1", ReportId(MANUAL, "KZ-75", "r|KZ-75|1")),
        ("r-1", None),
        ("a|b|c", None),
        (f"{MANUAL}|KZ-99|r-1", None),
    ],
)
def test_a_whole_identity_is_taken_apart(text: str, found: ReportId | None) -> None:
    """Bars may stand in a report's id."""
    assert whole_id(text, PACK) == found


def test_the_desk_writes_as_one_of_its_own_sources() -> None:
    """The pack's first, or the one that is named; another authority's is refused."""
    assert own_source(PACK, None) == "urn:scrutineer:desk"
    assert own_source(PACK, "urn:scrutineer:simulated:desk") == "urn:scrutineer:simulated:desk"
    with pytest.raises(UserError, match="no desk source"):
        own_source(PACK, MANUAL)
