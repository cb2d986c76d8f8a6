"""Which worker's numbers are shown, and that silence is not calm: on a real Prometheus."""

from __future__ import annotations

import pytest

from dashboards import queries
from tests.dashboards.boards import boards, expressions, fill
from tests.dashboards.day import SILENT
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.world import pages
from tests.metrics.worlds import samples, total

ALL = {"region": ".+"}
COUNTS = (
    "election_incidents",
    "election_restrictions_open",
    "election_restrictions",
    "election_visits",
    "election_protocols_observed",
)


def by_region(prometheus: Prometheus, expression: str) -> dict[str, float]:
    """Region → value of a query."""
    return {one.labels["region"]: one.value for one in prometheus.now(fill(expression, ALL))}


@pytest.mark.parametrize("family", COUNTS)
def test_a_zombie_is_not_believed(prometheus: Prometheus, family: str) -> None:
    """Its regions show the numbers of the worker that is further in the log, and of it alone."""
    shown = by_region(prometheus, queries.total(family))
    right, zombie = samples(pages()["first"]), samples(pages()["zombie"])
    for region in ("XX-A", "XX-B"):
        assert shown[region] == total(right, family, region=region)
    assert any(shown[r] != total(zombie, family, region=r) for r in ("XX-A", "XX-B"))


def test_the_higher_value_is_not_the_right_one(prometheus: Prometheus) -> None:
    """A restriction that was lifted after the zombie's time is in force for the zombie alone."""
    family, phase = "election_restrictions_open", "post_election"
    assert total(samples(pages()["zombie"]), family, region="XX-A", phase=phase) == 1
    assert by_region(prometheus, queries.total(family, phase=phase))["XX-A"] == 0
    opened = queries.each("election_restriction_opened_timestamp_seconds")
    shown = {one.labels["report_id"] for one in prometheus.now(fill(opened, ALL))}
    assert "late" in shown
    assert "lifted" not in shown


def test_during_a_handover_each_region_is_shown_once(prometheus: Prometheus) -> None:
    """From whichever worker has it, also where two are equally far."""
    shown = prometheus.now(fill(queries.each("scrutineer_region_live"), ALL))
    assert sorted(one.labels["region"] for one in shown) == [
        "XX",
        "XX-A",
        "XX-ABROAD",
        "XX-B",
        "XX-C",
    ]


def test_the_countrys_own_figures_are_not_counted_twice(prometheus: Prometheus) -> None:
    """What is published for the country and its regions is summed over the regions alone."""
    opened = queries.total("election_stations_opened")
    regions = by_region(prometheus, queries.by_region_only(opened))
    assert regions
    assert "XX" not in regions
    assert "XX" in by_region(prometheus, queries.each("election_official_as_of_timestamp_seconds"))


def test_an_open_restriction_is_one_alert_on_the_wall(prometheus: Prometheus) -> None:
    """Rules make two of it, for two channels: the number of alerts counts it once."""
    (board,) = (board for board in boards() if board.uid == "operations-room")
    (panel,) = (panel for panel in board.panels if panel["title"] == "Alerts firing")
    (expression,) = expressions(panel)
    name = 'ALERTS{alertname="ObserverRestrictionOpen", '
    single = fill(expression.replace("ALERTS{", name), ALL)
    opened = "count(region:election_restriction_opened_timestamp_seconds:held)"
    prometheus.until(f"{single} > 0")
    assert prometheus.now(single)[0].value == prometheus.now(opened)[0].value


def test_a_report_of_the_country_itself_is_counted(prometheus: Prometheus) -> None:
    """A report is in one region, also when that is the country: no sum leaves it out."""
    shown = by_region(prometheus, queries.total("election_restrictions_open"))
    assert shown["XX"] == 1
    every = prometheus.now(fill(queries.total("election_restrictions_open", by=()), ALL))
    assert every[0].value == sum(shown.values())


def test_a_silent_region_has_no_zero(prometheus: Prometheus) -> None:
    """The same count of 0: −1 where nobody reports, 0 where somebody does."""
    count = queries.total("election_incidents", severity="medium", category="none-of-them")
    assert not by_region(prometheus, count)
    closed = queries.total("election_restrictions_open", kind="entry_denied", phase="unknown")
    assert by_region(prometheus, closed)[SILENT] == 0
    spoken = by_region(prometheus, queries.spoken(closed))
    assert spoken[SILENT] == -1
    assert spoken["XX-A"] == 0


def test_a_total_of_silent_regions_has_no_zero(prometheus: Prometheus) -> None:
    """Over all regions 0 is 0 because some report; over the silent one alone it is −1."""
    nothing = queries.total(
        "election_restrictions_open", kind="entry_denied", phase="unknown", by=()
    )
    total_of = queries.spoken_total(nothing)
    assert [one.value for one in prometheus.now(fill(total_of, ALL))] == [0]
    assert [one.value for one in prometheus.now(fill(total_of, {"region": SILENT}))] == [-1]


def test_none_elsewhere_is_not_none(prometheus: Prometheus) -> None:
    """While a region has no worker, its restrictions are in no count: 0 of the others is no 0."""
    nothing = queries.total(
        "election_restrictions_open", kind="entry_denied", phase="unknown", by=()
    )
    missing = 'unless on (region) scrutineer_region_live{region!="XX-B"}'
    watched = "unless on (region) scrutineer_region_live"
    told = fill(queries.spoken_total(nothing), ALL).replace(watched, missing)
    assert [one.value for one in prometheus.now(told)] == [-1]
    empty = queries.each("election_restriction_opened_timestamp_seconds") + " < 0"
    (row,) = prometheus.now(fill(queries.listed(empty), ALL).replace(watched, missing))
    assert (row.labels["region"], row.value) == ("a region is not watched", -1)


def test_an_empty_list_says_whether_anybody_reports(prometheus: Prometheus) -> None:
    """No restriction in force and nobody heard: a row that says so, and else no row."""
    opened = queries.each("election_restriction_opened_timestamp_seconds")
    listed = queries.listed(f"{opened} < 0")
    assert not prometheus.now(fill(listed, ALL))
    (row,) = prometheus.now(fill(listed, {"region": SILENT}))
    assert (row.labels["region"], row.value) == ("no region reports", -1)


@pytest.mark.parametrize("state", range(1, 7))
def test_the_first_state_that_holds_is_the_regions(prometheus: Prometheus, state: int) -> None:
    """Whatever else holds too, and 0 where none does."""
    live = queries.each("scrutineer_region_live")
    nothing = f"{live} > 1"
    states = [(6 - n, live if n >= 6 - state else nothing) for n in range(6)]
    found = by_region(prometheus, queries.first_of(*states))
    assert set(found.values()) == {state}
