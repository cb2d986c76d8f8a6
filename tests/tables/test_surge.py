"""Surges of incidents: what is held against what, and when it is too much."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.pack import parse_pack
from streams.tables.surge import surging
from streams.tables.views import rows
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record
from tests.tables.events import decision, incident, state, us, visit


def surge(*records: Record, now: str = "12:10", region: str = "XX-A") -> dict[str, Any]:
    """The row of a region."""
    (row,) = rows("incidents_surge", [state(*records)], small_pack(), us(now), region)
    return row


def reports(number: int, minute: str = "12:02", name: str = "s", **more: Any) -> list[Record]:
    """So many incidents of one minute."""
    return [incident(f"{name}{n}", minute, **more) for n in range(number)]


def morning(number: int) -> list[Record]:
    """An incident every half hour from 07:30 on."""
    return [
        incident(f"m{n}", f"{7 + (n + 1) // 2:02d}:{(n + 1) % 2 * 30:02d}") for n in range(number)
    ]


def test_a_jump_over_the_regions_own_rate_is_a_surge() -> None:
    """Eight in five hours, then seven within a quarter of an hour."""
    row = surge(*morning(8), *reports(7))
    assert (row["reports"], row["earlier"], row["surge"]) == (7, 8, True)
    assert row["expected"] == pytest.approx(8 * 3 / 60)
    assert row["probability"] == pytest.approx(3.9e-6, rel=0.5)
    part = state(*morning(8), *reports(7)).regions["XX-A"]
    recent = part.incidents.recent
    assert surging(recent, part.heard, "XX-A", small_pack(), us("12:10"))
    assert not surging(recent, part.heard, "XX-A", small_pack(), us("12:30"))


def test_few_reports_are_never_a_surge() -> None:
    """Four in a region that had none: the pack wants five, however improbable they are."""
    row = surge(*reports(4))
    assert (row["surge"], row["probability"] < 0.001) == (False, True)
    assert surge(*reports(5))["surge"]


def test_what_is_usual_there_is_no_surge() -> None:
    """Seven in a quarter of an hour where there are five in each."""
    usual = [
        one for n in range(20) for one in reports(5, f"{7 + n // 4:02d}:{n % 4 * 15:02d}", f"u{n}-")
    ]
    assert not surge(*usual, *reports(7))["surge"]


def test_little_is_known_early_in_the_day() -> None:
    """Two in forty minutes, then five: at a known rate improbable, at an estimated one not yet."""
    row = surge(*reports(2, "07:10", "e"), *reports(5, "07:45"), now="07:50")
    assert (row["reports"], row["earlier"], row["surge"]) == (5, 2, False)
    assert row["probability"] > 0.001


def test_more_stations_that_report_explain_more_reports() -> None:
    """One station all morning; from 11:55 on three, of which each has a rate of its own."""
    first = [visit("v0", "07:05", station="A-1", phase="opening")]
    many = [visit(f"w{n}", "11:56", station=f"A-{n % 3 + 1}") for n in range(20)]
    alone = surge(*first, *morning(8), *reports(7))
    together = surge(*first, *many, *morning(8), *reports(7))
    assert (alone["stations"], together["stations"]) == (1, 3)
    assert together["expected"] == pytest.approx(8 * 9 / (59 + 3))
    assert together["probability"] > alone["probability"]


def test_nothing_is_compared_before_the_polls_have_been_open_for_a_while() -> None:
    """Nor where their hours are not known; the reports are counted all the same."""
    early = surge(*reports(9, "07:08"), now="07:10")
    assert (early["reports"], early["expected"], early["probability"]) == (9, None, None)
    assert not early["surge"]
    abroad = surge(*reports(9, region="XX-ABROAD"), region="XX-ABROAD")
    assert (abroad["reports"], abroad["expected"], abroad["surge"]) == (9, None, False)


def test_dismissed_reports_make_no_surge() -> None:
    """The desk takes them out one by one."""
    dismissed = [decision(f"s{n}", "rejected") for n in range(3)]
    assert surge(*morning(8), *reports(7))["surge"]
    assert not surge(*morning(8), *reports(7), *dismissed)["surge"]


def test_thresholds_are_the_packs() -> None:
    """A mission may want to know earlier."""
    text = SMALL_FILES["election.toml"] + "\n[judgement.alarms]\nsurge_reports = 3\n"
    pack = parse_pack({**SMALL_FILES, "election.toml": text})
    part = state(*reports(4))
    (row,) = rows("incidents_surge", [part], pack, us("12:10"), "XX-A")
    assert row["surge"]
