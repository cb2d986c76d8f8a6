"""How the system itself is doing: what it refused, what it lags behind, what is not watched."""

from __future__ import annotations

from typing import Final

from streams.rules import clocks
from streams.rules.alert import REGION, REGION_INFO, Sheet, Writer, words
from streams.rules.model import Group, Recording, Rule
from streams.rules.series import quoted

JOB: Final = "scrutineer"
"""Name of the scrape job of the workers."""
LAG_EVENTS: Final = 1000
FRESHNESS_SECONDS: Final = 5
"""Of the 15 seconds that a restriction may take from Kafka to a phone."""

FLOOD_EVENTS: Final = 150_000
"""Of one source in the five to ten minutes of scrutineer_source_events: 250 to 500 a second, as
many as 15,000 observers send who write a report every minute."""

URGENT: Final = "topic_partition_type_reason:scrutineer_urgent_rejected_events_total:held"
REJECTED: Final = "topic_partition_type_reason:scrutineer_rejected_events_total:held"

URGENT_REPORT_REJECTED: Final = Sheet(
    name="UrgentReportRejected",
    severity="page",
    team="room",
    dashboard="pipeline-health",
    fields=("topic", "type", "reason"),
    summary=f"A restriction on observers or a critical incident was rejected ({words('reason')})",
    description='About {{ $value | printf "%.0f" }} event(s) on {{ $labels.topic }} '
    "({{ with $labels.type }}{{ . }}{{ else }}unreadable{{ end }}) went to the dead letters within "
    "a minute, for {{ $labels.reason }}. Read them now: somebody may be kept out, and no table "
    "and nothing else will tell.",
)

EVENTS_REJECTED: Final = Sheet(
    name="EventsRejected",
    severity="warning",
    team="engineers",
    dashboard="pipeline-health",
    fields=("topic", "type", "reason"),
    summary="Events rejected: {{ $labels.reason }}, on {{ $labels.topic }}",
    description='About {{ $value | printf "%.0f" }} event(s) of the type '
    "{{ with $labels.type }}{{ . }}{{ else }}unreadable{{ end }} were rejected within a minute, "
    "for {{ $labels.reason }}. They are in the dead letters and in no table.",
)

PARTITION_REBUILDING: Final = Sheet(
    name="PartitionRebuilding",
    severity="warning",
    team="engineers",
    dashboard="pipeline-health",
    fields=("partition",),
    summary="Partition {{ $labels.partition }} has been rebuilding for over two minutes",
    description="No worker shows the regions of partition {{ $labels.partition }} while it is read "
    "from the log. That takes seconds as a rule.",
)

PARTITION_FAILED: Final = Sheet(
    name="PartitionFailed",
    severity="page",
    team="engineers",
    dashboard="pipeline-health",
    fields=("partition", "instance"),
    summary="Partition {{ $labels.partition }} failed: its regions are not watched",
    description="Worker {{ $labels.instance }} can't rebuild partition {{ $labels.partition }}: "
    "the log's start is gone or unreadable. Its log says which.",
)

PARTITION_INCOMPLETE: Final = Sheet(
    name="PartitionIncomplete",
    severity="warning",
    team="engineers",
    dashboard="pipeline-health",
    fields=("topic", "partition"),
    summary="Partition {{ $labels.partition }} leaves out part of the log",
    description='{{ $value | printf "%.0f" }} offset(s) of {{ $labels.topic }}, partition '
    "{{ $labels.partition }}, are gone from the log, and somebody accepted that. The numbers of "
    "its regions are of what is left.",
)

SOURCE_FLOODS: Final = Sheet(
    name="SourceFloods",
    severity="warning",
    team="engineers",
    dashboard="pipeline-health",
    fields=("event_source",),
    summary="One source floods the log: {{ $labels.event_source }}",
    description='{{ $value | printf "%.0f" }} events of the last ten minutes name '
    "{{ $labels.event_source }} as their source, more than observers can write. Its regions may "
    "be shown late. Its app repeats itself, or somebody uses its access.",
)

REGION_UNWATCHED: Final = Sheet(
    name="RegionUnwatched",
    severity="page",
    team="engineers",
    dashboard="pipeline-health",
    summary=f"Nobody watches {REGION}: no worker shows it",
    description=f"No live worker has the events of {REGION}. What is shown of it is from before; "
    "alerts about it are held, new ones can't come.",
)

WORKER_DOWN: Final = Sheet(
    name="WorkerDown",
    severity="warning",
    team="engineers",
    dashboard="pipeline-health",
    fields=("instance",),
    summary="Worker down: {{ with $labels.instance }}{{ . }}{{ else }}none is scraped{{ end }}",
    description="Prometheus gets no metrics from it. The others take over its regions within "
    "seconds; RegionUnwatched tells if they did not.",
)


def group(writer: Writer) -> Group:
    """Counters keep ``partition``, and the highest of all workers counts before any increase."""
    rules = [*_rejections(writer), *_partitions(writer), *_behind(writer), *_watch(writer)]
    return Group("pipeline", rules)


def _rejections(writer: Writer) -> list[Rule]:
    """A counter keeps its last value while no worker shows it, so that no increase is missed.

    Not ``increase``: it takes a fall for a counter that began at 0 again. Ours falls when workers
    get a pack that accepts what they rejected before, and then nothing new was rejected.
    """
    found: list[Rule] = []
    for record, sheet, keep in (
        (URGENT, URGENT_REPORT_REJECTED, "15m"),
        (REJECTED, EVENTS_REJECTED, "5m"),
    ):
        by, metric, _ = record.split(":")
        labels = by.replace("_", ", ")
        more = f"{record} - min_over_time({record}[1m])"
        increase = f"sum by ({', '.join(sheet.fields)}) ({more}) > 0"
        found += [
            Recording(record, f"max by ({labels}) ({metric})\nor\n{record}"),
            writer.alert(sheet, increase, keep=keep),
        ]
    return found


def _partitions(writer: Writer) -> list[Rule]:
    def state(name: str) -> str:
        return f'scrutineer_partition_state{{state="{name}"}} == 1'

    rebuilding = (
        f"max by (partition) ({state('rebuilding')}) unless on (partition) ({state('live')})"
    )
    failed = f"max by (partition, instance) ({state('failed')})"
    return [
        writer.alert(PARTITION_REBUILDING, rebuilding, wait="2m"),
        writer.alert(PARTITION_FAILED, failed),
        *_incomplete(writer),
    ]


def _incomplete(writer: Writer) -> list[Rule]:
    """What is missing stays missing while no worker has the partition: a live one has the word."""
    record = "topic_partition:scrutineer_partition_accepted_gap_events:held"
    gap = "max by (topic, partition) (scrutineer_partition_accepted_gap_events)"
    live = 'scrutineer_partition_state{state="live"} == 1'
    return [
        Recording(record, f"{gap}\nor\n({record} unless on (partition) ({live}))"),
        writer.alert(PARTITION_INCOMPLETE, f"{record} > 0"),
    ]


def _behind(writer: Writer) -> list[Rule]:
    """Many events behind, late, or behind without moving, of the worker that is furthest."""
    partition = "topic, partition"
    position = "scrutineer_partition_position"
    furthest = f"({position} == on ({partition}) group_left () max by ({partition}) ({position}))"
    lag = "topic_partition:scrutineer_partition_lag_events:furthest"
    at = "topic_partition:scrutineer_partition_position:max"
    late = (
        "histogram_quantile(0.99, sum by (topic, le) "
        f"(rate(scrutineer_freshness_seconds_bucket[1m]))) > {FRESHNESS_SECONDS}"
    )
    stuck = f"min_over_time({lag}[1m]) > 0 and max_over_time({at}[1m]) == min_over_time({at}[1m])"
    waits = "{{ $value }} events wait on {{ $labels.topic }}, partition {{ $labels.partition }}"
    slow = "1 % of the events on {{ $labels.topic }} took {{ $value | humanizeDuration }} or more"
    more = "More comes in than the workers fold, or they lack CPU."
    still = "The position has not moved for a minute: the worker is stuck."
    return [
        Recording(
            lag,
            f"max by ({partition}) (scrutineer_partition_lag_events "
            f"and on (job, instance, {partition}) {furthest})",
        ),
        Recording(at, f"max by ({partition}) ({position})"),
        _late(writer, "lag", f"{lag} > {LAG_EVENTS}", waits, more),
        _late(writer, "freshness", late, slow, more),
        _late(writer, "stuck", stuck, waits, still),
        writer.alert(SOURCE_FLOODS, _flood()),
    ]


def _flood() -> str:
    """Of all workers together, each with its own partitions' events; of each at least so many."""
    return (
        "sum by (event_source) (scrutineer_source_events - on (job, instance) group_left () "
        f"scrutineer_source_events_error) > {FLOOD_EVENTS}"
    )


def _late(writer: Writer, cause: str, expr: str, what: str, why: str) -> Rule:
    sheet = Sheet(
        name="PipelineBehind",
        severity="warning",
        team="engineers",
        dashboard="pipeline-health",
        fields=("topic", "partition") if cause != "freshness" else ("topic",),
        summary=f"What is shown is behind what came in ({cause})",
        description=f"{what}. {why} Everything on {{{{ $labels.topic }}}} is older than it looks.",
    )
    return writer.alert(sheet, expr, wait="30s", labels={"cause": cause})


def _watch(writer: Writer) -> list[Rule]:
    unwatched = f"max by (region) ({REGION_INFO}) unless on (region) scrutineer_region_live"
    down = f'up{{job="{JOB}"}} == 0 or absent(up{{job="{JOB}"}})'
    return [
        writer.alert(REGION_UNWATCHED, unwatched, wait="30s"),
        writer.alert(WORKER_DOWN, down, wait="30s"),
        *_packs(writer),
        *clocks.rules(writer),
    ]


def _packs(writer: Writer) -> list[Rule]:
    """Against the pack that these rules were written from: thresholds and texts are in them."""
    pack = writer.pack
    same = f'election={quoted(pack.id)},acceptance="{pack.acceptance_digest[:12]}"'
    info = "scrutineer_pack_info"
    other = f"{info} unless {info}{{{same}}}"
    stale = f'{info}{{{same},judgement!="{pack.judgement_digest[:12]}"}}'
    labels = "max by (instance, acceptance, judgement)"
    return [
        _mismatch(writer, f"{labels} ({other})", "acceptance"),
        _mismatch(writer, f"{labels} ({stale})", "judgement"),
    ]


def _mismatch(writer: Writer, expr: str, part: str) -> Rule:
    accepting = part == "acceptance"
    said = (
        "It accepts and rejects other events than the pack of these rules would."
        if accepting
        else "Its thresholds or texts are not those of these rules."
    )
    sheet = Sheet(
        name="PackMismatch",
        severity="page" if accepting else "warning",
        team="engineers",
        dashboard="pipeline-health",
        fields=("instance",),
        summary=f"Worker {{{{ $labels.instance }}}} has another pack than the rules ({part})",
        description=f"{said} Give every worker the same pack, and write the rules from it: "
        "`scrutineer rules --pack DIR --to DIR`.",
    )
    return writer.alert(sheet, expr, wait="30s", labels={"part": part})
