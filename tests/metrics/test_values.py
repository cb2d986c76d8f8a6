"""What the numbers are: held against the rows of the tables, and case by case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from schemas.envelope import EVENTS
from schemas.fields import microseconds
from streams.metrics.declare import OPEN_SERIES_LIMIT
from streams.tables.views import rows
from tests.metrics.worlds import (
    HOMES,
    MINUTE,
    NOON,
    TOPICS,
    Labels,
    decision,
    fold,
    folded,
    home,
    incident,
    labels,
    metrics,
    official,
    rejected,
    restriction,
    some_examples,
    total,
    value,
    worker,
)
from tests.packs import small_pack
from tests.strategies import Record, logs, nows

DISMISSED = ("rejected", "duplicate")
OPENED = "election_restriction_opened_timestamp_seconds"


CRITICAL_OPEN = {
    ("critical", status) for status in ("reported", "under_review", "confirmed", "escalated")
}
"""Severity and status of the incidents that wait for somebody."""


def some(series: dict[Labels, float]) -> dict[Labels, float]:
    """The series that are not 0."""
    return {key: number for key, number in series.items() if number}


def counted(
    table: Iterable[dict[str, Any]], count: str, *names: str, **fixed: str
) -> dict[Labels, float]:
    """Sum of a column of rows, by the columns ``names``."""
    found: Counter[Labels] = Counter()
    for row in table:
        found[labels(**{name: row[name] for name in names}, **fixed)] += row[count]
    return some(dict(found))


@some_examples
@given(records=logs(min_size=1), now=nows)
def test_the_numbers_are_those_of_the_tables(records: list[Record], now: int) -> None:
    """Every count on the page is a sum over the rows that the worker's tables show."""
    view = fold(worker(now=now), records)
    found = metrics(view)

    def table(name: str) -> list[dict[str, Any]]:
        return rows(name, view.parts.values(), small_pack(), now)

    reported = table("incidents")
    standing = [row for row in reported if row["status"] not in DISMISSED]
    restrictions = table("restrictions")
    stand = [row for row in restrictions if row["status"] not in DISMISSED]
    cells = ("region", "kind", "observer_group", "phase")
    expected = {
        "election_incidents": counted(standing, "reports", "region", "category", "severity"),
        "election_incidents_by_status": counted(reported, "reports", "region", "status"),
        "election_incidents_recent": counted(
            table("incidents_recent"), "reports", "region", "category", "window"
        ),
        "election_incident_surge": counted(table("incidents_surge"), "surge", "region"),
        "election_critical_incidents_open": counted(
            [one for one in standing if (one["severity"], one["status"]) in CRITICAL_OPEN],
            "reports",
            "region",
            "category",
        ),
        "election_restrictions": counted(stand, "total", *cells),
        "election_restrictions_open": counted(restrictions, "open", *cells),
        "election_restrictions_recent": counted(
            table("restrictions_recent"), "reports", "region", "kind", "window"
        ),
        "election_official_findings": counted(
            (
                row | {"open": int(row["open"])}
                for row in table("official_findings")
                if row["finding"] != "sum_mismatch"  # no region's own
            ),
            "open",
            "region",
            "finding",
        ),
        **of_the_field(table),
    }
    for name, sums in expected.items():
        assert some(found.get(name, {})) == sums, name
    assert len(found.get(OPENED, {})) == len(
        {
            (r["region"], r["station"], r["kind"], r["observer_group"], r["report_id"])
            for r in table("open_restrictions")
        }
    )
    assert found.get("election_turnout_ratio", {}) == published(table("official_turnout"))


def of_the_field(table: Callable[[str], list[dict[str, Any]]]) -> dict[str, dict[Labels, float]]:
    """What the families beside incidents, restrictions and turnout must show."""
    rated = [row for row in table("visits") if row["rating"] and row["status"] not in DISMISSED]
    covered = table("coverage")
    day = [row for row in covered if row["phase"] is None]
    parts = [row for row in covered if row["phase"] is not None]
    heard = {row["region"] for row in day}
    results = [row for row in table("results_published") if row["contest"] == "list"]
    results = [row for row in results if row["region"] != small_pack().country]
    protocols = table("protocols")
    copies = [row | {"copies": len(row["observed"])} for row in protocols]
    found = {
        "election_visits": counted(rated, "visits", "region", "phase", "rating"),
        "election_results_published_stations": counted(results, "published", "region"),
        "election_protocols_observed": counted(copies, "copies", "region"),
        "election_protocol_findings": counted(
            with_open_findings(protocols), "protocols", "region", "finding"
        ),
    }
    for answer in ("yes", "no", "not_observed"):
        answers = counted(table("answers"), answer, "region", "question", answer=answer)
        found.setdefault("election_answers", {}).update(answers)
    for stage in ("filed", "decided", "published", "overdue", "late"):
        complaints = counted(table("complaints"), stage, "region", stage=stage)
        found.setdefault("election_complaints", {}).update(complaints)
    for column in ("expected", "reporting"):
        found[f"election_stations_{column}"] = counted(day, column, "region")
        by_phase = f"election_stations_{column}_by_phase"
        found[by_phase] = counted(parts, column, "region", "phase")
    silent = [row | {"phase": row["phase"] or "day"} for row in covered]
    found["election_stations_silent"] = counted(silent, "silent", "region", "phase")
    found["election_teams_expected"] = counted(day, "teams", "region")
    found["election_teams_silent"] = counted(day, "teams_silent", "region")
    assert heard == set(small_pack().region_codes())
    return found


def with_open_findings(protocols: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each protocol and each kind of open finding about it one row."""
    place = ("region", "station", "commission", "contest")
    whose = ("publisher", "source", "report_id")
    found = {
        (row["region"], one["kind"], *(row[name] for name in place), *(one[name] for name in whose))
        for row in protocols
        for one in row["findings"]
        if one["open"]
    }
    return [{"region": region, "finding": kind, "protocols": 1} for region, kind, *_ in found]


def published(table: list[dict[str, Any]]) -> dict[Labels, float]:
    """Turnout by the newest headline of each region and contest."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(table, key=lambda row: str(row["checkpoint"])):
        if row["station"] is None:
            newest[row["region"], row["contest"]] = row
    found: dict[Labels, float] = {}
    for (region, contest), row in newest.items():
        key = labels(region=region, contest=contest, source="official")
        if row["voted"] is not None and row["registered"]:
            found[key] = row["voted"] / row["registered"]
        elif row["percent"] is not None:
            found[key] = float(Fraction(row["percent"]) / 100)
    return found


def test_everything_live_starts_at_zero() -> None:
    """Every sum by one label of a live region is 0, not absent, before the first event."""
    found = folded()
    for region in small_pack().regions:
        for category in small_pack().categories:
            for window in ("15m", "1h", "6h"):
                recent = {"region": region, "category": category, "window": window}
                assert value(found, "election_incidents_recent", **recent) == 0
        assert value(found, "scrutineer_region_live", region=region) == 1
        assert value(found, "scrutineer_region_position", region=region) == 0
        assert value(found, "election_incidents_by_status", region=region, status="reported") == 0
        for kind in ("fall", "inconsistent", "impossible", "jump"):
            assert value(found, "election_official_findings", region=region, finding=kind) == 0
        wrong_sums = {"region": region, "finding": "sum_mismatch"}
        assert labels(**wrong_sums) not in found["election_official_findings"]
    margins = {
        "election_incidents": {"category": 4, "severity": 5},
        "election_restrictions": {"kind": 10, "observer_group": 8, "phase": 7},
        "election_restrictions_open": {"kind": 10, "observer_group": 8, "phase": 7},
        "election_restrictions_recent": {"kind": 10, "window": 3},
    }
    for name, names in margins.items():
        assert not some(found[name])
        for label, number in names.items():
            seen = {(dict(k)["region"], dict(k)[label]) for k in found[name]}
            assert len(seen) == number * len(small_pack().regions), (name, label)
    for nothing in (OPENED, "election_turnout_ratio", "election_last_report_timestamp_seconds"):
        assert nothing not in found


def test_a_correction_moves_the_count() -> None:
    """The corrected category counts, the earlier one is back at zero."""
    first = incident(category="campaigning")
    found = folded(first, incident(revision=1, category="tampering", severity="critical"))
    assert total(found, "election_incidents", region="XX-A") == 1
    assert total(found, "election_incidents", category="campaigning") == 0
    assert total(found, "election_incidents", category="tampering", severity="critical") == 1
    recent = {"region": "XX-A", "window": "15m"}
    assert total(found, "election_incidents_recent", category="campaigning", **recent) == 0
    assert total(found, "election_incidents_recent", category="tampering", **recent) == 1


@pytest.mark.parametrize("status", DISMISSED)
def test_a_dismissed_incident_does_not_stand(status: str) -> None:
    """It leaves the counts of incidents and remains in the counts by status."""
    report = incident()
    extra: dict[str, Any] = {}
    if status == "duplicate":
        original = {"source": "urn:test:party", "region": "XX-A", "report_id": "r9"}
        extra = {"duplicate_of": original}
    found = folded(report, decision(report, status, **extra))
    assert total(found, "election_incidents") == 0
    assert total(found, "election_incidents_by_status", status=status) == 1
    assert total(found, "election_incidents_by_status", status="reported") == 0


def test_the_desks_severity_counts() -> None:
    """Not the reporter's."""
    report = incident(severity="critical")
    found = folded(report, decision(report, "confirmed", severity="low"))
    assert total(found, "election_incidents", severity="critical") == 0
    assert total(found, "election_incidents", severity="low") == 1


def test_a_withdrawn_report_counts_nowhere() -> None:
    """Neither standing nor by status."""
    found = folded(incident(), incident(revision=1, withdrawn=True))
    assert total(found, "election_incidents") == 0
    assert total(found, "election_incidents_by_status") == 0


def test_an_open_restriction_has_a_series_until_it_is_lifted() -> None:
    """With its place and its beginning; lifted, its duration goes into the median."""
    found = folded(restriction(station="A-1"))
    began = NOON - 2 * MINUTE
    place = {"region": "XX-A", "place": "A-1", "kind": "expelled"}
    assert value(found, OPENED, observer_group="citizen", report_id="r1", **place) == began / 1e6
    assert "election_restriction_median_seconds" not in found
    lifted = restriction(station="A-1", revision=1, lifted="2030-06-02T12:00:30Z")
    found = folded(restriction(station="A-1"), lifted)
    assert OPENED not in found
    cell = {"region": "XX-A", "kind": "expelled", "observer_group": "citizen", "phase": "voting"}
    assert value(found, "election_restrictions_open", **cell) == 0
    assert value(found, "election_restrictions", **cell) == 1
    assert value(found, "election_restriction_median_seconds", kind="expelled") == 150


def test_the_median_is_over_all_regions_and_leaves_out_what_does_not_stand() -> None:
    """Half of what was lifted was lifted within it."""
    times = {"XX-A": "2030-06-02T11:59:00Z", "XX-B": "2030-06-02T12:00:00Z"}
    records = [
        restriction(region=region, lifted=lifted, report_id="m") for region, lifted in times.items()
    ]
    wrong = restriction(region="XX-C", lifted="2030-06-02T12:58:00Z", report_id="m")
    found = folded(*records, wrong, decision(wrong, "rejected"))
    assert value(found, "election_restriction_median_seconds", kind="expelled") == 90


def test_a_restriction_at_a_commission_shows_the_commission_as_its_place() -> None:
    """Without a station; without either the place is empty."""
    (series,) = folded(restriction(commission="A"))[OPENED]
    assert dict(series)["place"] == "A"
    (series,) = folded(restriction())[OPENED]
    assert dict(series)["place"] == ""


def test_more_open_restrictions_than_the_limit_show_the_newest() -> None:
    """The rest is counted, and no count loses any of them."""
    more = 7
    records = [
        restriction(
            report_id=f"r{n:04d}",
            region=("XX-A", "XX-B")[n % 2],
            time=f"2030-06-02T{8 + n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z",
        )
        for n in range(OPEN_SERIES_LIMIT + more)
    ]
    found = folded(*records)
    shown = {dict(k)["report_id"] for k in found[OPENED]}
    assert shown == {f"r{n:04d}" for n in range(more, OPEN_SERIES_LIMIT + more)}
    assert value(found, "election_restrictions_open_unlisted") == more
    assert total(found, "election_restrictions_open") == OPEN_SERIES_LIMIT + more


def test_two_restrictions_with_the_same_labels_share_a_series() -> None:
    """Two sources that number alike: the earlier beginning is shown, the other counted."""
    found = folded(restriction(source="urn:test:party", time="2030-06-02T11:50:00Z"), restriction())
    assert list(found[OPENED].values()) == [(NOON - 10 * MINUTE) / 1e6]
    assert value(found, "election_restrictions_open_unlisted") == 1
    assert total(found, "election_restrictions_open") == 2


def test_official_turnout_is_the_newest_of_the_region_itself() -> None:
    """From the counts, else as printed; a station's figure is none of the region's."""
    found = folded(
        official(voted=400, registered=1000),
        official(percent="45.5", as_of="2030-06-02T14:00:00Z"),
        official(voted=1, registered=1000, station="A-1", as_of="2030-06-02T18:00:00Z"),
        official(voted=333, registered=1000, contest="district"),
    )
    place = {"region": "XX-A", "source": "official"}
    assert value(found, "election_turnout_ratio", contest="list", **place) == 0.455
    assert value(found, "election_turnout_ratio", contest="district", **place) == 0.333
    evening = microseconds(datetime.fromisoformat("2030-06-02T18:00:00Z")) / 1e6
    assert value(found, "election_official_as_of_timestamp_seconds", region="XX-A") == evening


def test_a_finding_that_a_correction_ended_is_not_shown() -> None:
    """A fall is a fall until the figures do not fall any more."""
    morning = official(voted=500, registered=1000)
    evening = official(voted=400, registered=1000, as_of="2030-06-02T14:00:00Z")
    fall = {"region": "XX-A", "finding": "fall"}
    assert value(folded(morning, evening), "election_official_findings", **fall) == 1
    mended = official(voted=600, registered=1000, as_of="2030-06-02T14:00:00Z", revision=1)
    found = folded(morning, evening, mended)
    assert value(found, "election_official_findings", **fall) == 0


def test_what_is_overdue_is_counted_where_figures_are_expected() -> None:
    """Half past eleven the figures of ten o'clock are; those abroad are never."""
    found = folded(official(percent="40"), now=NOON)
    late = {"finding": "overdue"}
    numbers = {"XX": 1, "XX-A": 0, "XX-B": 1, "XX-C": 1, "XX-ABROAD": 0}
    for region, number in numbers.items():
        assert value(found, "election_official_findings", region=region, **late) == number


def test_counters_carry_topic_and_partition() -> None:
    """Each outcome in the partition where it happened; the same after the same log again."""
    report = incident()
    found = folded(report, report, incident(report_id="r2"))
    where = {"topic": TOPICS[0], "partition": str(home("XX-A"))}
    assert value(found, "scrutineer_events_total", outcome="accepted", **where) == 2
    assert value(found, "scrutineer_events_total", outcome="duplicate", **where) == 1
    assert value(found, "scrutineer_partition_position", **where) == 3
    assert value(found, "scrutineer_region_position", region="XX-A") == 3
    outcomes = {dict(k)["outcome"] for k in found["scrutineer_events_total"]}
    assert outcomes == {"accepted", "duplicate", "superseded", "rejected"}
    assert len(found["scrutineer_events_total"]) == 4 * len(TOPICS) * len(HOMES)


def test_rejections_are_at_zero_before_they_happen() -> None:
    """Also those an alert waits for: a restriction refused, on the right or a wrong topic."""
    where = {"partition": str(home("XX-A")), "type": "election.observer.restriction.v1"}
    found = folded()
    for reason in ("invalid_data", "unknown_region", "misrouted", "future_time"):
        name = "scrutineer_rejected_events_total"
        assert value(found, name, topic=TOPICS[0], reason=reason, **where) == 0
    wrong = {"topic": TOPICS[1], "reason": "wrong_authority", **where}
    assert value(found, "scrutineer_rejected_events_total", **wrong) == 0
    raw = restriction().raw
    found = folded(rejected(raw, TOPICS[1]))
    assert value(found, "scrutineer_rejected_events_total", **wrong) == 1


def test_every_rejection_was_at_zero_before() -> None:
    """What the reader makes of broken events raises series that exist, and adds none."""
    good = incident().raw
    broken = [
        b"\xff",
        b"[]",
        b"{}",
        b'{"type": "election.made.up.v9"}',
        b" " * 70_000,
        good.replace(b"incident.v1", b"incident.v9"),
        good.replace(b"test-2030", b"other"),
        good.replace(b"urn:test:citizen", b"urn:test:nobody"),
        good.replace(b"urn:test:citizen", b"urn:test:official"),
        good.replace(b"campaigning", b"unheard_of"),
        good.replace(b"XX-A", b"XX-Q"),
        good.replace(b'"revision": 0', b'"revision": 0, "station": "B-1"'),
        good.replace(b"2030-06-02T11", b"2030-06-03T11"),
        good.replace(b'"1.0"', b'"0.3"'),
        good.replace(b"2030-06-02T11:58:00Z", b"noon"),
    ]
    records = [rejected(raw, topic) for raw in broken for topic in TOPICS]
    records.append(rejected(good, TOPICS[0], region="XX-B"))
    before, after = (folded(*these)["scrutineer_rejected_events_total"] for these in ([], records))
    assert sum(after.values()) == len(records)
    assert after.keys() == before.keys()


def test_types_that_senders_make_up_do_not_become_labels() -> None:
    """However many there are: they share one series."""
    raw = incident().raw
    names = (b"observer.incident.v%d" % n for n in range(2, 50))
    records = [rejected(raw.replace(b"observer.incident.v1", name), TOPICS[0]) for name in names]
    series = folded(*records)["scrutineer_rejected_events_total"]
    types = {dict(k)["type"] for k in series}
    assert types == {"", "other", *EVENTS}
    where = {"topic": TOPICS[0], "partition": str(home("XX-A"))}
    assert series[labels(type="other", reason="unknown_type", **where)] == 48


def test_times_of_the_newest_report_and_figure() -> None:
    """Per region and authority; a region without any has no series."""
    found = folded(incident(), official(voted=1))
    name = "election_last_report_timestamp_seconds"
    ten = microseconds(datetime.fromisoformat("2030-06-02T10:00:00Z")) / 1e6
    assert found[name] == {
        labels(region="XX-A", authority="observer"): (NOON - 2 * MINUTE) / 1e6,
        labels(region="XX-A", authority="official"): ten,
    }


def test_a_withdrawn_report_is_no_newest_report() -> None:
    """Beside the state `nothing_heard` there is no age of a report that nobody stands for."""
    gone = incident(revision=1, withdrawn=True)
    found = folded(incident(), gone)
    assert "election_last_report_timestamp_seconds" not in found
    assert value(found, "election_region_heard", region="XX-A", state="nothing_heard") == 1
    earlier = incident(report_id="before", time="2030-06-02T09:00:00Z")
    nine = microseconds(datetime.fromisoformat("2030-06-02T09:00:00Z")) / 1e6
    name, who = "election_last_report_timestamp_seconds", {"authority": "observer"}
    assert value(folded(earlier, incident(), gone), name, region="XX-A", **who) == nine


def test_no_observer_and_no_text_is_on_the_page() -> None:
    """Observers' ids and free texts stay where they are."""
    found = folded(restriction(observer="watcher-77", description="locked out", report_id="r5"))
    assert "watcher-77" not in str(found)
    assert "locked out" not in str(found)
    assert "r5" in str(found)


def test_a_critical_incident_is_open_until_the_desk_closes_it() -> None:
    """Resolved, dismissed or downgraded; its category is at 0 before and after."""
    report = incident(severity="critical")
    where = {"region": "XX-A", "category": "campaigning"}
    name = "election_critical_incidents_open"
    assert value(folded(), name, **where) == 0
    assert value(folded(report), name, **where) == 1
    assert value(folded(report, decision(report, "confirmed")), name, **where) == 1
    calmed = decision(report, "confirmed", severity="low")
    for decided in (decision(report, "resolved"), decision(report, "rejected"), calmed):
        assert value(folded(report, decided), name, **where) == 0


def test_an_urgent_event_among_the_rejected_is_counted_apart() -> None:
    """By its type; the words of what cannot be read are searched; no other rejection is urgent."""
    name = "scrutineer_urgent_rejected_events_total"
    where = {"topic": TOPICS[0], "partition": str(home("XX-A"))}
    wrong, critical = restriction(kind="expelled").raw, incident(severity="critical").raw
    urgent = {
        wrong.replace(b"expelled", b"no such"): (
            "election.observer.restriction.v1",
            "invalid_data",
        ),
        critical.replace(b"XX-A", b"XX-Z"): ("election.observer.incident.v1", "unknown_region"),
        wrong.replace(b"restriction.v1", b"restriction.v7"): ("other", "unknown_type"),
        wrong[:-20]: ("", "not_json"),
        critical[:-1]: ("", "not_json"),
    }
    for raw, (type_, reason) in urgent.items():
        found = folded(rejected(raw, TOPICS[0]))
        assert value(found, name, type=type_, reason=reason, **where) == 1
        assert total(found, name) == 1
        assert found[name].keys() == folded()[name].keys()
    calm = incident(severity="high", description='"severity": "critical"').raw
    for raw in (calm.replace(b"campaigning", b"no such"), calm[:-1], b"[]"):
        assert total(folded(rejected(raw, TOPICS[0])), name) == 0
