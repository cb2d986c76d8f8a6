"""The turnout gap for any counts and figures in any order, against the naive model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from math import isclose
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.pack import Pack
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests import strategies
from tests.strategies import Record
from tests.tables.spelling import dumps
from tests.tables.turnout_model import COLUMNS, Turnout
from tests.turnout_strategies import LATER, accepted, packs, turnout_logs

Row = dict[str, Any]
NAMES = ("turnout", "observed_turnout")
ROUNDED = ("half_width", "half_width_family")
KEY = ("region", "station", "contest", "checkpoint", "comparison", "source", "report_id")


def folded(records: Iterable[Record], pack: Pack, partitions: int = 1) -> list[Partition]:
    """Partitions that folded the records, each those of its regions."""
    parts = [Partition(pack, number) for number in range(partitions)]
    for record in records:
        parts[sum(record.region.encode()) % partitions].apply(accepted(record, pack))
    return parts


def shown(parts: list[Partition], pack: Pack, now: int, region: str | None = None) -> list[Any]:
    """Both tables, as reported and confirmed alone."""
    return [
        rows(name, parts, pack, now, region, confirmed_only=confirmed_only)
        for name in NAMES
        for confirmed_only in (False, True)
    ]


def assert_same(found: Iterable[Row], expected: Iterable[Row]) -> None:
    """Equal but for the order of rows and the last digits of half widths."""

    def by_key(row: Row) -> bytes:
        return dumps([row.get(name) for name in KEY])

    for row, wanted in zip(sorted(found, key=by_key), sorted(expected, key=by_key), strict=True):
        for name in ROUNDED:
            given, right = row.get(name), wanted.get(name)
            if given is not None and right is not None:
                assert isclose(given, right, rel_tol=1e-12), (row, wanted)
                wanted = wanted | {name: given}
        assert row == wanted
        assert dumps(row) == dumps(wanted), "whole numbers or fractions"


@given(turnout_logs(), packs, strategies.nows, st.booleans())
@settings(max_examples=500, deadline=None)
def test_every_row_equals_a_naive_computation_from_the_list(
    records: list[Record], pack: Pack, now: int, confirmed_only: bool
) -> None:
    model = Turnout(records, pack)
    parts = folded(records, pack)
    for name in NAMES:
        found = rows(name, parts, pack, now, confirmed_only=confirmed_only)
        assert_same(found, getattr(model, name)(now, confirmed_only))
        assert all(list(row) == COLUMNS.split() for row in found if name == "turnout")


@given(turnout_logs(max_size=20), packs, strategies.nows, st.data())
@settings(max_examples=150, deadline=None)
def test_order_repetition_and_partition_count_do_not_matter(
    records: list[Record], pack: Pack, now: int, data: st.DataObject
) -> None:
    """Decisions before their reports among them."""
    expected = shown(folded(records, pack), pack, now)
    repeated = records + (data.draw(st.lists(st.sampled_from(records))) if records else [])
    shuffled = data.draw(st.permutations(repeated))
    parts = folded(shuffled, pack, data.draw(st.integers(1, 3)))
    assert shown(data.draw(st.permutations(parts)), pack, now) == expected


@given(turnout_logs(max_size=20), packs, strategies.nows, st.sets(st.integers(0, 30)))
@settings(max_examples=150, deadline=None)
def test_looking_in_between_changes_nothing(
    records: list[Record], pack: Pack, now: int, looks: set[int]
) -> None:
    """Sums are brought up to date when somebody looks, whenever that is."""
    part = Partition(pack)
    for number, record in enumerate(records):
        if number in looks:
            shown([part], pack, now)
        part.apply(accepted(record, pack))
    assert shown([part], pack, now) == shown(folded(records, pack), pack, now)


@given(turnout_logs(max_size=25), packs, strategies.nows)
@settings(max_examples=150, deadline=None)
def test_corrections_withdrawals_and_rejections_leave_no_trace(
    records: list[Record], pack: Pack, now: int
) -> None:
    """As if the log held the reports that stand and the figures in force, and nothing else.

    But for what official figures are found to have been: their history is meant to be seen.
    """
    model = Turnout(records, pack)
    dismissed = {
        key[1:]
        for key, versions in model.groups.items()
        if key[0] == "decision" and versions[-1]["data"]["status"] in ("rejected", "duplicate")
    }
    current = {
        dumps(bare(versions[-1]))
        for key, versions in model.groups.items()
        if not (key[0] == "report" and key[1:] in dismissed)
        and not versions[-1]["data"].get("withdrawn")
    }
    kept = [one for one in records if dumps(bare(line(one, pack))) in current]
    found, expected = (shown(folded(some, pack), pack, now) for some in (records, kept))
    for table in (*found, *expected):
        for row in table:
            row.pop("findings")
    assert found == expected


def bare(version: Row) -> Row:
    return {name: value for name, value in version.items() if name != "at"}


def line(record: Record, pack: Pack) -> Row:
    return next(iter(Turnout([record], pack).lines.values()))


@given(turnout_logs(max_size=25), packs, st.sets(st.integers(0, 40)))
@settings(max_examples=150, deadline=None)
def test_sums_are_never_negative_and_end_with_their_counts(
    records: list[Record], pack: Pack, looks: set[int]
) -> None:
    """No sum goes below zero or stays at it; when every report is withdrawn none is left."""
    part = Partition(pack)
    withdrawn = {
        key[1:]: again(versions[-1], revision=9, withdrawn=True)
        for key, versions in Turnout(records, pack).groups.items()
        if key[0] == "report"
    }
    for number, record in enumerate([*records, *withdrawn.values()]):
        part.apply(accepted(record, pack))
        if number in looks:
            for total in totals(part):
                assert all(any(fields(value)) for value in total.values())
                assert all(number >= 0 for value in total.values() for number in fields(value))
    assert not [total for total in totals(part) if total]
    for tables in part.regions.values():
        assert tables.turnout.books == {}
        assert not any(tables.turnout.findings(pack).values())


def again(version: Row, **more: object) -> Record:
    """Another version of a report."""
    body = {name: value for name, value in version.items() if name != "at"}
    body |= {"specversion": "1.0", "election": "test-2030", "data": version["data"] | more}
    return strategies.record(body, strategies.DAY + LATER)


def totals(part: Partition) -> list[dict[Any, Any]]:
    """Every sum of every region and contest, by its key."""
    return [
        total.values
        for tables in part.regions.values()
        for sums in tables.turnout.sums(part.pack).values()
        for total in (sums.level, sums.flow, sums.matched, sums.told)
    ]


def fields(sums: Any) -> list[Any]:
    """The numbers of a sum."""
    return [getattr(sums, field.name) for field in dataclasses.fields(sums)]


@given(turnout_logs(), packs, strategies.nows)
@settings(max_examples=150, deadline=None)
def test_a_region_or_the_country_asked_for_is_that_part_of_all(
    records: list[Record], pack: Pack, now: int
) -> None:
    """The country's rows come from all regions even when nothing else is asked for."""
    parts = folded(records, pack, 3)
    everything = shown(parts, pack, now)
    for code in pack.regions:
        mine = [[row for row in table if row["region"] == code] for table in everything]
        assert shown(parts, pack, now, code) == mine


@given(turnout_logs(), packs, strategies.nows)
@settings(max_examples=150, deadline=None)
def test_figures_fit_together(records: list[Record], pack: Pack, now: int) -> None:
    """Nothing is counted below zero; what must not be shown is not; one row for each key."""
    for table in shown(folded(records, pack), pack, now)[:2]:
        for row in table:
            if row["verdict"] in ("no_official", "no_observation", "too_few"):
                assert (row["gap"], row["half_width"], row["ratio"]) == (None, None, None)
            elif row["half_width"] is not None:
                assert 0 <= row["half_width"] <= row["half_width_family"]
                assert row["comparison"] in ("level", "flow")
            if row["comparison"] in ("matched", "told"):
                assert row["n"] >= 1
                assert row["above"] + row["below"] <= row["n"]
            numbers = ("n", "drawn", "no_register", "above", "below", "conflicts", "observed")
            assert all(row[name] is None or row[name] >= 0 for name in numbers)
        keys = [tuple(row[name] for name in KEY[:5]) for row in table]
        assert len(set(keys)) == len(keys)


@given(turnout_logs(), packs, strategies.nows, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_country_adds_its_regions_up(
    records: list[Record], pack: Pack, now: int, confirmed_only: bool
) -> None:
    """Voters at matched stations and how many; stations watched in an interval."""
    parts = folded(records, pack, 2)
    found = rows("turnout", parts, pack, now, confirmed_only=confirmed_only)
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in found:
        if row["station"] is None and row["comparison"] != "level":
            key = tuple(row[name] for name in ("contest", "checkpoint", "comparison"))
            groups.setdefault(key, []).append(row)
    for (_, _, comparison), group in groups.items():
        regions = [row for row in group if row["region"] != pack.country]
        countries = [row for row in group if row["region"] == pack.country]
        names = ("n", "no_register") if comparison == "flow" else MATCHED
        for country in countries:
            assert [country[name] for name in names] == [
                pytest.approx(sum(row[name] for row in regions)) for name in names
            ]
        assert countries or comparison == "flow"


MATCHED = ("n", "official", "observed", "gap", "above", "below", "conflicts")
