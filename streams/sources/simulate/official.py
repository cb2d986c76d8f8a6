"""The course of turnout that official figures tell, which the simulated truth follows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from schemas import Accepted, read
from schemas.fields import microseconds
from schemas.official import OfficialTurnout
from streams.sources.simulate.world import Curve

if TYPE_CHECKING:
    from schemas.pack import Pack


def courses(raws: Iterable[bytes], pack: Pack) -> dict[str, Curve]:
    """Per region the points of the highest-ranked publisher's figures in these events.

    What is no official figure of a whole region is passed over; so are misprints of others.
    """
    best: dict[tuple[str, int], tuple[int, int, float]] = {}
    for raw in raws:
        result = read(raw, None, pack)
        if not isinstance(result, Accepted) or not isinstance(result.event.data, OfficialTurnout):
            continue
        data = result.event.data
        if data.station is not None or data.contest not in (None, pack.main_contest):
            continue
        key = (data.region, microseconds(data.as_of))
        rank = pack.publishers[data.publisher].rank
        found = (rank, -data.revision, _share(data))
        best[key] = min(best.get(key, found), found)
    points: dict[str, list[tuple[int, float]]] = {}
    for (region, at), (_, _, share) in sorted(best.items()):
        points.setdefault(region, []).append((at, share))
    return {region: tuple(course) for region, course in points.items()}


def _share(data: OfficialTurnout) -> float:
    if data.percent is not None:
        return float(Decimal(data.percent)) / 100
    return (data.voted or 0) / data.registered if data.registered else 0.0
