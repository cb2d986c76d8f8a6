"""The archive: whether somebody makes it, and how far it is behind the log.

An archiver is no part of the system that must run: where none ever did, nothing is wrong.
"""

from __future__ import annotations

from typing import Final

from streams.rules.alert import Sheet, Writer
from streams.rules.model import Group, Rule

JOB: Final = "archiver"
"""Name of the scrape job of the archivers."""
SEEN: Final = "1d"
"""For so long an archiver that nobody sees any more is missed: a day of the election."""
SLACK_SECONDS: Final = 60
"""That a sealing may take, or a broker to answer."""

_SEGMENTS: Final = "scrutineer_archive_segments"

ARCHIVER_DOWN: Final = Sheet(
    name="ArchiverDown",
    severity="page",
    team="engineers",
    dashboard="pipeline-health",
    fields=("instance",),
    summary="Archiver down: {{ with $labels.instance }}{{ . }}{{ else }}none is scraped{{ end }}",
    description="Prometheus gets no metrics from it. What comes in now is in Kafka alone; an "
    "archiver that is started again goes on where this one ended.",
)


def group(writer: Writer) -> Group:
    """Each archiver is judged by itself, but that one is missing where all are gone."""
    return Group("archive", [_down(writer), *_behind(writer)])


def _down(writer: Writer) -> Rule:
    """One that is listed and does not answer, or none where there was one in the last day.

    Not ``absent``, which would miss an archiver that nobody has. What was there is asked of the
    past and not of a series that holds it: Prometheus may have been restarted since.
    """
    silent = f'up{{job="{JOB}"}} == 0'
    seen = f"max(last_over_time({_SEGMENTS}[{SEEN}]))"
    gone = f"{seen} unless on () ({_SEGMENTS} or {silent})"
    return writer.alert(ARCHIVER_DOWN, f"{silent}\nor\n({gone})", wait="2m")


def _behind(writer: Writer) -> list[Rule]:
    """Older than its own segments may be, or cut off from the log, so that it cannot know."""
    age = "max by (job, instance) (scrutineer_archive_unsealed_seconds)"
    late = f"{age} > on (job, instance) scrutineer_archive_seal_seconds + {SLACK_SECONDS}"
    cut_off = f"scrutineer_archive_trouble_seconds > {SLACK_SECONDS}"
    waits = "has not archived what came {{ $value | humanizeDuration }} ago"
    hears = "has had no answer from the broker for {{ $value | humanizeDuration }}"
    return [_late(writer, "late", late, waits), _late(writer, "broker", cut_off, hears)]


def _late(writer: Writer, cause: str, expr: str, what: str) -> Rule:
    sheet = Sheet(
        name="ArchiveBehind",
        severity="page",
        team="engineers",
        dashboard="pipeline-health",
        fields=("instance",),
        summary=f"The archive is behind the log ({cause})",
        description=f"Archiver {{{{ $labels.instance }}}} {what}. What is not archived is in Kafka "
        "alone.",
    )
    return writer.alert(sheet, expr, wait="1m", labels={"cause": cause})
