"""The naive model's official series against itself: what one figure, two, or all regions say.

Integers and decimals, minutes counted one by one; no code of the checks under test.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from tests.tables.spelling import Json, shown
from tests.tables.wider import Wider

MINUTE = 60_000_000


class SeriesModel(Wider):
    """All tables, with every kind of finding."""

    def official_findings(
        self, now: int, confirmed_only: bool, *, whole: bool = True
    ) -> list[Json]:
        """Rows of ``official_findings``."""
        rows = super().official_findings(now, confirmed_only)
        for (region, station, contest), points in self.points().items():
            place = {"region": region, "station": station, "contest": contest}
            for checkpoint, publishers in points.items():
                here = place | {"checkpoint": shown(checkpoint)}
                headline = publishers[0][-1]
                for version in (one for versions in publishers for one in versions):
                    told = [*alone(version), *self.jumps(region, station, version, points)]
                    for row in told:
                        row["open"] = row["open"] and version is headline
                        rows.append(here | row)
        rows += self.late(now)
        return rows + (self.sums() if whole else [])

    def jumps(
        self,
        region: str,
        station: str | None,
        version: Json,
        points: dict[int, list[list[Json]]],
    ) -> list[Json]:
        """The finding ``jump`` of one version, if it is one."""
        polls = self.pack.polls(region)
        stations = 1 if station else self.pack.regions[region].stations or 0
        mine = next(m for m, found in points.items() if any(version in one for one in found))
        for before in sorted((moment for moment in points if moment < mine), reverse=True):
            minutes = range(before // MINUTE, mine // MINUTE)
            voting = [m for m in minutes if any(a <= m * MINUTE < b for a, b in polls)]
            rivals = list(reversed(points[before][0]))
            added = [smallest_rise(old, version) for old in rivals]
            if not polls or added == [None] * len(added):
                continue
            for old, new in zip(rivals, added, strict=True):
                if new is not None and new > 2 * stations * len(voting):
                    name = "voted" if "voted" in old["data"].keys() & version["data"] else "percent"
                    return [pair("jump", version, old, name, is_open=old is rivals[0])]
            return []
        return []

    def late(self, now: int) -> list[Json]:
        """The findings ``overdue``."""
        there: dict[tuple[str, str, bool], set[int]] = defaultdict(set)
        for key in self.groups:
            if key[0] == "official":
                region, station, contest = key[1]
                there[region, contest, station is None].add(key[2])
        rows = []
        for region in self.pack.regions:
            for contest in ("list", "district"):
                known = there[region, contest, True] or there[region, contest, False]
                for clock in (10, 14, 18):
                    moment = self.pack.polls("XX")[0][0] + (clock - 7) * 60 * MINUTE
                    judged = region != "XX-ABROAD" and (contest == "list" or bool(known))
                    if judged and moment not in known and now > moment + 90 * MINUTE:
                        rows.append(blank(region, contest, moment, "overdue"))
        return rows

    def sums(self) -> list[Json]:
        """The findings ``sum_mismatch``."""
        rows = []
        points = self.points()
        for contest in ("list", "district"):
            for moment, publishers in points.get(("XX", None, contest), {}).items():
                total = publishers[0][-1]["data"]
                there = {
                    code: one[0][-1]["data"]
                    for code in self.pack.region_codes()
                    if (one := points.get((code, None, contest), {}).get(moment))
                }
                missing = set(self.pack.region_codes()) - there.keys()
                if missing - {"XX-ABROAD"}:
                    continue
                made = added_up(total, list(there.values()), abroad=not missing)
                if made is not None:
                    row = blank("XX", contest, moment, "sum_mismatch")
                    row |= {"value": total[made[0]], "previous_value": made[1]}
                    for column in ("publisher", "revision", "source_url"):
                        row[column] = total.get(column)
                    rows.append(row)
        return rows


def blank(region: str, contest: str, moment: int, kind: str) -> Json:
    """A row that is open, with nothing in the columns of its two figures."""
    columns = ("value", "publisher", "revision", "source_url")
    row: Json = {prefix + name: None for prefix in ("", "previous_") for name in columns}
    row |= {"region": region, "station": None, "contest": contest, "finding": kind}
    return row | {"checkpoint": shown(moment), "open": True}


def pair(kind: str, version: Json, previous: Json, name: str, *, is_open: bool) -> Json:
    """A finding about ``name`` of two versions."""
    row: Json = {"finding": kind, "open": is_open}
    for prefix, data in (("", version["data"]), ("previous_", previous["data"])):
        row[prefix + "value"] = data[name]
        for column in ("publisher", "revision", "source_url"):
            row[prefix + column] = data.get(column)
    return row


def digits(percent: str) -> int:
    return len(percent.split(".")[1]) if "." in percent else 0


def written(value: Fraction, like: str) -> str:
    """A percentage with two digits more than ``like``."""
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return f"{exact:.{digits(like) + 2}f}"


def alone(version: Json) -> list[Json]:
    """What a figure says against itself; whether it is the headline's is not known here."""
    data = version["data"]
    voted, registered, percent = (data.get(name) for name in ("voted", "registered", "percent"))
    rows = []
    if voted is not None and registered and percent is not None:
        unit = 10 ** digits(percent)
        number = int(percent.replace(".", ""))
        cut, rest = divmod(100 * voted * unit, registered)
        rounded = cut + 1 if 2 * rest >= registered else cut
        if number not in (cut, rounded):
            row = pair("inconsistent", version, version, "percent", is_open=True)
            row["previous_value"] = written(Fraction(100 * voted, registered), percent)
            rows.append(row)
    if voted is not None and registered is not None and voted > registered:
        row = pair("impossible", version, version, "voted", is_open=True)
        rows.append(row | {"previous_value": registered})
    elif percent is not None and Decimal(percent) > 100:
        row = pair("impossible", version, version, "percent", is_open=True)
        nobody = dict.fromkeys(("previous_publisher", "previous_revision", "previous_source_url"))
        rows.append(row | nobody | {"previous_value": "100"})
    return rows


def span(percent: str) -> tuple[Fraction, Fraction]:
    """From half a unit below to a unit above."""
    unit = Fraction(1, 10 ** digits(percent))
    return Fraction(percent) - unit / 2, Fraction(percent) + unit


def smallest_rise(old: Json, new: Json) -> Fraction | None:
    """Voters that came, at least; None: the two cannot be compared."""
    a, b = old["data"], new["data"]
    if "voted" in a and "voted" in b:
        return Fraction(b["voted"] - a["voted"])
    if "percent" in a and "percent" in b and b.get("registered"):
        points = span(b["percent"])[0] - span(a["percent"])[1]
        return points / 100 * Fraction(b["registered"])
    return None


def added_up(total: Json, parts: list[Json], *, abroad: bool) -> tuple[str, Any] | None:
    """(what was compared, what the regions make of it), or None where it is right or unknown."""
    if all("voted" in data for data in (total, *parts)):
        made = sum(data["voted"] for data in parts)
        wrong = made > total["voted"] or (abroad and made != total["voted"])
        return ("voted", made) if wrong else None
    if not all("percent" in data for data in (total, *parts)):
        return None
    ends = [span(data["percent"]) for data in parts]
    lowest, highest = min(low for low, _ in ends), max(high for _, high in ends)
    registers: list[int] = [data.get("registered") or 0 for data in parts]
    if abroad and all(registers):
        everybody = sum(registers)
        shares = [Fraction(register, everybody) for register in registers]
        lowest = sum((s * low for s, (low, _) in zip(shares, ends, strict=True)), Fraction(0))
        highest = sum((s * high for s, (_, high) in zip(shares, ends, strict=True)), Fraction(0))
    low, high = span(total["percent"])
    if high <= lowest:
        return "percent", written(lowest, total["percent"])
    return ("percent", written(highest, total["percent"])) if low >= highest else None
