"""What people are told, as a real Alertmanager sends it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.deploy.alerting import PASSWORD, Alertmanager, restriction
from tests.deploy.receivers import Inbox

PAGES = {
    "summary": "Summary of station-1, by Aigerim",
    "description": "Description of station-1",
    "runbook_url": "https://runbooks.example.org/access",
    "dashboard_url": "https://grafana.example.org/d/access?var-place=station-1&var-region=KZ-10",
}
FORBIDDEN = ("station-1", "secret-report", "Summary", "Description", "party", "report_id")
WHAT = "Observers restricted: KZ-10, protocol copy refused"


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with Inbox() as listening:
        yield listening


@pytest.fixture
async def alerts(tmp_path: Path, inbox: Inbox) -> AsyncIterator[Alertmanager]:
    async with Alertmanager(tmp_path, inbox) as running:
        yield running


def said(inbox: Inbox, receiver: str, line: str) -> bool:
    """Whether ``receiver`` was told ``line``."""
    return line in inbox.lines(receiver)


async def test_a_restriction_rings_a_phone_and_says_when_it_is_over(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """What, region, kind and two links, without station, report, observers or free text."""
    await alerts.fire(restriction("KZ-10"), **PAGES)
    await inbox.until(lambda: said(inbox, "access-phone", f"NOW {WHAT}"))
    await alerts.end(restriction("KZ-10"), **PAGES)
    await inbox.until(lambda: said(inbox, "access-phone", f"OVER {WHAT}"))
    assert inbox.of("access-phone")[0].strip().splitlines() == [
        f"NOW {WHAT}",
        "What to do: https://runbooks.example.org/access",
        "Look: https://grafana.example.org/d/access?var-region=KZ-10",
    ]
    for message in inbox.messages:
        if message.receiver == "access-phone":
            assert f'"title":"{message.text.splitlines()[0]}"' in message.raw
            assert not [word for word in FORBIDDEN if word in message.raw], message.raw


async def test_the_access_desk_reads_the_place_in_its_own_channel(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """Whom to call: the station and the kind of observers; no report's number or free text."""
    await alerts.fire(restriction("KZ-10"), **PAGES)
    await inbox.until(lambda: said(inbox, "access-desk", f"NOW {WHAT}"))
    (text,) = inbox.of("access-desk")
    assert "Place: station-1\nObservers: party agent\nSince " in text
    assert not [word for word in ("secret-report", "Aigerim", "Description") if word in text]


async def test_fifty_restrictions_in_a_region_are_fifty_notifications(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """Prometheus says the same every few seconds; nobody is told twice, of beginning or end."""
    fifty = [restriction("KZ-10", number) for number in range(50)]
    for _ in range(3):
        await alerts.fire(*fifty)
    await inbox.until(lambda: len(inbox.lines("access-phone")) >= 50)
    await alerts.fire(*fifty)
    # The ends come with the next round of every group: what was to be doubled would be by then.
    await alerts.end(*fifty[:25])
    await inbox.until(lambda: inbox.lines("access-phone").count(f"OVER {WHAT}") >= 25)
    await alerts.end(*fifty)
    await inbox.until(lambda: inbox.lines("access-phone").count(f"OVER {WHAT}") >= 50)
    await inbox.until(lambda: inbox.lines("access-desk").count(f"OVER {WHAT}") >= 50)
    for receiver in ("access-phone", "access-desk"):
        assert Counter(inbox.lines(receiver)) == {f"NOW {WHAT}": 50, f"OVER {WHAT}": 50}
        assert len(inbox.of(receiver)) == 100
    places = {line for text in inbox.of("access-desk") for line in text.splitlines()}
    assert len([line for line in places if line.startswith("Place: ")]) == 50


async def test_while_a_region_has_a_cluster_its_single_restrictions_are_in_chat_only(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """The phone is told of the cluster, never of an end that is none, and of what is left after."""
    cluster = {"alertname": "RestrictionsCluster", "severity": "page", "team": "access"}
    here = [restriction("KZ-10", n, channel=c) for n in (1, 2) for c in ("page", "chat")]
    elsewhere = [restriction("KZ-11", channel=channel) for channel in ("page", "chat")]
    await alerts.fire(*here[:2])
    await inbox.until(lambda: said(inbox, "access-phone", f"NOW {WHAT}"))
    await alerts.fire({**cluster, "region": "KZ-10"})
    many = "Many restrictions on observers: KZ-10"
    await inbox.until(lambda: said(inbox, "access-phone", f"NOW {many}"))
    await alerts.fire(*here, *elsewhere)
    there = "NOW Observers restricted: KZ-11, protocol copy refused"
    await inbox.until(lambda: said(inbox, "access-phone", there))
    await inbox.until(lambda: inbox.lines("access-desk").count(f"NOW {WHAT}") == 2)
    assert Counter(inbox.lines("access-phone")) == {f"NOW {WHAT}": 1, f"NOW {many}": 1, there: 1}
    await alerts.end({**cluster, "region": "KZ-10"})
    await inbox.until(lambda: inbox.lines("access-phone").count(f"NOW {WHAT}") == 2)
    assert not said(inbox, "access-phone", f"OVER {WHAT}")


async def test_a_cluster_of_regions_mutes_none_of_them(inbox: Inbox, alerts: Alertmanager) -> None:
    """A cluster over several regions says nothing of what the next restriction is."""
    cluster = {"alertname": "RestrictionsCluster", "severity": "page", "team": "access"}
    await alerts.fire({**cluster, "scope": "country", "region": "KZ"})
    many = "NOW Many restrictions on observers: KZ"
    await inbox.until(lambda: said(inbox, "access-phone", many))
    await alerts.fire(restriction("KZ", channel="page"))
    line = "NOW Observers restricted: KZ, protocol copy refused"
    await inbox.until(lambda: said(inbox, "access-phone", line))
    await alerts.fire(restriction("KZ-10", channel="page"))
    await inbox.until(lambda: said(inbox, "access-phone", f"NOW {WHAT}"))


async def test_a_region_that_nobody_watches_is_not_called_silent(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """Its silence and its missing figures are muted; those of other regions are not."""
    room = {"severity": "warning", "team": "room"}
    silent = {"alertname": "RegionSilent", **room}
    overdue = {"alertname": "OfficialFigureOverdue", **room}
    await alerts.fire({"alertname": "RegionUnwatched", **room, "region": "KZ-10"})
    await inbox.until(lambda: said(inbox, "room", "NOW Nobody watches the region: KZ-10"))
    both = [{**alert, "region": r} for alert in (silent, overdue) for r in ("KZ-10", "KZ-11")]
    await alerts.fire(*both)
    left = ("No reports from the region: KZ-11", "Official figure overdue: KZ-11")
    for line in left:
        await inbox.until(lambda line=line: said(inbox, "room", f"NOW {line}"))  # type: ignore[misc]
    assert len(inbox.lines("room")) == 3


async def test_a_dead_workers_consequences_are_muted(inbox: Inbox, alerts: Alertmanager) -> None:
    """What the engineers must mend is told alone."""
    team = {"team": "engineers", "severity": "warning"}
    await alerts.fire({"alertname": "WorkerDown", **team, "instance": "worker-1:6066"})
    await inbox.until(lambda: said(inbox, "engineers", "NOW Worker down"))
    await alerts.fire(
        {"alertname": "PartitionRebuilding", **team, "partition": "3"},
        {"alertname": "PipelineBehind", **team, "partition": "3"},
    )
    await alerts.fire({"alertname": "PartitionFailed", **team, "partition": "3"})
    await inbox.until(lambda: said(inbox, "engineers", "NOW Partition failed"))
    assert set(inbox.lines("engineers")) == {"NOW Worker down", "NOW Partition failed"}


async def test_a_rejected_restriction_says_why_on_a_phone(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """Its reason is one of a closed list, so that it is no free text."""
    urgent = {"alertname": "UrgentReportRejected", "severity": "page", "team": "room"}
    await alerts.fire({**urgent, "type": "", "reason": "unknown_station"}, **PAGES)
    for receiver in ("room-phone", "room"):
        line = "NOW Urgent report rejected, unknown station"
        await inbox.until(lambda r=receiver, line=line: said(inbox, r, line))  # type: ignore[misc]


async def test_mail_is_text_that_says_what_to_do(inbox: Inbox, alerts: Alertmanager) -> None:
    """Several regions are one mail; the login is the password file's; the end comes too."""
    gap = {"alertname": "TurnoutGap", "severity": "page", "team": "turnout"}
    both = [{**gap, "region": region} for region in ("KZ-10", "KZ-11")]
    pages = {**PAGES, "summary": "Official turnout above the observed"}
    await alerts.fire(*both, **pages)
    await inbox.until(lambda: len(inbox.lines("analysts")) >= 3)
    (mail,) = inbox.of("analysts")
    assert mail.startswith("NOW 2 Turnout gap\n")
    assert "NOW Turnout gap: KZ-11\nOfficial turnout above the observed\nDescription of" in mail
    assert "What to do: https://runbooks.example.org/access\nLook: https://grafana" in mail
    raw = next(message.raw for message in inbox.messages if message.receiver == "analysts")
    assert "text/plain" in raw
    assert "text/html" not in raw
    await alerts.end(*both, **pages)
    await inbox.until(lambda: said(inbox, "analysts", "OVER Turnout gap: KZ-11"))
    assert set(inbox.logins) == {("scrutineer@example.org", PASSWORD)}
    phone = [message.raw for message in inbox.messages if message.receiver == "analysts-phone"]
    assert phone
    assert not [word for word in FORBIDDEN for raw in phone if word in raw]
    assert {message.receiver for message in inbox.messages} == {"analysts", "analysts-phone"}


async def test_a_restriction_of_no_known_team_takes_no_place_along(
    inbox: Inbox, alerts: Alertmanager
) -> None:
    """The engineers hear that a rule lacks its team, and not which station it was about."""
    await alerts.fire(restriction("KZ-10", team="acess"), **PAGES)
    await inbox.until(lambda: said(inbox, "engineers", f"NOW {WHAT}"))
    (mail,) = inbox.of("engineers")
    assert not [word for word in FORBIDDEN if word in mail]


async def test_links_that_are_paths_lead_to_grafana(inbox: Inbox, alerts: Alertmanager) -> None:
    """Rules need not know where Grafana is: addresses.tmpl does."""
    await alerts.fire(
        restriction("KZ-10"),
        dashboard_url="/d/access?var-region=KZ-10",
        runbook_url="docs/runbooks/ObserverRestrictionOpen.md",
    )
    await inbox.until(lambda: said(inbox, "access-phone", f"NOW {WHAT}"))
    (text,) = inbox.of("access-phone")
    assert "\nLook: http://127.0.0.1:3000/d/access?var-region=KZ-10\n" in text
    assert "\nWhat to do: docs/runbooks/ObserverRestrictionOpen.md\n" in text


async def test_a_receiver_added_in_haste_says_no_more_than_a_phone(
    tmp_path: Path, inbox: Inbox
) -> None:
    """The texts that Alertmanager has for other services show what, where and kind alone."""
    web = f"http://127.0.0.1:{inbox.web_port}"
    more = {
        "discord_configs": [{"webhook_url": f"{web}/discord"}],
        "email_configs": [{"to": "haste@example.org"}],
        "victorops_configs": [{"api_url": f"{web}/victorops/", "api_key": "k", "routing_key": "r"}],
        "webex_configs": [
            {
                "api_url": f"{web}/webex",
                "room_id": "r",
                "http_config": {"authorization": {"credentials": "k"}},
            }
        ],
    }
    wanted = ("discord", "haste", "victorops", "webex", "access-phone")
    async with Alertmanager(tmp_path, inbox, more) as alerts:
        await alerts.fire(restriction("KZ-10"), **PAGES)
        await asyncio.gather(*(inbox.until(lambda n=n: _about(inbox, n)) for n in wanted))  # type: ignore[misc]
    for message in inbox.messages:
        if message.receiver.startswith(wanted):
            assert not [word for word in FORBIDDEN if word in message.raw], message.raw


def _about(inbox: Inbox, name: str) -> bool:
    return any(
        message.receiver.startswith(name) and "Observers restricted" in message.raw
        for message in inbox.messages
    )
