"""Families that say how this worker is doing."""

from __future__ import annotations

from typing import Final

from streams.metrics.declare import Family

PIPELINE: Final[tuple[Family, ...]] = (
    Family(
        name="scrutineer_build_info",
        kind="info",
        unit="none: always 1",
        labels=("version", "python"),
        meaning="Which scrutineer this worker runs.",
        remedy="Two versions longer than a rolling update takes: finish the update.",
    ),
    Family(
        name="scrutineer_pack_info",
        kind="info",
        unit="none: always 1",
        labels=("election", "acceptance", "judgement"),
        meaning="Which election this worker watches, and with which pack.",
        remedy="Workers with different `acceptance` judge the same event differently: give all of "
        "them the same pack and restart. Different `judgement`: reload the pack everywhere.",
    ),
    Family(
        name="scrutineer_now_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        meaning="The time it is for this worker: the wall clock, or the log's clock when a day is "
        "played, 0 until that says something. Rules about the election compare with this and never "
        "with time().",
        remedy="Behind the wall clock on election day: the worker runs with the log's clock, see "
        "scrutineer_clock_info, or its host's clock is wrong.",
    ),
    Family(
        name="scrutineer_clock_info",
        kind="info",
        unit="none: always 1",
        labels=("clock",),
        meaning="What scrutineer_now_timestamp_seconds goes by, as the setting worker.clock has "
        "it: wall, the computer's clock, or log, that of a day that is played.",
        remedy="The label `log` on election day: what is open, silent or overdue is shown as of a "
        "moment that somebody wrote into the log. Restart it with worker.clock = wall.",
    ),
    Family(
        name="scrutineer_region_live",
        kind="gauge",
        unit="none: 1",
        labels=("region",),
        meaning="1 for each region of the pack whose events this worker keeps in its tables and "
        "shows. A region that is not live here has no series at all, here or elsewhere.",
        remedy="A region that no worker shows is unwatched: look at scrutineer_partition_state "
        "and at the workers' logs.",
    ),
    Family(
        name="scrutineer_region_position",
        kind="gauge",
        unit="events",
        labels=("region",),
        meaning="Events of the log folded into this region's tables. Grows with the log; where "
        "two workers show a region, the one with the higher position is right.",
        zeros="Every live region.",
        remedy="Falls: the log was recreated, or a worker was given another pack. Differs between "
        "workers for longer than a handover: stop the worker that is behind.",
    ),
    Family(
        name="scrutineer_partition_state",
        kind="gauge",
        unit="none: exactly one state is 1",
        labels=("topic", "partition", "state"),
        meaning="What each partition assigned to this worker is doing: being rebuilt from the "
        "log, live, or failed. The topics of one partition number share their state.",
        zeros="The other two states.",
        remedy="Rebuilding for minutes: look at the broker and at scrutineer_partition_lag_events. "
        "Failed: the log's start is gone or unreadable; the worker's log says which.",
    ),
    Family(
        name="scrutineer_partition_position",
        kind="gauge",
        unit="events",
        labels=("topic", "partition"),
        meaning="Next offset to fold, of the partitions that are live here.",
        zeros="Every input topic of a live partition.",
        remedy="Does not grow while producers write: the worker is stuck; see its /healthz.",
    ),
    Family(
        name="scrutineer_partition_lag_events",
        kind="gauge",
        unit="events",
        labels=("topic", "partition"),
        meaning="Events in the log that are not in the tables yet.",
        remedy="Grows: more comes in than this worker folds. Add workers, up to the number of "
        "partitions. Above 0 while the position stands: the worker is stuck, or waits; /readyz "
        "says for what.",
    ),
    Family(
        name="scrutineer_events_total",
        kind="counter",
        unit="events",
        labels=("topic", "partition", "outcome"),
        meaning="Events folded since the start of the log, by what became of them. A restart or "
        "a rebuild gives the same number. Take `max by (topic, partition, outcome)` before "
        "`increase`, else a handover between workers looks like a burst.",
        zeros="Every outcome of every input topic of a live partition.",
        remedy="No growth on election day: nobody sends, or nothing reaches the broker. Many "
        "duplicates: a producer repeats itself. Rejected: see scrutineer_rejected_events_total.",
    ),
    Family(
        name="scrutineer_rejected_events_total",
        kind="counter",
        unit="events",
        labels=("topic", "partition", "type", "reason"),
        meaning="Events that went to the dead letters, by type and reason.",
        zeros="Every type of the topic's authority with every reason an event of a known type can "
        "have; no type with the other reasons.",
        remedy="Read the letters on the dead-letter topic: each carries the reason, the field and "
        "the original bytes. Mend the producer or the pack and send again.",
    ),
    Family(
        name="scrutineer_urgent_rejected_events_total",
        kind="counter",
        unit="events",
        labels=("topic", "partition", "type", "reason"),
        meaning="Events among those of scrutineer_rejected_events_total that tell of a "
        "restriction on observers or of a critical incident, by their type or, where none could "
        "be read, by the words in them.",
        zeros="As there, but only the types of restrictions and incidents, a type that is none of "
        "ours and none.",
        remedy="Somebody may be kept out right now and no table shows it. Read the letter with "
        "`scrutineer dead-letters show`, act on it, then mend and retry it.",
    ),
    Family(
        name="scrutineer_partition_accepted_gap_events",
        kind="gauge",
        unit="offsets",
        labels=("topic", "partition"),
        meaning="Offsets that are missing from the tables because the start of the log was gone, "
        "and that an operator has accepted as missing: the partition is live and incomplete.",
        zeros="Every input topic of a live partition.",
        remedy="Above 0: the numbers of its regions are of what is left. Where they must be whole, "
        "publish the events of an archive into new topics.",
    ),
    Family(
        name="scrutineer_snapshot_written_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        labels=("partition",),
        meaning="When the newest snapshot of a partition was written, that this worker wrote or "
        "began with.",
        remedy="Much older than worker.snapshot_seconds while events come in: the worker's log "
        "says why none can be written. Nothing is lost; the next start takes longer.",
    ),
    Family(
        name="scrutineer_snapshots_refused_total",
        kind="counter",
        unit="snapshots",
        labels=("reason",),
        meaning="Snapshots that this worker did not begin with, by reason; it then took an older "
        "one, or the whole log. Since the worker's start.",
        zeros="Every reason.",
        remedy="Schema, acceptance: expected once after another version or pack. Checksum, anchor, "
        "position: the topic was tampered with, or the log was recreated; the worker's log says "
        "which partition.",
    ),
    Family(
        name="scrutineer_loop_lag_seconds",
        kind="gauge",
        unit="seconds",
        meaning="The longest that this worker's loop stood still within the last minute, to 20 ms. "
        "For so long it answered nothing and showed nothing new.",
        remedy="Above half a second: too little processor for this worker, or a defect; report it "
        "with the worker's log.",
    ),
    Family(
        name="scrutineer_freshness_seconds",
        kind="histogram",
        unit="seconds",
        labels=("topic",),
        meaning="From the broker's append of an event to its being visible in the tables. Live "
        "events only: what a rebuild reads in bulk is not in it. Since the worker's start.",
        zeros="Every input topic.",
        remedy="Above a few seconds: look at scrutineer_partition_lag_events, then at the CPU of "
        "worker and broker. Everything at 0: the broker's clock is ahead of the worker's, which "
        "tells of it in its log when it is more than half a minute.",
    ),
    Family(
        name="scrutineer_partition_freshness_max_seconds",
        kind="gauge",
        unit="seconds",
        labels=("topic", "partition"),
        meaning="The longest that an event of this partition took from the broker's append to the "
        "tables, of the last half minute to minute. Live events only.",
        zeros="Every input topic of a live partition; also when no event came.",
        remedy="High on one partition alone: its regions get more than is folded; see "
        "scrutineer_source_events for who sends it. The others are served in between. High on all: "
        "the worker lacks CPU.",
    ),
    Family(
        name="scrutineer_source_events",
        kind="gauge",
        unit="events",
        labels=("event_source",),
        meaning="Events folded live in the last five to ten minutes, by the source that they "
        "name: the 20 that sent most to this worker. Rejected events and duplicates count as well.",
        remedy="One that sends far more than its observers can write: its app repeats itself, or "
        "somebody uses its access. Ask whoever runs it; the broker's quota for its user stops it.",
    ),
    Family(
        name="scrutineer_source_events_error",
        kind="gauge",
        unit="events",
        meaning="By how many events each of scrutineer_source_events may be too high: they are "
        "counted in bounded memory. 0 with up to 700 sources.",
        zeros="Always.",
        remedy="None; 0.35 % of the events at most.",
    ),
)
