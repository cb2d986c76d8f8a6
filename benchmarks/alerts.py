"""How long a restriction on observers takes from the log to whoever must know.

Real parts, on this machine's cores: Apache Kafka, two workers, Prometheus and Alertmanager with the
project's configuration and its intervals. Measured from the broker's time of the append to the
arrival of the web hook's request.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple, get_args

import pytest
from rich.console import Console
from rich.table import Table

from schemas.observer import RestrictionKind
from streams.errors import UserError
from streams.log.reading import read_to_end
from tests.endtoend.chain import DESK, LONG_AGO, PHONE, Chain, chain, line, need_tools

RESTRICTIONS: Final = 50
REGION: Final = "KZ-55"
INTERVAL: Final = 5
"""Seconds between scrapes and between evaluations, as in deploy/."""
PAUSE: Final = 1.3
"""Seconds between two restrictions: they meet every phase of the interval."""
AIM: Final = 15.0
"""Seconds that 99 % of the beginnings should stay within."""
KINDS: Final[tuple[str, ...]] = get_args(RestrictionKind)


class Figures(NamedTuple):
    """Seconds from append to arrival: (what, receiver) → one for each restriction.

    ``waits``: seconds from a scrape to the evaluation that sees it, the same all the time.
    """

    took: dict[tuple[str, str], list[float]]
    waits: float


def kind_of(number: int) -> str:
    """Neighbours differ, so that messages without a place can be told apart."""
    return KINDS[number % len(KINDS)]


async def measure(folder: Path) -> Figures:
    """Everything started, ``RESTRICTIONS`` begun one by one, and ended one by one."""
    async with chain(folder, INTERVAL) as running:
        for publish, state in ((running.restrict, "NOW"), (running.lift, "OVER")):
            await _one_by_one(publish)
            for receiver in (PHONE, DESK):
                for first, kind in enumerate(KINDS):
                    times = len(range(first, RESTRICTIONS, len(KINDS)))
                    await running.hears(receiver, line(state, REGION, kind), times)
        appended = await _appended(running)
        took = {
            (state, receiver): _took(running, appended[revision], state, receiver)
            for revision, state in enumerate(("NOW", "OVER"))
            for receiver in (PHONE, DESK)
        }
        return Figures(took, _waits(running))


async def _one_by_one(publish: Callable[[int, str, str, int], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(RESTRICTIONS):
        await asyncio.sleep(max(0.0, began + number * PAUSE - loop.time()))
        # Begun long ago, so that they are no cluster, which would mute the phone.
        await publish(number, REGION, kind_of(number), LONG_AGO)


async def _appended(running: Chain) -> dict[int, dict[int, float]]:
    """Revision → number of the restriction → the broker's time of the append."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    async for record in read_to_end(running.settings.broker, running.settings.topics.observer):
        data = json.loads(record.value)["data"]
        number = int(data["report_id"].removeprefix("r"))
        found[data["revision"]][number] = record.timestamp / 1000
    return found


def _took(running: Chain, appended: dict[int, float], state: str, receiver: str) -> list[float]:
    """Seconds of each restriction; those of a kind are told in their order."""
    arrived: dict[str, list[float]] = defaultdict(list)
    for message in running.inbox.messages:
        if message.receiver == receiver:
            arrived[message.text.splitlines()[0]].append(message.at)
    told = {said: iter(moments) for said, moments in arrived.items()}
    return [
        next(told[line(state, REGION, kind_of(number))]) - moment
        for number, moment in sorted(appended.items())
    ]


def _waits(running: Chain) -> float:
    """From the scrape of the region's worker to the evaluation of its alerts."""
    (scraped,) = running.prometheus.now(f'timestamp(scrutineer_region_live{{region="{REGION}"}})')
    record = "region:election_restrictions_recent:held"
    (evaluated,) = running.prometheus.now(f'timestamp({record}{{region="{REGION}"}})')
    return (evaluated.value - scraped.value) % INTERVAL


def quantile(found: Iterable[float], share: float) -> float:
    """The smallest of the values that at least ``share`` of them do not exceed."""
    ascending = sorted(found)
    return ascending[math.ceil(share * len(ascending)) - 1]


def main() -> int:
    """Measure and print."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        need_tools()
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        raise UserError(str(missing)) from None
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    table = Table(title=f"{RESTRICTIONS} restrictions in one region: log append to web hook")
    for name in ("told", "to", "p50 s", "p99 s"):
        table.add_column(name, justify="left" if name in ("told", "to") else "right")
    for (state, receiver), took in figures.took.items():
        numbers = (quantile(took, 0.5), quantile(took, 0.99))
        table.add_row(
            "beginning" if state == "NOW" else "end", receiver, *(f"{each:.1f}" for each in numbers)
        )
    Console().print(table)
    _explain(figures)
    return 0


def _explain(figures: Figures) -> None:
    worst = max(quantile(figures.took["NOW", receiver], 0.99) for receiver in (PHONE, DESK))
    print(f"p99 of {RESTRICTIONS} is the longest")
    print(f"scrapes every {INTERVAL} s, evaluations every {INTERVAL} s, no waiting for groups;")
    print(f"ends wait for the group's next {INTERVAL} s as well")
    print(
        f"here the rules see a scrape {figures.waits:.1f} s after it, which the addresses decide; "
        f"at the worst {INTERVAL} s: p99 {worst - figures.waits + INTERVAL:.1f} s"
    )
    met = "met" if worst - figures.waits + INTERVAL <= AIM else "missed"
    print(f"aim for beginnings: p99 <= {AIM:.0f} s at the worst: {met}")
    print(f"load of the machine over the last minute: {os.getloadavg()[0]:.1f}")
