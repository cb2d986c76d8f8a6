"""What differs between two packs, and which rows that can have changed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from schemas import read
from schemas.canonical import canonical
from schemas.pack import Pack, parse_pack
from schemas.pack.judgement import Judgement
from streams.archive.pack_changes import (
    JUDGED_BY,
    PackChange,
    causing,
    pack_changes,
    thresholds,
)
from streams.tables.partition import Partition
from streams.tables.views import TABLES, rows
from tests.dashboards.day import EVENING, chosen, lifted, pack, random_day, texts

HOURS = 3_600_000_000
VALUES = [0.5, 2, 90]
"""Tried for every threshold, those that it may take."""


def with_threshold(name: str, value: float) -> Pack | None:
    """The busy day's pack with one threshold changed; None: it may not be that."""
    found: dict[str, Any] = pack().judgement.model_dump()
    *sections, key = name.split(".")
    inner = found
    for section in sections:
        inner = inner[section]
    inner[key] = value
    try:
        judgement = Judgement.model_validate(found)
    except ValueError:
        return None
    return replace(pack(), judgement=judgement)


@cache
def records() -> tuple[Any, ...]:
    """Of the busy day."""
    return (*random_day()[:300], *lifted(), *chosen())


@cache
def judged() -> list[Any]:
    """What the records are read to: the same for all thresholds."""
    return [read(record.raw, record.origin, pack()) for record in records()]


def tables(of: Pack) -> dict[tuple[str, int], bytes]:
    """Every table at several moments of the day and the days after."""
    part = Partition(of)
    for result in judged():
        part.fold(result)
    moments = [EVENING + hours * HOURS for hours in (-6, 0, 30)]
    return {(n, now): canonical(rows(n, [part], of, now)) for n in TABLES for now in moments}


@pytest.mark.parametrize(
    "section", ["turnout", "alarms", "restriction_grace_minutes", "phase_hours"]
)
def test_only_tables_that_are_said_to_go_by_a_threshold_do(section: str) -> None:
    """Whatever it is set to; no other table's rows change with it."""
    before = tables(pack())
    for name in thresholds(pack()):
        if not name.startswith(f"{section}."):
            continue
        for value in VALUES:
            if (other := with_threshold(name, value)) is None:
                continue
            after = tables(other)
            changed = {table for (table, now) in before if before[table, now] != after[table, now]}
            said = {table for table, keys in JUDGED_BY.items() if name.startswith(keys)}
            assert changed <= said, name


def test_every_value_that_differs_is_named() -> None:
    """Thresholds with their defaults, lists by what their entries go by, rows by their code."""
    old = texts()
    new = {
        **old,
        "election.toml": old["election.toml"].replace(
            "embargo_until = 2030-06-03T12", "embargo_until = 2030-06-03T15"
        )
        + "\n[judgement.alarms]\nsurge_reports = 9\n",
        "regions.csv": old["regions.csv"].replace("XX-B,South,XX,,8000,8", "XX-B,South,XX,,8500,8"),
        "taxonomy.csv": old["taxonomy.csv"].rstrip("\n") + "\nrumour,A rumour,\n",
    }
    found = pack_changes(old, new, (parse_pack(old), parse_pack(new)))
    assert [str(each) for each in found] == [
        "judgement: alarms.surge_reports 5 → 9",
        "election.toml: embargo_until 2030-06-03 12:00:00+00:00 → 2030-06-03 15:00:00+00:00",
        "regions.csv: XX-B.registered 8000 → 8500",
        "taxonomy.csv: rumour nothing → listed",
        "taxonomy.csv: rumour.name nothing → A rumour",
    ]
    assert pack_changes(old, old, (pack(), pack())) == []


def test_a_row_is_changed_by_its_own_register() -> None:
    """And by the thresholds of its table; not by those of another place."""
    here = PackChange("regions.csv", "XX-B.registered", "1", "2")
    there = PackChange("regions.csv", "XX-BB.registered", "1", "2")
    surge = PackChange("judgement", "alarms.surge_reports", "5", "9")
    listed = PackChange("taxonomy.csv", "rumour", None, "listed")
    changes = [here, there, surge, listed]
    assert causing("incidents_surge", {"region": "XX-B"}, changes) == [here, surge]
    assert causing("incidents", {"region": "XX-A", "category": "rumour"}, changes) == [listed]
    assert causing("visits", {"region": "XX-A"}, changes) == []
