"""Polling hours and checkpoints: local times of election.toml as moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from schemas.fields import microseconds
from schemas.pack.election import ElectionText, HoursRule
from schemas.pack.models import Region
from schemas.pack.problems import Problems
from schemas.pack.toml_lines import Path, line_of

Polls = tuple[tuple[int, int], ...]
"""(open, close) of each day, microseconds since the epoch, in order of time."""

_Slot = tuple[str, date]


def at(day: date, clock: time, zone: str) -> int:
    """The moment at which ``clock`` is shown in ``zone`` on ``day``."""
    return microseconds(datetime.combine(day, clock, ZoneInfo(zone)))


def checkpoints(election: ElectionText, problems: Problems) -> tuple[int, ...]:
    """The checkpoints of all days, sorted."""
    values = election.values
    moments: dict[int, Path] = {}
    found: list[tuple[Path, int]] = [
        (("turnout", "checkpoints", index), microseconds(value))
        for index, value in enumerate(values.turnout.checkpoints)
    ]
    found += [
        (("turnout", "daily", index), at(day, clock, values.time_zone))
        for index, clock in enumerate(values.turnout.daily)
        for day in values.days
    ]
    for path, moment in found:
        first = moments.setdefault(moment, path)
        if first != path:
            line = line_of(election.lines, first)
            election.fault(problems, path, f"this moment is there already, on line {line}")
    return tuple(sorted(moments))


def polling_hours(
    election: ElectionText, regions: Mapping[str, Region], problems: Problems
) -> dict[str, Polls]:
    """Polling hours by region. () where they are unknown.

    The country, and every region with regions below it that has no hours of its own, spans
    those below: from the first opening to the last closing of a day.
    """
    rules = _rules(election, regions, problems)
    hours: dict[str, dict[date, tuple[int, int]]] = {code: {} for code in regions}
    for code, region in regions.items():
        if region.kind == "country":
            continue
        for day in election.values.days:
            slot = _slot(election, rules.get((code, day)), day, problems)
            if slot is not None:
                hours[code][day] = slot
    country = [code for code, region in regions.items() if region.kind == "country"]
    for code in country:
        hours[code] = _span([days for other, days in hours.items() if other not in country])
    return {code: tuple(sorted(days.values())) for code, days in hours.items()}


def _rules(
    election: ElectionText, regions: Mapping[str, Region], problems: Problems
) -> dict[_Slot, int]:
    """Which exception holds for a region and day, by its index."""
    chosen: dict[_Slot, int] = {}
    days = election.values.days
    for index, rule in enumerate(election.values.polling.exceptions):
        path: Path = ("polling", "exceptions", index)
        _check_rule(election, rule, path, problems)
        for number, code in enumerate(rule.regions or ()):
            if code not in regions:
                message = f"'{code}' is no code in regions.csv"
                election.fault(problems, (*path, "regions", number), message)
            elif regions[code].kind == "country":
                message = f"'{code}' is the country: its hours follow from its regions"
                election.fault(problems, (*path, "regions", number), message)
        for number, day in enumerate(rule.days or ()):
            if day not in days:
                message = f"{day} is none of the election's days"
                election.fault(problems, (*path, "days", number), message)
        taken = None
        for code in rule.regions or regions:
            for day in rule.days or days:
                first = chosen.setdefault((code, day), index)
                taken = first if first != index else taken
        if taken is not None:
            line = line_of(election.lines, ("polling", "exceptions", taken))
            message = f"covers a region and day that the exception on line {line} covers"
            election.fault(problems, path, message)
    return chosen


def _check_rule(election: ElectionText, rule: HoursRule, path: Path, problems: Problems) -> None:
    if rule.regions is None and rule.days is None:
        election.fault(problems, path, "needs 'regions', 'days' or both")
    other = rule.open or rule.close or rule.time_zone
    if (rule.unknown is None) == (other is None):
        message = "needs either 'unknown = true' or another 'open', 'close' or 'time_zone'"
        election.fault(problems, path, message)


def _slot(
    election: ElectionText, index: int | None, day: date, problems: Problems
) -> tuple[int, int] | None:
    values = election.values
    rule = _NO_RULE if index is None else values.polling.exceptions[index]
    if rule.unknown:
        return None
    zone = rule.time_zone or values.time_zone
    opens = at(day, values.polling.open if rule.open is None else rule.open, zone)
    closes = at(day, values.polling.close if rule.close is None else rule.close, zone)
    if closes <= opens:
        path: Path = ("polling",) if index is None else ("polling", "exceptions", index)
        election.fault(problems, (*path, "close"), "must be later than the opening")
        return None
    return opens, closes


_NO_RULE: Final = HoursRule()


def _span(
    regions: list[dict[date, tuple[int, int]]],
) -> dict[date, tuple[int, int]]:
    span: dict[date, tuple[int, int]] = {}
    for days in regions:
        for day, (opens, closes) in days.items():
            first, last = span.get(day, (opens, closes))
            span[day] = (min(first, opens), max(last, closes))
    return span
