"""What is heard of a region: the words that keep 0 from being read as calm."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.pack import Pack, parse_pack
from streams.tables.basis import HEARINGS, NOT_OF_REPORTS, in_words
from streams.tables.partition import Partition
from streams.tables.views import TABLES, document
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record, accepted
from tests.tables.events import decision, incident, state, us, visit

MICROSECOND = 1


def rows(part: Partition, now: int, region: str | None = None) -> list[dict[str, Any]]:
    """The section ``basis`` of an answer."""
    found: Any = document([part], part.pack, now, [], region)["basis"]
    return list(found)


def word(part: Partition, now: int, region: str = "XX-A") -> str:
    """What is said of one region."""
    (row,) = rows(part, now, region)
    return str(row["state"])


def test_every_region_of_the_pack_is_named() -> None:
    """Also without any event; the country, which is their sum, is answered with all of them."""
    empty = Partition(small_pack())
    codes = ["XX-A", "XX-ABROAD", "XX-B", "XX-C"]
    assert [row["region"] for row in rows(empty, us("12:00"))] == codes
    assert rows(empty, us("12:00"), "XX") == rows(empty, us("12:00"))
    assert [row["region"] for row in rows(empty, us("12:00"), "XX-B")] == ["XX-B"]
    assert document([], small_pack(), 0)["basis"] == []


def test_a_zero_with_reports_is_not_a_zero_without() -> None:
    """Neither region has an incident; in one an observer said so."""
    part = state(visit("v", "12:00", phase="voting"))
    by_code = {row["region"]: row for row in rows(part, us("12:10"))}
    assert by_code["XX-A"] == {
        "region": "XX-A",
        "state": "reporting",
        "reports": 1,
        "expected": 2,
        "reporting": 1,
        "last_report": "2030-06-02T12:00:00Z",
    }
    assert by_code["XX-B"] == {
        "region": "XX-B",
        "state": "nothing_heard",
        "reports": 0,
        "expected": 1,
        "reporting": 0,
        "last_report": None,
    }
    assert by_code["XX-ABROAD"]["state"] == "not_expected"


def test_silent_while_polls_are_open() -> None:
    """After 45 minutes from the last report or the opening, whichever is later."""
    part = state(incident("a", "12:00"))
    assert word(part, us("12:45")) == "reporting"
    assert word(part, us("12:45") + MICROSECOND) == "silent"
    early = state(incident("a", "05:00"))
    assert word(early, us("06:59")) == "reporting"
    assert word(early, us("07:45")) == "reporting"
    assert word(early, us("07:45") + MICROSECOND) == "silent"


def test_silent_after_the_close() -> None:
    """Nothing since then, for 45 minutes; a report from the count lasts for the night."""
    part = state(incident("a", "19:30"))
    assert word(part, us("19:59")) == "reporting"
    assert word(part, us("20:45")) == "reporting"
    assert word(part, us("20:45") + MICROSECOND) == "silent"
    counted = state(incident("a", "19:30"), visit("b", "20:00"))
    assert word(counted, us("23:59")) == "reporting"


def test_where_the_hours_are_not_known_nobody_falls_silent() -> None:
    """A region abroad, whose polls the pack does not know; it reports though nobody planned it."""
    where = {"region": "XX-ABROAD", "station": "ABROAD-1"}
    part = state(incident("a", "01:00", **where))
    assert word(part, us("23:00"), "XX-ABROAD") == "reporting"


def test_between_two_days_nobody_falls_silent() -> None:
    """The night is no part of the election; the second morning is."""
    pack = changed("days = [2030-06-02]", "days = [2030-06-02, 2030-06-03]")
    part = folded(pack, incident("a", "19:30"))
    day = 24 * 60 * 60 * 1_000_000
    assert word(part, us("19:59")) == "reporting"
    assert word(part, us("23:00")) == "reporting"
    assert word(part, us("07:45") + day) == "reporting"
    assert word(part, us("07:45") + day + MICROSECOND) == "silent"


def test_what_is_withdrawn_was_not_heard() -> None:
    """The newest one withdrawn, an older one is the last; the last one withdrawn, nothing is."""
    records = [
        incident("a", "12:00"),
        incident("b", "12:30"),
        incident("b", "12:30", revision=1, withdrawn=True),
    ]
    part = state(*records)
    assert word(part, us("12:45") + MICROSECOND) == "silent"
    (row,) = rows(part, us("12:40"), "XX-A")
    assert (row["reports"], row["last_report"]) == (1, "2030-06-02T12:00:00Z")
    part.apply(accepted(incident("a", "12:00", revision=1, withdrawn=True)))
    assert word(part, us("12:40")) == "nothing_heard"


def test_a_report_that_the_desk_rejected_was_heard() -> None:
    """Somebody is there; the same in a view of confirmed reports alone."""
    part = state(incident("a", "12:00"), decision("a", "rejected"))
    assert word(part, us("12:10")) == "reporting"
    seen: Any = document([part], small_pack(), us("12:10"), [], confirmed_only=True)["basis"]
    assert seen == rows(part, us("12:10"))


def test_without_a_plan_nobody_is_known_not_to_be_expected() -> None:
    """No report is then `nothing_heard`, and how many were expected is not known."""
    files = {name: text for name, text in SMALL_FILES.items() if name != "deployment.csv"}
    part = folded(parse_pack(files), incident("a", "12:00", station="A-2"))
    (row,) = rows(part, us("12:10"), "XX-ABROAD")
    assert (row["state"], row["expected"], row["reporting"]) == ("nothing_heard", None, 0)
    (row,) = rows(part, us("12:10"), "XX-A")
    assert (row["state"], row["expected"], row["reporting"]) == ("reporting", None, 1)


def test_the_tables_that_are_no_counts_of_reports_are_tables() -> None:
    """A name that is none would let a table slip through."""
    assert set(TABLES) > NOT_OF_REPORTS
    assert {"incidents", "restrictions", "visits", "reports"}.isdisjoint(NOT_OF_REPORTS)


def told(*states: str, most: int | None = None) -> str:
    """The line for regions R-0, R-1 … of these states."""
    found: list[dict[str, object]] = [
        {"region": f"R-{number}", "state": each} for number, each in enumerate(states)
    ]
    return in_words(found, most)


@pytest.mark.parametrize("state", HEARINGS)
def test_every_word_has_a_phrase(state: str) -> None:
    """A region among others is named unless it reports; one alone always is."""
    assert ("R-0" in told(state, "reporting")) == (state != "reporting")
    assert told(state).endswith(" R-0")
    assert told(state).startswith("reports from") == (state == "reporting")


def test_the_line_names_the_regions_that_a_zero_says_nothing_about() -> None:
    """As many as are wanted, the others are counted."""
    assert told("reporting", "reporting") == "reports from all 2 regions"
    assert told("reporting", "silent", "nothing_heard", "not_expected", "nothing_heard") == (
        "no report from 2 of 5 regions: R-2, R-4; no report from 1 where nobody is expected: R-3; "
        "no longer heard from 1: R-1"
    )
    most = told(*["nothing_heard"] * 5, most=3)
    assert most == "no report from 5 of 5 regions: R-0, R-1, R-2 …"


def changed(old: str, new: str) -> Pack:
    """The small pack with another line."""
    text = SMALL_FILES["election.toml"]
    assert old in text
    return parse_pack({**SMALL_FILES, "election.toml": text.replace(old, new)})


def folded(pack: Pack, *records: Record) -> Partition:
    """The records under another pack."""
    part = Partition(pack)
    for record in records:
        part.apply(accepted(record))
    return part
