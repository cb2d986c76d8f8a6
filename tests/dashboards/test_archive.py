"""Archivers on the dashboard: which one is late, and how far behind the workers."""

from __future__ import annotations

from tests.dashboards.boards import boards, expressions
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.world import pages
from tests.metrics.worlds import Labels, samples

BOARD = next(board for board in boards() if board.uid == "pipeline-health")


def queries(title: str) -> list[str]:
    """Those of a panel."""
    return next(expressions(panel) for panel in BOARD.panels if panel["title"] == title)


def by_instance(prometheus: Prometheus, query: str) -> dict[str, float]:
    """Archiver → value."""
    return {one.labels["instance"]: one.value for one in prometheus.now(query)}


def test_the_one_that_is_late_is_counted(prometheus: Prometheus) -> None:
    """Of two; by its own segments' age and the minute that a rule allows too."""
    (query,) = queries("Archivers behind")
    assert [one.value for one in prometheus.now(query)] == [1]
    assert by_instance(prometheus, queries("Archives")[0]) == {"follows": 20, "late": 4_000}
    prometheus.until('ALERTS{alertname="ArchiveBehind", instance="late"}')
    assert not prometheus.now('ALERTS{alertname=~"Archive.*", instance="follows"}')


def test_behind_the_workers_is_by_what_the_workers_read(prometheus: Prometheus) -> None:
    """Each partition by its furthest worker, the archive's positions being 1 everywhere."""
    furthest: dict[Labels, float] = {}
    for page in pages().values():
        for place, at in samples(page)["scrutineer_partition_position"].items():
            furthest[place] = max(furthest.get(place, 0), at)
    behind = sum(max(0, at - 1) for at in furthest.values())
    assert behind > 0
    found = by_instance(prometheus, queries("Archives")[2])
    assert found == {"follows": behind, "late": behind}
