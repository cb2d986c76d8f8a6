"""One source that sends more than observers can write."""

from __future__ import annotations

from tests.rules.promtool import OTHER
from tests.rules.world import GONE, World, case, span, told

FILES = ("pack.yml", "pipeline.yml")
SENT = "scrutineer_source_events"
ERROR = "scrutineer_source_events_error"
SOURCE = "urn:org:citizens"


@case("SourceFloods", "fires", "resolves")
def test_a_source_that_floods_several_workers(world: World) -> None:
    """By what all workers have of it together, until it is two windows ago."""
    world.put(SENT, span((1000, 4), (90_000, 10), (0, 20)), event_source=SOURCE)
    world.put(SENT, span((1000, 4), (90_000, 10), (GONE, 1)), OTHER, event_source=SOURCE)
    world.put(SENT, 149_000, event_source="urn:org:party")
    world.put(ERROR, 0)
    world.put(ERROR, 0, OTHER)
    name = "SourceFloods"
    world.always(range(4), name, 0)
    world.texts(
        6,
        name,
        told(
            name,
            f"One source floods the log: {SOURCE}",
            f"180000 events of the last ten minutes name {SOURCE} as their source, more than "
            "observers can write. Its regions may be shown late. Its app repeats itself, or "
            "somebody uses its access.",
            "warning",
            "engineers",
            "pipeline-health",
            event_source=SOURCE,
        ),
    )
    world.firing(13, name, 1)
    world.firing(16, name, 0)
    world.check()


@case("SourceFloods", "quiet")
def test_a_busy_day_is_no_flood(world: World) -> None:
    """Many sources that send much, none for sure more than its observers can."""
    for number in range(20):
        world.put(SENT, 100_000, event_source=f"urn:org:{number}")
    world.put(SENT, 150_400, event_source="urn:org:20")
    world.put(ERROR, 500)
    world.always(range(60), "SourceFloods", 0)
    world.check()
