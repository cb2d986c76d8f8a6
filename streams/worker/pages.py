"""What the HTTP service shows, made from the states. JSON-ready; nothing is changed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from schemas.fields import rfc3339
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.metrics.view import View
from streams.tables.basis import asked, basis
from streams.tables.caught import Caught, caught
from streams.tables.digest import (
    accepted_gaps,
    content_digest,
    positions_of,
    rejected_counts,
    statement_digest,
)
from streams.tables.partition import Partition
from streams.tables.views import TABLES, rows
from streams.worker.breath import Breath
from streams.worker.pacing import Made

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

PAGES: Final[Mapping[str, str]] = {
    "/healthz": "whether the worker gets on with its work",
    "/readyz": "whether all its partitions are live and kept up",
    "/state": "positions, lag, outcomes of each partition",
    "/digest": "digests of the live regions, to compare with a replay",
    "/tables": "the tables there are",
    "/tables/NAME": "a table's rows, and who reports at all; ?region=CODE for one region, "
    "?confirmed=1 for confirmed alone",
    "/metrics": "Prometheus metrics",
}

_ACROSS: Final = ("conflicts", "rejected", "assessment", "turnout")
"""Tables whose rows are not made region by region."""

_WITH_COUNTRY: Final = ("results_published",)
"""Tables made region by region, and a row of the country that is made from all of them."""


class PageError(Exception):
    """A page that can't be shown; ``fields`` help whoever asked."""

    def __init__(self, status: int, message: str, **fields: object) -> None:
        super().__init__(message)
        self.status = status
        self.fields = fields


def front() -> dict[str, object]:
    """The list of pages."""
    return {"pages": dict(PAGES)}


def readiness(app: ScrutineerApp) -> tuple[dict[str, object], bool]:
    """Each partition's status; ready when the group has given an assignment and all are kept up.

    That is: each is live, the broker answers for it, and its dead letters do not hold it up.
    """
    answers = app.watch.away_since is None and not app.watch.silent
    live = all(state.status == "live" for state in app.states)
    held = any(app.watch.held_up(state) for state in app.states)
    ready = app.states.assigned and live and answers and not held
    partitions = {str(state.number): _readiness(app, state) for state in app.states}
    doing = app.watch.health().doing
    return {"ready": ready, "doing": doing, "partitions": partitions}, ready


def _readiness(app: ScrutineerApp, state: Any) -> dict[str, object]:
    behind = app.watch.silent.get(state.number, "") or app.watch.held_up(state)
    reason = behind or (state.reason if state.status != "live" else "")
    missing = accepted_gaps([state.tables])
    return {
        "status": state.status,
        **({"reason": reason} if reason else {}),
        **({"accepted_gaps": missing} if missing else {}),
    }


def state(app: ScrutineerApp) -> dict[str, object]:
    """Everything about the pipeline, nothing about the election."""
    settings = app.settings
    outcomes: dict[str, Counter[str]] = {topic: Counter() for topic in app.states.topics}
    for part in app.states.live().values():
        for (topic, outcome), number in part.outcomes.items():
            outcomes.setdefault(topic, Counter())[outcome] += number
    return {
        "election": app.pack.id,
        "acceptance": app.pack.acceptance_digest,
        "group": settings.worker.group,
        "address": app.http.address,
        "clock": settings.worker.clock,
        "now": rfc3339(app.now()),
        "assigned": app.states.assigned,
        "doing": app.watch.health().doing,
        "broker": app.watch.as_json(),
        "letters": {"waiting": app.letters.waiting, "written": app.letters.written},
        "longest_stall_seconds": round(app.loop_lag.longest, 3),
        "snapshots_refused": dict(app.snapshots.refusals),
        "partitions": {str(state.number): _partition(app, state) for state in app.states},
        "outcomes": {topic: dict(counts) for topic, counts in outcomes.items()},
    }


def _partition(app: ScrutineerApp, state: Any) -> dict[str, object]:
    topics = app.states.topics
    return {
        "status": state.status,
        "fed_by": "live" if state.fed else "nobody" if state.status == "failed" else "bulk",
        "reason": app.watch.held_up(state) or state.reason,
        "positions": {topic: state.next(topic) for topic in topics},
        "lag": {topic: state.lag(topic) for topic in topics},
        "committed": {topic: state.committed.get(topic, 0) for topic in topics},
        "letters_waiting": sum(len(offsets) for offsets in state.unsent.values()),
        "skipped": state.skipped,
        "gaps": state.gaps,
        "accepted_gaps": accepted_gaps([state.tables]),
        "snapshot": app.snapshots.as_json(state),
        "regions": sorted(state.tables.regions) if state.status == "live" else [],
    }


async def digest(app: ScrutineerApp) -> dict[str, object]:
    """Digests of the live regions and the positions they are of, and what was rejected.

    ``content_digest`` and ``statement_digest`` are those of the election only when all partitions
    are live in one worker, and None otherwise: take the union of the ``regions`` and of the
    ``positions`` and ``accepted_gaps`` of all workers and the sums of ``rejected``, and hash them
    likewise. Each partition is of a moment of its own: of its positions.
    """
    live = app.states.live()
    whole = len(live) == app.settings.topics.partitions
    breath = Breath()
    found: dict[str, str] = {}
    told: list[Caught] = []
    for part in live.values():
        # No await here: all of a partition at one moment. Hashing it may take seconds.
        told.append(caught(part))
        hashing = {code: region.hashing() for code, region in part.regions.items()}
        for code, steps in hashing.items():
            for known in steps:
                found[code] = known
                await breath.take()
    regions = {code: found[code] for code in sorted(found)}
    acceptance = app.pack.acceptance_digest
    positions = positions_of(told, app.states.topics)
    rejected = rejected_counts(told)
    missing = accepted_gaps(told)
    content = content_digest(acceptance, regions) if whole else None
    return {
        "election": app.pack.id,
        "acceptance": acceptance,
        "partitions": sorted(live),
        "of": app.settings.topics.partitions,
        "positions": positions,
        "regions": regions,
        "rejected": rejected,
        "accepted_gaps": missing,
        "content_digest": content,
        "statement_digest": content and statement_digest(content, positions, rejected, missing),
    }


def table_list() -> dict[str, object]:
    """The names of the tables."""
    return {"tables": list(TABLES)}


async def table(app: ScrutineerApp, name: str, query: Mapping[str, str]) -> dict[str, object]:
    """The rows of a table, and what they rest on. PageError: no such table, region, or not here.

    ``query``: its items are all that were given, also of one key.

    ``basis``: what is heard of each region asked for that is live here; ``not_here``: the others,
    of which nothing is said. No rows are no incidents only where somebody reports.
    """
    if name not in TABLES:
        raise PageError(404, f"there is no table '{name}'", tables=list(TABLES))
    if unknown := sorted(set(query) - {"region", "confirmed"}):
        raise PageError(400, f"unknown parameters: {', '.join(unknown)}; region and confirmed are")
    # A query may name one twice, which taking the first would hide.
    given = Counter(key for key, _ in query.items())
    if twice := sorted(key for key, times in given.items() if times > 1):
        raise PageError(400, f"{' and '.join(twice)} given twice: ask once for each, or for all")
    confirmed = query.get("confirmed", "0").lower()
    if confirmed not in ("0", "1", "true", "false"):
        raise PageError(400, "confirmed is 0 or 1")
    region = query.get("region")
    if region is not None:
        check_region(app, region)
    live, breath = app.states.live(), Breath()
    number = None if region is None else partition_of(region, app.settings.topics.partitions)
    for one in live if number is None or name in _ACROSS else {number} & live.keys():
        await _settle(live[one], app.pack, breath)
    found = await _rows(app, name, region, confirmed in ("1", "true"))
    return {
        "election": app.pack.id,
        "table": name,
        "region": region,
        "now": rfc3339(app.now()),
        "partitions": sorted(app.states.live()),
        "of": app.settings.topics.partitions,
        "accepted_gaps": accepted_gaps(app.states.live().values()),
        **_heard(app, region),
        "rows": found,
    }


def _heard(app: ScrutineerApp, region: str | None) -> dict[str, object]:
    live, count = app.states.live(), app.settings.topics.partitions
    here: list[str] = []
    elsewhere: list[str] = []
    for code in asked(app.pack, region):
        (here if partition_of(code, count) in live else elsewhere).append(code)
    known = {code: tables for part in live.values() for code, tables in part.regions.items()}
    return {"basis": basis(known, here, app.pack, app.now()), "not_here": elsewhere}


def check_region(app: ScrutineerApp, region: str) -> None:
    """PageError unless the region's partition is live here: nothing half-built is ever shown."""
    if region not in app.pack.regions:
        raise PageError(404, f"the pack has no region '{region}'", regions=sorted(app.pack.regions))
    number = partition_of(region, app.settings.topics.partitions)
    state = app.states.get(number)
    if not app.states.assigned:
        raise PageError(503, "the group has not shared out the partitions yet", partition=number)
    if state is None:
        raise PageError(
            421,
            f"region {region} is on partition {number}, which another worker has",
            partition=number,
        )
    if state.status != "live":
        raise PageError(
            503,
            f"region {region} is on partition {number}, which is {state.status}",
            partition=number,
        )


async def _rows(app: ScrutineerApp, name: str, region: str | None, confirmed: bool) -> list[Any]:
    live, now, count = app.states.live(), app.now(), app.settings.topics.partitions
    parts = list(live.values())

    def made(region: str | None) -> list[Any]:
        asked = {"confirmed_only": confirmed, "whole": len(parts) == count}
        return rows(name, parts, app.pack, now, region, **asked)

    if region is not None or name in _ACROSS:
        return made(region)
    # Where nothing is the news (coverage, overdue), regions without any event have rows as well.
    # Region by region, so that the loop is not held up; rows are sorted by region first.
    found: list[Any] = []
    for code in sorted(app.pack.regions):
        country = name in _WITH_COUNTRY and code == app.pack.country
        if country or partition_of(code, count) in live:
            found += made(code)
            await asyncio.sleep(0)
    return found


async def _settle(part: Partition, pack: Pack, breath: Breath) -> None:
    """Have the tables do what events left to do: at once, it would hold up the loop.

    Twice, for the events that come meanwhile: what is left to do at once then is little.
    """
    for _ in range(2):
        for region in list(part.regions.values()):
            for _ in region.settle(pack):
                await breath.take()


async def metrics(app: ScrutineerApp) -> Made[bytes]:
    """Prometheus' text format. Each partition is of one moment, that of its positions."""
    breath, page, now = Breath(), app.metrics_page, app.now()
    taken: set[int] = set()
    for number, part in list(app.states.live().items()):
        await _settle(part, app.pack, breath)
        page.take(number, part, now)
        taken.add(number)
        await breath.take()
    lag = {
        (topic, state.number): state.lag(topic)
        for state in app.states
        for topic in app.states.topics
    }
    view = View(
        parts=app.states.live(),
        status={state.number: state.status for state in app.states},
        now=now,
        freshness=app.freshness,
        lag=lag,
        loop_lag=app.loop_lag.recent(),
        snapshots={
            state.number: state.shelved.written
            for state in app.states
            if state.shelved.written is not None
        },
        refusals=app.snapshots.refusals,
        slowest=app.slowest.seconds(),
        senders=app.senders.top(),
        clock=app.settings.worker.clock,
    )
    text, shown = page.render(view, taken), view.parts.items()
    # No longer than all it shows is live: what another worker has now, or what failed, is gone.
    return Made(text, breath.worked, lambda: shown <= app.states.live().items())
