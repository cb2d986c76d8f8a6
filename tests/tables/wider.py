"""The naive model's other tables: visits, coverage, openings, complaints, notices."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import groupby
from typing import Any

from tests.tables.model import CONFIRMED, home
from tests.tables.results import Results
from tests.tables.spelling import Json, shown, us
from tests.tables.surging import incidents_surge

PHASES = ("opening", "voting", "counting", "tabulation", "pre_election", "post_election", "unknown")
HOUR = 3_600_000_000


class Wider(Results):
    """All tables."""

    def visits(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``visits``."""
        cells: dict[tuple[Any, ...], list[Json]] = defaultdict(list)
        for report in self.kept("visit", confirmed_only):
            data = report["data"]
            cells[data["region"], data["phase"], data.get("rating"), report["status"]].append(data)
        names = ("region", "phase", "rating", "status")
        return [
            dict(zip(names, key, strict=True))
            | {"visits": len(found)}
            | {"stations": len({d["station"] for d in found if "station" in d})}
            for key, found in cells.items()
        ]

    def answers(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``answers``."""
        counts: Counter[tuple[str, ...]] = Counter()
        for report in self.reported("visit", confirmed_only):
            data = report["data"]
            for question, answer in data["answers"].items():
                counts[data["region"], data["phase"], question, answer] += 1
        return [
            {"region": region, "phase": phase, "question": question}
            | {a: counts[region, phase, question, a] for a in ("yes", "no", "not_observed")}
            for region, phase, question in {key[:3] for key in counts}
        ]

    def assessment(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``assessment``, but for the ends of intervals.

        Of the small pack's sample one station alone is of one stratum: A-1 but while voting.
        The country is of several strata; what was confirmed alone is no sample.
        """
        cells: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for report in self.reported("visit", confirmed_only):
            data = report["data"]
            for region in {data["region"], self.pack.country}:
                cells[region, data["phase"]].append(report)
        rows = []
        for (region, phase), found in cells.items():
            rated = [one for one in found if "rating" in one["data"]]
            stops = [(one["source"], one["data"].get("station")) for one in rated]
            drawn = stops == [("urn:test:citizen", "A-1")] and phase in ("opening", "counting")
            drawn = drawn and region != self.pack.country and not confirmed_only
            negative = sum("bad" in one["data"]["rating"] for one in rated)
            rows.append(
                {
                    "region": region,
                    "phase": phase,
                    "visits": len(found),
                    "stations": len({d["data"].get("station") for d in found} - {None}),
                    "rated": len(rated),
                    "negative": negative,
                    "share": str(Fraction(negative, len(rated))) if rated else None,
                    "basis": "probability_sample" if drawn else "descriptive",
                }
            )
        return rows

    def incidents_surge(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``incidents_surge``."""
        return incidents_surge(self, now, confirmed_only)

    def sound(self, confirmed_only: bool) -> list[Json]:
        """What counts as a sign of life: not withdrawn, whatever the desk says of it."""
        return [
            report
            for report in self.standing()
            if not confirmed_only or report["status"] in CONFIRMED
        ]

    def coverage(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``coverage``: for each expected station its state, then counted."""
        rows = []
        reports = self.sound(confirmed_only)
        mute = self.mute(now, confirmed_only)
        for region in self.pack.region_codes():
            mine = [report for report in reports if report["data"]["region"] == region]
            plan: list[tuple[str, str, str]] = [
                (row.station, row.source, phase)
                for row in self.pack.deployment
                if self.pack.stations and self.pack.stations[row.station].region == region
                for phase in row.phases
            ]
            phases = {one["data"]["phase"] for one in mine} | {phase for _, _, phase in plan}
            for phase in [None, *phases]:
                here = [one for one in mine if phase in (None, one["data"]["phase"])]
                expected = {station for station, _, when in plan if phase in (None, when)}
                states = [
                    self.state_of(station, phase, plan, mine, region, now) for station in expected
                ]
                rows.append(
                    {
                        "region": region,
                        "phase": phase,
                        "expected": len(expected),
                        "reporting": sum(reporting for reporting, _ in states),
                        "silent": sum(silent for _, silent in states),
                        "heard": len({one["data"].get("station") for one in here} - {None}),
                        "last_report": shown(max(one["at"] for one in here)) if here else None,
                        "teams": len({one[:2] for one in plan if phase in (None, one[2])}),
                        "teams_silent": sum(
                            one["region"] == region and one["phase"] == phase for one in mute
                        ),
                    }
                )
        return rows

    def silent(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``silent``: by every report that is not withdrawn, in every view."""
        return self.mute(now, confirmed_only=False)

    def mute(self, now: int, confirmed_only: bool) -> list[Json]:
        """Silent teams, each judged as if it were alone at its station."""
        rows = []
        for row in self.pack.deployment:
            region = (self.pack.stations or {})[row.station].region
            own = [
                one
                for one in self.sound(confirmed_only)
                if one["data"]["region"] == region
                and (one["source"], one["data"].get("station")) == (row.source, row.station)
            ]
            plan: list[tuple[str, str, str]] = [
                (row.station, row.source, phase) for phase in row.phases
            ]
            for phase in [None, *row.phases]:
                if self.state_of(row.station, phase, plan, own, region, now)[1]:
                    last = shown(max(one["at"] for one in own)) if own else None
                    place: Json = {"region": region, "station": row.station}
                    place["source"] = row.source
                    rows.append(place | {"phase": phase, "last_report": last})
        return rows

    def basis(self, now: int) -> list[Json]:
        """What is heard of each region: every report that is not withdrawn, in every view."""
        rows = []
        day = {row["region"]: row for row in self.coverage(now, False) if row["phase"] is None}
        for region, row in sorted(day.items()):
            times = [r["at"] for r in self.standing() if r["data"]["region"] == region]
            if not times:
                state = "nothing_heard" if row["expected"] else "not_expected"
            else:
                state = "silent" if self.quiet(max(times), region, now) else "reporting"
            numbers = {name: row[name] for name in ("expected", "reporting", "last_report")}
            rows.append({"region": region, "state": state, "reports": len(times)} | numbers)
        return rows

    def quiet(self, last: int, region: str, now: int) -> bool:
        """Whether a region heard from has fallen silent, all its polls being on one day."""
        after = self.pack.judgement.silent_after
        for opened, closed in self.pack.polls(region):
            if opened <= now < closed:
                return now - max(last, opened) > after
            if closed <= now:
                return last < closed and now - closed > after
        return False

    def state_of(
        self,
        station: str,
        phase: str | None,
        plan: list[tuple[str, str, str]],
        reports: list[Json],
        region: str,
        now: int,
    ) -> tuple[bool, bool]:
        """(whether it reports, whether it is silent)."""
        after = self.pack.judgement.silent_after
        (opened, closed), *_ = self.pack.polls(region)
        here = [(source, when) for place, source, when in plan if place == station]
        team = [one for one in reports if one["data"].get("station") == station]
        team = [one for one in team if one["source"] in {source for source, _ in here}]
        due = [(source, when) for source, when in here if phase in (None, when)]
        heard = [
            one
            for one in team
            if phase in (None, one["data"]["phase"]) and one["source"] in {s for s, _ in due}
        ]
        if not heard:
            starts = [closed if when in ("counting", "tabulation") else opened for _, when in due]
            return False, now > min(starts) + after
        voting = phase == "voting" or (phase is None and "voting" in {when for _, when in here})
        if not voting or not opened <= now < closed:
            return True, False
        return True, now > max(opened, *(one["at"] for one in team)) + after

    def reports(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``reports``."""
        cells: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for one in self.sound(confirmed_only):
            data = one["data"]
            cells[data["region"], one["type"], data["phase"], one["status"]].append(one["at"])
        names = ("region", "type", "phase", "status")
        return [
            dict(zip(names, key, strict=True))
            | {"reports": len(times), "last_report": shown(max(times))}
            for key, times in cells.items()
        ]

    def openings(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``openings``."""
        heads = self.heads("opening")
        keys = sorted(heads, key=lambda key: (key[1], key[2], self.rank(key[3])))
        rows = []
        for (region, moment), found in groupby(keys, key=lambda key: key[1:3]):
            data = heads[next(found)]["data"]
            names = ("published", "source_url")
            rows.append(
                {name: data.get(name) for name in names}
                | {name: data[name] for name in ("as_of", "open", "publisher", "revision")}
                | {"expected": data.get("expected", self.pack.regions[region].stations)}
                | {"region": region, "checkpoint": shown(moment)}
            )
        return rows

    def complaints(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``complaints``."""
        regions: dict[str, list[Json]] = defaultdict(list)
        for key, head in self.heads("complaint").items():
            if not head["data"]["withdrawn"]:
                regions[key[2]].append(head["data"])
        return [
            {
                "region": region,
                "filed": len(found),
                "decided": len([d for d in found if "decided" in d]),
                "published": len([d for d in found if "published" in d]),
                "overdue": len(
                    [d for d in found if "decided" not in d and us(d["filed"]) + 120 * HOUR < now]
                ),
                "late": len(
                    [
                        d
                        for d in found
                        if "decided" in d and us(d["decided"]) - us(d["filed"]) > 120 * HOUR
                    ]
                ),
                "outcomes": dict(Counter(d["outcome"] for d in found if "outcome" in d)),
            }
            for region, found in regions.items()
        ]

    def notices(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``notices``."""
        return [
            {
                "region": home(key),
                "time": shown(head["at"]),
                "source": head["source"],
                "notice_id": key[3],
                "revision": head["data"]["revision"],
                "text": head["data"]["text"],
            }
            for key, head in self.heads("notice").items()
            if not head["data"]["withdrawn"]
        ]
