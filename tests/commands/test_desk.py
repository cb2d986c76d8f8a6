"""`scrutineer triage` and `scrutineer notice`, on the embedded broker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from click.testing import CliRunner

from streams.commands.notice import command as notice
from streams.embedded import EmbeddedBroker
from streams.errors import UserError
from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import BrokerSettings, Settings, TopicSettings
from streams.sources.desk import ReportId, event, own_source, whole_id
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.commands.letters import EXAMPLE, accepted, scrutineer

PACK = load_pack("kazakhstan-2023")
MANUAL, CITIZEN = "urn:scrutineer:manual", "urn:scrutineer:simulated:citizen"
NINE = "2023-03-19T09:00:00+06:00"


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


async def noted(settings: Settings, *arguments: str) -> list[dict[str, Any]]:
    """The data of the events that a `notice` sent."""
    done = await scrutineer(settings, "notice", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["data"] for line in done.stdout.splitlines()]


async def timeline(settings: Settings) -> dict[str, list[tuple[str, str]]]:
    """Region and text of the notes, and id and regions of the conflicts, as the tables have it."""
    part = Partition(PACK)
    for one in await accepted(settings, settings.topics.desk):
        part.apply(one)
    shown = rows("notices", [part], PACK, 0)
    conflicts = rows("conflicts", [part], PACK, 0)
    return {
        "notes": [(str(row["region"]), str(row["text"])) for row in shown],
        "conflicts": [(str(row["kind"]), str(row["regions"])) for row in conflicts],
    }


async def test_a_correction_stays_where_the_note_is(settings: Settings) -> None:
    """Without --region it is found; with another region it is refused, and no second note made."""
    (first,) = await noted(settings, "Line down.", "--region", "KZ-61", "--time", NINE)
    ident = first["notice_id"]
    done = await scrutineer(settings, "notice", "Line is up.", "--id", ident)
    told = json.loads(done.stdout)
    assert (told["data"]["region"], told["data"]["revision"]) == ("KZ-61", 1)
    assert told["time"] == "2023-03-19T03:00:00Z", "a correction leaves it in its place"
    wrong = await scrutineer(settings, "notice", "Up.", "--id", ident, "--region", "KZ-75")
    assert wrong.returncode == 2
    assert b"is in KZ-61, not in KZ-75" in wrong.stderr
    assert b"--region KZ-75 --moved-from KZ-61" in wrong.stderr
    unknown = await scrutineer(settings, "notice", "Up.", "--id", "no-such")
    assert unknown.returncode == 2
    assert b"there is no note 'no-such'" in unknown.stderr
    assert (await timeline(settings))["notes"] == [("KZ-61", "Line is up.")]


async def test_a_note_is_moved(settings: Settings) -> None:
    """Noted there, withdrawn here, with the text and time that it had; and back again."""
    (first,) = await noted(settings, "Line down.", "--time", NINE)
    ident = first["notice_id"]
    there, gone = await noted(settings, "--id", ident, "--region", "KZ-61", "--moved-from", "KZ")
    assert there == first | {"region": "KZ-61"}
    assert gone == first | {"revision": 1, "withdrawn": True}
    assert await timeline(settings) == {"notes": [("KZ-61", "Line down.")], "conflicts": []}
    back = await noted(settings, "Line down again.", "--id", ident, "--moved-from", "KZ-61")
    assert [(one.get("region"), one["revision"]) for one in back] == [(None, 2), ("KZ-61", 1)]
    assert (await timeline(settings))["notes"] == [("KZ", "Line down again.")]
    assert len(await noted(settings, "--id", ident, "--withdraw")) == 1
    assert (await timeline(settings))["notes"] == []
    for arguments in (("--withdraw",), ("x", "--moved-from", "KZ", "--region", "KZ-61")):
        again = await scrutineer(settings, "notice", *arguments, "--id", ident)
        assert again.returncode == 2
        assert b"is withdrawn" in again.stderr
    await noted(settings, "After all.", "--id", ident, "--region", "KZ")
    assert (await timeline(settings))["notes"] == [("KZ", "After all.")]


async def test_a_note_in_two_regions_is_listed_and_mended(settings: Settings) -> None:
    """As another program, or a move that broke off, leaves it."""
    async with producer(settings) as sender:
        for region in ("KZ-61", "KZ-75"):
            data = {"notice_id": "n", "revision": 0, "region": region, "text": "Twice."}
            raw = event("election.desk.notice.v1", "urn:scrutineer:desk", 0, PACK, data)
            await sender.send_and_wait(settings.topics.desk, raw, key=region.encode())
    assert (await timeline(settings))["conflicts"] == [("two_regions", "['KZ-61', 'KZ-75']")]
    unclear = await scrutineer(settings, "notice", "Once.", "--id", "n")
    assert unclear.returncode == 2
    assert b"is in several regions, KZ-61, KZ-75: say which with --region" in unclear.stderr
    await noted(settings, "--id", "n", "--region", "KZ-75", "--moved-from", "KZ-61")
    assert await timeline(settings) == {"notes": [("KZ-75", "Twice.")], "conflicts": []}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), b"TEXT is missing"),
        (("x", "--withdraw"), b"--withdraw needs the --id"),
        (("x", "--moved-from", "KZ"), b"--moved-from needs the --id"),
        (("--id", "n", "--moved-from", "KZ", "--withdraw"), b"leave --withdraw out"),
        (("--id", "n"), b"TEXT is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], told: bytes) -> None:
    """Before anything is read."""
    done = CliRunner().invoke(notice, arguments)
    assert done.exit_code == 2
    assert told.decode() in done.output


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
