"""The naive model's surges: minute by minute, with an exact binomial tail."""

from __future__ import annotations

from fractions import Fraction
from math import comb

from tests.tables.model import CONFIRMED, DISMISSED, Model
from tests.tables.spelling import Json

STEP = 5 * 60_000_000


def tail(at_least: int, of: int, share: Fraction) -> Fraction:
    """Probability of ``at_least`` or more of ``of``, each with probability ``share``."""
    return sum(
        (comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(at_least, of + 1)),
        Fraction(0),
    )


def incidents_surge(model: Model, now: int, confirmed_only: bool) -> list[Json]:
    """Rows of ``incidents_surge``: every step of the day is walked through."""
    rows = []
    standing = [one for one in model.standing() if not confirmed_only or one["status"] in CONFIRMED]
    for region in model.pack.region_codes():
        mine = [one for one in standing if one["data"]["region"] == region]
        times = [
            one["at"] // STEP
            for one in mine
            if "incident" in one["type"] and one["status"] not in DISMISSED
        ]
        steps = [now // STEP - back for back in (2, 1, 0)]
        row: Json = {"region": region, "reports": sum(at in steps for at in times)}
        row |= {"earlier": 0, "stations": 0, "expected": None, "probability": None, "surge": False}
        rows.append(row)
        opened = [opens for opens, _ in model.pack.polls(region) if opens <= now]
        if not opened or opened[-1] // STEP >= steps[0]:
            continue
        past = list(range(opened[-1] // STEP, steps[0]))
        heard: list[set[str]] = [
            {
                one["data"]["station"]
                for one in mine
                if "station" in one["data"] and opened[-1] <= one["at"] < (step + 1) * STEP
            }
            for step in past + steps
        ]
        crews = [Fraction(len(stations) or 1) for stations in heard]
        before, within = sum(crews[:-3], Fraction(0)), sum(crews[-3:], Fraction(0))
        row["earlier"] = sum(at in past for at in times)
        row["stations"] = len(heard[-1])
        row["expected"] = float(row["earlier"] * within / before)
        chance = tail(row["reports"], row["reports"] + row["earlier"], within / (within + before))
        row["probability"] = float(chance)
        row["surge"] = row["reports"] >= 5 and chance < Fraction(1, 1000)
    return rows
