"""The same metrics as a plain collector of prometheus-client, without any cache.

For other uses of the families than the page, and what the page is held against in tests.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from streams.metrics.declare import Family
from streams.metrics.families import FAMILIES
from streams.metrics.moment import Moment
from streams.metrics.text import Values, number
from streams.metrics.values import FACTS, TIMED, opened
from streams.metrics.view import WorkerView
from streams.metrics.worker_values import Deployment, histogram, lasted, listed, listing, medians
from streams.metrics.zeros import of_region
from streams.tables.caught import caught
from streams.tables.region import RegionTables


def metric(family: Family) -> Metric:
    """The family without samples. The library wants names without ``_total`` and ``_info``."""
    name = family.name.removesuffix("_total").removesuffix("_info")
    return Metric(name, family.meaning, family.kind)


class ViewCollector(Collector):
    """Collects every declared family from a worker's view."""

    def __init__(self, deployment: Deployment, view: WorkerView) -> None:
        self._deployment = deployment
        self._view = view

    def collect(self) -> Iterable[Metric]:
        """The families in the order of the page, each with its samples in order."""
        parts = {number: caught(part) for number, part in self._view.parts.items()}
        values = {**self._deployment.values(self._view, parts), **self._of_regions()}
        for family in FAMILIES:
            if family.kind == "histogram":
                yield self._histogram(family)
                continue
            found = metric(family)
            for labels, value in sorted(values[family.name].items()):
                found.add_sample(family.name, dict(zip(family.labels, labels, strict=True)), value)
            yield found

    def _of_regions(self) -> dict[str, Values]:
        pack = self._deployment.pack
        moment = Moment(pack, self._view.now)
        zeros = of_region(pack)
        functions = {**FACTS, **TIMED}
        found: dict[str, Values] = {name: {} for name in functions}
        regions = [
            tables or RegionTables(code, pack) for code, tables in self._deployment.live(self._view)
        ]
        for tables in regions:
            for name, function in functions.items():
                values = {**zeros.get(name, {}), **function(tables, moment)}
                found[name].update({(tables.code, *key): value for key, value in values.items()})
        shown, unlisted = listed(listing(opened(tables, moment)) for tables in regions)
        return {
            **found,
            "election_restriction_opened_timestamp_seconds": shown,
            "election_restrictions_open_unlisted": {(): unlisted},
            "election_restriction_median_seconds": medians(lasted(tables) for tables in regions),
        }

    def _histogram(self, family: Family) -> Metric:
        found = metric(family)
        for topic, buckets, total in histogram(self._view.freshness):
            for bound, events in buckets:
                labels = {"topic": topic, "le": number(bound)}
                found.add_sample(f"{family.name}_bucket", labels, events)
            found.add_sample(f"{family.name}_count", {"topic": topic}, buckets[-1][1])
            found.add_sample(f"{family.name}_sum", {"topic": topic}, total)
        return found


def registry(deployment: Deployment, view: WorkerView) -> CollectorRegistry:
    """A registry of its own with the families of ``view``."""
    own = CollectorRegistry(auto_describe=False)
    own.register(ViewCollector(deployment, view))
    return own
