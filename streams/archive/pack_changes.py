"""What differs between two election packs: thresholds, and what is on register. Pure."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.pack import Pack
from streams.tables.view import Row

ELECTION: Final = "election.toml"
JUDGEMENT: Final = "judgement"

_KEYS: Final[Mapping[str, int]] = {"deployment.csv": 2}
"""Leading columns that name a row together, where one does not."""
_NAMES: Final = ("code", "uri", "id", "regions")
"""What an entry of a list in election.toml goes by."""

_SURGE: Final = ("alarms.surge_",)
_PHASE: Final = ("restriction_grace_minutes.", "phase_hours.")
_SAMPLE: Final = (
    *("turnout.alpha", "turnout.margin_points", "turnout.minimum_stations"),
    *("turnout.sample_percent", "turnout.matched_", "turnout.match_minutes"),
    *("turnout.interval_hours", "turnout.homogeneity", "turnout.votes_per_station_minute"),
)
JUDGED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents_surge": (*_SURGE, "alarms.silent_minutes"),
    "restrictions": _PHASE,
    "open_restrictions": _PHASE,
    "coverage": ("alarms.silent_minutes", "phase_hours."),
    "silent": ("alarms.silent_minutes", "phase_hours."),
    "turnout": _SAMPLE,
    "observed_turnout": ("turnout.interval_hours", "turnout.votes_per_station_minute"),
    "official_findings": (
        *("turnout.register_percent", "turnout.votes_per_station_minute"),
        "turnout.overdue_minutes",
    ),
    "assessment": ("turnout.sample_percent",),
    "protocols": ("alarms.home_voting_percent",),
    "complaints": ("alarms.complaint_hours",),
}
"""Table → the thresholds, by how their names in [judgement] begin, that its rows go by."""

_REGISTERS: Final[Mapping[str, str]] = {
    "regions.csv": "region",
    "stations.csv": "station",
    "commissions.csv": "commission",
    "taxonomy.csv": "category",
    "questions.csv": "question",
}
"""File → the column of tables that its rows are named in."""


class PackChange(NamedTuple):
    """One value that is another one. ``key``: of a threshold its name, else row and column.

    ``before`` or ``after`` is None where there is nothing on that side.
    """

    file: str
    key: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        what = JUDGEMENT if self.file == JUDGEMENT else self.file
        return f"{what}: {self.key} {self.before or 'nothing'} → {self.after or 'nothing'}"


def thresholds(pack: Pack) -> dict[str, Any]:
    """Everything in [judgement] by its dotted name, defaults included."""
    return dict(_flat(pack.judgement.model_dump(mode="json"), ""))


def judgement_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[PackChange]:
    """Between two ``thresholds``."""
    return list(_differing(JUDGEMENT, a, b))


def pack_changes(
    a: Mapping[str, str], b: Mapping[str, str], packs: tuple[Pack, Pack]
) -> list[PackChange]:
    """Between the texts of two packs, which ``packs`` are: thresholds first, then by file."""
    found = judgement_changes(*(thresholds(pack) for pack in packs))
    for name in sorted(a.keys() | b.keys()):
        if a.get(name) != b.get(name):
            sides = (_values(name, texts.get(name, "")) for texts in (a, b))
            found += _differing(name, *sides)
    return found


def causing(table: str, row: Row, changes: Sequence[PackChange]) -> list[PackChange]:
    """Those that can have changed ``row``: thresholds of its table, the register of its place."""
    judged = JUDGED_BY.get(table, ())
    return [
        change
        for change in changes
        if (change.file == JUDGEMENT and change.key.startswith(judged))
        or (change.file in _REGISTERS and _names(row.get(_REGISTERS[change.file]), change.key))
    ]


def _names(value: object, key: str) -> bool:
    return isinstance(value, str) and (key == value or key.startswith(f"{value}."))


def _differing(file: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[PackChange]:
    for key in [*a, *(key for key in b if key not in a)]:
        before, after = (_spelt(side.get(key)) for side in (a, b))
        if before != after:
            yield PackChange(file, key, before, after)


def _spelt(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _values(name: str, text: str) -> dict[str, Any]:
    text = text.removeprefix("\ufeff")
    if name == ELECTION:
        found = tomllib.loads(text)
        found.pop(JUDGEMENT, None)
        return dict(_flat(found, ""))
    values: dict[str, Any] = {}
    for row in csv.DictReader(io.StringIO(text)):
        cells = list(row.items())
        keys = _KEYS.get(name, 1)
        at = "/".join(value or "" for _, value in cells[:keys])
        values[at] = "listed"
        values.update({f"{at}.{column}": value for column, value in cells[keys:]})
    return values


def _flat(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value):
            name = next((each[key] for key in _NAMES if key in each), number)
            yield from _flat(each, f"{at}[{name}]")
    else:
        yield at, value
