"""Rules of protocols and results that hold for any events in any order, where they collide."""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical import canonical
from streams.tables.partition import Partition
from streams.tables.protocol_findings import FINDINGS
from streams.tables.views import rows
from tests import strategies
from tests.packs import small_pack
from tests.strategies import Record
from tests.tables.test_properties import folded, unordered
from tests.tables.wider import Wider as Model

logs = st.builds(
    operator.add,
    st.lists(strategies.protocols_of_one_place(), min_size=4, max_size=14),
    st.lists(strategies.decisions(), max_size=4),
)
"""Many protocols of one place, and decisions about the copies."""


def table(
    name: str, parts: list[Partition], now: int, *, confirmed_only: bool = False
) -> list[dict[str, Any]]:
    return rows(name, parts, small_pack(), now, confirmed_only=confirmed_only)


@given(logs, strategies.nows, st.booleans(), st.data())
@settings(max_examples=150, deadline=None)
def test_colliding_protocols_equal_a_naive_computation(
    records: list[Record], now: int, confirmed_only: bool, data: st.DataObject
) -> None:
    """In any order, with repetitions; all and confirmed only."""
    parts = folded(data.draw(st.permutations(records + records[:3])), data.draw(st.integers(1, 3)))
    model = Model(records, small_pack())
    for name in ("protocols", "results_published", "corrections", "conflicts"):
        found = table(name, parts, now, confirmed_only=confirmed_only)
        assert unordered(found) == unordered(getattr(model, name)(now, confirmed_only)), name
    shuffled = table("protocols", folded(records), now, confirmed_only=confirmed_only)
    assert table("protocols", parts, now, confirmed_only=confirmed_only) == shuffled


@given(logs, st.data())
@settings(max_examples=60, deadline=None)
def test_what_metrics_count_are_protocols_with_open_findings(
    records: list[Record], data: st.DataObject
) -> None:
    """Whenever they were asked for before: what changed is counted again."""
    (part,) = folded(records[: len(records) // 2])
    for tables in part.regions.values():
        tables.protocols.tally(small_pack())
    for record in data.draw(st.permutations(records)):
        part.apply(strategies.accepted(record))
    for code, tables in part.regions.items():
        tally = tables.protocols.tally(small_pack())
        mine = [row for row in table("protocols", [part], 0) if row["region"] == code]
        assert tally.copies == sum(len(row["observed"]) for row in mine)
        with_findings = {
            (one["kind"], _place(row), one["publisher"], one["source"], one["report_id"])
            for row in mine
            for one in row["findings"]
            if one["open"]
        }
        assert +Counter(tally.findings) == Counter(kind for kind, *_ in with_findings)
        assert tally.findings.keys() <= set(FINDINGS)
        different = {
            (_place(row), said["source"], said["report_id"])
            for row in mine
            for one in row["differences"]
            for said in one["observed"]
            if one["publisher"] is not None and said["value"] != one["official"]
        }
        assert tally.different == len(different)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["station"], row["commission"], row["contest"]


@given(logs)
@settings(max_examples=60, deadline=None)
def test_no_publisher_hides_the_votes_of_another(records: list[Record]) -> None:
    """The headline has votes where any current protocol has, and is counted as published."""
    parts = folded(records)
    current: dict[tuple[str, str], set[str]] = {}
    for (kind, *key), versions in Model(records, small_pack()).groups.items():
        if kind == "published" and versions[-1]["data"].get("votes") and key[0][1]:
            current.setdefault((key[0][0], key[1]), set()).add(key[0][1])
    for row in table("protocols", parts, 0):
        shown = [row["official"], *row["others"]] if row["official"] else []
        if any(one["figures"].get("votes") for one in shown):
            assert row["official"]["figures"]["votes"]
    for row in table("results_published", parts, 0):
        stations = [
            (region, station)
            for (region, contest), there in current.items()
            for station in there
            if contest == row["contest"] and row["region"] in (region, "XX")
        ]
        assert row["published"] == len(stations)
        assert (row["since"] is None) == (not stations)


@given(logs, st.data())
@settings(max_examples=60, deadline=None)
def test_what_was_published_stays_visible(records: list[Record], data: st.DataObject) -> None:
    """More versions close findings and open others; a published fault never disappears."""
    known = data.draw(st.integers(0, len(records)))
    later = Counter(_published_faults(records))
    for fault in set(_published_faults(records[:known])):
        assert later[fault] >= 1


def _published_faults(records: list[Record]) -> list[bytes]:
    return [
        canonical([row["region"], _place(row), one["kind"], one["publisher"], one["revision"]])
        for row in table("protocols", folded(records), 0)
        for one in row["findings"]
        if one["publisher"] and one["limit"] is not None
    ]
