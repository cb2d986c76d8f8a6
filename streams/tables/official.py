"""Official turnout of one region: versions by place, contest, checkpoint and publisher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import lru_cache

from schemas.fields import microseconds
from schemas.official import OfficialTurnout
from schemas.pack import Pack
from streams.tables.findings import (
    SERIES_KINDS,
    Basis,
    Figures,
    Finding,
    FindingKind,
    findings,
)
from streams.tables.lots import exhaust
from streams.tables.stations import (
    register_of_region,
    register_of_station,
    station_counts,
)
from streams.tables.versions import Outcome, Version, enlarge, find
from streams.turnout.exact import fraction, share

Place = tuple[str, str]
"""(station, or "" for the region itself; contest)"""


class OfficialSeries:
    """The figures of one place and contest: ``points``: checkpoint (µs) → publisher → head."""

    __slots__ = ("_basis", "_figures", "_findings", "_pack", "points")

    def __init__(self, pack: Pack, basis: Basis) -> None:
        self._pack = pack
        self._basis = basis
        self.points: dict[int, dict[str, Version]] = {}
        self._figures: list[Figures] | None = None
        self._findings: tuple[Finding, ...] | None = None

    def changed(self) -> None:
        """Forget what was derived from the versions."""
        self._figures = self._findings = None

    def figures(self) -> list[Figures]:
        """Ascending by checkpoint; publishers by rank, the headline's first."""
        if self._figures is None:
            known = self._pack.publishers

            def rank(code: str) -> tuple[int, str]:
                return known[code].rank if code in known else len(known), code

            self._figures = [
                Figures(checkpoint, {code: point[code] for code in sorted(point, key=rank)})
                for checkpoint, point in sorted(self.points.items())
            ]
        return self._figures

    def findings(self) -> tuple[Finding, ...]:
        """All findings, open and past."""
        if self._findings is None:
            self._findings = tuple(findings(self.figures(), self._basis))
        return self._findings


class OfficialTurnoutTable:
    """All official turnout figures of one region.

    ``series``: (station or "", contest) → its series. ``several``: identities with more than one
    version. ``last_as_of``: the newest moment (µs) that any figure was given for.
    """

    __slots__ = (
        "_fresh",
        "_open",
        "_pack",
        "_stations",
        "_total",
        "last_as_of",
        "series",
        "several",
    )

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self.series: dict[Place, OfficialSeries] = {}
        self.several: set[tuple[Place, int, str]] = set()
        self.last_as_of: int | None = None
        self._fresh: dict[Place, None] = {}
        self._open: dict[Place, Counter[FindingKind]] = {}
        self._total: Counter[FindingKind] = Counter()
        self._stations: dict[str, set[int]] = {}

    def add(self, new: Version) -> Outcome:
        """Add a version to its identity."""
        data: OfficialTurnout = new.data
        as_of = microseconds(data.as_of)
        place = (data.station or "", data.contest or self._pack.main_contest)
        series = self.series.get(place)
        if series is None:
            series = self.series[place] = OfficialSeries(self._pack, _basis(self._pack, data))
        checkpoint = self._pack.checkpoint(as_of)
        if data.station is not None:
            self._stations.setdefault(place[1], set()).add(checkpoint)
        point = series.points.get(checkpoint)
        if point is None:
            point = series.points[checkpoint] = {}
        head = point.get(data.publisher)
        if head is None:
            current = new
        else:
            known = find(head, new)
            if known is not None:
                known.at = min(known.at, new.at)
                return "duplicate"
            current = enlarge(head, new)
            self.several.add((place, checkpoint, data.publisher))
        point[data.publisher] = current
        series.changed()
        self._fresh[place] = None
        if self.last_as_of is None or as_of > self.last_as_of:
            self.last_as_of = as_of
        return "accepted" if current is new else "superseded"

    def versions(self) -> Iterator[Version]:
        """Every version of every figure."""
        for series in self.series.values():
            for point in series.points.values():
                for head in point.values():
                    yield from head

    def headlines(self) -> Iterator[tuple[Place, int, Version]]:
        """(place, checkpoint, headline) of every checkpoint of every place."""
        for place, series in self.series.items():
            for figures in series.figures():
                yield place, figures.checkpoint, figures.headline

    def open_findings(self) -> dict[FindingKind, int]:
        """Kind → open findings of the figures of the region and its stations; every kind is there.

        What is overdue is not among them: it depends on a ``now`` (``overdue``).
        """
        exhaust(self.settle())
        return {kind: self._total[kind] for kind in SERIES_KINDS}

    def settle(self) -> Iterator[None]:
        """Judge the places that changed since the last look, one at a step."""
        for place in list(self._fresh):
            if place not in self._fresh:
                continue
            del self._fresh[place]
            self._total.subtract(self._open.pop(place, {}))
            found = Counter(one.kind for one in self.series[place].findings() if one.open)
            if found:
                self._open[place] = found
                self._total.update(found)
            yield

    def published(self, contest: str) -> Collection[int]:
        """The checkpoints (µs) that there is a figure at: of the region itself.

        Of any of its stations where none of the region was ever published: some commissions
        publish station by station alone.
        """
        own = self.series.get(("", contest))
        return self._stations.get(contest, ()) if own is None else own.points

    def newest_ratios(self) -> dict[str, tuple[int, Fraction]]:
        """Contest → (as_of in µs, voted ÷ registered) of the region's own newest headline.

        From the two counts where it gives both, else from the percentage; left out where it
        gives neither.
        """
        newest: dict[str, tuple[int, Fraction]] = {}
        for contest in self._pack.contests:  # not over the series: most are of stations
            series = self.series.get(("", contest))
            if series is None:
                continue
            data: OfficialTurnout = series.figures()[-1].headline.data
            found = share(data.voted, data.registered, data.percent)
            if found is not None:
                newest[contest] = (microseconds(data.as_of), found)
        return newest


def _basis(pack: Pack, data: OfficialTurnout) -> Basis:
    """What the figures of a place are judged by.

    The pack's registers are of those who vote in the main contest. A station is one; of a region
    all its stations, as far as the pack says or lists them.
    """
    contest = data.contest or pack.main_contest
    if data.station is None:
        registered = register_of_region(pack, data.region, contest)
    else:
        registered = register_of_station(pack, data.station, contest)
    stations = station_counts(pack).get(data.region) if data.station is None else 1
    return Basis(registered, stations, pack.polls(data.region), *_limits(pack))


@lru_cache(maxsize=8)
def _limits(pack: Pack) -> tuple[Fraction, Fraction]:
    """The pack's tolerance of registers and its most votes a minute, exact as written."""
    turnout = pack.judgement.turnout
    return fraction(turnout.register_percent), fraction(turnout.votes_per_station_minute)
