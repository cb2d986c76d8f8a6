"""Restrictions on observers: an alert each, ended by a live worker's word alone."""

from __future__ import annotations

from tests.rules.promtool import OTHER, WORKER
from tests.rules.world import GONE, World, at, case, span, told

FILES = ("pack.yml", "access.yml")
OPENED = "election_restriction_opened_timestamp_seconds"
RECENT = "election_restrictions_recent"
WHERE = {
    "region": "XX-A",
    "place": "A-1",
    "kind": "entry_denied",
    "observer_group": "party_agent",
    "report_id": "r1",
}
PAGE = {"channel": "page", "report_id": "r1"}


def open_restriction(world: World, values: str, worker: str = WORKER, **labels: str) -> None:
    """A restriction that began at noon, at the steps where ``values`` is 1."""
    text = " ".join(str(at("12:00")) if one == "1" else one for one in values.split())
    world.put(OPENED, text, worker, **(WHERE | labels))


@case("ObserverRestrictionOpen", "fires")
def test_a_restriction_is_told_at_once_in_chat_and_by_page(world: World) -> None:
    """At the first evaluation that sees it, with its place and kind, in words."""
    world.live()
    open_restriction(world, span(("_", 2), (1, 9)))
    summary = "Observers restricted: entry denied, North (XX-A)"
    description = (
        "party agent observers report entry denied in North (XX-A), place A-1, since "
        "2030-06-02 12:00:00 +0000 UTC. Report r1. Nobody has lifted it or closed it yet."
    )
    name = "ObserverRestrictionOpen"
    rest = ("access", "observer-access")
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(name, summary, description, "warning", *rest, channel="chat", **WHERE),
        told(name, summary, description, "page", *rest, channel="page", **WHERE),
    )
    world.check()


def test_each_restriction_has_an_alert_of_its_own(world: World) -> None:
    """The second in a region is not part of the first."""
    world.live()
    open_restriction(world, span((1, 9)))
    open_restriction(world, span(("_", 3), (1, 6)), report_id="r2", kind="expelled")
    world.firing(2, "ObserverRestrictionOpen", 1, channel="page")
    world.firing(3, "ObserverRestrictionOpen", 2, channel="page")
    world.firing(3, "ObserverRestrictionOpen", 2, channel="chat")
    world.check()


@case("ObserverRestrictionOpen", "quiet")
def test_no_open_restriction_no_alert(world: World) -> None:
    """Also where there were some, lifted long ago, or where nothing is known."""
    world.live("XX-A")
    cell = {"kind": "expelled", "observer_group": "citizen", "phase": "voting"}
    world.put("election_restrictions", 3, region="XX-A", **cell)
    world.put("election_restrictions_open", 0, region="XX-A", **cell)
    world.put("election_restrictions_open_unlisted", 0)
    world.always(range(10), "ObserverRestrictionOpen", 0)
    world.check()


@case("ObserverRestrictionOpen", "resolves")
def test_it_ends_when_the_restriction_is_lifted(world: World) -> None:
    """At once, and the other one goes on."""
    world.live()
    open_restriction(world, span((1, 4), (GONE, 4)))
    open_restriction(world, span((1, 8)), report_id="r2")
    world.firing(3, "ObserverRestrictionOpen", 1, **PAGE)
    world.firing(4, "ObserverRestrictionOpen", 0, report_id="r1")
    world.firing(4, "ObserverRestrictionOpen", 1, channel="page", report_id="r2")
    world.check()


def test_a_dead_worker_does_not_say_that_it_was_lifted(world: World) -> None:
    """Not for a moment, however long nobody watches; a live worker that has it goes on."""
    dead = 300
    late = span(("_", dead), (1, 9))
    world.live("XX-A", alive=span((1, 4), (GONE, 1)))
    open_restriction(world, span((1, 4), (GONE, 1)))
    world.live("XX-A", worker=OTHER, alive=late, position=span(("_", dead), (200, 9)))
    open_restriction(world, late, worker=OTHER)
    world.always(range(310), "ObserverRestrictionOpen", 1, **PAGE)
    world.check()


def test_a_live_worker_ends_what_was_held(world: World) -> None:
    """It was lifted while nobody watched: the first that watches again says so."""
    world.live("XX-A", alive=span((1, 4), (GONE, 1)))
    open_restriction(world, span((1, 4), (GONE, 1)))
    back = span(("_", 50), (1, 9))
    world.live("XX-A", worker=OTHER, alive=back, position=span(("_", 50), (200, 9)))
    world.always(range(50), "ObserverRestrictionOpen", 1, **PAGE)
    world.always(range(50, 59), "ObserverRestrictionOpen", 0)
    world.check()


def test_what_was_lifted_before_the_death_does_not_come_back(world: World) -> None:
    """Only what stood at the end is held, not whatever stood within the minutes before."""
    alive = span((1, 12), (GONE, 1))
    world.live("XX-A", alive=alive)
    open_restriction(world, span((1, 8), (GONE, 1)))
    open_restriction(world, span((1, 12), (GONE, 1)), report_id="r2")
    world.always(range(8, 60), "ObserverRestrictionOpen", 0, report_id="r1")
    world.always(range(60), "ObserverRestrictionOpen", 1, channel="page", report_id="r2")
    world.check()


def test_a_partition_that_moves_away_holds_too(world: World) -> None:
    """The worker lives on, with other regions: of this one nobody has said anything."""
    world.live("XX-A", alive=span((1, 4), (GONE, 1)))
    world.live("XX-B")
    open_restriction(world, span((1, 4), (GONE, 1)))
    world.always(range(60), "ObserverRestrictionOpen", 1, **PAGE)
    world.check()


def test_during_a_handover_two_workers_make_one_alert(world: World) -> None:
    """Both show it for a while, at the same position or not."""
    world.live("XX-A", alive=span((1, 8), (GONE, 1)))
    open_restriction(world, span((1, 8), (GONE, 1)))
    late = span(("_", 4), (1, 20))
    world.live("XX-A", worker=OTHER, alive=late, position=span(("_", 4), (100, 2), (101, 18)))
    open_restriction(world, late, worker=OTHER)
    world.always(range(24), "ObserverRestrictionOpen", 1, channel="page")
    world.check()


def test_a_worker_that_was_cut_off_is_not_believed(world: World) -> None:
    """It goes on showing what was open at its position; the one that is further knows better."""
    world.live("XX-A", position=100)
    open_restriction(world, span((1, 40)))
    late = span(("_", 4), (1, 30))
    world.live("XX-A", worker=OTHER, alive=late, position=span(("_", 4), (101, 30)))
    open_restriction(world, late, worker=OTHER, report_id="r2")
    world.firing(3, "ObserverRestrictionOpen", 1, **PAGE)
    world.always(range(4, 30), "ObserverRestrictionOpen", 0, report_id="r1")
    world.always(range(4, 30), "ObserverRestrictionOpen", 1, channel="page", report_id="r2")
    world.check()


def test_restrictions_that_have_no_series_of_their_own_are_told(world: World) -> None:
    """Beyond the limit of one worker."""
    world.live()
    world.put("election_restrictions_open_unlisted", span((0, 2), (7, 9)))
    name = "ObserverRestrictionOpen"
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Observers restricted: 7 more cases without an alert of their own",
            f"Worker {WORKER} has more open restrictions than it can list one by one. Work from "
            "the table open_restrictions; alerts of the oldest have ended though nobody lifted "
            "them.",
            "page",
            "access",
            "observer-access",
            region="XX",
            kind="unlisted",
            instance=WORKER,
        ),
    )
    world.check()


def began(world: World, region: str, values: str, kind: str = "expelled") -> None:
    """Restrictions within the hour, and more within six."""
    world.put(RECENT, values, region=region, kind=kind, window="1h")
    world.put(RECENT, 40, region=region, kind=kind, window="6h")


@case("RestrictionsCluster", "fires")
def test_five_in_a_region_within_an_hour_are_a_cluster(world: World) -> None:
    """Of whatever kind."""
    world.live()
    began(world, "XX-A", span((2, 2), (3, 9)))
    began(world, "XX-A", span((2, 20)), kind="entry_denied")
    name = "RestrictionsCluster"
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Observers restricted 5 times within 1h in North (XX-A)",
            "5 restrictions on observers began in North (XX-A) within 1h; 5 make a cluster. While "
            "this fires, each single restriction of the region goes to chat only.",
            "page",
            "access",
            "observer-access",
            region="XX-A",
            scope="region",
        ),
    )
    world.check()


@case("RestrictionsCluster", "fires")
def test_three_regions_within_an_hour_are_one_page(world: World) -> None:
    """Not one for each of them; the country's own commission is no region."""
    world.live()
    for region, values in (("XX-A", span((1, 9))), ("XX-B", span((1, 9))), ("XX", span((1, 9)))):
        began(world, region, values)
    began(world, "XX-C", span((0, 2), (1, 7)))
    name = "RestrictionsCluster"
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Observers restricted in 3 regions within 1h",
            "Restrictions on observers began in 3 regions within 1h; 3 make a cluster: it looks "
            "like an instruction.",
            "page",
            "access",
            "observer-access",
            region="XX",
            scope="country",
        ),
    )
    world.check()


@case("RestrictionsCluster", "quiet")
def test_four_in_a_region_and_two_regions_are_none(world: World) -> None:
    """However many there were within six hours."""
    world.live()
    began(world, "XX-A", span((4, 20)))
    began(world, "XX-B", span((1, 20)))
    began(world, "XX-C", span((0, 20)))
    world.always(range(20), "RestrictionsCluster", 0)
    world.check()


@case("RestrictionsCluster", "resolves")
def test_a_cluster_ends_when_its_hour_is_over(world: World) -> None:
    """The window moves on; single restrictions page again."""
    world.live()
    began(world, "XX-A", span((5, 4), (4, 9)))
    world.firing(3, "RestrictionsCluster", 1)
    world.firing(4, "RestrictionsCluster", 0)
    world.check()


def test_a_dead_worker_does_not_end_a_cluster(world: World) -> None:
    """Else every single restriction that it inhibits would page anew."""
    world.live("XX-A", "XX-B")
    world.live("XX-C", worker=OTHER, alive=span((1, 4), (GONE, 1)))
    began(world, "XX-A", span((5, 60)))
    began(world, "XX-B", span((1, 60)))
    world.put(RECENT, span((1, 4), (GONE, 1)), OTHER, region="XX-C", kind="other", window="1h")
    world.always(range(60), "RestrictionsCluster", 1, scope="region")
    world.always(range(60), "RestrictionsCluster", 1, scope="country")
    world.check()
