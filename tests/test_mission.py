"""Every sentence of an observation mission's statement of the day after is a live number.

The yardstick is the early parliamentary election of 19 March 2023 in Kazakhstan. Each row below
says in our words what a mission stated, in which tables it must show, and reads it back from
events that say it. Events are of the small test election unless a row is about the election's own
pack.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import pytest

from schemas import Accepted, read
from schemas.pack import Pack, parse_pack
from streams.packs import load_pack
from streams.tables.partition import Partition
from streams.tables.views import TABLES, rows
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record
from tests.tables.events import (
    complaint,
    copy,
    counted,
    decision,
    event,
    figure,
    incident,
    notice,
    opening,
    published,
    restriction,
    state,
    us,
    visit,
)

Rows = list[dict[str, Any]]
NIGHT: Final = "23:00"
DAY: Final = 86_400 * 1_000_000


def table(name: str, part: Partition, now: str = NIGHT, region: str | None = None) -> Rows:
    """Rows of a table."""
    return rows(name, [part], small_pack(), us(now), region)


def only(found: Iterable[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    """The one row with these values."""
    (row,) = (r for r in found if all(r[name] == value for name, value in wanted.items()))
    return row


def counts_of_the_night() -> list[Record]:
    """128 visits to counts, 58 of them assessed negatively, over two regions."""
    ratings = ["very_bad"] * 21 + ["bad"] * 37 + ["good"] * 50 + ["very_good"] * 20
    found = []
    for number, rating in enumerate(ratings):
        region = ("XX-A", "XX-B")[number % 2]
        where = {"region": region, "station": None, "commission": region[-1]}
        found.append(visit(f"c{number}", "21:00", source="urn:test:international", **where))
        found.append(_completed(number, rating, where))
    return found


def _completed(number: int, rating: str, where: dict[str, Any]) -> Record:
    """The visit as its revision tells it: rated, with an answer about the reconciliation."""
    said = "no" if "bad" in rating else "yes"
    more = {**where, "revision": 1, "rating": rating, "answers": {"reconciliation": said}}
    return visit(f"c{number}", "22:00", source="urn:test:international", **more)


def counting_assessed_negatively() -> None:
    """58 of 128, and no interval: the teams chose where to go."""
    part = state(*counts_of_the_night())
    country = only(table("assessment", part), region="XX", phase="counting")
    assert (country["negative"], country["rated"], country["share"]) == (58, 128, "29/64")
    assert country["basis"] == "descriptive"
    assert country["low"] is country["high"] is None
    by_rating: dict[str, int] = {}
    for row in table("visits", part):
        by_rating[row["rating"]] = by_rating.get(row["rating"], 0) + row["visits"]
    assert by_rating == {"very_bad": 21, "bad": 37, "good": 50, "very_good": 20}


def procedures_disregarded() -> None:
    """Reconciliation left out, by the observers' answers; figures that do not go together."""
    part = state(*counts_of_the_night(), copy(valid=90, invalid=4, in_box=100))
    answers = [row for row in table("answers", part) if row["question"] == "reconciliation"]
    assert sum(row["no"] for row in answers) == 58
    assert sum(row["yes"] for row in answers) == 70
    assert small_pack().questions["reconciliation"].expected == "yes"
    (fault,) = only(table("protocols", part), station="A-1")["findings"]
    assert (fault["kind"], fault["value"], fault["limit"]) == ("box_not_counted_out", 94, 100)


def observers_kept_from_observing() -> None:
    """During counting and tabulation, of citizen and international observers; open and over."""
    part = state(
        restriction("x1", "21:00", phase="counting", kind="view_obstructed"),
        restriction("x2", "21:10", phase="tabulation", observer_group="international"),
        restriction("x3", "21:20", phase="counting", lifted="21:40"),
    )
    counted = table("restrictions", part)
    cell = {"phase": "counting", "observer_group": "citizen"}
    assert only(counted, kind="view_obstructed", **cell)["open"] == 1
    assert only(counted, kind="expelled", **cell)["lifted"] == 1
    assert only(counted, phase="tabulation")["observer_group"] == "international"
    assert {row["report_id"] for row in table("open_restrictions", part)} == {"x1", "x2"}


def voters_seen_and_turnout_told() -> None:
    """The same station at the same moment: the official figure beside observers' count of it."""
    part = state(
        counted("t1", "14:00", 260),
        counted("t2", "14:00", 320, method="told_by_commission"),
        figure("14:00", voted=321, station="A-1"),
        decision("t1", "confirmed"),
    )
    rows_ = table("turnout", part)
    seen = only(rows_, station="A-1", comparison="matched")
    assert (seen["official"], seen["observed"], seen["gap"]) == (321, 260, 61)
    assert seen["verdict"] == "official_above"
    assert only(rows_, station="A-1", comparison="told")["verdict"] == "within"
    assert only(rows_, region="XX", station=None, comparison="matched")["above"] == 1
    assert only(table("observed_turnout", part), report_id="t1")["status"] == "confirmed"
    assert only(table("official_turnout", part), station="A-1")["voted"] == 321
    told = only(table("reports", part), status="reported")
    assert (told["type"], told["reports"]) == ("election.observer.turnout.v1", 1)


def results_not_disaggregated() -> None:
    """0 of N stations published, and older by the hour; a region's total does not change that."""
    part = state(published(station=None, time="22:00", valid=5))
    for now, seconds in (("22:00", 7200), ("23:00", 10800)):
        row = only(table("results_published", part, now), region="XX-A", contest="list")
        assert (row["published"], row["stations"], row["since"]) == (0, 3, None)
        assert row["seconds_since_close"] == seconds
    total = only(table("protocols", part), station=None, commission=None)
    assert total["official"]["figures"] == {"valid": 5}
    part = state(published(valid=5, votes={}), published(station="A-2", valid=5))
    row = only(table("results_published", part), region="XX-A", contest="list")
    assert (row["published"], row["since"]) == (0, None)
    part = state(published(valid=5, votes={"a": 5}))
    for region, stations in (("XX-A", 3), ("XX", 8)):
        row = only(table("results_published", part), region=region, contest="list")
        assert (row["published"], row["stations"]) == (1, stations)
        assert row["since"] == "2030-06-02T22:00:00Z"
    nothing_of_all_stations()


def nothing_of_all_stations() -> None:
    """Of Kazakhstan's 10,223 stations none, days after the last polls closed, in the west."""
    pack = load_pack("kazakhstan-2023")
    closed = round(datetime.fromisoformat("2023-03-19T20:00:00+05:00").timestamp()) * 1_000_000
    for days in (1, 2):
        found = rows("results_published", [Partition(pack)], pack, closed + days * DAY)
        row = only(found, region="KZ", contest=pack.main_contest)
        assert (row["published"], row["stations"], row["since"]) == (0, 10_223, None)
        assert row["seconds_since_close"] == days * 86_400


def results_changed_after_publication() -> None:
    """The figure before, the figure now, and the publishers that tell another one."""
    part = state(
        published(votes={"amanat": 400, "auyl": 90}),
        published(votes={"amanat": 450, "auyl": 40}, revision=1),
        published("gazette", votes={"amanat": 400, "auyl": 90}),
    )
    found = only(table("protocols", part), station="A-1")["findings"]
    said = {(one["kind"], one["figure"]): one for one in found}
    for kind, publisher, value, before in (
        ("corrected", "commission", 450, 400),
        ("publishers_differ", "gazette", 400, 450),
    ):
        one = said[kind, "votes.amanat"]
        assert (one["open"], one["publisher"], one["value"]) == (True, publisher, value)
        assert (one["previous_publisher"], one["previous_value"]) == ("commission", before)


def calm_and_orderly() -> None:
    """Voting assessed well, few incidents; and a region without either is not called calm."""
    part = state(
        visit("o1", "07:30", phase="opening", rating="good"),
        visit("w1", "12:00", phase="voting", rating="very_good", station="A-2"),
        incident("i1"),
    )
    found = table("assessment", part, region="XX-A")
    assert only(found, phase="opening")["negative"] == 0
    assert only(found, phase="voting")["share"] == "0"
    assert [row["reports"] for row in table("incidents", part)] == [1]
    day = [row for row in table("coverage", part) if row["phase"] is None]
    assert only(day, region="XX-A")["reporting"] == 1
    silent = only(day, region="XX-B")
    assert (silent["expected"], silent["reporting"], silent["last_report"]) == (1, 0, None)
    called = {(row["station"], row["source"]) for row in table("silent", part, region="XX-B")}
    assert called == {("B-1", "urn:test:citizen")}


def voters_added_on_the_day() -> None:
    """The register grows by more than a thousandth against the pack's, with both figures."""
    part = state(
        figure("10:00", "10", registered=4004),
        figure("14:00", "30", registered=4060),
        visit(answers={"present": "yes"}),
    )
    row = only(table("official_findings", part), finding="register_changed")
    assert row["open"]
    assert (row["value"], row["previous_value"], row["previous_publisher"]) == (4060, 4000, None)


def complaints_decided_late_and_unpublished() -> None:
    """Filed, decided, made public, overdue, decided late: five numbers of each region."""
    part = state(
        complaint("k0", filed="2030-05-20T08:00:00Z", decided="2030-06-02T11:00:00Z"),
        complaint("k1", filed="2030-05-20T08:00:00Z"),
        complaint("k2", decided="2030-06-02T11:00:00Z", outcome="dismissed"),
        complaint(
            "k3", decided="2030-06-02T11:00:00Z", published="2030-06-02T11:30:00Z", outcome="upheld"
        ),
        complaint("k4"),
    )
    (row,) = table("complaints", part)
    assert (row["filed"], row["decided"], row["published"]) == (5, 3, 1)
    assert (row["overdue"], row["late"]) == (1, 1)
    assert row["outcomes"] == {"upheld": 1, "dismissed": 1}


def accreditation() -> None:
    """A formal process: refusals are a kind of their own."""
    part = state(restriction(kind="accreditation_refused", phase="pre_election"))
    assert only(table("restrictions", part), kind="accreditation_refused")["total"] == 1


def voters_with_disabilities() -> None:
    """Step-free access, by the observers' answers."""
    said = ("yes", "no", "no", "not_observed")
    part = state(
        *(visit(f"v{n}", phase="voting", answers={"step_free": a}) for n, a in enumerate(said))
    )
    row = only(table("answers", part), question="step_free")
    assert (row["yes"], row["no"], row["not_observed"]) == (1, 2, 1)


def stations_opened() -> None:
    """Of those expected, by the pack's count where the publisher gives none."""
    row = only(table("openings", state(opening("08:00", 2))), region="XX-A")
    assert (row["open"], row["expected"]) == (2, 3)


def the_rooms_own_timeline() -> None:
    """What the room noted when, and what it withdrew."""
    part = state(
        notice("n1", "Polls open everywhere", "07:10"),
        notice("n2", "Line is down", "08:00", region="XX-A"),
        notice("n2", "Line is down", "08:10", region="XX-A", revision=1, withdrawn=True),
    )
    assert [(row["region"], row["text"]) for row in table("notices", part)] == [
        ("XX", "Polls open everywhere")
    ]


def the_administration() -> None:
    """Commissions by level, stations, those abroad, the register."""
    pack = load_pack("kazakhstan-2023")
    expected = {"central": 1, "regional": 20, "territorial": 220, "district": 16}
    assert dict(pack.commission_counts) == expected
    country, abroad = pack.regions["KZ"], pack.regions["KZ-ABROAD"]
    assert (country.stations, abroad.stations) == (10_223, 77)
    assert country.registered == 12_032_550
    assert len([code for code in pack.region_codes() if code != "KZ-ABROAD"]) == 20


def the_contests() -> None:
    """98 seats in two contests, their lists, threshold and candidates."""
    pack = load_pack("kazakhstan-2023")
    lists = pack.contests["party-list"]
    districts = pack.contests["single-mandate"]
    assert (lists.seats, districts.seats) == (69, 29)
    assert (lists.threshold_percent, lists.lists, lists.candidates) == (5, 7, 281)
    assert districts.candidates == 435
    assert "359" in (districts.note or "")
    assert "54" in (districts.note or "")


def unequal_districts() -> None:
    """Known electorates are numbers, the others are unknown: never filled in."""
    districts = load_pack("kazakhstan-2023").districts
    assert len(districts) == 29
    known = [one.electorate for one in districts.values() if one.electorate is not None]
    assert 562_590 in known
    assert 0 < len(known) < 29
    assert 0 not in known


class Statement(NamedTuple):
    """A sentence of the statement, in our words; where it shows; how it is read back."""

    words: str
    tables: tuple[str, ...]
    proof: Callable[[], None]


STATEMENT: Final = (
    Statement(
        "Counting was assessed negatively in 58 of 128 stations",
        ("visits", "assessment"),
        counting_assessed_negatively,
    ),
    Statement(
        "Procedures were disregarded, reconciliation above all",
        ("answers", "protocols"),
        procedures_disregarded,
    ),
    Statement(
        "Observers were restricted during counting and tabulation",
        ("restrictions", "open_restrictions", "restrictions_recent"),
        observers_kept_from_observing,
    ),
    Statement(
        "Fewer voters were seen than the announced turnout says",
        ("turnout", "observed_turnout", "official_turnout", "reports"),
        voters_seen_and_turnout_told,
    ),
    Statement(
        "No results by station were published",
        ("protocols", "results_published"),
        results_not_disaggregated,
    ),
    Statement(
        "Published results were changed, or differ by publisher",
        ("protocols", "corrections"),
        results_changed_after_publication,
    ),
    Statement(
        "Voting was calm and well organised",
        (
            "visits",
            "assessment",
            "incidents",
            "incidents_recent",
            "incidents_surge",
            "coverage",
            "silent",
        ),
        calm_and_orderly,
    ),
    Statement(
        "Voters could be added to the lists on the day",
        ("official_findings",),
        voters_added_on_the_day,
    ),
    Statement(
        "Complaints: decisions not public, courts late",
        ("complaints",),
        complaints_decided_late_and_unpublished,
    ),
    Statement("Accreditation was inclusive, the process new", ("restrictions",), accreditation),
    Statement(
        "Measures for voters with disabilities were taken", ("answers",), voters_with_disabilities
    ),
    Statement("Stations opened", ("openings",), stations_opened),
    Statement("What the room knew when", ("notices",), the_rooms_own_timeline),
    Statement("Commissions, stations and voters", (), the_administration),
    Statement("Contests, lists and candidates", (), the_contests),
    Statement("District electorates differ widely", (), unequal_districts),
)

OF_THE_EVENTS = {"corrections", "conflicts", "orphans", "rejected"}
"""Tables about the events themselves."""


@pytest.mark.parametrize("row", STATEMENT, ids=lambda row: row.words)
def test_a_sentence_of_the_statement_is_a_number(row: Statement) -> None:
    """What was stated is read back from the tables that the row names."""
    assert set(row.tables) <= set(TABLES)
    row.proof()


def test_every_table_answers_to_a_sentence() -> None:
    """No table that nobody asked for, but those about the events themselves."""
    named = {name for row in STATEMENT for name in row.tables}
    assert named | OF_THE_EVENTS == set(TABLES)


def drawn(strata: tuple[str, ...] = ("all",), stations: int = 128) -> Pack:
    """The small election with 128 stations drawn at random for the counting."""
    lines = ["id,region,registered,stratum,urban,lat,lon"]
    plan = ["station,source,sample,stratum,phases"]
    for number in range(stations):
        region = ("XX-A", "XX-B")[number % 2]
        stratum = strata[number % len(strata)]
        lines.append(f"{region}-{number},{region},,{stratum},,,")
        plan.append(f"{region}-{number},urn:test:international,yes,{stratum},counting")
    files = {**SMALL_FILES, "stations.csv": "\n".join(lines), "deployment.csv": "\n".join(plan)}
    return parse_pack(files)


def sampled(pack: Pack, number: int = 128, *, confirmed: bool = False) -> dict[str, Any]:
    """The country's row when each station was visited once."""
    part = Partition(pack)
    for place, (station, row) in enumerate((pack.stations or {}).items()):
        if place >= number:
            break
        rating = "bad" if place < 58 else "good"
        where = {"region": row.region, "station": station, "rating": rating}
        one = visit(f"c{place}", "21:00", source="urn:test:international", **where)
        about = {"source": one.event["source"], "region": row.region, "report_id": f"c{place}"}
        decided = {"about": about, "revision": 0, "status": "confirmed"}
        for told in (one, event("desk.triage", "urn:test:desk", "22:30", decided, None)):
            result = read(told.raw, None, pack)
            assert isinstance(result, Accepted), result
            part.apply(result)
    found = rows("assessment", [part], pack, us(NIGHT), confirmed_only=confirmed)
    return only(found, region="XX", phase="counting")


def test_an_interval_stands_beside_a_share_of_a_probability_sample() -> None:
    """58 of 128: 45.3 %, Wilson 36.95 to 53.95 % at 95 %."""
    row = sampled(drawn())
    assert (row["negative"], row["rated"], row["basis"]) == (58, 128, "probability_sample")
    assert (row["visits"], row["stations"]) == (128, 128)
    assert round(100 * 58 / 128, 1) == 45.3
    assert (round(100 * row["low"], 2), round(100 * row["high"], 2)) == (36.95, 53.95)


def test_no_interval_without_a_simple_random_sample() -> None:
    """Several strata need weights, and regions that are not one stratum of the country do too.

    Early reporters of a sample are no random part of it, nor is what the desk confirmed.
    """
    row = sampled(drawn(("town", "country")))
    assert (row["basis"], row["low"]) == ("descriptive", None)
    row = sampled(drawn(("",)))
    assert (row["basis"], row["low"]) == ("descriptive", None)
    row = sampled(drawn(), confirmed=True)
    assert (row["rated"], row["basis"], row["low"]) == (128, "descriptive", None)
    row = sampled(drawn(), number=80)
    assert (row["rated"], row["basis"], row["low"]) == (80, "incomplete_sample", None)
    unmarked = drawn()
    plan = tuple(one._replace(sample=False) for one in unmarked.deployment)
    row = sampled(dataclasses.replace(unmarked, deployment=plan))
    assert (row["negative"], row["rated"], row["basis"]) == (58, 128, "descriptive")
