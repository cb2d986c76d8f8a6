"""Pipeline health: whether what the other dashboards show is all there, and how fresh."""

from __future__ import annotations

from dashboards import ages, archive, links, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import (
    LATENT,
    MOMENT,
    PARTITION_STATES,
    RATE,
    URGENT,
    alarming,
    coded,
    counted,
    seconds,
)
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import each
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_STATE = "scrutineer_partition_state"
_LAG = "scrutineer_partition_lag_events"
_EVENTS = "scrutineer_events_total"
_REJECTED = "scrutineer_rejected_events_total"
_URGENT = "scrutineer_urgent_rejected_events_total"
_GAP = "scrutineer_partition_accepted_gap_events"
_SNAPSHOT = "scrutineer_snapshot_written_timestamp_seconds"
_OF_WORKER = "* on (instance) group_left (version, python) scrutineer_build_info"
_NOW = "scrutineer_now_timestamp_seconds"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Pipeline health",
        purpose="Whether every region is watched, nothing is rejected and nothing lies in the log "
        "unread or unarchived. For whoever runs the workers; the other dashboards rest on it.",
        answers=(
            (NEEDS, _numbers()),
            (WHERE, (_partitions(), _regions())),
            (BAD, (_reasons(), _senders(), _lag())),
            (SINCE, (_states(), _rate(), _freshness())),
            (SURE, (_workers(), _packs(), archive.table((24, 6)))),
        ),
        chosen=(variables.region(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return (
        _urgent(),
        _down(),
        _not_live(),
        _behind(),
        _rejected(),
        _missing(),
        archive.behind((6, 4)),
        ages.observers((6, 4)),
        ages.official((6, 4)),
    )


def _down() -> dashboard.Panel:
    return number(
        "Workers not answering",
        Text(
            "Workers that this Prometheus could not scrape at its last try.",
            "By Prometheus's own list of workers: one that was never listed is not missed.",
            "Look at the worker's log and /healthz. Another takes over its partitions within half "
            "a minute, where there is one.",
        ),
        alarming("workers", "all answer", absent="none listed", step=URGENT),
        Value("down", 'sum(up{job="scrutineer"} == bool 0)'),
        size=(5, 4),
        link=links.to("Operations room"),
    )


def _not_live() -> dashboard.Panel:
    live = f'max by (topic, partition) ({_STATE}{{state="live"}})'
    return number(
        "Partitions not live",
        Text(
            "Partitions that no worker has live: being rebuilt, or failed.",
            "Of those assigned to a worker that answers. Their regions are missing everywhere.",
            "Rebuilding ends by itself in minutes; failed does not: the worker's log says why.",
        ),
        alarming("partitions", "all live", absent="no worker", step=URGENT),
        Value("not live", f"sum(({live}) == bool 0)"),
        size=(5, 4),
        link=links.to("Operations room"),
    )


def _behind() -> dashboard.Panel:
    return number(
        "Events not yet read",
        Text(
            "Events in the log that are not in the tables yet, over all partitions.",
            "Of each partition the worker that is furthest behind decides.",
            "A few that come and go are normal. Growing: add workers, up to the partitions.",
        ),
        alarming("events", "all read", absent="no worker", step=LATENT),
        Value("behind", f"sum(max by (topic, partition) ({_LAG}))"),
        size=(5, 4),
        link=links.to("Operations room"),
    )


def _rejected() -> dashboard.Panel:
    return number(
        "Rejected today",
        Text(
            "Events that went to the dead letters since the log began.",
            "Counted once, also over restarts and rebuilds.",
            "By type and reason below. A restriction or a critical incident among them: tell the "
            "desk at once, it is in no other number.",
        ),
        alarming("events", "none", absent="no worker", step=LATENT),
        Value("rejected", f"sum(max by (topic, partition, type, reason) ({_REJECTED}))"),
        size=(4, 4),
        link=links.to("Incidents"),
    )


def _missing() -> dashboard.Panel:
    return number(
        "Missing, accepted",
        Text(
            "Offsets that the tables leave out: gone from the log, and accepted as missing.",
            "Of live partitions. Some may have held no event.",
            "The numbers of their regions are of what is left: say so with each of them. Which: "
            "Partitions by lag, and `scrutineer partition list`.",
        ),
        _MISSING.with_absent("no worker"),
        Value("missing", f"sum(max by (topic, partition) ({_GAP}))"),
        size=(6, 4),
        link=links.to("Coverage and silence"),
    )


def _urgent() -> dashboard.Panel:
    return number(
        "Urgent ones rejected",
        Text(
            "Rejected events that tell of a restriction or of a critical incident.",
            "By their type, or where it could not be read by the words in them.",
            "Read the letter now and act on it: no table, no alert and no number shows it. Then "
            "mend it and send it again.",
        ),
        alarming("events", "none", absent="no worker", step=URGENT),
        Value("urgent", f"sum(max by (topic, partition, type, reason) ({_URGENT}))"),
        size=(5, 4),
        link=links.to("Observer access"),
    )


def _partitions() -> dashboard.Panel:
    return rows(
        "Partitions by lag",
        Text(
            "Each partition of the input topics at each worker: events unread, next offset, and "
            "the longest that an event took lately.",
            "The same partition at two workers is a handover, or a worker that lost it unaware.",
            "Lag that stays while the position stands still: the worker is stuck, restart it. "
            "Missing: gone from the log, and accepted; the numbers are of what is left.",
        ),
        Rows(
            labels=(("topic", "Topic"), ("partition", "Partition"), ("instance", "Worker")),
            sort="Unread",
        ),
        Column("Unread", f"max by (topic, partition, instance) ({_LAG})", _UNREAD),
        Column(
            "Position",
            "max by (topic, partition, instance) (scrutineer_partition_position)",
            counted("events", absent="not live"),
        ),
        Column("Missing", f"max by (topic, partition, instance) ({_GAP})", _MISSING),
        Column(
            "Slowest",
            "max by (topic, partition, instance) (scrutineer_partition_freshness_max_seconds)",
            seconds(),
        ),
        size=(12, 9),
    )


def _regions() -> dashboard.Panel:
    position = 'scrutineer_region_position{region=~"$region"}'
    spread = f"max by (region) ({position}) - min by (region) ({position})"
    return rows(
        "Regions and who shows them",
        Text(
            "How many workers show each region, and how far apart they are.",
            "The dashboards take the worker that is furthest. A region of the pack that is not "
            "in this table is watched by nobody.",
            "Two that stay apart for longer than a handover: stop the one that is behind.",
        ),
        Rows(labels=regions.LISTED, sort="Apart", leads_to="Coverage and silence"),
        Column("Apart", spread, _APART),
        Column(
            "Workers",
            'count by (region) (scrutineer_region_live{region=~"$region"})',
            counted("workers", absent="nobody"),
        ),
        Column("Events", each("scrutineer_region_position"), counted("events")),
        ages.column(),
        size=(12, 9),
    )


def _reasons() -> dashboard.Panel:
    return rows(
        "Rejected, by type and reason",
        Text(
            "Events in the dead letters by what they were and why they were rejected.",
            "Combinations without any are left out.",
            "`scrutineer dead-letters list` shows them with field and bytes. Mend the producer or "
            "the pack, then send again.",
        ),
        Rows(labels=(("topic", "Topic"), ("type", "Type"), ("reason", "Reason")), sort="Events"),
        Column(
            "Events",
            "sum by (topic, type, reason) (max by (topic, partition, type, reason) "
            f"({_REJECTED})) > 0",
            counted("events", absent="none"),
        ),
        size=(11, 8),
        absent="nothing rejected, or no worker: see Partitions by lag",
    )


def _senders() -> dashboard.Panel:
    return rows(
        "Who sends most",
        Text(
            "Events of the last five to ten minutes by the source that they name.",
            "The 20 that sent most to each worker, duplicates and rejected ones included. "
            "`unlisted`: all that the pack does not list.",
            "One far above the others: its app repeats itself, or somebody uses its access. Call "
            "whoever runs it.",
        ),
        Rows(labels=(("event_source", "Source"),), sort="Events"),
        Column(
            "Events",
            "sum by (event_source) (scrutineer_source_events)",
            counted("events", absent="none"),
        ),
        size=(5, 8),
        absent="nothing came lately, or no worker",
    )


def _lag() -> dashboard.Panel:
    return graph(
        "Events not yet read, by topic",
        Text(
            "Events in the log that are not in the tables yet.",
            "Right after a start the whole log is unread: that is a rebuild.",
            "A slope that does not turn: more comes in than is folded. Add workers.",
        ),
        counted("events", absent="no worker"),
        Value("{{topic}}", f"sum by (topic) (max by (topic, partition) ({_LAG}))"),
        size=(8, 8),
        link=links.to("Operations room"),
    )


def _states() -> dashboard.Panel:
    found = " or ".join(
        f'({_STATE}{{state="{state}"}} == 1) * {code}'
        for state, (code, _) in PARTITION_STATES.items()
    )
    return timeline(
        "Partitions' states",
        Text(
            "What each partition was: live, being rebuilt, or failed.",
            "The best of all workers; a gap is a time in which no worker had it.",
            "A gap longer than half a minute: no worker takes it over. Start one.",
        ),
        coded(dict(PARTITION_STATES.values()), absent="no worker"),
        Value("partition {{partition}}", f"min by (partition) ({found})"),
        size=(8, 9),
        link=links.to("Operations room"),
    )


def _rate() -> dashboard.Panel:
    counted_once = f"max by (topic, partition, outcome) ({_EVENTS})"
    return graph(
        "Events a second, by outcome",
        Text(
            "Events folded for each second, by what became of them.",
            "Of each partition the highest count of any worker, so that a handover is no burst.",
            "accepted falls to 0 on election day: nobody sends, or nothing reaches the broker.",
        ),
        RATE,
        Value(
            "{{outcome}}",
            f"sum by (outcome) (clamp_min(deriv(({counted_once})[$__rate_interval:]), 0))",
        ),
        size=(8, 9),
        link=links.to("Operations room"),
    )


def _freshness() -> dashboard.Panel:
    buckets = "scrutineer_freshness_seconds_bucket"
    return graph(
        "From the log to the tables, 99 %",
        Text(
            "Within how many seconds 99 of 100 events were visible, from the broker's append.",
            "Live events only, since each worker's start, as fine as the histogram's bounds.",
            "Above a few seconds: look at the unread events, then at the CPU of the worker.",
        ),
        seconds(),
        Value("{{topic}}", f"histogram_quantile(0.99, sum by (topic, le) ({buckets}))"),
        size=(8, 9),
        link=links.to("Operations room"),
    )


def _workers() -> dashboard.Panel:
    return rows(
        "Workers",
        Text(
            "Each worker's version, and the time it believes it is.",
            "On a day that is played the time is the log's, and all of them agree.",
            "Two versions for longer than an update takes: finish it. Times apart: a clock is "
            "wrong. Stood still for over half a second: too little processor.",
        ),
        Rows(
            labels=(("instance", "Worker"), ("version", "Version"), ("python", "Python")),
            sort="Its time",
        ),
        Column(
            "Its time",
            f"{_NOW} * 1000 {_OF_WORKER}",
            MOMENT,
        ),
        Column(
            "Stood still",
            f"scrutineer_loop_lag_seconds {_OF_WORKER}",
            seconds(),
        ),
        Column(
            "Oldest snapshot",
            f"min without (partition) ({_SNAPSHOT}) * 1000 {_OF_WORKER}",
            MOMENT,
        ),
        Column(
            "Snapshots not used",
            f"sum without (reason) (scrutineer_snapshots_refused_total) {_OF_WORKER}",
            counted("snapshots", absent="no worker"),
        ),
        size=(12, 8),
        absent="no worker",
    )


def _packs() -> dashboard.Panel:
    return rows(
        "Elections and packs",
        Text(
            "Which election is watched, and with which pack, by how many workers.",
            "Digests of what decides acceptance, and of thresholds and texts.",
            "Two rows: workers judge differently. Give all of them the same pack and restart; one "
            "Prometheus is for one election.",
        ),
        Rows(
            labels=(
                ("election", "Election"),
                ("acceptance", "Acceptance"),
                ("judgement", "Judgement"),
            ),
            sort="Workers",
        ),
        Column(
            "Workers",
            "count by (election, acceptance, judgement) (scrutineer_pack_info)",
            counted("workers"),
        ),
        size=(12, 8),
        absent="no worker",
    )


_UNREAD = alarming("events", "all read", absent="not assigned", step=LATENT)
_MISSING = alarming("offsets", "none", absent="not live", step=LATENT)
_APART = alarming("events", "agree", absent="nobody", step=LATENT)
