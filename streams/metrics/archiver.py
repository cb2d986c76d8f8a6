"""Families that say how an archiver is doing, and the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.metrics.declare import Family
from streams.metrics.text import Lines, Values, escape

_PLACE: Final = ("topic", "partition")
_BEHIND: Final = (
    "Grows: the archiver lacks network or processor, or the place that it writes to is slow. See "
    "its /healthz and its log. What is not sealed is only in Kafka."
)

ARCHIVER: Final[tuple[Family, ...]] = (
    Family(
        name="scrutineer_archive_segments",
        kind="gauge",
        unit="segments",
        meaning="Sealed segments in the archive, those of earlier runs included.",
        remedy="Falls: it is another archive, or somebody changed it: scrutineer archive verify.",
    ),
    Family(
        name="scrutineer_archive_records",
        kind="gauge",
        unit="events",
        meaning="Records in sealed segments, those of earlier runs included.",
        remedy="Does not grow while producers write: see scrutineer_archive_unsealed_seconds.",
    ),
    Family(
        name="scrutineer_archive_bytes",
        kind="gauge",
        unit="bytes",
        meaning="Size of the sealed segments, compressed.",
        remedy="Near the size of its disk: make room. A full disk ends the archiver with a "
        "message, and what is sealed stays whole.",
    ),
    Family(
        name="scrutineer_archive_position",
        kind="gauge",
        unit="events",
        labels=_PLACE,
        meaning="Next offset that is in no sealed segment.",
        zeros="Every partition of the input topics.",
        remedy="Compare it with scrutineer_partition_position of the workers: it follows by the "
        "age of a segment.",
    ),
    Family(
        name="scrutineer_archive_lag_events",
        kind="gauge",
        unit="events",
        labels=_PLACE,
        meaning="Offsets in the log that are in no sealed segment yet.",
        zeros="Every partition of the input topics.",
        remedy=_BEHIND,
    ),
    Family(
        name="scrutineer_archive_unsealed_seconds",
        kind="gauge",
        unit="seconds",
        labels=_PLACE,
        meaning="How long ago the log got the oldest record that was read and is in no sealed "
        "segment, or for how long there are records that could not be read, if that is longer; 0 "
        "where there are none. Up to scrutineer_archive_seal_seconds as a rule.",
        zeros="Every partition of the input topics.",
        remedy=_BEHIND,
    ),
    Family(
        name="scrutineer_archive_seal_seconds",
        kind="gauge",
        unit="seconds",
        meaning="At which age a segment is sealed: --seal-every of this run.",
        remedy="None; it says what scrutineer_archive_unsealed_seconds may be.",
    ),
    Family(
        name="scrutineer_archive_sealed_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        meaning="When this run last sealed segments; 0 before it did.",
        remedy="Longer ago than --seal-every while producers write: the archiver is stuck; see its "
        "/healthz.",
    ),
    Family(
        name="scrutineer_archive_trouble_seconds",
        kind="gauge",
        unit="seconds",
        meaning="For how long the broker has not answered; 0 while it does. What came meanwhile is "
        "in no other number of the archiver.",
        remedy="Grows: look at the broker, at the network between, and at the archiver's login.",
    ),
    Family(
        name="scrutineer_archive_troubles_total",
        kind="counter",
        unit="times",
        meaning="How often the broker stopped answering in this run.",
        remedy="Grows: look at the broker and the network. Nothing is lost; it reads on from where "
        "it was.",
    ),
)


def page(values: Mapping[str, Values]) -> bytes:
    """The families with ``values`` ({family: {labels: value}}) in Prometheus' text format."""
    parts = []
    for family in ARCHIVER:
        parts.append(f"# HELP {family.name} {escape(family.meaning)}\n")
        parts.append(f"# TYPE {family.name} {family.kind}\n")
        parts.append(Lines(family.name, family.labels).write(values[family.name]))
    return "".join(parts).encode()
