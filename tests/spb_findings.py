"""What is wrong with St Petersburg's published turnout, from the CSV files alone.

Written apart from the project's code: rows of the files, numbers as printed, hours of the polls.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache

from tests.spb import DISTRICTS, spb_rows

Where = tuple[str, str | None, str, str]
"""Region, station, contest, moment."""
ABROAD = "SPB-ABROAD"


def utc(text: str) -> str:
    """A time of the CSVs as the tables write it."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


def where(row: dict[str, str]) -> Where:
    return DISTRICTS[row["district"]], row["uik"], row["ballot"], utc(row["as_of"])


def carried(row: dict[str, str]) -> bool:
    """Percentages with more digits than were printed are computed, and are not carried."""
    return len(row["percent"].partition(".")[2]) <= 2


@cache
def series() -> list[list[dict[str, str]]]:
    """The rows of each station and ballot, in order of time."""
    found: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    rows = spb_rows("turnout_by_uik.csv")
    for row in sorted(rows, key=lambda row: datetime.fromisoformat(row["as_of"])):
        found[row["ballot"], row["uik"]].append(row)
    return list(found.values())


def below(later: dict[str, str], earlier: dict[str, str]) -> bool:
    """Whether a figure is lower: voters where both have them, else percentages as printed."""
    if later["voted"] and earlier["voted"]:
        return int(later["voted"]) < int(earlier["voted"])
    if not (carried(later) and carried(earlier)):
        return False
    a, b = Decimal(later["percent"]), Decimal(earlier["percent"])
    digits = min(-int(a.as_tuple().exponent), -int(b.as_tuple().exponent))
    return bool((b - a) * 2 * 10**digits > 1)


def falls() -> Counter[Where]:
    """Each figure below one of an earlier checkpoint."""
    return Counter(
        where(row)
        for rows in series()
        for n, row in enumerate(rows)
        if any(below(row, before) for before in rows[:n])
    )


def registers() -> Counter[Where]:
    """Each register over 0.1 % away from its basis.

    The basis is the station register's figure, which is of the federal ballot; else the first one
    published.
    """
    federal = {row["uik"]: row["registered_federal"] for row in spb_rows("uik_register.csv")}
    changed: Counter[Where] = Counter()
    for rows in series():
        first = [row["registered"] for row in rows if row["registered"]]
        listed = federal.get(rows[0]["uik"]) if rows[0]["ballot"] == "federal" else None
        basis = int(listed or next(iter(first), 0))
        for row in rows:
            if row["registered"] and abs(int(row["registered"]) - basis) * 1000 > basis:
                changed[where(row)] += 1
    return changed


def inconsistent() -> Counter[Where]:
    """Each printed percentage that its row's counts give neither rounded nor cut off."""
    found: Counter[Where] = Counter()
    for row in spb_rows("turnout_by_uik.csv"):
        if not (row["voted"] and row["registered"] and carried(row)):
            continue
        given, unit = Decimal(row["percent"]), 10 ** len(row["percent"].partition(".")[2])
        scaled, register = 100 * unit * int(row["voted"]), int(row["registered"])
        cut = scaled // register
        up = cut + 1 if 2 * (scaled % register) >= register else cut
        if given * unit not in (cut, up):
            found[where(row)] += 1
    return found


def impossible() -> Counter[Where]:
    """Each figure of more voters than are registered, or above 100 %."""
    found: Counter[Where] = Counter()
    for row in spb_rows("turnout_by_uik.csv"):
        above = row["voted"] and row["registered"] and int(row["voted"]) > int(row["registered"])
        if above or (carried(row) and Decimal(row["percent"]) > 100):
            found[where(row)] += 1
    return found


def minutes(since: str, until: str) -> int:
    """Minutes from one moment to the other at which polls were open: 8 to 20, three days."""
    total = 0
    for day in (17, 18, 19):
        opens, closes = (
            datetime.fromisoformat(f"2021-09-{day}T{hour}:00+03:00") for hour in ("08:00", "20:00")
        )
        start = max(opens, datetime.fromisoformat(since))
        end = min(closes, datetime.fromisoformat(until))
        total += max(0, int((end - start).total_seconds()) // 60)
    return total


def added(earlier: dict[str, str], later: dict[str, str]) -> Fraction | None:
    """New voters, at least; None: the two rows cannot be compared."""
    if earlier["voted"] and later["voted"]:
        return Fraction(int(later["voted"]) - int(earlier["voted"]))
    if not (carried(earlier) and carried(later) and later["registered"]):
        return None
    units = [Fraction(1, 10 ** len(row["percent"].partition(".")[2])) for row in (earlier, later)]
    least = Fraction(later["percent"]) - units[1] / 2 - Fraction(earlier["percent"]) - units[0]
    return least * int(later["registered"]) / 100 if int(later["registered"]) else None


def jumps() -> Counter[Where]:
    """Each figure with over two new voters a minute since the one before it; not abroad."""
    found: Counter[Where] = Counter()
    for rows in series():
        for n, row in enumerate(rows):
            rises = [(before, added(before, row)) for before in reversed(rows[:n])]
            before, new = next((pair for pair in rises if pair[1] is not None), (row, None))
            if where(row)[0] == ABROAD or new is None:
                continue
            if new > 2 * minutes(before["as_of"], row["as_of"]):
                found[where(row)] += 1
    return found


def overdue() -> Counter[Where]:
    """What was never published, with the hours of the polls known.

    Of each district, which is published by station alone; and of the city, of which nothing is.
    """
    rows = spb_rows("turnout_by_uik.csv")
    moments = {utc(row["as_of"]) for row in rows}
    there = {(where(row)[0], row["ballot"], utc(row["as_of"])) for row in rows}
    found: Counter[Where] = Counter()
    for region in {"SPB", *DISTRICTS.values()} - {ABROAD}:
        for ballot in ("federal", "city"):
            wanted = moments if region != "SPB" or ballot == "federal" else set()
            for moment in wanted:
                if (region, ballot, moment) not in there:
                    found[region, None, ballot, moment] += 1
    return found


def expected() -> dict[str, Counter[Where]]:
    """All of it by kind, without the kinds of which there is none."""
    all_ = {
        "fall": falls(),
        "register_changed": registers(),
        "inconsistent": inconsistent(),
        "impossible": impossible(),
        "jump": jumps(),
        "overdue": overdue(),
    }
    return {kind: found for kind, found in all_.items() if found}
