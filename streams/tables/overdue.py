"""Official figures that should have been published by now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from schemas.pack import Pack
from streams.tables.region import RegionTables
from streams.turnout.series import MINUTE
from streams.turnout.series import overdue as is_overdue


def expected(pack: Pack, region: str) -> tuple[int, ...]:
    """The checkpoints (µs) at which a figure of ``region``, or of the country, is expected.

    Every one of the pack's after the polls there first opened, also after they closed. None where
    the hours are not known, as for stations abroad.
    """
    polls = pack.polls(region)
    if not polls:
        return ()
    return pack.checkpoints[bisect_right(pack.checkpoints, polls[0][0]) :]


def missing(tables: RegionTables, pack: Pack) -> Iterator[tuple[str, int]]:
    """(contest, checkpoint in µs) of what is expected of a region and not there, or not yet.

    Of the main contest always, of another one once there is any figure of it.
    """
    checkpoints = expected(pack, tables.code)
    for contest in pack.contests:
        published = tables.official.published(contest)
        if published or contest == pack.main_contest:
            yield from ((contest, at) for at in checkpoints if at not in published)


def overdue(tables: RegionTables, pack: Pack, now: int) -> list[tuple[str, int]]:
    """(contest, checkpoint in µs) of what has been missing for longer than the pack allows."""
    minutes = pack.judgement.turnout.overdue_minutes
    return [
        (contest, at)
        for contest, at in missing(tables, pack)
        if is_overdue(at, now, minutes, published=False)
    ]


def next_overdue(tables: RegionTables, pack: Pack, now: int) -> int | None:
    """The first moment (µs) after ``now`` at which another figure is overdue."""
    after = pack.judgement.turnout.overdue_minutes * MINUTE + 1
    due = (at + after for _, at in missing(tables, pack))
    return min((moment for moment in due if moment > now), default=None)
