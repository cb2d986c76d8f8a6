"""A worker's clock against Prometheus's: a series' value against the moment of its scrape.

Promtool begins at 0, so that a clock that is right shows the step's own seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from streams.rules.clocks import AHEAD
from tests.rules.promtool import OTHER, STEP, WORKER
from tests.rules.world import GONE, World, case, span, told

FILES = ("pack.yml", "pipeline.yml")
NAME: Final = "ClockDiffers"
NOW = "scrutineer_now_timestamp_seconds"
HOURS = 3 * 3600
MINUTE = 12
STEPS = 50
THIRD = "10.0.0.3:6066"


def worker(
    world: World,
    ahead: Callable[[int], float],
    instance: str = WORKER,
    clock: str = "wall",
    steps: range = range(STEPS),
) -> None:
    """A worker that is scraped at ``steps``, with its clock so many seconds ahead at each."""
    before = ["_"] * steps.start
    values = [f"{step * STEP + ahead(step):.3f}" for step in steps]
    world.put(NOW, " ".join([*before, *values, GONE]), instance)
    world.put(
        "scrutineer_clock_info",
        " ".join([*before, *("1" for _ in steps), GONE]),
        instance,
        clock=clock,
    )


@case(NAME, "fires", "resolves")
def test_clocks_that_differ_page_whoever_sets_them(world: World) -> None:
    """After a minute, on either side; over at once when one is set, or its worker is gone."""
    worker(world, lambda step: HOURS if step < 30 else 0)
    worker(world, lambda _: -HOURS, OTHER, steps=range(40))
    worker(world, lambda _: 0, THIRD)

    def page(instance: str, said: str) -> dict[str, Any]:
        return told(
            NAME,
            f"The clocks of worker {instance} and of Prometheus differ",
            f"The worker's is {said} from Prometheus's. If it is the worker's that is wrong, what "
            "is open, silent, recent or overdue is wrong with it.",
            "page",
            "engineers",
            "pipeline-health",
            instance=instance,
        )

    world.firing(MINUTE - 1, NAME, 0)
    world.texts(MINUTE, NAME, page(WORKER, "ahead: 3h 0m 0s"), page(OTHER, "behind: -3h 0m 0s"))
    world.value(20, f'sum({AHEAD}{{instance="{WORKER}"}})', HOURS)
    world.firing(29, NAME, 2)
    world.always(range(30, 40), NAME, 1, instance=OTHER)
    world.always(range(30, STEPS), NAME, 0, instance=WORKER)
    world.always(range(40, STEPS), NAME, 0)
    world.check()


@case(NAME, "quiet")
def test_clocks_that_are_let_be(world: World) -> None:
    """Half a minute either way, pages that are old for a moment, and days that are played.

    One of these is at 3 o'clock in the night, the other has not said yet what time it is.
    """
    worker(world, lambda _: 30, "10.0.0.1:6066")
    worker(world, lambda _: -30, "10.0.0.2:6066")
    worker(world, lambda step: -40 if step % (MINUTE - 1) else 0, THIRD)
    worker(world, lambda step: HOURS + 60 * step, "10.0.0.4:6066", clock="log")
    worker(world, lambda step: -step * STEP, "10.0.0.5:6066", clock="log")
    world.value(20, f"count({AHEAD})", 3)
    world.always(range(STEPS), NAME, 0)
    world.check()


@case(NAME, "quiet")
def test_a_worker_that_is_gone_has_no_clock(world: World) -> None:
    """Dead, or not scraped for minutes without being told dead: its last word gets no older."""
    worker(world, lambda _: 0, steps=range(20))
    world.put(NOW, " ".join(f"{step * STEP}" for step in range(20)), OTHER)
    world.put("scrutineer_clock_info", span((1, 20)), OTHER, clock="wall")
    world.always(range(10, 90, 2), NAME, 0)
    world.value(60, f"count({AHEAD})", 1)
    world.value(90, f"count({AHEAD}) or vector(0)", 0)
    world.check()
