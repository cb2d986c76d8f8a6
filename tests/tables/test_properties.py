"""Rules that hold for any events in any order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical import canonical
from schemas.envelope import EVENTS
from streams.tables.arithmetic import FAULTS
from streams.tables.digest import content_digest, region_digests
from streams.tables.partition import Partition
from streams.tables.views import TABLES, document, rows
from tests import strategies
from tests.packs import small_pack
from tests.strategies import Record
from tests.tables.turnout_model import Turnout as Model

MODELLED = [name for name in TABLES if name != "rejected"]
COUNTS = ["incidents", "incidents_recent", "restrictions", "restrictions_recent"]
STATE = [*COUNTS, "open_restrictions", "official_turnout", "visits", "answers", "assessment"]
STATE += ["incidents_surge", "coverage", "reports", "openings", "protocols", "complaints"]
STATE += ["notices", "observed_turnout"]
OF_NOW = (*FAULTS, "publishers_differ")
"""Findings about protocols that need no version but the current ones."""


def folded(records: Iterable[Record], partitions: int = 1) -> list[Partition]:
    """Partitions that folded the records, each those of its regions."""
    parts = [Partition(small_pack(), number) for number in range(partitions)]
    for record in records:
        part = parts[sum(record.region.encode()) % partitions]
        part.apply(strategies.accepted(record))
    return parts


def everything(parts: list[Partition], now: int) -> dict[str, Any]:
    """Every table with the digest, all reports and the confirmed only."""
    pack = small_pack()
    return {
        "all": document(parts, pack, now, positions=False),
        "confirmed": document(parts, pack, now, positions=False, confirmed_only=True),
    }


def unordered(found: Iterable[dict[str, Any]]) -> list[bytes]:
    """Rows, and the findings inside a row, without their order."""
    return sorted(
        canonical({**row, "findings": sorted(row.get("findings", []), key=canonical)})
        for row in found
    )


@given(strategies.logs(), strategies.nows, st.booleans())
@settings(max_examples=400, deadline=None)
def test_every_table_equals_a_naive_computation_from_the_list(
    records: list[Record], now: int, confirmed_only: bool
) -> None:
    parts = folded(records)
    model = Model(records, small_pack())
    for name in MODELLED:
        found = rows(name, parts, small_pack(), now, confirmed_only=confirmed_only)
        if name == "assessment":
            for row in found:
                ends = row.pop("low"), row.pop("high")
                assert (None in ends) == (row["basis"] == "descriptive")
        expected = getattr(model, name)(now, confirmed_only)
        if name == "incidents_surge":
            tails = ([row.pop("probability") for row in some] for some in (found, expected))
            for ours, exact in zip(*tails, strict=True):
                assert ours == (exact and pytest.approx(exact, rel=1e-12))
        assert unordered(found) == unordered(expected), name
    whole = document(parts, small_pack(), now, [], confirmed_only=confirmed_only)
    assert whole["basis"] == model.basis(now)
    assert whole["content_digest"] == model.content_digest()


def test_every_type_of_event_is_generated() -> None:
    """What the rules below hold for: all but the clock's."""
    assert set(strategies.BY_TYPE) == set(EVENTS) - {"election.clock.v1"}


@pytest.mark.parametrize("type_", strategies.BY_TYPE)
@given(data=st.data(), now=strategies.nows)
@settings(max_examples=30, deadline=None)
def test_versions_of_one_type_collide_in_any_order(
    type_: str, data: st.DataObject, now: int
) -> None:
    """Dense collisions of a single type, with decisions before and after their reports."""
    some = strategies.BY_TYPE[type_]() | strategies.decisions()
    records = data.draw(st.lists(some, min_size=2, max_size=12))
    parts = folded(data.draw(st.permutations(records + records[:3])))
    assert everything(parts, now) == everything(folded(records), now)
    digest = content_digest(small_pack().acceptance_digest, region_digests(parts))
    assert digest == Model(records, small_pack()).content_digest()


@given(strategies.logs(max_size=20), strategies.nows, st.data())
@settings(max_examples=200, deadline=None)
def test_order_repetition_and_partition_count_do_not_matter(
    records: list[Record], now: int, data: st.DataObject
) -> None:
    expected = everything(folded(records), now)
    repeated = records + (data.draw(st.lists(st.sampled_from(records))) if records else [])
    shuffled = data.draw(st.permutations(repeated))
    partitions = data.draw(st.integers(1, 3))
    parts = folded(shuffled, partitions)
    assert everything(data.draw(st.permutations(parts)), now) == expected


@given(strategies.logs(max_size=20), strategies.nows, st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_looking_in_between_changes_nothing(records: list[Record], now: int, cut: int) -> None:
    """Views derive and keep things; folding on after a look gives the same as without it."""
    (looked,) = folded(records[:cut])
    everything([looked], now)
    for record in records[cut:]:
        looked.apply(strategies.accepted(record))
    assert everything([looked], now) == everything(folded(records), now)


@given(strategies.logs(max_size=25), strategies.nows)
@settings(max_examples=200, deadline=None)
def test_corrections_and_withdrawals_leave_no_trace_in_the_state(
    records: list[Record], now: int
) -> None:
    """Counts equal those of a log that only ever held the current, not withdrawn versions."""
    model = Model(records, small_pack())
    current = {canonical(_body(versions[-1])) for versions in model.groups.values()}
    kept = [
        record
        for record in _earliest(records)
        if _line(record) in current and not record.event["data"].get("withdrawn")
    ]
    for name in STATE:
        found = rows(name, folded(records), small_pack(), now)
        expected = rows(name, folded(kept), small_pack(), now)
        assert _of_now(found) == _of_now(expected), name
    for a, b in zip(_cells(folded(records)), _cells(folded(kept)), strict=True):
        assert a == b


def _of_now(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without findings about superseded versions, which are there to be a trace of them."""
    return [
        {**row, "findings": [f for f in row["findings"] if f["open"] and f["kind"] in OF_NOW]}
        if "findings" in row
        else row
        for row in found
    ]


def _body(version: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in version.items() if name != "at"}


def _line(record: Record) -> bytes:
    return canonical(_body(next(iter(Model([record], small_pack()).lines.values()))))


def _earliest(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record.origin.timestamp)


def _cells(parts: list[Partition]) -> list[Any]:
    """The counters themselves, in which a cell of zero would be a trace."""
    found: list[Any] = []
    for code in strategies.REGIONS:
        tables = parts[0].regions.get(code)
        incidents = tables.incidents if tables else None
        restrictions = tables.restrictions if tables else None
        found.append(incidents.counts if incidents else {})
        found.append(incidents.recent.counts if incidents else {})
        found.append(incidents.recent_confirmed.counts if incidents else {})
        found.append(restrictions.total if restrictions else {})
        found.append(restrictions.unlifted if restrictions else {})
        found.append(restrictions.durations if restrictions else {})
        found.append(restrictions.recent.counts if restrictions else {})
        found.append(restrictions.recent_confirmed.counts if restrictions else {})
        found.append(sorted(restrictions.standing) if restrictions else [])
        found.append(tables.visits.cells if tables else {})
        found.append(tables.visits.answers if tables else {})
        found.append(sorted(tables.protocols.copies) if tables else [])
        found.append(sorted(tables.heard.voices(), key=str) if tables else [])
    return found


@given(strategies.logs(max_size=20), st.data())
@settings(max_examples=100, deadline=None)
def test_what_metrics_read_equals_the_rows(records: list[Record], data: st.DataObject) -> None:
    """Freshness and open findings are functions of the set, whenever they are asked for."""
    parts = folded(records)
    asked = folded(records[: len(records) // 2])
    for tables in asked[0].regions.values():
        tables.official.open_findings()
    for record in data.draw(st.permutations(records)):
        asked[0].apply(strategies.accepted(record))
    findings = rows("official_findings", parts, small_pack(), 0)
    model = Model(records, small_pack())
    for code, tables in asked[0].regions.items():
        counts = tables.official.open_findings()
        for kind, number in counts.items():
            mine = [row for row in findings if row["region"] == code and row["finding"] == kind]
            assert number == sum(bool(row["open"]) for row in mine)
        reports = [one["at"] for one in model.standing() if one["data"]["region"] == code]
        assert tables.heard.newest() == max(reports, default=None)


OF_THE_PACK = {
    "coverage": {"XX-A", "XX-B", "XX-C", "XX-ABROAD"},
    "incidents_surge": {"XX-A", "XX-B", "XX-C", "XX-ABROAD"},
    "results_published": {"XX-A", "XX-B", "XX-C", "XX-ABROAD", "XX"},
}


@pytest.mark.parametrize("name", list(TABLES))
def test_an_empty_state_has_no_rows(name: str) -> None:
    """No events, no rows, no errors; but where nothing is the news, every region has its rows."""
    found = rows(name, [Partition(small_pack())], small_pack(), 0)
    assert {row["region"] for row in found} == OF_THE_PACK.get(name, set())
    assert rows(name, [], small_pack(), 0) == []
