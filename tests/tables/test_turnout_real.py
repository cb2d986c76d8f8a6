"""The turnout gap through the tables on published figures and what observers reported of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import Accepted, read
from schemas.pack import Pack
from streams.cli import run
from streams.packs import load_pack, pack_directory
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.data import data_dir
from tests.spb import DISTRICTS, NAME, spb_pack, spb_rows
from tests.tables.spelling import us, utc
from tests.turnout.test_real import REPORTED

Row = dict[str, Any]
Event = dict[str, Any]


def folded(lines: list[bytes], pack: Pack) -> Partition:
    """A partition that folded every line, none of which is rejected."""
    part = Partition(pack)
    for line in lines:
        result = read(line, None, pack)
        assert isinstance(result, Accepted), result
        part.apply(result)
    return part


def imported(folder: Path, mapping: str, file: Path, pack: str) -> list[bytes]:
    """What `scrutineer import` writes."""
    out = folder / f"{mapping}.jsonl"
    assert run(["import", mapping, str(file), "--pack", pack, "-o", str(out)]) == 0
    return out.read_bytes().splitlines()


def reported() -> list[tuple[dict[str, str], str]]:
    """The rows that say how many voted, with the method that their kind stands for."""
    methods = {"announced": "told_by_commission", "recount": "list_signatures"}
    return [
        (row, methods.get(row["kind"].split()[0], "counted"))
        for row in spb_rows("observed_vs_official_from_reports.csv")
        if row["observed_voters"]
    ]


def count_of(row: dict[str, str], method: str, region: str) -> Event:
    """The event of a row: a report may speak of two ballots and of two days."""
    report_id = f"{row['report_id']}-{row['ballot']}-{row['as_of'][:10]}"
    return {
        "specversion": "1.0",
        "id": report_id,
        "source": "urn:scrutineer:importer:st-petersburg-reports",
        "type": "election.observer.turnout.v1",
        "time": row["as_of"],
        "election": "spb-2021-09-19",
        "data": {
            "report_id": report_id,
            "revision": 0,
            "region": region,
            "station": row["uik"],
            "observer_group": "citizen",
            "phase": "voting",
            "method": method,
            "contest": row["ballot"],
            "cumulative": int(row["observed_voters"]),
        },
    }


@pytest.fixture(scope="module")
def petersburg(tmp_path_factory: pytest.TempPathFactory) -> Partition:
    """34,826 official figures of stations, and every count that observers reported."""
    folder = tmp_path_factory.mktemp("petersburg")
    where = str(spb_pack(folder))
    file = data_dir(NAME) / "turnout_by_uik.csv"
    lines = imported(folder, "st-petersburg-turnout", file, where)
    home = {row["uik"]: DISTRICTS[row["district"]] for row in spb_rows("uik_register.csv")}
    events = [count_of(row, method, home[row["uik"]]) for row, method in reported()]
    lines += [json.dumps(event).encode() for event in events]
    return folded(lines, load_pack(where))


@pytest.fixture(scope="module")
def turnout(petersburg: Partition) -> list[Row]:
    """The rows of ``turnout`` after the election."""
    return rows("turnout", [petersburg], petersburg.pack, us("2021-09-20T00:00:00+03:00"))


def test_reported_counts_meet_the_published_figures(turnout: list[Row]) -> None:
    """The 12 rows with both figures, each counted or told, with the sign known for it."""
    expected: dict[tuple[str, ...], tuple[Any, ...]] = {}
    both = [(row, method) for row, method in reported() if row["official_web_at_as_of"]]
    for (row, method), known in zip(both, REPORTED, strict=True):
        assert (row["uik"], row["ballot"]) == known[:2]
        if row["uik"] != "16":
            told = "told" if method == "told_by_commission" else "matched"
            key = (row["uik"], row["ballot"], utc(row["as_of"]), told)
            expected[key] = (known[3], known[2], known[3] - known[2], known[4], 1, 0)
    key = ("16", "federal", "2021-09-17T17:00:00Z", "matched")
    expected[key] = (321, 267.5, 53.5, "official_above", 2, 1)
    assert len(expected) == len(both) - 1 == 11
    names = ("official", "observed", "gap", "verdict", "n", "conflicts")
    found = {
        tuple(row[name] for name in ("station", "contest", "checkpoint", "comparison")): tuple(
            row[name] for name in names
        )
        for row in turnout
        if row["station"]
    }
    assert found == expected
    assert {key[0] for key in found if key[3] == "told"} == {"2241", "201", "789"}


def test_two_counts_of_one_moment_are_both_shown(petersburg: Partition, turnout: list[Row]) -> None:
    """Station 16: 260 and 275 counted, the median compared, the conflict said with each."""
    (row,) = (row for row in turnout if row["station"] == "16")
    assert sorted(count["voters"] for count in row["counts"]) == [260, 275]
    assert {count["report_id"].split("-")[0] for count in row["counts"]} == {"60893", "64774"}
    # The register of that day, 1721, is not the one that the station ended with.
    assert row["findings"] == ["conflict", "register_changed"]
    assert (row["offset_seconds"], row["as_of"]) == (0, "2021-09-17T17:00:00Z")
    counts: list[Row] = rows("observed_turnout", [petersburg], petersburg.pack, 0)
    assert {c["voters"]: c["findings"] for c in counts if c["station"] == "16"} == {
        260: ["conflict"],
        275: ["conflict"],
    }


def test_no_count_is_lost(petersburg: Partition, turnout: list[Row]) -> None:
    """A count without a published figure, of station 1402, is listed and waits for one."""
    counts: list[Row] = rows("observed_turnout", [petersburg], petersburg.pack, 0)
    assert len(counts) == len(reported()) == 13
    used = {one["report_id"] for row in turnout if row["counts"] for one in row["counts"]}
    (left,) = (count for count in counts if count["report_id"] not in used)
    assert (left["station"], left["voters"], left["at"]) == ("1402", 329, "2021-09-18T17:00:00Z")
    falling = [count["station"] for count in counts if "falling" in count["findings"]]
    assert falling == []


def test_the_city_adds_its_districts_up(turnout: list[Row]) -> None:
    """Announced 17 September: 349 at two stations, published 274; and so on for each moment."""
    (row,) = (
        row
        for row in turnout
        if (row["region"], row["comparison"], row["checkpoint"], row["station"])
        == ("SPB", "told", "2021-09-17T17:00:00Z", None)
    )
    assert (row["n"], row["official"], row["observed"], row["gap"]) == (2, 274, 349, -75)
    assert (row["above"], row["below"], row["verdict"]) == (0, 1, "official_below")
    for comparison in ("matched", "told"):
        mine = [row for row in turnout if row["comparison"] == comparison]
        stations = [row for row in mine if row["station"]]
        city = [row for row in mine if row["region"] == "SPB"]
        districts = [row for row in mine if row not in stations and row not in city]
        for group in (city, districts):
            assert sum(row["n"] for row in group) == len(stations)
            assert sum(row["gap"] for row in group) == sum(row["gap"] for row in stations)


def test_no_district_published_a_figure_of_its_own(turnout: list[Row]) -> None:
    """Then nothing is said of a district or the city but what was counted: no_official."""
    others = [row for row in turnout if row["unit"] == "share"]
    assert others
    assert {(row["comparison"], row["verdict"]) for row in others} == {("level", "no_official")}
    assert all(row["official"] is None and row["gap"] is None for row in others)


def test_kazakhstan_without_counts_is_not_judged(tmp_path: Path) -> None:
    """One row of level and of flow for each figure, all saying that nobody has counted."""
    name = "kazakhstan-2023"
    pack = load_pack(name)
    file = pack_directory(name) / "official_turnout.csv"
    part = folded(imported(tmp_path, "kazakhstan-turnout", file, name), pack)

    def table(name: str) -> list[Row]:
        return rows(name, [part], pack, us("2023-03-20T00:00:00+06:00"))

    figures = {(row["region"], row["checkpoint"]): row for row in table("official_turnout")}
    level = [row for row in table("turnout") if row["comparison"] == "level"]
    assert len(level) == len(figures) > 100
    for row in level:
        assert (row["verdict"], row["n"], row["drawn"]) == ("no_observation", 0, None)
        figure = figures[row["region"], row["checkpoint"]]
        assert row["official"] == pytest.approx(float(figure["percent"]) / 100, abs=5e-5)
        assert (row["publisher"], row["as_of"]) == (figure["publisher"], figure["as_of"])
    flow = [row for row in table("turnout") if row["comparison"] == "flow"]
    assert {row["verdict"] for row in flow} <= {"no_observation", "no_official"}
    assert len(flow) + len(level) == len(table("turnout"))
    assert {row["region"] for row in level} == {region for region, _ in figures}
    assert table("observed_turnout") == []
