"""Equality of districts and sums of registers, against a plain recomputation in integers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.pack import Pack, parse_pack, report
from streams.packs import load_pack
from tests.packs import SMALL_FILES

HEAD = "code,contest,region,name,electorate\n"


def pack_of(
    electorates: list[int | None], registered: int | None = 10_000, seats: int | None = None
) -> Pack:
    """The small pack with districts of these electorates, in XX-A and XX-B by turns."""
    rows = [
        f"{number},district,XX-{'AB'[number % 2]},District {number},{'' if e is None else e}\n"
        for number, e in enumerate(electorates)
    ]
    files = dict(SMALL_FILES) | {"districts.csv": HEAD + "".join(rows)}
    files["regions.csv"] = files["regions.csv"].replace(
        "10000", "" if registered is None else str(registered)
    )
    if seats is not None:
        text = f"[contests.district]\nseats = {seats}"
        files["election.toml"] = files["election.toml"].replace("[contests.district]", text)
    return parse_pack(files)


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=40))
def test_deviations_are_exact(electorates: list[int]) -> None:
    """Each finding equals the inequality in whole numbers, |e·n − total| against 10 % and 15 %."""
    (contest,) = report.districts(pack_of(electorates))  # type: ignore[arg-type]
    number, total = len(electorates), sum(electorates)
    assert (contest.basis, contest.mean) == ("districts", Fraction(total, number))
    for each, electorate in zip(contest.deviations, electorates, strict=True):
        off = 100 * abs(electorate * number - total)
        if total == 0:
            wanted = "unknown"
        elif off > 15 * total:
            wanted = "above_limit"
        else:
            wanted = "above_permissible" if off > 10 * total else "within"
        assert each.finding == wanted
        if each.share is not None:
            assert each.share * total == electorate * number - total
    if total:
        assert sum((each.share or Fraction(0) for each in contest.deviations), Fraction(0)) == 0
    assert (
        sum(contest.count(f) for f in ("within", "above_permissible", "above_limit", "unknown"))
        == number
    )


@pytest.mark.parametrize(
    ("electorate", "finding"),
    [
        (1100, "within"),
        (900, "within"),
        (1101, "above_permissible"),
        (899, "above_permissible"),
        (1150, "above_permissible"),
        (850, "above_permissible"),
        (1151, "above_limit"),
        (849, "above_limit"),
    ],
)
def test_the_bounds_themselves_are_kept(electorate: int, finding: str) -> None:
    """Exactly 10 % is permissible, exactly 15 % is not above it."""
    (contest,) = report.districts(pack_of([electorate, 2000 - electorate]))
    assert contest.mean == 1000
    assert contest.deviations[0].finding == finding


def test_an_unknown_electorate_leaves_only_the_registers_mean() -> None:
    """It is said which mean was taken; the unknown district stays unknown."""
    (contest,) = report.districts(pack_of([4000, None, 5000], 12_000))
    assert (contest.known, contest.number) == (2, 3)
    assert contest.basis == "register"
    assert contest.mean == Fraction(4000)
    assert [each.finding for each in contest.deviations] == ["within", "unknown", "above_limit"]
    (without,) = report.districts(pack_of([4000, None], None))
    assert (without.basis, without.mean) == (None, None)
    assert {each.finding for each in without.deviations} == {"unknown"}


def test_a_district_that_is_not_listed_is_unknown_too() -> None:
    """One seat a district: with more seats than rows the list is incomplete."""
    (contest,) = report.districts(pack_of([4000, 5000], 12_000, seats=3))
    assert (contest.basis, contest.number) == ("register", 3)
    assert contest.mean == Fraction(4000)
    incomplete = report.registers(pack_of([4000, 5000], 12_000, seats=3))
    assert all(each.in_districts is None for each in incomplete)


@given(st.lists(st.none() | st.integers(0, 10**6), max_size=8))
def test_a_sum_with_an_unknown_part_is_unknown(electorates: list[int | None]) -> None:
    """And a sum of nothing as well."""
    found = {each.region.code: each for each in report.registers(pack_of(electorates))}
    for letter, start in (("A", 0), ("B", 1)):
        parts = electorates[start::2]
        wanted = sum(parts) if parts and None not in parts else None  # type: ignore[arg-type]
        assert found[f"XX-{letter}"].in_districts == wanted


def test_registers_of_the_small_pack() -> None:
    """Stations' registers per region; the country's sum lacks the stations abroad."""
    found = report.registers(parse_pack(SMALL_FILES))
    assert [each.region.code for each in found] == ["XX", "XX-A", "XX-ABROAD", "XX-B", "XX-C"]
    by_code = {each.region.code: each for each in found}
    assert (by_code["XX-A"].listed, by_code["XX-A"].stations_listed) == (4000, 3)
    assert by_code["XX-ABROAD"].listed is None
    assert (by_code["XX"].below, by_code["XX"].stations_below) == (None, 8)


def test_kazakhstan_stays_unknown_where_it_is() -> None:
    """4 of 29 electorates were published exactly: no mean of the districts, and it is said."""
    (contest,) = report.districts(load_pack("kazakhstan-2023"))
    assert (contest.number, contest.known, contest.count("unknown")) == (29, 4, 25)
    assert (contest.basis, contest.mean) == ("register", Fraction(12_032_550, 29))
    findings = {each.district.code: each.finding for each in contest.deviations}
    assert findings["10"] == "above_limit"
    assert findings["28"] == "unknown"
