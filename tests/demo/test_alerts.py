"""What the screen says of alerts: each once, the most urgent first, where and since when."""

from __future__ import annotations

from typing import Any

from streams.demo.alerts import Alerts, Firing, by_name, firing, gather, labels_of
from streams.packs import load_pack

PACK = load_pack("kazakhstan-2023")
BEGAN = "2026-01-02T03:04:05.123456789Z"
LOG_TIME = {BEGAN: 7_000_000, "2026-01-02T03:04:06Z": 8_000_000}


def alert(name: str, severity: str = "warning", value: float = 1.0, **labels: str) -> Any:
    """An alert as Prometheus tells it."""
    labels = {"alertname": name, "severity": severity, "election": PACK.id, **labels}
    return {"labels": labels, "state": "firing", "activeAt": BEGAN, "value": str(value)}


def restriction(number: int, region: str = "KZ-75", place: str | None = None) -> list[Any]:
    """Both copies of a restriction that began at that second."""
    labels = {
        "region": region,
        "place": f"SIM-{region}-{number:04}" if place is None else place,
        "kind": "expelled",
        "report_id": f"report-{number}",
    }
    return [
        alert("ObserverRestrictionOpen", severity, number, channel=channel, **labels)
        for severity, channel in (("page", "page"), ("warning", "chat"))
    ]


def seen(alerts: list[Any], muted: list[Any] = []) -> Alerts:  # noqa: B006 - never changed
    """What the screen shows of them."""
    return gather(PACK, alerts, frozenset(map(labels_of, muted)), LOG_TIME.get)


def test_nothing_fires() -> None:
    """And nothing is wrong either."""
    assert seen([]) == Alerts((), 0, "")
    assert seen([]).number == 0


def test_a_restriction_is_one_alert() -> None:
    """Its copies for phone and chat count once, with when it began and where."""
    found = seen([*restriction(30), *restriction(20)])
    (group,) = found.firing
    assert group == Firing(
        name="ObserverRestrictionOpen",
        severity="page",
        number=2,
        since=30_000_000,
        where=("KZ-75-0030 Almaty", "KZ-75-0020 Almaty"),
    )
    assert found.number == 2
    assert by_name([*restriction(30), *restriction(20)]) == {"ObserverRestrictionOpen": 2}


def test_while_a_cluster_mutes_the_page_it_is_no_page() -> None:
    """It still fires, for the chat; an alert that is muted whole is counted apart."""
    page, chat = restriction(30)
    (group,) = seen([page, chat], muted=[page]).firing
    assert (group.severity, group.number) == ("warning", 1)
    silent = alert("RegionSilent", region="KZ-10")
    found = seen([page, chat, silent], muted=[page, silent])
    assert [each.name for each in found.firing] == ["ObserverRestrictionOpen"]
    assert (found.number, found.muted) == (1, 1)


def test_above_a_station_the_region_is_the_place() -> None:
    """A restriction that names no place is in its region."""
    (group,) = seen(restriction(1, "KZ-47", place="")).firing
    assert group.where == ("Mangystau",)


def test_the_most_urgent_come_first() -> None:
    """By severity, then in the order in which the pack's format lists alerts."""
    found = seen(
        [
            alert("EventsRejected", topic="election.observer", reason="not_json"),
            alert("TurnoutGap", region="KZ-55"),
            alert("ResultsNotDisaggregated", "info", region="KZ-10"),
            alert("SomethingOfOurOwn", "page"),
            alert("CriticalIncident", "page", region="KZ-10", category="violence"),
            alert("RestrictionsCluster", "page", region="KZ", scope="country"),
        ]
    ).firing
    assert [(each.name, each.where[0]) for each in found] == [
        ("RestrictionsCluster", "Kazakhstan"),
        ("CriticalIncident", "Abai"),
        ("SomethingOfOurOwn", ""),
        ("TurnoutGap", "Pavlodar"),
        ("EventsRejected", "election.observer not json"),
        ("ResultsNotDisaggregated", "Abai"),
    ]


def test_since_goes_by_the_clock_of_the_log() -> None:
    """Of several the newest; a moment at which nobody knew it is none."""
    first = alert("TurnoutGap", region="KZ-55")
    second = alert("TurnoutGap", region="KZ-10") | {"activeAt": "2026-01-02T03:04:06Z"}
    unknown = alert("TurnoutGap", region="KZ-11") | {"activeAt": "2026-01-01T00:00:00Z"}
    (group,) = seen([first, second, unknown]).firing
    assert (group.since, group.where[0]) == (8_000_000, "Abai")
    assert seen([unknown]).firing[0].since is None


def test_an_alert_that_waits_does_not_fire() -> None:
    """Prometheus lists both."""
    waits = alert("WorkerDown", instance="127.0.0.1:1") | {"state": "pending"}
    fires = alert("WorkerDown", instance="127.0.0.1:2")
    assert firing([waits, fires]) == [fires]


def test_a_region_that_the_pack_does_not_know_keeps_its_code() -> None:
    """Alerts may be of other rules than ours."""
    assert seen([alert("TurnoutGap", region="KZ-99")]).firing[0].where == ("KZ-99",)
