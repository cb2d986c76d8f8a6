"""The naive model's counts of voters: what observers reported, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from statistics import median
from typing import Any

from tests.tables.series_model import SeriesModel
from tests.tables.spelling import Json, shown, us
from tests.tables.wider import HOUR


class Counted(SeriesModel):
    """All tables with that of counts."""

    def observed(self, confirmed_only: bool) -> list[Json]:
        """Every count that stands, flat, with its findings."""
        found = []
        for report in self.reported("observer.turnout", confirmed_only):
            data = report["data"]
            one = {name: data[name] for name in ("region", "station", "method", "report_id")}
            one |= {"source": report["source"], "status": report["status"], "phase": data["phase"]}
            one |= {"contest": data.get("contest", self.pack.main_contest)}
            one |= {"observer": data.get("observer"), "registered": data.get("registered")}
            one |= {"told": data["method"] == "told_by_commission", "since": None}
            if "interval" in data:
                span = data["interval"]
                one |= {"since": us(span["from"]), "at": us(span["to"]), "voters": span["voters"]}
            else:
                one |= {"at": report["at"], "voters": data["cumulative"]}
            found.append(one)
        for one in found:
            one["findings"] = sorted(self.faults(one, found))
        return found

    def faults(self, one: Json, everything: list[Json]) -> Iterable[str]:
        """What is wrong with a count."""
        register = one["registered"] or self.listed(one["region"], one["station"], one["contest"])
        if register and one["voters"] > register:
            yield "above_register"
        if one["since"] is not None:
            if self.is_too_long(one):
                yield "too_long"
            polls = self.pack.polls(one["region"])
            if polls and all(one["at"] <= a or one["since"] >= b for a, b in polls):
                yield "outside_hours"
            return
        same = [
            other
            for other in everything
            if other["since"] is None
            and all(other[name] == one[name] for name in ("region", "station", "contest", "told"))
        ]
        if any(
            other["at"] < one["at"]
            and other["voters"] > one["voters"]
            and (other["source"], other["observer"]) == (one["source"], one["observer"])
            for other in same
        ):
            yield "falling"
        own = (one["source"], one["observer"])
        if any(
            (other["at"] == one["at"] and other["voters"] != one["voters"])
            or (
                (other["source"], other["observer"]) != own
                and (other["at"] - one["at"]) * (other["voters"] - one["voters"]) < 0
            )
            for other in same
        ):
            yield "conflict"

    def is_too_long(self, one: Json) -> bool:
        """Whether an interval is longer than anybody counts."""
        return bool(one["at"] - one["since"] > self.rules.interval_hours * HOUR)

    def observed_turnout(
        self, now: int, confirmed_only: bool, region: str | None = None
    ) -> list[Json]:
        """Rows of ``observed_turnout``."""
        names = "region station contest source report_id method status phase at since voters"
        rows = []
        for one in self.observed(confirmed_only):
            row = {name: one[name] for name in (*names.split(), "registered", "findings")}
            row["at"] = shown(one["at"])
            row["since"] = None if one["since"] is None else shown(one["since"])
            rows.append(row)
        return [row for row in rows if region in (None, row["region"])]

    @property
    def rules(self) -> Any:
        """The pack's thresholds."""
        return self.pack.judgement.turnout

    @property
    def reach(self) -> int:
        """How far from a moment a count may be, µs."""
        return int(self.rules.match_minutes * 60_000_000)

    def listed(self, region: str, station: str | None, contest: str) -> int | None:
        """The pack's register of a place, which is the main contest's; zero is none."""
        if contest != self.pack.main_contest:
            return None
        if station is None:
            return self.pack.regions[region].registered or None
        known = (self.pack.stations or {}).get(station)
        return (known.registered or None) if known else None

    def register(self, counts: list[Json]) -> Fraction | None:
        """Of a station, by some counts at it."""
        given = [Fraction(one["registered"]) for one in counts if one["registered"]]
        if given:
            return Fraction(median(given))
        one = counts[0]
        known = self.listed(one["region"], one["station"], one["contest"])
        return None if known is None else Fraction(known)

    def nearest(self, counts: list[Json], moment: int) -> list[Json]:
        """All counts of the moment nearest to ``moment``; the later of two.

        While polls are closed, those of that time, for nobody votes any more.
        """
        totals = [one for one in counts if one["since"] is None]
        near = [one for one in totals if abs(one["at"] - moment) <= self.reach]
        night = self.night(totals[0]["region"], moment) if totals else None
        if night:
            late = [one for one in totals if night[0] <= one["at"] < night[1]]
            near = late or near
        if not near:
            return []
        best = min({one["at"] for one in near}, key=lambda at: (abs(at - moment), -at))
        return [one for one in near if one["at"] == best]

    def night(self, region: str, moment: int) -> tuple[float, float] | None:
        """From the closing before a moment to the opening after it; None while polls are open."""
        polls = self.pack.polls(region)
        closings = [closed for _, closed in polls if closed <= moment]
        openings = [opened for opened, _ in polls if opened > moment]
        begun = [opened for opened, _ in polls if opened <= moment]
        if not closings or len(begun) > len(closings):
            return None
        return closings[-1], min(openings, default=float("inf"))


def middle(counts: list[Json]) -> Fraction:
    return Fraction(median(Fraction(one["voters"]) for one in counts))
