"""The words and figures of a statement: neutral, as in ODIHR's Election Observation Handbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, get_args
from zoneinfo import ZoneInfo

from schemas.fields import moment, rfc3339
from schemas.pack import Pack
from streams.archive.statement.model import WITHHELD, Cell, Column
from streams.turnout.verdicts import Verdict

MARK: Final = "c"
"""In place of a withheld figure: the flag for "confidential" of official statistics (SDMX)."""

PHASES: Final[Mapping[str, str]] = {
    "pre_election": "the time before election day",
    "opening": "the opening",
    "voting": "the voting",
    "counting": "the counting",
    "tabulation": "the tabulation",
    "post_election": "the time after election day",
    "unknown": "a phase that was not given",
}
KINDS: Final[Mapping[str, str]] = {
    "entry_denied": "entry denied",
    "asked_to_leave": "asked to leave",
    "expelled": "expelled",
    "view_obstructed": "view obstructed",
    "recording_forbidden": "recording forbidden",
    "documents_refused": "documents refused",
    "protocol_copy_refused": "copy of the protocol refused",
    "accreditation_refused": "accreditation refused",
    "intimidated": "intimidated",
    "other": "other",
}
SHORT: Final[Mapping[str, str]] = {
    **{phase: phase.replace("_", " ").capitalize() for phase in PHASES},
    "pre_election": "Before election day",
    "post_election": "After election day",
    "unknown": "Not given",
    "day": "Whole day",
}
"""Phases at the head of a line."""
GROUPS: Final[Mapping[str, str]] = {
    "citizen": "citizen observers",
    "international": "international observers",
    "party_agent": "agents of parties",
    "media": "media",
    "commission_member": "members of commissions",
    "candidate": "candidates",
    "voter": "voters",
    "unknown": "observers whose group was not given",
}


VERDICTS: Final[Mapping[str, str]] = {
    verdict: verdict.replace("_", " ") for verdict in get_args(Verdict)
}
BASES: Final[Mapping[str, str]] = {
    "probability_sample": "random sample",
    "incomplete_sample": "incomplete sample",
    "descriptive": "no random sample",
}
Names = Mapping[str, Mapping[str, str]]
"""Column → code → name."""


def names(pack: Pack) -> Names:
    """The names of all codes that tables have."""
    return {
        "region": {code: region.name for code, region in pack.regions.items()},
        "phase": SHORT,
        "kind": {**{kind: words.capitalize() for kind, words in KINDS.items()}, "total": "Total"},
        "category": {
            **{code: category.name for code, category in pack.categories.items()},
            "total": "Total",
        },
        "question": {code: question.text for code, question in pack.questions.items()},
        "basis": BASES,
        "verdict": VERDICTS,
        "contest": {code: contest.name for code, contest in pack.contests.items()},
        "publisher": {code: publisher.name for code, publisher in pack.publishers.items()},
    }


def count(value: Cell) -> str:
    """``12,032,550``."""
    if value is WITHHELD:
        return MARK
    return "" if value is None else f"{value:,}"


def percent(value: float, digits: int = 1) -> str:
    """Of a part of 1: ``45.3 %``."""
    return f"{100 * value:.{digits}f} %"


def printed(value: Cell, column: Column, names: Names) -> str:
    """A cell as it stands in a table; nothing for what is not known."""
    if value is WITHHELD:
        return MARK
    if value is None:
        return ""
    if isinstance(value, str):
        return names.get(column.id, {}).get(value, value) if column.unit == "code" else value
    if column.unit == "share":
        return percent(value, column.digits)
    if column.unit == "points":
        return f"{100 * value:+.{column.digits}f}"
    if column.unit == "width":
        return f"{100 * value:.{column.digits}f}"
    return count(value)


def several(number: int, one: str, many: str | None = None) -> str:
    """``1 report``, ``2 reports``, ``no reports``."""
    if number == 1:
        return f"1 {one}"
    return f"{count(number) if number else 'no'} {many or one + 's'}"


def series(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]


def local(when: int | str, pack: Pack) -> str:
    """A moment (µs, or RFC 3339) in the country's time: ``2023-03-19 20:10``."""
    at = moment(when) if isinstance(when, int) else datetime.fromisoformat(when)
    return f"{at.astimezone(ZoneInfo(pack.time_zone)):%Y-%m-%d %H:%M}"


def utc(when: int | None) -> str | None:
    """RFC 3339, or nothing."""
    return None if when is None else rfc3339(when)
