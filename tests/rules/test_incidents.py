"""Critical incidents, surges, and regions that nobody reports from."""

from __future__ import annotations

from tests.rules.promtool import OTHER
from tests.rules.world import GONE, World, at, case, span, told

FILES = ("pack.yml", "incidents.yml")
CRITICAL = "election_critical_incidents_open"
LAST = "election_last_report_timestamp_seconds"
ROOM = ("room", "incidents")


@case("CriticalIncident", "fires")
def test_a_critical_incident_pages_at_once(world: World) -> None:
    """From 0 to 1, by category and region."""
    world.live()
    world.put(CRITICAL, span((0, 2), (1, 9)), region="XX-A", category="ballot_stuffing")
    world.put(CRITICAL, 0, region="XX-B", category="ballot_stuffing")
    name = "CriticalIncident"
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Critical incident: ballot stuffing, North (XX-A)",
            "1 critical incident(s) of the category ballot stuffing in North (XX-A) that the desk "
            "has neither resolved nor dismissed.",
            "page",
            *ROOM,
            region="XX-A",
            category="ballot_stuffing",
        ),
    )
    world.check()


@case("CriticalIncident", "quiet")
def test_incidents_that_are_not_critical_page_nobody(world: World) -> None:
    """However many."""
    world.live()
    cell = {"region": "XX-A", "category": "procedures"}
    world.put("election_incidents", 50, severity="high", **cell)
    world.put(CRITICAL, 0, **cell)
    world.always(range(10), "CriticalIncident", 0)
    world.check()


@case("CriticalIncident", "resolves")
def test_it_ends_when_the_desk_has_closed_the_last(world: World) -> None:
    """Not with the first of two, and not when the worker dies in between."""
    world.live("XX-A", alive=span((1, 8), (GONE, 1)))
    cell = {"region": "XX-A", "category": "procedures"}
    world.put(CRITICAL, span((2, 4), (1, 4), (GONE, 1)), **cell)
    back = span(("_", 30), (1, 9))
    world.live("XX-A", worker=OTHER, alive=back, position=span(("_", 30), (200, 9)))
    world.put(CRITICAL, span(("_", 30), (1, 3), (0, 6)), OTHER, **cell)
    world.always(range(33), "CriticalIncident", 1, region="XX-A")
    world.always(range(33, 39), "CriticalIncident", 0)
    world.check()


@case("IncidentSurge", "fires", "resolves")
def test_a_surge_is_the_tables_word(world: World) -> None:
    """As long as the table says so, from 0 to 1 and back."""
    world.live()
    world.put("election_incident_surge", span((0, 2), (1, 4), (0, 4)), region="XX-A")
    name = "IncidentSurge"
    world.firing(1, name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Incidents jump in North (XX-A)",
            "The last quarter of an hour in North (XX-A) brought more incidents than the region's "
            "own earlier rate per reporting station explains. The table incidents_surge has the "
            "numbers.",
            "warning",
            *ROOM,
            region="XX-A",
        ),
    )
    world.always(range(2, 6), name, 1)
    world.always(range(6, 10), name, 0)
    world.check()


@case("IncidentSurge", "quiet")
def test_many_incidents_alone_are_no_surge(world: World) -> None:
    """Where there are many always; nor is one that a worker saw which was cut off since."""
    world.live(position=101)
    cell = {"region": "XX-A", "category": "procedures", "window": "15m"}
    world.put("election_incidents_recent", 40, **cell)
    world.put("election_incident_surge", 0, region="XX-A")
    world.live("XX-A", worker=OTHER, position=100)
    world.put("election_incident_surge", 1, OTHER, region="XX-A")
    world.always(range(10), "IncidentSurge", 0)
    world.check()


def heard(world: World, region: str, *clocks: tuple[str, int]) -> None:
    """When the last report of observers in a region was, at each step."""
    values = span(*((at(clock), steps) for clock, steps in clocks))
    world.put(LAST, values, region=region, authority="observer")


@case("RegionSilent", "fires", "resolves")
def test_a_region_that_falls_silent_while_polls_are_open(world: World) -> None:
    """After three quarters of an hour, in the workers' time; the next report ends it."""
    world.live()
    world.now(("12:45", 2), ("12:46", 2), ("12:50", 4))
    heard(world, "XX-A", ("12:00", 5), ("12:49", 3))
    world.put("election_stations_expected", 2, region="XX-A")
    official = {"region": "XX-A", "authority": "official"}
    world.put(LAST, at("12:45"), **official)
    name = "RegionSilent"
    world.always(range(2), name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "No reports from North (XX-A) while its polls are open",
            "No observer's report from North (XX-A) for 46m 0s. That is not the same as no "
            "incidents: nobody there can be heard.",
            "warning",
            "room",
            "coverage",
            region="XX-A",
        ),
    )
    world.always(range(2, 5), name, 1)
    world.always(range(5, 8), name, 0)
    world.check()


@case("RegionSilent", "fires")
def test_a_region_that_was_never_heard_from(world: World) -> None:
    """It counts from the opening of its polls, which in the west is an hour later."""
    world.live()
    world.now(("07:45", 1), ("07:46", 1), ("08:45", 1), ("08:46", 1))
    for region in ("XX-A", "XX-C", "XX-ABROAD"):
        world.put("election_stations_expected", 1, region=region)
    for step, a, c in ((0, 0, 0), (1, 1, 0), (2, 1, 0), (3, 1, 1)):
        world.firing(step, "RegionSilent", a, region="XX-A")
        world.firing(step, "RegionSilent", c, region="XX-C")
    world.always(range(4), "RegionSilent", 0, region="XX-ABROAD")
    world.check()


@case("RegionSilent", "quiet")
def test_no_incidents_are_not_silence(world: World) -> None:
    """Reports without an incident; nobody expected and nobody heard; polls that are closed."""
    world.live()
    world.now(("12:00", 4), ("20:00", 2), ("23:30", 2))
    heard(world, "XX-A", ("11:30", 4), ("19:30", 4))
    world.put("election_stations_expected", 1, region="XX-A")
    world.put("election_incidents", 0, region="XX-A", category="procedures", severity="low")
    world.put("election_stations_expected", 0, region="XX-B")
    heard(world, "XX-C", ("11:50", 4), ("20:30", 4))
    world.always(range(4), "RegionSilent", 0)
    world.always(range(4, 6), "RegionSilent", 0, region="XX-A")
    world.always(range(6, 8), "RegionSilent", 0)
    world.check()


def test_a_region_that_nobody_watches_is_not_called_silent(world: World) -> None:
    """Nobody knows whether it reports. What was silent before stays so until somebody does."""
    world.live("XX-A", "XX-B", alive=span((1, 3), (GONE, 1)))
    world.now(("12:30", 3), ("13:30", 9))
    heard(world, "XX-A", ("12:00", 3))
    heard(world, "XX-B", ("11:00", 3))
    world.always(range(12), "RegionSilent", 0, region="XX-A")
    world.always(range(1, 12), "RegionSilent", 1, region="XX-B")
    world.check()
