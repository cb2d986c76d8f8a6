"""The page ``/metrics``: every family once, its samples together, text kept per region."""

from __future__ import annotations

import platform
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from schemas.pack import Pack
from streams.metrics.chunks import Chunk, RegionChunks
from streams.metrics.collector import metric
from streams.metrics.declare import Family
from streams.metrics.families import BY_NAME, FAMILIES
from streams.metrics.moment import Moment
from streams.metrics.text import Lines, number
from streams.metrics.values import FACTS, TIMED
from streams.metrics.view import WorkerView
from streams.metrics.worker_values import Deployment, histogram, listed, medians
from streams.metrics.zeros import of_region
from streams.tables.caught import Caught, caught
from streams.tables.partition import Partition

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Taken(NamedTuple):
    """A live partition, what was caught of it, and the samples of its regions."""

    part: Partition
    caught: Caught
    chunks: Mapping[str, RegionChunks]


def deployment(pack: Pack, topics: Sequence[str], partitions: int) -> Deployment:
    """A deployment of the scrutineer and the Python that run now."""
    return Deployment(pack, topics, partitions, (version("scrutineer"), platform.python_version()))


class _Bare(Collector):
    """A family without samples: its HELP and TYPE as prometheus-client writes them."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)


class MetricsPage:
    """Renders the metrics of one worker. One for each pack: a reloaded pack needs a new page.

    ``topics``: the input topics by name; ``partitions``: how many each of them has. ``regions``:
    the samples of each region that was live at the last rendering.
    """

    def __init__(self, pack: Pack, topics: Sequence[str], partitions: int) -> None:
        self._deployment = deployment(pack, topics, partitions)
        self._zeros = of_region(pack)
        self.regions: dict[str, RegionChunks] = {}
        self._taken: dict[int, _Taken] = {}
        self._moved = True
        self._heads = {family.name: _head(family.name) for family in FAMILIES}
        self._overall = {
            name: Chunk(family)
            for name, family in BY_NAME.items()
            if family.kind != "histogram" and name not in FACTS and name not in TIMED
        }

    def take(self, number: int, part: Partition, now: int) -> None:
        """Bring what the page says of a live partition up to this moment."""
        before = self._taken.get(number)
        moment = Moment(self._deployment.pack, now)
        chunks: dict[str, RegionChunks] = {}
        for code in self._deployment.regions[number]:
            known = None if before is None else before.chunks.get(code)
            region = known or RegionChunks(code, moment.pack, self._zeros)
            self._moved |= region.refresh(part.regions.get(code), moment) or known is None
            chunks[code] = region
        self._taken[number] = _Taken(part, caught(part), chunks)

    def render(self, view: WorkerView, taken: Container[int] = ()) -> bytes:
        """The page in the text format, to be served as ``CONTENT_TYPE``.

        ``taken``: partitions that were taken since the last page: of each the page says how it was
        then. The others are taken now. Call both where the tables are folded (the worker's loop),
        not in a thread beside it.
        """
        parts: list[bytes] = []
        for family, texts in self.samples(view, taken):
            parts.append(self._heads[family.name])
            parts += texts
        return b"".join(parts)

    def samples(
        self, view: WorkerView, taken: Container[int] = ()
    ) -> Iterator[tuple[Family, list[bytes]]]:
        """Each family with the lines of its samples; a text that did not change is the same object.

        Take all of it: the page is brought up to date on the way.
        """
        self._refresh(view, taken)
        parts = {number: one.caught for number, one in self._taken.items()}
        for name, values in self._deployment.values(view, parts).items():
            self._overall[name].update(values)
        regions = self.regions.values()
        for family in FAMILIES:
            if family.kind == "histogram":
                yield family, [_histogram(family.name, view)]
            elif family.name in self._overall:
                yield family, [self._overall[family.name].text]
            else:
                yield family, [region.chunks[family.name].text for region in regions]

    def _refresh(self, view: WorkerView, taken: Container[int]) -> None:
        """Bring ``regions`` to exactly the live regions, sorted."""
        for partition, part in view.parts.items():
            known = self._taken.get(partition)
            if known is None or known.part is not part or partition not in taken:
                self.take(partition, part, view.now)
        for partition in self._taken.keys() - view.parts.keys():
            del self._taken[partition]
            self._moved = True
        chunks = {code: one for each in self._taken.values() for code, one in each.chunks.items()}
        self.regions = {code: chunks[code] for code in sorted(chunks)}
        if self._moved:
            self._moved = False
            self._across()

    def _across(self) -> None:
        """The families that are made of all live regions together."""
        regions = self.regions.values()
        shown, unlisted = listed(region.listing for region in regions)
        overall = self._overall
        overall["election_restriction_opened_timestamp_seconds"].update(shown)
        overall["election_restrictions_open_unlisted"].update({(): unlisted})
        found = medians(region.lasted for region in regions)
        overall["election_restriction_median_seconds"].update(found)


def _head(name: str) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Bare(metric(BY_NAME[name])))
    return generate_latest(registry)


def _histogram(name: str, view: WorkerView) -> bytes:
    text = []
    for topic, buckets, total in histogram(view.freshness):
        for bound, events in buckets:
            text.append(
                Lines(f"{name}_bucket", ("topic", "le"), (topic, number(bound))).write({(): events})
            )
        text.append(Lines(f"{name}_count", ("topic",), (topic,)).write({(): buckets[-1][1]}))
        text.append(Lines(f"{name}_sum", ("topic",), (topic,)).write({(): total}))
    return "".join(text).encode()
