"""What does not leave the mission: small counts, places, ids, texts, early figures."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Accepted, read
from schemas.fields import microseconds
from schemas.pack import parse_pack
from streams.archive.statement.access import access, incidents
from streams.archive.statement.authorities import complaints, results
from streams.archive.statement.fieldwork import assessment, procedures
from streams.archive.statement.making import refuse_embargoed
from streams.archive.statement.material import Material, Rows, polls_maybe_open_until
from streams.archive.statement.model import WITHHELD, Section
from streams.archive.statement.setting import coverage
from streams.archive.statement.turnout import turnout
from streams.archive.writing import head_of
from streams.errors import UserError
from streams.packs import load_pack, pack_directory, pack_texts
from streams.tables.partition import Partition
from tests.archive.made import TOPICS, build, made_log
from tests.packs import SMALL_FILES, small_pack
from tests.statement.day import CUT_OFF, SECRET, at, observed, run, said, stated, tables
from tests.strategies import Record
from tests.tables.events import (
    complaint,
    copy,
    counted,
    decision,
    figure,
    incident,
    published,
    restriction,
    state,
    us,
    visit,
)
from tests.worker.sample import PACK

PRIVATE = (SECRET, "Zhanar", "P-", "urn:", "observer-", "restriction-", "k-1", "decided-")
AFTER = us("23:00") + 2 * 86_400_000_000


def test_no_id_no_place_no_text(archive: str, internal: Any) -> None:
    """In none of the formats; the events have them, and the internal statement has the places."""
    assert "P-1" in json.dumps(internal)
    assert "urn:scrutineer:simulated:citizen" in json.dumps(internal)
    for form in ("markdown", "html", "json"):
        text = run(archive, "--format", form, "--known-at", CUT_OFF).stdout
        for private in (
            SECRET,
            "Zhanar",
            "P-",
            "urn:",
            "observer-",
            "restriction-",
            "k-1",
            "decided-",
        ):
            assert private not in text, (form, private)
    assert SECRET not in json.dumps(internal)


def test_a_small_count_and_its_complement_are_withheld(public: Any) -> None:
    """One confirmed case of a category is neither shown nor the total less the others."""
    rows = {row["category"]: row["reports"] for row in tables(public)["incidents"]["rows"]}
    c = "withheld"
    assert rows == {"secrecy": 7, "group_voting": c, "vote_buying": c, "total": 13}
    expelled = next(
        row for row in tables(public)["restrictions"]["rows"] if row["kind"] == "expelled"
    )
    assert expelled["counting"] == expelled["total"] == "withheld"


def day(data: st.DataObject) -> list[Record]:
    """Few of everything."""
    number = st.integers(0, 9)
    found = []
    for group, kind, phase in (
        ("citizen", "expelled", "voting"),
        ("citizen", "entry_denied", "counting"),
        ("international", "expelled", "counting"),
        ("media", "other", "tabulation"),
    ):
        for n in range(data.draw(number)):
            name = f"x{kind}{phase}{group}{n}"
            found.append(restriction(name, observer_group=group, kind=kind, phase=phase))
            if data.draw(st.booleans()):
                found.append(decision(name, "confirmed"))
    for category in ("campaigning", "procedures", "tampering"):
        for n in range(data.draw(number)):
            found.append(incident(f"i{category}{n}", category=category))
            status = data.draw(st.sampled_from(["confirmed", "rejected", "under_review"]))
            found.append(decision(f"i{category}{n}", status))
    for rating in ("bad", "very_good", None):
        for n in range(data.draw(number)):
            more: dict[str, Any] = {} if rating is None else {"rating": rating}
            answer = data.draw(st.sampled_from(["yes", "no", "not_observed"]))
            more |= {"answers": {"reconciliation": answer}, "station": f"A-{1 + n % 3}"}
            found.append(visit(f"v{rating}{n}", "21:00", **more))
    for n in range(data.draw(number)):
        decided = {"decided": "2030-06-02T11:00:00Z"} if data.draw(st.booleans()) else {}
        found.append(complaint(f"k{n}", **decided))
    return found


def figures(section: Section) -> list[tuple[str, Any]]:
    """Every figure of a section, wherever it stands."""
    found = [(f"{s.id}.{name}", v) for s in section.sentences for name, v in s.figures.items()]
    for table in section.tables:
        for row in table.rows:
            named = zip(table.columns, row, strict=True)
            found += [(f"{table.id}.{c.id}", v) for c, v in named if c.unit in ("count", "share")]
    return found


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_happened_no_small_figure_is_public(data: st.DataObject) -> None:
    """Nor a share that stands for one; internally there are no gaps."""
    part = state(*day(data))
    for public in (True, False):
        material = Material(small_pack(), (part,), AFTER, public)
        makers = (assessment, procedures, access, incidents, complaints)
        found = [one for maker in makers for one in figures(maker(material))]
        if not public:
            assert all(value is not WITHHELD for _, value in found)
            continue
        small = [one for one in found if isinstance(one[1], int) and 0 < one[1] < 5]
        assert small == []
        visits = {row[0]: row for row in assessment(material).tables[0].rows}["counting"]
        _, seen, _, rated, negative, share, *_ = visits
        if isinstance(share, float):
            assert isinstance(rated, int)
            assert isinstance(negative, int)
            assert rated - negative == 0 or rated - negative >= 5
            assert share == negative / rated
        if isinstance(seen, int) and isinstance(rated, int):
            assert seen - rated == 0 or seen - rated >= 5


def test_the_number_of_records_does_not_give_the_rest_away(public: Any, tmp_path: Path) -> None:
    """Of 60 visits that are shown and 3 that are not, 63 records would tell the 3."""
    basis = public["basis"]
    assert basis["records"] is basis["left_out"] is basis["archives"][0]["records"] is None
    seen = [
        observed(
            "visit",
            n,
            "21:00",
            phase=phase,
            station=f"P-{n % 60}",
            arrived=at("12:00"),
            answers={},
            rating="good",
        )
        for phase, numbers in (("voting", range(1000, 1060)), ("counting", range(2000, 2003)))
        for n in numbers
    ]
    where = str(tmp_path / "a")
    build(where, made_log(seen))
    for form in ("markdown", "html", "json"):
        text = run(where, "--known-at", CUT_OFF, "--format", form).stdout
        assert re.search(r"\b60\b", text)
        assert not re.search(r"(?<!KZ-)\b63\b", text)


def reporting(*records: Record) -> tuple[Any, Any]:
    """(stations visited while voting, stations reporting over the day), as they are published."""
    pack = parse_pack(
        {k: v for k, v in SMALL_FILES.items() if k not in ("stations.csv", "deployment.csv")}
    )
    part = Partition(pack)
    for one in records:
        result = read(one.raw, None, pack)
        assert isinstance(result, Accepted), result
        part.apply(result)
    material = Material(pack, (part,), AFTER, public=True)
    ((_, _, heard, _),) = coverage(material).tables[0].rows
    visits = {row[0]: row for row in assessment(material).tables[0].rows}
    return visits["voting"][2], heard


def visited(number: int, rated: int, first: int = 0) -> list[Record]:
    """So many visits, each to a station of its own, of which so many were assessed."""
    return [
        visit(
            f"v{first + n}",
            "12:00",
            phase="voting",
            station=f"A-{first + n}",
            answers={},
            **({"rating": "good"} if n < rated else {}),
        )
        for n in range(number)
    ]


def test_stations_do_not_tell_how_many_visits_were_not_assessed() -> None:
    """64 stations and 60 assessed visits: there were 4 more. 58 stations would tell nothing."""
    assert reporting(*visited(64, 60)) == (WITHHELD, WITHHELD)
    again = [
        visit(f"w{n}", "13:00", phase="voting", station="A-1", rating="good") for n in range(9)
    ]
    assert reporting(*visited(64, 60), *again) == (64, 64)
    assert reporting(*visited(65, 60)) == (65, 65)


def test_stations_reporting_do_not_tell_of_few_restrictions() -> None:
    """64 of which 60 were visited, and fewer than 5 restrictions: there were 4."""
    denied = [
        restriction(f"x{n}", phase="voting", kind="entry_denied", station=f"A-{100 + n}")
        for n in range(6)
    ]
    assert reporting(*visited(60, 60), *denied[:4]) == (60, WITHHELD)
    assert reporting(*visited(60, 60), *denied) == (60, 66)
    seen = [restriction(f"y{n}", phase="voting", station=f"A-{n}") for n in range(4)]
    assert reporting(*visited(60, 60), *seen) == (60, 60)


def test_few_are_told_as_few() -> None:
    """A total under the minimum takes all of its figures, and says so in words."""
    part = state(restriction("x1"), incident("i1"), decision("i1", "confirmed"), complaint("k1"))
    material = Material(small_pack(), (part,), AFTER, public=True)
    for section, text in (
        (access(material), "Observers were restricted in fewer than 5 cases."),
        (incidents(material), "Fewer than 5 incidents were confirmed."),
        (complaints(material), "Fewer than 5 complaints are recorded."),
    ):
        assert section.sentences[0].text == text
        assert section.tables == ()
    assert all(value in (0, WITHHELD) for _, value in figures(access(material)))


def test_five_of_one_kind_each_are_not_named() -> None:
    """The total is shown; the names alone would tell that each is one."""
    kinds = ("entry_denied", "expelled", "other", "intimidated", "view_obstructed")
    part = state(*(restriction(f"x{n}", kind=kind) for n, kind in enumerate(kinds)))
    section = access(Material(small_pack(), (part,), AFTER, public=True))
    assert section.tables == ()
    assert section.sentences[0].text.startswith("Observers were restricted in 5 cases")
    assert not any(kind in repr(section) for kind in kinds)


def test_nothing_published_is_told_from_nothing_watched() -> None:
    """Of results; the hours since the close only once all polls have closed."""
    part, pack = state(), small_pack()
    for now, when in (
        (AFTER, "50 full hours after the last polls closed"),
        (AFTER - 49 * 3_600_000_000, "1 full hour after the last polls closed"),
        (AFTER - 49 * 3_600_000_000 - 1_000_000, "less than an hour after the last polls closed"),
        (AFTER - 50 * 3_600_000_000, "less than an hour after the last polls closed"),
        (us("18:00"), "before the last polls had closed"),
    ):
        (first, _) = results(Material(pack, (part,), now, public=True)).sentences
        assert "no disaggregated results were published" in first.text
        assert when in first.text
        assert "no official publication of any kind" in first.basis
    part = state(published(valid=5, votes={"a": 5}))
    first = results(Material(pack, (part,), AFTER, public=True)).sentences[0]
    assert "Nationwide list: results of 1 of 8 polling stations were public" in first.text
    assert "no official" not in first.basis


def test_what_became_of_restrictions_does_not_tell_their_phases() -> None:
    """Nothing lifted: those in force would be the tabulation's, the others the voting's."""
    numbers = {"voting": 3, "counting": 20, "tabulation": 12}
    part = state(
        *(
            restriction(f"x{phase}{n}", phase=phase)
            for phase, number in numbers.items()
            for n in range(number)
        )
    )
    found = figures(access(Material(small_pack(), (part,), AFTER, public=True)))
    shown = {value for _, value in found if value is not WITHHELD}
    assert shown == {0, 20, 35}
    inside = dict(figures(access(Material(small_pack(), (part,), AFTER, public=False))))
    assert (inside["access.open.open"], inside["access.open.ended_unlifted"]) == (12, 23)


def protocols(official: int, copies: int = 12) -> Section:
    """So many copies, and published figures of so many of their protocols."""
    records = [copy(f"p{n}", station=None, commission=f"C{n}", valid=50) for n in range(copies)]
    records += [
        published(station=None, commission=f"C{n}", valid=50 + n % 2) for n in range(official)
    ]
    pack = parse_pack({k: v for k, v in SMALL_FILES.items() if k != "commissions.csv"})
    part = Partition(pack)
    for one in records:
        result = read(one.raw, None, pack)
        assert isinstance(result, Accepted), result
        part.apply(result)
    return procedures(Material(pack, (part,), AFTER, public=True))


def test_copies_beside_published_figures() -> None:
    """Differences are stated unless they, or the copies without figures, are few."""
    for official, stated_ in ((12, True), (10, False), (0, False)):
        found = {one.id: one for one in protocols(official).sentences}
        assert found["procedures.copies"].figures == {"copies": 12}
        assert ("procedures.differ" in found) == stated_
    text = {one.id: one.text for one in protocols(12).sentences}["procedures.differ"]
    assert text == ("Of 12 protocols of which there are copies and published figures, 6 differ.")


@pytest.mark.parametrize(
    ("expected", "reporting", "silent", "shown"),
    [
        (40, 30, 10, (40, 30, 10)),
        (40, 37, 3, (40, WITHHELD, WITHHELD)),
        (40, 30, 12, (40, 30, WITHHELD)),
        (40, 40, 0, (40, 40, 0)),
        (4, 2, 2, (WITHHELD, WITHHELD, WITHHELD)),
    ],
)
def test_coverage_does_not_single_out_stations(
    expected: int, reporting: int, silent: int, shown: tuple[object, ...]
) -> None:
    """Neither those that never reported nor those that fell silent, where they are few."""
    row = {"phase": None, "expected": expected, "reporting": reporting, "silent": silent}
    rows: dict[tuple[str, bool], Rows] = {("coverage", False): [row]}
    material = Material(small_pack(), (state(),), AFTER, public=True, _rows=rows)
    assert coverage(material).tables[0].rows[0][1:] == shown


def test_nothing_reported_by_nobody_says_nothing() -> None:
    """No report at all is told beside every zero."""
    silent = Material(small_pack(), (state(),), AFTER, public=True)
    for section in (access(silent), incidents(silent)):
        assert "no report of any kind came in" in section.sentences[0].basis
    heard = Material(small_pack(), (state(visit(rating="good")),), AFTER, public=True)
    assert access(heard).sentences[0].text == "No restrictions on observers were reported."
    assert "no report" not in access(heard).sentences[0].basis
    text = coverage(silent).sentences[0].text
    assert text.startswith("Observers reported from 0 of 4 regions; no report came from")


def test_stations_of_a_single_region_are_not_the_rest_of_the_country() -> None:
    """A region with few matched stations takes another along, and both stay out of the table."""
    records = []
    for station in ("A-1", "A-2", "A-3"):
        records += [counted(f"t{station}", "14:00", 260, station=station)]
        records += [figure("14:00", voted=321, station=station)]
    section = turnout(Material(small_pack(), (state(*records),), AFTER, public=True))
    found = [one for one in figures(section) if "matched" in one[0]]
    assert found
    assert all(value in (WITHHELD, 0, None) for _, value in found)
    inside = turnout(Material(small_pack(), (state(*records),), AFTER, public=False))
    assert ("turnout_matched_list.n", 3) in figures(inside)


class TestEarly:
    """Before its time."""

    def test_observed_turnout_waits_until_every_poll_is_closed(self, archive: str) -> None:
        """At a cut-off while polls may be open abroad, in no format; internally it is there."""
        early = ("--known-at", "2023-03-20T07:00:00+06:00")
        found = stated(archive, *early)
        assert "Observers' counts of voters are not shown" in said(found)["turnout.open"]["text"]
        assert "2023-03-20 14:00" in said(found)["turnout.open"]["text"]
        assert not [name for name in tables(found) if name.startswith("turnout_")]
        for form in ("markdown", "html", "json"):
            text = run(archive, "--format", form, *early).stdout
            assert "2,028" not in text
            assert "2028" not in text
        assert "turnout_matched_party-list" in tables(stated(archive, *early, "--internal"))

    def test_polls_of_unknown_hours_may_be_open_until_the_embargo_ends(self) -> None:
        """Where all are known, until the last closes."""
        pack = small_pack()
        assert polls_maybe_open_until(pack) == microseconds(pack.embargo_until)
        known = dataclasses.replace(
            pack, polling={**pack.polling, "XX-ABROAD": ((us("05:00"), us("22:30")),)}
        )
        assert polls_maybe_open_until(known) == us("22:30")

    def test_nothing_is_public_before_the_embargo_ends(self) -> None:
        """To the microsecond."""
        pack = small_pack()
        until = microseconds(pack.embargo_until)
        with pytest.raises(UserError, match=r"before 2030-06-03 12:00 .*--internal"):
            refuse_embargoed(pack, until - 1)
        refuse_embargoed(pack, until)

    def test_no_copy_and_no_pack_shows_more(self, archive: str, tmp_path: Path) -> None:
        """Of several archives the latest embargo holds in any order, and the larger minimum."""
        pack = Path(shutil.copytree(pack_directory(PACK), tmp_path / "pack"))
        file = pack / "election.toml"
        text = file.read_text()
        file.write_text(text.replace("public_minimum_cell = 5", "public_minimum_cell = 1"))
        asked = ("--known-at", CUT_OFF, "--format", "json", "--pack", pack)
        found = json.loads(run(archive, *asked).stdout)
        assert found["minimum_cell"] == 5
        assert "withheld" in json.dumps(found)
        assert "withheld" not in json.dumps(json.loads(run(archive, *asked, "--internal").stdout))
        file.write_text(text.replace("2023-03-20T14:00", "2999-03-20T14:00"))
        texts = pack_texts(str(pack))
        other = str(tmp_path / "other")
        build(other, {}, of=head_of(load_pack(str(pack)), texts, TOPICS), texts=texts)
        for both in ((archive, other), (other, archive)):
            with pytest.raises(UserError, match="before 2999-03-20 1"):
                run(*both)

    def test_the_command_refuses_and_writes_nothing(self, archive: str, tmp_path: Path) -> None:
        """By the wall clock; the later embargo of two packs holds; --internal is let through."""
        later = Path(shutil.copytree(pack_directory(PACK), tmp_path / "pack"))
        text = (later / "election.toml").read_text()
        (later / "election.toml").write_text(text.replace("2023-03-20T14:00", "2999-03-20T14:00"))
        out = tmp_path / "out.md"
        with pytest.raises(UserError, match="before 2999-03-20 1"):
            run(archive, "--pack", later, "-o", out)
        assert not out.exists()
        run(archive, "--pack", later, "-o", out, "--internal")
        assert "INTERNAL" in out.read_text()


def test_the_moment_of_the_cut_off_is_the_one_asked_for(archive: str, public: Any) -> None:
    """Not the clock of the machine."""
    assert public["cut_off"]["now"] == "2023-03-20T09:00:00Z"
    cut = datetime.fromisoformat(CUT_OFF)
    assert datetime.fromisoformat(public["cut_off"]["known_at"]) == cut
