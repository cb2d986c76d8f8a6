"""What the screen is made of: rows of the worker's tables, the most urgent region first."""

from __future__ import annotations

from typing import Any

from schemas.fields import microseconds
from schemas.pack import Pack
from streams.demo.board import Board, build
from tests.packs import small_pack


def _board(pack: Pack | None = None, **tables: list[dict[str, Any]]) -> Board:
    return build(pack or small_pack(), 0, tables)


def _recent(region: str, window: str, reports: int) -> dict[str, Any]:
    return {"region": region, "category": "procedures", "window": window, "reports": reports}


def _open(region: str, since: str, **more: Any) -> dict[str, Any]:
    row = {
        "source": "urn:test:citizen",
        "report_id": f"r-{region}-{since}",
        "region": region,
        "station": None,
        "commission": None,
        "kind": "entry_denied",
        "observer_group": "citizen",
        "phase": "voting",
        "status": "reported",
        "since": since,
    }
    return row | more


def _official(region: str, at: str, percent: str | None, **more: Any) -> dict[str, Any]:
    row = {
        "region": region,
        "station": None,
        "contest": None,
        "as_of": at,
        "checkpoint": at,
        "percent": percent,
        "published": None,
    }
    return row | more


def _finding(region: str, finding: str, holds: bool) -> dict[str, Any]:
    return {
        "region": region,
        "checkpoint": "2030-06-02T10:00:00Z",
        "finding": finding,
        "open": holds,
        "value": "40",
        "publisher": "agency",
        "previous_value": "41",
        "previous_publisher": "commission",
    }


def _order(board: Board) -> list[str]:
    return [region.code for region in board.regions]


def test_every_region_is_there_before_anything_happened() -> None:
    """The country itself is none of them; no figure is not zero per cent."""
    board = _board()
    assert _order(board) == ["XX-A", "XX-ABROAD", "XX-B", "XX-C"]
    assert {region.official for region in board.regions} == {None}
    assert board.hour == 0
    assert board.rejected == []


def test_open_restrictions_come_first_then_new_incidents_then_findings() -> None:
    """One person kept out outweighs many incidents; older incidents count least."""
    board = _board(
        open_restrictions=[_open("XX-C", "2030-06-02T10:00:00Z")],
        incidents_recent=[
            _recent("XX-B", "15m", 1),
            _recent("XX-A", "1h", 9),
            _recent("XX-ABROAD", "1h", 1),
        ],
        official_findings=[_finding("XX-ABROAD", "fall", True)],
    )
    assert _order(board) == ["XX-C", "XX-B", "XX-ABROAD", "XX-A"]
    assert board.hour == 10


HEARD: list[dict[str, Any]] = [
    {"region": "XX-A", "state": "reporting"},
    {"region": "XX-ABROAD", "state": "not_expected"},
    {"region": "XX-B", "state": "nothing_heard"},
    {"region": "XX-C", "state": "silent"},
]


def test_a_zero_is_a_word_where_nobody_reports() -> None:
    """The four words of the worker's answers, and one where it has not said."""
    board = build(small_pack(), 0, {}, HEARD)
    assert {region.code: region.nothing for region in board.regions} == {
        "XX-A": "-",
        "XX-ABROAD": "no reports",
        "XX-B": "no reports",
        "XX-C": "silent",
    }
    assert board.reporting == 1
    assert {region.nothing for region in _board().regions} == {"unknown"}


def test_of_two_regions_without_incidents_the_one_not_heard_comes_first() -> None:
    """Silence is less urgent than what was reported, and more so than calm."""
    tables = {"incidents_recent": [_recent("XX-ABROAD", "1h", 1)]}
    board = build(small_pack(), 0, tables, HEARD)
    assert _order(board) == ["XX-ABROAD", "XX-B", "XX-C", "XX-A"]


def test_a_cluster_is_so_many_restrictions_within_an_hour() -> None:
    """Lifted ones count too; the number is the pack's."""
    needed = small_pack().judgement.alarms.cluster_reports

    def cluster(reports: int, window: str) -> bool:
        row = {"region": "XX-A", "kind": "expelled", "window": window, "reports": reports}
        board = _board(restrictions_recent=[row])
        return next(region.cluster for region in board.regions if region.code == "XX-A")

    assert cluster(needed, "1h")
    assert not cluster(needed - 1, "1h")
    assert not cluster(needed, "6h")


def test_the_newest_checkpoint_of_the_main_contest_is_shown() -> None:
    """Not stations' figures, not those of another contest, not one without a percentage."""
    early, late = "2030-06-02T10:00:00Z", "2030-06-02T14:00:00Z"
    board = _board(
        official_turnout=[
            _official("XX-A", late, "42.5", contest="list", published="2030-06-02T14:30:00Z"),
            _official("XX-A", early, "20.1"),
            _official("XX-A", "2030-06-02T18:00:00Z", "99", station="A-1"),
            _official("XX-A", "2030-06-02T18:00:00Z", "98", contest="district"),
            _official("XX-A", "2030-06-02T18:00:00Z", None),
            _official("XX", early, "21"),
        ]
    )
    shown = next(region.official for region in board.regions if region.code == "XX-A")
    assert shown is not None
    assert shown.percent == "42.5"
    assert shown.as_of == microseconds(_moment(late))
    assert shown.published == microseconds(_moment("2030-06-02T14:30:00Z"))
    assert board.country is not None
    assert board.country.percent == "21"


def test_a_finding_that_holds_stands_before_one_that_is_past() -> None:
    """Past ones say so in words; one that holds for any figure holds."""
    board = _board(
        official_findings=[
            _finding("XX-A", "conflicting", False),
            _finding("XX-A", "fall", True),
            _finding("XX-A", "fall", False),
        ]
    )
    region = next(region for region in board.regions if region.code == "XX-A")
    assert region.findings == ("fall", "conflicting (past)")


def test_a_finding_says_what_nobody_published() -> None:
    """A figure that is overdue is none; the pack's register and sums have no publisher."""
    late = _finding("XX-A", "overdue", True)
    late |= dict.fromkeys(("value", "publisher", "previous_value", "previous_publisher"))
    changed = _finding("XX-B", "register_changed", True) | {"previous_publisher": None}
    summed = _finding("XX", "sum_mismatch", True) | {"previous_publisher": None}
    board = _board(official_findings=[late, changed, summed])
    assert {each.finding: each[4:] for each in board.findings} == {
        "overdue": ("none", "", "", ""),
        "register_changed": ("40", "agency", "41", "pack"),
        "sum_mismatch": ("40", "agency", "41", "sum of regions"),
    }


def test_the_newest_restriction_stands_first() -> None:
    """With the place's code first, then the region's name."""
    board = _board(
        open_restrictions=[
            _open("XX-A", "2030-06-02T10:00:00Z", station="SIM-XX-A-0001"),
            _open("XX-B", "2030-06-02T12:00:00Z"),
            _open("XX-C", "2030-06-02T11:00:00Z", commission="C"),
        ]
    )
    assert [each.place for each in board.restrictions] == [
        "XX-B above stations, South",
        "C West",
        "XX-A-0001 North",
    ]


def test_rejected_events_are_summed_by_reason() -> None:
    """Over topics and types, the most frequent first."""
    rows = [
        {"topic": topic, "type": "", "reason": reason, "count": count}
        for topic, reason, count in (("a", "not_json", 2), ("b", "not_json", 1), ("a", "x", 9))
    ]
    assert _board(rejected=rows).rejected == [("x", 9), ("not_json", 3)]


def _moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


def _level(checkpoint: str, verdict: str, gap: float | None, **more: Any) -> dict[str, Any]:
    row = {"region": "XX-A", "contest": "list", "comparison": "level", "n": 28}
    return {**row, "checkpoint": checkpoint, "verdict": verdict, "gap": gap, **more}


def test_the_newest_gap_with_both_sides_and_what_it_may_be_called() -> None:
    """A later figure that nobody counted against hides nothing; a contradiction is a finding."""
    board = _board(
        turnout=[
            _level("2030-06-02T10:00:00Z", "inconclusive", 0.01),
            _level("2030-06-02T14:00:00Z", "official_above", 0.0827),
            _level("2030-06-02T18:00:00Z", "no_observation", None),
            _level("2030-06-02T18:00:00Z", "official_below", -0.9, comparison="flow"),
            _level("2030-06-02T14:00:00Z", "too_few", None, region="XX-B", n=3),
            _level("2030-06-02T14:00:00Z", "within", 0.001, region="XX", n=567),
            _level("2030-06-02T14:00:00Z", "official_below", -0.9, contest="district"),
        ],
    )
    found = {region.code: region for region in board.regions}
    gap = found["XX-A"].gap
    assert gap is not None
    assert (round(gap.points or 0, 2), gap.verdict, gap.n) == (8.27, "official_above", 28)
    assert found["XX-A"].findings == ("official_above",)
    assert found["XX-B"].gap == (None, "too_few", 3)
    assert found["XX-B"].findings == ()
    assert found["XX-C"].gap is None
    assert board.gap is not None
    assert board.gap.n == 567
    assert _order(board)[0] == "XX-A"
