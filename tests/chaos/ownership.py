"""Who goes on showing a partition that is another worker's by now, and for how long.

Its page is a true prefix of the log, so no position and no figure on it is wrong: it is known by
another process that is further, and by not moving. A worker that was frozen or cut off cannot know
at once, nor can anybody while the group finds itself anew. So a clock runs for each that lags, from
when another was first seen ahead: what moves or is no longer shown is done with; after a fault of
its own process it begins again; while any fault lasts, and for as long again, it stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tests.chaos.pack import PARTITIONS
from tests.chaos.prefixes import Positions, lines_by_partition
from tests.chaos.sampler import Sample, Seen, positions_of
from tests.chaos.schedule import Trouble
from tests.chaos.workers import HEARTBEAT_SECONDS, REBALANCE_SECONDS, SESSION_SECONDS

STATE: Final = "/state"
METRICS: Final = "/metrics"
GIVING_UP_SECONDS: Final = 4.0
"""At most so long a worker that is to give up partitions waits for letters (1) and a commit (3)."""

LATEST: Final = SESSION_SECONDS + HEARTBEAT_SECONDS + 2 * (GIVING_UP_SECONDS + REBALANCE_SECONDS)
"""Calm seconds within which a worker must have dropped what it has lost.

Its session, or that of one who is gone, ends; a heartbeat says so; all give up what they have, and
the group waits for those who have not come; once more, where somebody comes back meanwhile.
"""


class Look(NamedTuple):
    """What a page said of a partition; ``at``: monotonic seconds. No positions: it is not shown."""

    at: float
    life: str
    page: str
    positions: Positions


class Lag(NamedTuple):
    """For how long a page stood still with another process ahead of it.

    ``calm``: seconds of that time that count.
    """

    life: str
    page: str
    ahead: str
    began: float
    ended: float
    calm: float


class _Standing:
    """A page that says the same since some time."""

    def __init__(self, look: Look) -> None:
        self.life, self.page, self.positions = look.life, look.page, look.positions
        self.until = look.at
        self.ahead: Look | None = None
        """The look at which another process was first known to be ahead."""

    def lag(self, troubles: Sequence[Trouble]) -> Iterator[Lag]:
        """That it stood still, if it did."""
        if self.ahead is not None and self.until > self.ahead.at:
            began = self.ahead.at
            calm = calm_seconds(self.life, began, self.until, troubles)
            yield Lag(self.life, self.page, self.ahead.life, began, self.until, calm)


def ownership_problems(
    history: Iterable[Seen], samples: Iterable[Sample], troubles: Sequence[Trouble]
) -> Iterator[str]:
    """Pages that went on showing what was another worker's for longer than is allowed."""
    for number, looks in looks_of(history, samples).items():
        for lag in lags(looks, troubles):
            if lag.calm > LATEST:
                yield (
                    f"ownership: {lag.page} of {lag.life} shows partition {number} as it was "
                    f"{lag.ended - lag.began:.0f} s before, when {lag.ahead} was ahead of it; "
                    f"{lag.calm:.0f} s of them outside faults, {LATEST:.0f} are allowed"
                )


def end_problems(workers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """At the end exactly one worker shows each partition, on whatever page."""
    shown = [{number for page in body["partitions"] for number in page} for body in workers]
    for number in range(PARTITIONS):
        if (by := sum(number in mine for mine in shown)) != 1:
            yield f"ownership: at the end {by} workers show partition {number}"


def looks_of(history: Iterable[Seen], samples: Iterable[Sample]) -> dict[int, list[Look]]:
    """All that was said of each partition, in the order of time."""
    found: dict[int, list[Look]] = {number: [] for number in range(PARTITIONS)}
    for seen in history:
        for number, looks in found.items():
            looks.append(Look(seen.until, seen.life, STATE, positions_of(seen, number)))
    for sample in samples:
        if sample.kind == "metrics":
            said = lines_by_partition(sample.text)
            for number, looks in found.items():
                positions = said[number][0] if number in said else ()
                looks.append(Look(sample.at, sample.life, METRICS, positions))
    return {number: sorted(looks) for number, looks in found.items()}


def lags(looks: Iterable[Look], troubles: Sequence[Trouble]) -> Iterator[Lag]:
    """Every time that a page of one partition stood still behind another process."""
    standing: dict[tuple[str, str], _Standing] = {}
    furthest: dict[str, Look] = {}
    for look in looks:
        place = look.life.partition(".")[0], look.page
        known = standing.get(place)
        if known is None or (known.life, known.positions) != (look.life, look.positions):
            if known is not None:
                yield from known.lag(troubles)
            standing[place] = _Standing(look)
        else:
            known.until = look.at
        # Of /state alone it is known when it was said.
        if look.page == STATE:
            furthest[place[0]] = look
        for one in standing.values():
            for other in furthest.values() if one.ahead is None else ():
                if one.life != other.life and is_behind(one.positions, other.positions):
                    one.ahead = other._replace(at=look.at)
    for one in standing.values():
        yield from one.lag(troubles)


def is_behind(positions: Positions, others: Positions) -> bool:
    """Whether a partition is shown, and less of it than another shows."""
    theirs = dict(others)
    no_further = all(at <= theirs.get(topic, -1) for topic, at in positions)
    return bool(positions) and no_further and positions != others


def calm_seconds(life: str, began: float, ended: float, troubles: Iterable[Trouble]) -> float:
    """Seconds of a time that no fault excuses, from the last one of the process itself on."""
    excuses = sorted(
        (one.began, one.ended + (one.ended - one.began), one.whom)
        for one in troubles
        if one.began < ended
    )
    for _, over, whom in excuses:
        if whom == life:
            began = max(began, over)
    calm, at = 0.0, began
    for since, over, _ in excuses:
        calm += max(0.0, since - at)
        at = max(at, over)
    return calm + max(0.0, ended - at)
