"""The naive model's turnout: official figures against counts, anew from all reports each time.

Estimates by the textbook's formulas, station by station, in fractions; not from running sums.
Equal to the tables' but for the last digits of half widths, whose sums are made in another order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from schemas.pack import Pack
from tests.strategies import Record
from tests.tables.counts_model import Counted, middle
from tests.tables.spelling import Json, shown, us
from tests.tables.turnout_estimates import Drawn, Estimates, Pair
from tests.tables.wider import HOUR

COLUMNS = (
    "region station contest checkpoint comparison unit official observed gap half_width "
    "half_width_family n df verdict ratio above below conflicts drawn no_register offset_seconds "
    "publisher as_of counts findings age_seconds"
)
"""Columns of ``turnout``, in order."""


class Design(NamedTuple):
    """A region's sample: station → sources, stratum → its drawn stations."""

    sources: dict[str, set[str]]
    strata: dict[str, set[str]]


class Turnout(Counted):
    """All tables with those of turnout."""

    def __init__(self, records: Iterable[Record], pack: Pack) -> None:
        super().__init__(records, pack)
        self.estimates = Estimates(pack)

    # Official figures

    def headlines(self) -> dict[tuple[str, str | None, str], dict[int, Json]]:
        """Place → checkpoint → data of the figure that counts."""
        return {
            place: {moment: found[0][-1]["data"] for moment, found in points.items()}
            for place, points in self.points().items()
        }

    def share(self, place: tuple[str, str | None, str], data: Json | None) -> Fraction | None:
        """Official turnout, a part of 1."""
        if data is None:
            return None
        if "voted" in data and data.get("registered"):
            return Fraction(data["voted"], data["registered"])
        if "percent" in data:
            return Fraction(data["percent"]) / 100
        register = self.listed(*place)
        return Fraction(data["voted"], register) if register else None

    def voters(self, place: tuple[str, str | None, str], data: Json) -> Fraction | None:
        """Official voters at a station."""
        if "voted" in data:
            return Fraction(data["voted"])
        register = data.get("registered") or self.listed(*place)
        return Fraction(data["percent"]) * register / 100 if register else None

    # The sample

    def design(self, region: str) -> Design | None:
        """The region's sample; None where it has none."""
        stations = self.pack.stations or {}
        design = Design(defaultdict(set), defaultdict(set))
        for row in self.pack.deployment:
            if row.sample and stations[row.station].region == region:
                design.sources[row.station].add(row.source)
                design.strata[stations[row.station].stratum or ""].add(row.station)
        return design if design.sources else None

    def population(self, region: str, stratum: str | None = None) -> int:
        """Stations in stations.csv; of one stratum if that is asked."""
        return sum(
            station.region == region and stratum in (None, station.stratum or "")
            for station in (self.pack.stations or {}).values()
        )

    def eligible(self, region: str, contest: str, counts: list[Json]) -> dict[str, list[Json]]:
        """Station → its independent counts that level and flow may use."""
        design = self.design(region)
        found: dict[str, list[Json]] = defaultdict(list)
        for one in counts:
            if (one["region"], one["contest"], one["told"]) != (region, contest, False):
                continue
            if design is None or one["source"] in design.sources.get(one["station"], ()):
                found[one["station"]].append(one)
        return found

    # Level

    def sample(self, region: str, contest: str, moment: int, counts: list[Json]) -> list[Drawn]:
        """The strata of a region with what its stations had at a moment."""
        pairs: dict[str, list[Pair]] = defaultdict(list)
        design = self.design(region)
        if moment in self.pack.checkpoints:
            for station, own in self.eligible(region, contest, counts).items():
                chosen = self.nearest(own, moment)
                if chosen:
                    name = (self.pack.stations or {})[station].stratum or "" if design else ""
                    pairs[name].append(Pair(middle(chosen), self.register(chosen)))
        if design is None:
            return [Drawn(pairs[""], 0, 0)]
        return [
            Drawn(pairs[name], self.population(region, name), len(stations))
            for name, stations in design.strata.items()
        ]

    def strata(self, region: str, contest: str, moment: int, counts: list[Json]) -> list[Drawn]:
        """Of a region, or those of all regions for the country."""
        if region != self.pack.country:
            return self.sample(region, contest, moment, counts)
        sampled = [code for code in self.pack.region_codes() if self.design(code)]
        found = []
        if not sampled:
            everywhere = [*self.pack.region_codes(), region]
            every = [self.sample(code, contest, moment, counts)[0].pairs for code in everywhere]
            return [Drawn([pair for pairs in every for pair in pairs], 0, 0)]
        for code in self.pack.region_codes():
            if code in sampled:
                found += self.sample(code, contest, moment, counts)
            elif self.pack.regions[code].kind == "region" and self.population(code):
                found.append(Drawn([], self.population(code), 0))
        return found

    def drawn(self, region: str) -> int | None:
        """Stations drawn in a region or in the country; None without a sample."""
        codes = self.pack.region_codes() if region == self.pack.country else [region]
        designs = [design for design in map(self.design, codes) if design]
        return sum(len(design.sources) for design in designs) if designs else None

    def level(self, confirmed_only: bool) -> Iterable[Json]:
        """Rows of comparison ``level``, without what every row has."""
        counts, headlines = self.observed(confirmed_only), self.headlines()
        for region in [*self.pack.region_codes(), self.pack.country]:
            probability = self.drawn(region) is not None and not confirmed_only
            for contest in self.pack.contests:
                place = (region, None, contest)
                published = headlines.get(place, {})
                for moment in {*self.pack.checkpoints, *published}:
                    strata = self.strata(region, contest, moment, counts)
                    if moment not in published and not any(one.pairs for one in strata):
                        continue
                    share = self.share(place, published.get(moment))
                    row = self.estimates.level(share, strata, probability)
                    row["drawn"] = self.drawn(region)
                    row["no_register"] = sum(p.m is None for one in strata for p in one.pairs)
                    row["behind"] = self.behind_level(region, contest, moment, counts)
                    yield named(place, moment, "level") | row

    def behind_level(
        self, region: str, contest: str, moment: int, counts: list[Json]
    ) -> list[Json]:
        """The counts that a level rests on."""
        codes = [region]
        if region == self.pack.country:
            sampled = [code for code in self.pack.region_codes() if self.design(code)]
            codes = sampled or [*self.pack.region_codes(), region]
        if moment not in self.pack.checkpoints:
            return []
        return [
            count
            for code in codes
            for own in self.eligible(code, contest, counts).values()
            for count in self.nearest(own, moment)
        ]

    # Flow

    def flow(self, confirmed_only: bool) -> Iterable[Json]:
        """Rows of comparison ``flow``, without what every row has."""
        counts, headlines = self.observed(confirmed_only), self.headlines()
        for region in [*self.pack.region_codes(), self.pack.country]:
            design, country = self.design(region), region == self.pack.country
            probability = design is not None and len(design.strata) == 1 and not confirmed_only
            for contest in self.pack.contests:
                place = (region, None, contest)
                published = headlines.get(place, {})
                for start, end in pairwise(self.boundaries(region)):
                    hours = self.hours(region, start, end)
                    codes = [*self.pack.region_codes(), region] if country else [region]
                    pairs = [
                        pair for code in codes for pair in self.rates(code, contest, end, counts)
                    ]
                    if not hours or (end not in published and not pairs):
                        continue
                    before = self.share(place, published.get(start))
                    if start not in self.pack.checkpoints:
                        before = Fraction(0)
                    after = self.share(place, published.get(end))
                    official = None if before is None or after is None else after - before
                    drawn = self.drawn(region)
                    row = self.estimates.flow(official, pairs, hours, probability, drawn or 0)
                    row["drawn"] = drawn
                    row["no_register"] = sum(pair.m is None for pair in pairs)
                    row["behind"] = [
                        one
                        for code in codes
                        for own in self.eligible(code, contest, counts).values()
                        for one in own
                        if self.is_watched(code, end, one)
                    ]
                    yield named(place, end, "flow") | row

    def boundaries(self, region: str) -> list[int]:
        """The opening, if it is known and comes first, and the checkpoints."""
        moments, polls = list(self.pack.checkpoints), self.pack.polls(region)
        first = [polls[0][0]] if polls and moments and polls[0][0] < moments[0] else []
        return first + moments

    def hours(self, region: str, start: int, end: int) -> Fraction:
        """How long the polls were open in an interval; its length where nobody knows."""
        polls = self.pack.polls(region) or [(start, end)]
        overlaps = [min(end, closed) - max(start, opened) for opened, closed in polls]
        return Fraction(sum(length for length in overlaps if length > 0), HOUR)

    def is_watched(self, region: str, end: int, one: Json) -> bool:
        """Whether a count has a part in the region's interval before ``end``."""
        if one["since"] is None or self.is_too_long(one):
            return False
        starts = [start for start, until in pairwise(self.boundaries(region)) if until == end]
        return any(
            self.hours(region, max(one["since"], start), min(one["at"], end)) > 0
            for start in starts
        )

    def rates(self, region: str, contest: str, end: int, counts: list[Json]) -> list[Pair]:
        """(voters, exposure in registered·hours) of each station watched before ``end``."""
        spans = [span for span in pairwise(self.boundaries(region)) if span[1] == end]
        found = []
        for start, _ in spans:
            for own in self.eligible(region, contest, counts).values():
                used = [one for one in own if one["since"] is not None]
                used = [one for one in used if not self.is_too_long(one)]
                voters, watched = Fraction(0), Fraction(0)
                for one in used:
                    whole = self.hours(region, one["since"], one["at"])
                    part = self.hours(region, max(one["since"], start), min(one["at"], end))
                    if part > 0:
                        watched += part * HOUR
                        voters += one["voters"] * part / whole
                if watched:
                    m = self.register(used)
                    found.append(Pair(voters, None if m is None else m * watched / HOUR))
        return found

    # Stations

    def stations(self, confirmed_only: bool) -> Iterable[Json]:
        """Rows of comparisons ``matched`` and ``told`` of single stations."""
        counts = self.observed(confirmed_only)
        for place, points in self.headlines().items():
            region, station, contest = place
            for checkpoint, data in points.items() if station else ():
                for comparison in ("matched", "told"):
                    spot = (region, station, contest, comparison == "told")
                    names = ("region", "station", "contest", "told")
                    own = [one for one in counts if tuple(one[name] for name in names) == spot]
                    chosen = self.nearest(own, us(data["as_of"]))
                    if chosen:
                        row = self.estimates.matched(self.voters(place, data), middle(chosen))
                        row |= {"n": len(chosen), "chosen": chosen}
                        row["conflicts"] = int(any("conflict" in one["findings"] for one in chosen))
                        row["offset_seconds"] = int((chosen[0]["at"] - us(data["as_of"])) / 10**6)
                        yield named(place, checkpoint, comparison) | row

    def together(self, stations: list[Json]) -> Iterable[Json]:
        """The station rows of a region, and of the country, added up."""
        groups: dict[tuple[str, str, int, str], list[Json]] = defaultdict(list)
        for row in stations:
            if row["official"] is not None:
                for region in {row["region"], self.pack.country}:
                    key = (region, row["contest"], row["moment"], row["comparison"])
                    groups[key].append(row)
        for (region, contest, moment, comparison), rows in groups.items():
            total = self.estimates.matched(
                *(sum(row[name] for row in rows) for name in FIGURES[:2])
            )
            total |= {name: sum(row[name] for row in rows) for name in TALLIES}
            total |= {"n": len(rows), "added": True}
            yield named((region, None, contest), moment, comparison) | total

    # Rows

    def turnout(self, now: int, confirmed_only: bool, region: str | None = None) -> list[Json]:
        """Rows of ``turnout``."""
        stations = list(self.stations(confirmed_only))
        found = [*self.level(confirmed_only), *self.flow(confirmed_only)]
        found += [*stations, *self.together(stations)]
        headlines, findings = self.headlines(), self.official_findings(now, confirmed_only)
        return [
            self.row(one, now, headlines, findings)
            for one in found
            if region in (None, one["region"])
        ]

    def row(
        self,
        one: Json,
        now: int,
        headlines: dict[tuple[str, str | None, str], dict[int, Json]],
        findings: list[Json],
    ) -> Json:
        """All columns, as they are printed."""
        row: Json = dict.fromkeys(COLUMNS.split()) | {"checkpoint": shown(one["moment"])}
        row |= {name: value for name, value in one.items() if name in row}
        shares = row["comparison"] in ("level", "flow")
        row["unit"] = "share" if shares else "voters"
        for name in (*FIGURES, "ratio"):
            if row[name] is not None:
                exact = Fraction(row[name])
                row[name] = int(exact) if not shares and exact.denominator == 1 else float(exact)
        place = (row["region"], row["station"], row["contest"])
        headline = headlines.get(place, {}).get(one["moment"])
        if headline is not None and "added" not in one:
            row |= {"publisher": headline["publisher"], "as_of": headline["as_of"]}
            row["age_seconds"] = (now - us(headline["as_of"])) // 10**6
        names = ("region", "station", "contest", "checkpoint")
        kinds = {
            finding["finding"]
            for finding in findings
            if finding["open"] and all(finding[name] == row[name] for name in names)
            if "added" not in one  # the sum of stations' figures is not the region's figure
            if finding["finding"] not in OF_NO_FIGURE
        }
        if "chosen" in one:
            named_by = ("source", "report_id", "voters")
            told = [tuple(count[name] for name in named_by) for count in one["chosen"]]
            row["counts"] = [dict(zip(named_by, values, strict=True)) for values in sorted(told)]
            kinds |= {kind for count in one["chosen"] for kind in count["findings"]}
        kinds |= {kind for count in one.get("behind", ()) for kind in count["findings"]}
        return row | {"findings": sorted(kinds)}


OF_NO_FIGURE = ("overdue", "sum_mismatch")
"""Findings about what is missing, or about several places: in no row of a comparison."""
FIGURES = ("official", "observed", "gap")
TALLIES = ("above", "below", "conflicts")


def named(place: tuple[str, str | None, str], moment: int, comparison: str) -> Json:
    region, station, contest = place
    row = {"region": region, "station": station, "contest": contest}
    return row | {"moment": moment, "comparison": comparison}
