"""The published series of two real elections, through the project's own mappings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas import Accepted, read
from schemas.fields import microseconds
from schemas.pack import Pack
from streams.cli import run
from streams.packs import load_pack, pack_directory
from streams.tables.partition import Partition
from streams.tables.views import rows
from streams.turnout.series import MINUTE
from tests import spb_findings
from tests.data import data_dir
from tests.spb import NAME, spb_pack

Where = tuple[str, str | None, str, str]
COUNTS = {"fall": 551, "register_changed": 9351, "jump": 179, "overdue": 9}
"""St Petersburg: of two ballots at 1,940 stations, without a revision. No printed percentage
contradicts its counts, and nowhere are there more voters than are registered."""
KAZAKHSTAN = "kazakhstan-2023"


def imported(folder: Path, mapping: str, file: Path, pack: str) -> list[Accepted]:
    """What `scrutineer import` makes of a file."""
    out = folder / f"{mapping}.jsonl"
    assert run(["import", mapping, str(file), "--pack", pack, "-o", str(out)]) == 0
    loaded = load_pack(pack)
    results = [read(line, None, loaded) for line in out.read_bytes().splitlines()]
    found = [result for result in results if isinstance(result, Accepted)]
    assert len(found) == len(results)
    return found


def folded(pack: Pack, events: Iterable[Accepted]) -> Partition:
    part = Partition(pack)
    for event in events:
        part.apply(event)
    return part


def test_st_petersburg_2021(tmp_path: Path) -> None:
    """34,826 figures by station: every finding where the files alone say so, and no other."""
    path = str(spb_pack(tmp_path))
    pack = load_pack(path)
    file = data_dir(NAME) / "turnout_by_uik.csv"
    part = folded(pack, imported(tmp_path, "st-petersburg-turnout", file, path))
    told = rows("official_findings", [part], pack, _us("2021-09-20T00:00:00+03:00"))
    found: dict[str, Counter[Where]] = defaultdict(Counter)
    for row in told:
        where = (row["region"], row["station"], row["contest"], row["checkpoint"])
        found[str(row["finding"])][where] += 1  # type: ignore[index]
    assert found == spb_findings.expected()
    assert {kind: counts.total() for kind, counts in found.items()} == COUNTS
    assert all(row["open"] for row in told)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> list[Accepted]:
    """The figures of 19 March 2023, misprints included."""
    file = pack_directory(KAZAKHSTAN) / "official_turnout.csv"
    folder = tmp_path_factory.mktemp("kazakhstan")
    return imported(folder, "kazakhstan-turnout", file, KAZAKHSTAN)


def test_kazakhstan_at_the_end_of_the_day(published: list[Accepted]) -> None:
    """Of ten possible kinds two: the outlets' misprints, and the fall that one looks like."""
    pack = load_pack(KAZAKHSTAN)
    part = folded(pack, published)
    for now in ("2023-03-19T22:52:00+06:00", "2023-03-21T00:00:00+06:00"):
        told = rows("official_findings", [part], pack, _us(now))
        assert Counter((row["region"], row["finding"], row["open"]) for row in told) == {
            ("KZ-61", "fall", False): 1,
            **{(f"KZ-{number}", "conflicting", True): 1 for number in (61, 62, 71, 75, 79)},
        }


def test_kazakhstan_during_the_day(published: list[Accepted]) -> None:
    """Published within 90 minutes of each checkpoint: nothing was overdue at any moment."""
    pack = load_pack(KAZAKHSTAN)
    moment, seen = _us("2023-03-19T06:00:00+06:00"), 0
    while moment < _us("2023-03-20T02:00:00+06:00"):
        there = [event for event in published if _known(event) <= moment]
        part = folded(pack, there)
        told = rows("official_findings", [part], pack, moment)
        assert {row["finding"] for row in told} <= {"conflicting", "fall"}
        moment, seen = moment + 15 * MINUTE, len(there)
    assert seen == len(published)


def _known(event: Accepted) -> int:
    """When a figure came out; where nobody noted it, 44 minutes after its moment, the median."""
    data: Any = event.event.data
    return microseconds(data.published or data.as_of + timedelta(minutes=44))


def test_what_kazakhstan_had_not_published(published: list[Accepted]) -> None:
    """One region's missing figure is told alone; before the first all are, but those abroad."""
    pack = load_pack(KAZAKHSTAN)

    def late(events: list[Accepted], now: str) -> list[tuple[object, object]]:
        told = rows("official_findings", [folded(pack, events)], pack, _us(now))
        return [(r["region"], r["checkpoint"]) for r in told if r["finding"] == "overdue"]

    evening = _us("2023-03-19T18:10:00+06:00")
    gone = [event for event in published if (event.region, _as_of(event)) != ("KZ-71", evening)]
    assert len(gone) == len(published) - 1
    assert late(gone, "2023-03-19T19:40:00+06:00") == []
    assert late(gone, "2023-03-19T19:40:01+06:00") == [("KZ-71", "2023-03-19T12:10:00Z")]
    assert late([], "2023-03-19T11:40:00+06:00") == []
    assert late([], "2023-03-19T11:40:01+06:00") == [
        (code, "2023-03-19T04:10:00Z") for code in sorted(pack.regions) if code != "KZ-ABROAD"
    ]


def _as_of(event: Accepted) -> int:
    data: Any = event.event.data
    return microseconds(data.as_of)


def test_the_country_is_held_against_its_twenty_regions(published: list[Accepted]) -> None:
    """At all seven checkpoints: a misprint in its first digit is outside what they allow."""
    pack = load_pack(KAZAKHSTAN)
    compared = 0
    for event in published:
        data: Any = event.event.data
        if event.region == "KZ" and data.publisher == "cec":
            digit = replace(data, percent="9" + data.percent[1:])
            misprint = event._replace(event=replace(event.event, data=digit))
            part = folded(pack, [one for one in published if one is not event] + [misprint])
            told = rows("official_findings", [part], pack, 0)
            sums = [row for row in told if row["finding"] == "sum_mismatch"]
            assert [(row["region"], row["value"]) for row in sums] == [("KZ", digit.percent)]
            compared += 1
    assert compared == 7


def _us(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))
