"""What the system says about itself: refused, late, not watched."""

from __future__ import annotations

import pytest

from tests.packs import small_pack
from tests.rules.promtool import OTHER, WORKER
from tests.rules.world import GONE, World, case, span, told

FILES = ("pack.yml", "pipeline.yml")
ENGINEERS = ("engineers", "pipeline-health")
RESTRICTION = "election.observer.restriction.v1"
URGENT = "scrutineer_urgent_rejected_events_total"
REJECTED = "scrutineer_rejected_events_total"
ON = {"topic": "election.observer", "partition": "3", "type": RESTRICTION}
WHY = {"reason": "unknown_station"}
MINUTE = 12


@case("UrgentReportRejected", "fires", "resolves")
def test_a_rejected_restriction_pages_at_once(world: World) -> None:
    """From 0 to 1; it stays for a quarter of an hour, since nothing tells when it was read."""
    world.put(URGENT, span((0, 2), (1, 400)), **ON, **WHY)
    world.put(URGENT, 3, **ON, reason="misrouted")
    name = "UrgentReportRejected"
    world.firing(1, name, 0)
    world.texts(
        14,
        name,
        told(
            name,
            "A restriction on observers or a critical incident was rejected (unknown station)",
            f"About 1 event(s) on election.observer ({RESTRICTION}) went to the dead letters "
            "within a minute, for unknown_station. Read them now: somebody may be kept out, and "
            "no table and nothing else will tell.",
            "page",
            "room",
            "pipeline-health",
            topic="election.observer",
            type=RESTRICTION,
            **WHY,
        ),
    )
    world.always(range(2, 190), name, 1)
    world.firing(220, name, 0)
    world.check()


@case("UrgentReportRejected", "quiet")
def test_what_was_rejected_long_ago_pages_nobody(world: World) -> None:
    """A worker that comes up with old rejections, a handover, a rebuild: none of it is new."""
    world.put(URGENT, span((4, 8), (GONE, 1)), **ON, **WHY)
    world.put(URGENT, span(("_", 20), (4, 40)), OTHER, **ON, **WHY)
    world.put(URGENT, span((0, 60)), **(ON | {"partition": "4"}), **WHY)
    world.put(REJECTED, span((0, 10), (9, 50)), **ON, reason="invalid_data")
    world.always(range(60), "UrgentReportRejected", 0)
    world.check()


def test_what_was_rejected_while_no_worker_was_seen_pages_too(world: World) -> None:
    """Minutes after the one worker died another one comes up and has one more."""
    world.put(URGENT, span((4, 8), (GONE, 1)), **ON, **WHY)
    world.put(URGENT, span(("_", 90), (5, 20)), OTHER, **ON, **WHY)
    world.always(range(90), "UrgentReportRejected", 0)
    world.firing(90, "UrgentReportRejected", 1)
    world.check()


@case("UrgentReportRejected", "quiet", "fires")
@case("EventsRejected", "quiet", "fires")
def test_a_pack_that_accepts_more_pages_nobody(world: World) -> None:
    """Its workers count fewer rejections from the log's start: none is new, but the next one is."""
    for name in (URGENT, REJECTED):
        world.put(name, span((40, 20), (GONE, 4), (3, 30), (4, 20)), **ON, **WHY)
    for alert in ("UrgentReportRejected", "EventsRejected"):
        world.always(range(54), alert, 0)
        world.always(range(54, 74), alert, 1)
    world.check()


@case("EventsRejected", "fires", "resolves")
def test_rejections_are_told_by_reason(world: World) -> None:
    """The increase over a minute; it ends some minutes after the last."""
    growing = span((0, 2), *((n, 1) for n in range(2, 122, 10)), (112, 200))
    world.put(REJECTED, growing, **ON, reason="unknown_station")
    world.put(REJECTED, 7, **ON, reason="invalid_data")
    name = "EventsRejected"
    world.firing(1, name, 0)
    world.texts(
        14,
        name,
        told(
            name,
            "Events rejected: unknown_station, on election.observer",
            f"About 110 event(s) of the type {RESTRICTION} were rejected within a minute, for "
            "unknown_station. They are in the dead letters and in no table.",
            "warning",
            *ENGINEERS,
            topic="election.observer",
            type=RESTRICTION,
            reason="unknown_station",
        ),
    )
    world.always(range(3, 70), name, 1)
    world.firing(110, name, 0)
    world.check()


@case("EventsRejected", "quiet")
def test_a_handover_is_no_burst(world: World) -> None:
    """The new worker counts from the log's start: the same numbers, while both show them."""
    world.put(REJECTED, span((70, 20), (GONE, 1)), **ON, reason="invalid_data")
    world.put(REJECTED, span(("_", 10), (70, 40)), OTHER, **ON, reason="invalid_data")
    world.always(range(50), "EventsRejected", 0)
    world.check()


def state(world: World, now: str, values: str, worker: str = WORKER, partition: str = "3") -> None:
    """What a partition does at a worker, at the steps where ``values`` is 1."""
    for topic in ("election.observer", "election.desk"):
        where = {"topic": topic, "partition": partition, "state": now}
        world.put("scrutineer_partition_state", values, worker, **where)


@case("PartitionRebuilding", "fires", "resolves")
def test_a_rebuild_of_more_than_two_minutes(world: World) -> None:
    """Whichever worker does it: it may have moved in between."""
    state(world, "rebuilding", span((1, 12), (GONE, 1)))
    state(world, "rebuilding", span(("_", 11), (1, 29), (0, 9)), OTHER)
    name = "PartitionRebuilding"
    world.always(range(24), name, 0)
    world.texts(
        25,
        name,
        told(
            name,
            "Partition 3 has been rebuilding for over two minutes",
            "No worker shows the regions of partition 3 while it is read from the log. That takes "
            "seconds as a rule.",
            "warning",
            *ENGINEERS,
            partition="3",
        ),
    )
    world.firing(39, name, 1)
    world.firing(40, name, 0)
    world.check()


@case("PartitionRebuilding", "quiet")
def test_a_rebuild_that_another_worker_makes_good_for(world: World) -> None:
    """One that is done within two minutes, and one of a partition that is live elsewhere."""
    state(world, "rebuilding", span((1, 20), (0, 30)))
    state(world, "rebuilding", span((1, 50)), partition="4")
    state(world, "live", span((1, 50)), OTHER, partition="4")
    world.always(range(50), "PartitionRebuilding", 0)
    world.check()


@case("PartitionFailed", "fires", "resolves")
def test_a_partition_that_failed_pages(world: World) -> None:
    """At once, once for its three topics, until it is live or elsewhere."""
    state(world, "failed", span((0, 2), (1, 4), (0, 4)))
    name = "PartitionFailed"
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Partition 3 failed: its regions are not watched",
            f"Worker {WORKER} can't rebuild partition 3: the log's start is gone or unreadable. "
            "Its log says which.",
            "page",
            *ENGINEERS,
            partition="3",
            instance=WORKER,
        ),
    )
    world.firing(6, name, 0)
    world.check()


@case("PartitionFailed", "quiet")
def test_partitions_that_are_live_or_rebuilding_have_not_failed(world: World) -> None:
    """The other states are shown at 0."""
    for now, value in (("live", 1), ("rebuilding", 0), ("failed", 0)):
        state(world, now, span((value, 20)))
    state(world, "rebuilding", span((1, 20)), partition="4")
    world.always(range(20), "PartitionFailed", 0)
    world.check()


GAP = "scrutineer_partition_accepted_gap_events"


@case("PartitionIncomplete", "fires", "resolves")
def test_a_partition_that_leaves_out_part_of_the_log(world: World) -> None:
    """Whichever worker has it, and while none has; until one shows it whole, of other topics."""
    where = {"topic": "election.observer", "partition": "3"}
    world.put(GAP, span((0, 2), (20, 4), (GONE, 1)), **where)
    world.put(GAP, span(("_", 12), (20, 8), (GONE, 1)), OTHER, **where)
    state(world, "live", span(("_", 24), (1, 6)))
    world.put(GAP, span(("_", 24), (0, 6)), topic="again.observer", partition="3")
    name = "PartitionIncomplete"
    world.always(range(2), name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Partition 3 leaves out part of the log",
            "20 offset(s) of election.observer, partition 3, are gone from the log, and somebody "
            "accepted that. The numbers of its regions are of what is left.",
            "warning",
            *ENGINEERS,
            **where,
        ),
    )
    world.always(range(2, 24), name, 1)
    world.always(range(24, 30), name, 0)
    world.check()


@case("PartitionIncomplete", "quiet")
def test_partitions_that_are_whole(world: World) -> None:
    """Of which a live worker shows zeros, and none shows nothing."""
    for topic in ("election.observer", "election.desk"):
        world.put(GAP, span((0, 10), (GONE, 1)), topic=topic, partition="3")
    world.always(range(20), "PartitionIncomplete", 0)
    world.check()


def lag(world: World, lags: str, positions: str, worker: str = WORKER) -> None:
    """How far behind a partition is, and where it stands."""
    where = {"topic": "election.observer", "partition": "3"}
    world.put("scrutineer_partition_lag_events", lags, worker, **where)
    world.put("scrutineer_partition_position", positions, worker, **where)


def moving(steps: int, by: int = 10) -> str:
    """A position that grows."""
    return span(*((n * by, 1) for n in range(steps)))


@case("PipelineBehind", "fires", "resolves")
def test_many_events_wait(world: World) -> None:
    """For half a minute, not for a moment."""
    lag(world, span((5000, 10), (0, 9)), moving(19))
    name = "PipelineBehind"
    world.always(range(6), name, 0)
    world.texts(
        7,
        name,
        told(
            name,
            "What is shown is behind what came in (lag)",
            "5000 events wait on election.observer, partition 3. More comes in than the workers "
            "fold, or they lack CPU. Everything on election.observer is older than it looks.",
            "warning",
            *ENGINEERS,
            topic="election.observer",
            partition="3",
            cause="lag",
        ),
    )
    world.firing(10, name, 0)
    world.check()


@case("PipelineBehind", "fires")
def test_a_few_events_wait_and_nothing_moves(world: World) -> None:
    """A worker that is stuck behind three events may be stuck behind a restriction."""
    lag(world, span((0, 12), (3, 60)), span((70, 72)))
    name = "PipelineBehind"
    world.always(range(29), name, 0)
    world.firing(40, name, 1, cause="stuck")
    world.firing(40, name, 1)
    world.check()


@case("PipelineBehind", "fires")
def test_events_take_long_to_be_seen(world: World) -> None:
    """One in a hundred took ten seconds or more, over the last minute."""
    for le, growth in (("5.0", 90), ("10.0", 100), ("+Inf", 100)):
        values = span(*((n * growth, 1) for n in range(30)))
        where = {"topic": "election.desk", "le": le}
        world.put("scrutineer_freshness_seconds_bucket", values, **where)
    world.firing(4, "PipelineBehind", 0)
    world.firing(20, "PipelineBehind", 1, cause="freshness", topic="election.desk")
    world.check()


@case("PipelineBehind", "quiet")
def test_a_worker_that_keeps_up(world: World) -> None:
    """Some lag that moves; a burst of seconds; and the lag of a worker that was cut off."""
    where = {"topic": "election.desk", "partition": "3"}
    world.put("scrutineer_partition_lag_events", span((900, 60)), **where)
    world.put("scrutineer_partition_position", moving(60), **where)
    lag(world, span((0, 30), (90_000, 4), (0, 26)), moving(60))
    lag(world, span((50_000, 60)), span((0, 60)), OTHER)
    for le, growth in (("0.1", 99), ("5.0", 100), ("+Inf", 100)):
        values = span(*((n * growth, 1) for n in range(60)))
        world.put("scrutineer_freshness_seconds_bucket", values, topic="election.desk", le=le)
    world.always(range(60), "PipelineBehind", 0)
    world.check()


@case("RegionUnwatched", "fires", "resolves")
def test_a_region_that_no_worker_shows(world: World) -> None:
    """By the pack's list, since no series would tell; a takeover within seconds is no case."""
    regions = small_pack().regions.keys() - {"XX-B"}
    world.live(*regions)
    world.live("XX-B", alive=span((1, 4), (GONE, 1), ("_", 15), (1, 9)))
    name = "RegionUnwatched"
    world.always(range(10), name, 0)
    world.texts(
        11,
        name,
        told(
            name,
            "Nobody watches South (XX-B): no worker shows it",
            "No live worker has the events of South (XX-B). What is shown of it is from before; "
            "alerts about it are held, new ones can't come.",
            "page",
            *ENGINEERS,
            region="XX-B",
        ),
    )
    world.firing(19, name, 1)
    world.always(range(20, 29), name, 0)
    world.check()


@case("RegionUnwatched", "quiet")
def test_a_takeover_of_seconds(world: World) -> None:
    """Every region of the pack has somebody, but for six steps."""
    world.live(alive=span((1, 10), (GONE, 1)))
    world.live(worker=OTHER, alive=span(("_", 15), (1, 20)), position=span(("_", 15), (9, 20)))
    world.always(range(35), "RegionUnwatched", 0)
    world.check()


def test_no_worker_at_all_leaves_every_region_unwatched(world: World) -> None:
    """The country's own as well."""
    world.firing(10, "RegionUnwatched", len(small_pack().regions))
    world.check()


@case("WorkerDown", "fires", "resolves")
def test_a_worker_that_cannot_be_scraped(world: World) -> None:
    """After half a minute; until it is back."""
    world.put("up", span((1, 4), (0, 10), (1, 9)))
    world.put("up", 1, OTHER)
    name = "WorkerDown"
    world.always(range(10), name, 0)
    world.texts(
        11,
        name,
        told(
            name,
            f"Worker down: {WORKER}",
            "Prometheus gets no metrics from it. The others take over its regions within seconds; "
            "RegionUnwatched tells if they did not.",
            "warning",
            *ENGINEERS,
            instance=WORKER,
            job="scrutineer",
        ),
    )
    world.firing(14, name, 0)
    world.check()


@case("WorkerDown", "quiet")
def test_workers_that_are_scraped(world: World) -> None:
    """One scrape that failed is no death; other jobs are none of ours."""
    world.put("up", span((1, 4), (0, 2), (1, 30)))
    world.put("up", 0, None, job="node", instance="10.0.0.9:9100")
    world.always(range(30), "WorkerDown", 0)
    world.check()


def test_no_worker_in_the_configuration_is_told_too(world: World) -> None:
    """A list of targets that became empty must not look like peace."""
    world.firing(10, "WorkerDown", 1)
    world.check()


def info(world: World, worker: str = WORKER, **other: str) -> None:
    """Which pack a worker has."""
    pack = small_pack()
    labels = {
        "election": pack.id,
        "acceptance": pack.acceptance_digest[:12],
        "judgement": pack.judgement_digest[:12],
    }
    world.put("scrutineer_pack_info", 1, worker, **(labels | other))


@case("PackMismatch", "fires")
@pytest.mark.parametrize(
    ("other", "part", "severity", "said"),
    [
        (
            {"acceptance": "0123456789ab"},
            "acceptance",
            "page",
            "It accepts and rejects other events than the pack of these rules would.",
        ),
        (
            {"judgement": "0123456789ab"},
            "judgement",
            "warning",
            "Its thresholds or texts are not those of these rules.",
        ),
    ],
)
def test_a_worker_with_another_pack_than_the_rules(
    world: World, other: dict[str, str], part: str, severity: str, said: str
) -> None:
    """What is accepted differs, or what it takes to alert: the second is no reason to get up."""
    info(world, OTHER)
    info(world, **other)
    name = "PackMismatch"
    pack = small_pack()
    digests = {"acceptance": pack.acceptance_digest[:12], "judgement": pack.judgement_digest[:12]}
    world.always(range(6), name, 0)
    world.texts(
        7,
        name,
        told(
            name,
            f"Worker {WORKER} has another pack than the rules ({part})",
            f"{said} Give every worker the same pack, and write the rules from it: "
            "`scrutineer rules --pack DIR --to DIR`.",
            severity,
            *ENGINEERS,
            instance=WORKER,
            part=part,
            **(digests | other),
        ),
    )
    world.check()


@case("PackMismatch", "quiet", "resolves")
def test_workers_with_the_rules_pack(world: World) -> None:
    """Also after one was restarted with it."""
    info(world)
    pack = small_pack()
    labels = {"election": pack.id, "judgement": pack.judgement_digest[:12]}
    old = {"acceptance": "0123456789ab", **labels}
    world.put("scrutineer_pack_info", span((1, 10), (GONE, 1)), OTHER, **old)
    new = {"acceptance": pack.acceptance_digest[:12], **labels}
    world.put("scrutineer_pack_info", span(("_", 12), (1, 40)), OTHER, **new)
    world.firing(8, "PackMismatch", 1)
    world.always(range(11, 50), "PackMismatch", 0)
    world.check()
