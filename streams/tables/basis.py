"""What counts rest on: whether anybody reports from a region, so that 0 is not read as calm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

from schemas.fields import rfc3339
from schemas.pack import Pack
from streams.tables.heard import Heard
from streams.tables.plan import Watch
from streams.tables.region import RegionTables
from streams.tables.view import Row

Hearing = Literal["reporting", "silent", "nothing_heard", "not_expected"]
"""What is heard of a region, one word each.

``reporting``: there are reports. ``silent``: there are, but none for longer than the pack's
``silent_minutes`` while polls are open, or none since the last close for that long.
``nothing_heard``: there is no report. ``not_expected``: there is none, and the deployment plan
expects nobody there.
"""
HEARINGS: Final[tuple[Hearing, ...]] = get_args(Hearing)

NOT_OF_REPORTS: Final = frozenset(
    {
        "official_turnout",
        "official_findings",
        "openings",
        "results_published",
        "complaints",
        "notices",
        "corrections",
        "conflicts",
        "orphans",
        "rejected",
        "coverage",
        "silent",
    }
)
"""Tables that count something else than observers' reports, or are about silence themselves."""


class Basis(NamedTuple):
    """What is heard of one region.

    ``reports``: of any type, not withdrawn, whatever the desk decided and the view shows.
    ``expected``, ``reporting``: stations over the day, as in the table coverage. ``last_report``:
    the newest event time (µs).
    """

    state: Hearing
    reports: int
    expected: int | None
    reporting: int
    last_report: int | None


def basis_of(heard: Heard, code: str, pack: Pack, now: int) -> Basis:
    """The basis of the region ``code`` at ``now`` (µs)."""
    day = heard.standing(pack, code).stations[None]
    expected = day.expected if pack.deployment else None
    reporting = day.reporting if pack.deployment else heard.stations()
    newest = heard.newest()
    state: Hearing
    if newest is None:
        state = "not_expected" if expected == 0 else "nothing_heard"
    else:
        since = silent_from(newest, code, pack, now)
        state = "silent" if since is not None and since <= now else "reporting"
    return Basis(state, heard.reports(), expected, reporting, newest)


def silent_from(newest: int, code: str, pack: Pack, now: int) -> int | None:
    """From when (µs) a region is silent if nothing more comes; None: silence is not judged now.

    By its last report alone, whatever the plan: this explains counts, whom to call says the plan.
    """
    watch = Watch(pack, code, now)
    if watch.opened is not None:
        return max(newest, watch.opened) + watch.after + 1
    polls = pack.polls(code)
    if polls and newest < polls[-1][1] <= now:
        return polls[-1][1] + watch.after + 1
    return None


def basis(
    regions: Mapping[str, RegionTables], codes: Iterable[str], pack: Pack, now: int
) -> list[Row]:
    """One row for each of ``codes``, sorted; a region without tables had no event."""
    found = []
    for code in sorted(codes):
        tables = regions.get(code)
        row = basis_of(Heard() if tables is None else tables.heard, code, pack, now)
        last = None if row.last_report is None else rfc3339(row.last_report)
        found.append({"region": code, **row._asdict(), "last_report": last})
    return found


def asked(pack: Pack, region: str | None) -> list[str]:
    """The regions that a view of ``region`` rests on; the country's rests on all of them."""
    return pack.region_codes() if region in (None, pack.country) else [str(region)]


_PHRASES: Final[Mapping[Hearing, tuple[str, str]]] = {
    "nothing_heard": ("no report from {} of {} regions", "no report from"),
    "not_expected": (
        "no report from {} where nobody is expected",
        "nobody expected in, and no report from",
    ),
    "silent": ("no longer heard from {}", "no longer heard from"),
}
"""For several regions, and for the one that was asked for."""


def in_words(rows: Sequence[Row], most: int | None = None) -> str:
    """The basis on one line: the regions whose 0 says nothing, at most so many of each by name."""
    by_state: dict[object, list[str]] = {}
    for row in rows:
        by_state.setdefault(row["state"], []).append(str(row["region"]))
    if len(rows) == 1:
        (state, (code,)) = next(iter(by_state.items()))
        words = next((one for each, (_, one) in _PHRASES.items() if each == state), "reports from")
        return f"{words} {code}"
    parts = [
        f"{words.format(len(codes), len(rows))}: {_named(codes, most)}"
        for state, (words, _) in _PHRASES.items()
        if (codes := by_state.get(state))
    ]
    return "; ".join(parts) or f"reports from all {len(rows)} regions"


def _named(codes: Sequence[str], most: int | None) -> str:
    return ", ".join(codes[:most]) + (" …" if most is not None and len(codes) > most else "")
