"""Panels about the archive: whether somebody makes it, and how far it is behind the log."""

from __future__ import annotations

from typing import Final

from dashboards import links
from dashboards.looks import AGE, MOMENT, URGENT, Look, alarming, counted
from dashboards.panels import Text, Value, number
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows
from streams.rules.archive import SLACK_SECONDS

_ABSENT: Final = "no archiver"
_UNSEALED: Final = "max by (instance) (scrutineer_archive_unsealed_seconds)"
_TROUBLE: Final = "scrutineer_archive_trouble_seconds"
_BEHIND_WORKERS: Final = (
    "sum by (instance) (clamp_min(max by (topic, partition) (scrutineer_partition_position) "
    "- on (topic, partition) group_right () scrutineer_archive_position, 0))"
)
_SPAN: Final = AGE.with_absent(_ABSENT)
_EVENTS: Final = counted("events", absent=_ABSENT)
_SIZE: Final = Look(unit="bytes", decimals=1, absent=_ABSENT)


def behind(size: tuple[int, int]) -> dashboard.Panel:
    """How many archivers do not get on."""
    late = f"{_UNSEALED} > bool on (instance) scrutineer_archive_seal_seconds + {SLACK_SECONDS}"
    cut_off = f"max by (instance) ({_TROUBLE} > bool {SLACK_SECONDS})"
    return number(
        "Archivers behind",
        Text(
            "Archivers that are late with what came, or that the broker does not answer.",
            "Of those that this Prometheus scrapes; one that died is an alert, and none is here.",
            "What is not archived is in Kafka alone: see Archives below, then the archiver's log.",
        ),
        alarming("archivers", "none behind", absent=_ABSENT, step=URGENT),
        Value("behind", f"sum(({late}) + on (instance) {cut_off} > bool 0)"),
        size=size,
        link=links.to("Operations room"),
    )


def table(size: tuple[int, int]) -> dashboard.Panel:
    """Each archiver: how old what waits is, how much that is, and what is kept."""
    return rows(
        "Archives",
        Text(
            "What waits to be archived: its age and how much it is; and what is in the archive.",
            "Behind workers goes by what the workers have read, all else by the archiver itself: "
            "while the broker does not answer it, it cannot know what comes.",
            "Waits longer than a segment may be old: the place that it writes to is slow or full. "
            "Unheard: the broker or the network. Start one that is gone; it goes on where it was.",
        ),
        Rows(labels=(("instance", "Archiver"),), sort="Waits"),
        Column("Waits", _UNSEALED, _SPAN),
        Column("Not sealed", "sum by (instance) (scrutineer_archive_lag_events)", _EVENTS),
        Column("Behind workers", _BEHIND_WORKERS, _EVENTS),
        Column("Unheard", f"max by (instance) ({_TROUBLE})", _SPAN),
        Column(
            "Unheard before",
            "max by (instance) (scrutineer_archive_troubles_total)",
            counted("times", absent=_ABSENT),
        ),
        Column(
            "Sealed",
            "max by (instance) (scrutineer_archive_sealed_timestamp_seconds > 0) * 1000",
            MOMENT.with_absent("not in this run"),
        ),
        Column("Records", "max by (instance) (scrutineer_archive_records)", _EVENTS),
        Column(
            "Segments",
            "max by (instance) (scrutineer_archive_segments)",
            counted("segments", absent=_ABSENT),
        ),
        Column("Size", "max by (instance) (scrutineer_archive_bytes)", _SIZE),
        size=size,
        absent=_ABSENT,
    )
