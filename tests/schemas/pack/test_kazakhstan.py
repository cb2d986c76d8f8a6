"""The pack of Kazakhstan, 19 March 2023, and its published turnout: facts, and nothing else."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from schemas.fields import microseconds, rfc3339
from schemas.official import OfficialTurnout
from schemas.pack import Pack
from streams.packs import load_pack, pack_directory
from tests.data import data_dir

NAME = "kazakhstan-2023"
EVENT = "majilis-2023"


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The pack as it ships."""
    return load_pack(NAME)


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def facts(name: str) -> list[dict[str, str]]:
    """A file of the collected facts; rows of this election where it holds several."""
    found = rows(data_dir("kazakhstan") / name)
    return [row for row in found if row.get("event", EVENT) == EVENT]


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    """The published turnout that the project carries."""
    return rows(pack_directory(NAME) / "official_turnout.csv")


def us(text: str) -> int:
    """Microseconds of an RFC 3339 moment."""
    return microseconds(datetime.fromisoformat(text))


def test_the_administration(pack: Pack) -> None:
    """What the mission's statement says about contests, commissions, stations and voters."""
    assert pack.id == "kz-2023-03-19"
    assert pack.main_contest == "party-list"
    party_list, districts = pack.contests["party-list"], pack.contests["single-mandate"]
    assert (party_list.seats, party_list.threshold_percent) == (69, 5)
    assert (party_list.lists, party_list.candidates) == (7, 281)
    assert (districts.seats, districts.candidates) == (29, 435)
    assert pack.commission_counts == {
        "central": 1,
        "regional": 20,
        "territorial": 220,
        "district": 16,
    }
    assert (pack.regions["KZ"].stations, pack.regions["KZ"].registered) == (10_223, 12_032_550)
    assert pack.regions["KZ-ABROAD"].stations == 77
    assert pack.regions["KZ-ABROAD"].kind == "out_of_country"
    assert len(pack.region_codes()) == 21


def test_regions_are_those_of_the_facts(pack: Pack) -> None:
    """Codes, names, and the stations and voters that are known for 2023, no others."""
    for row in facts("kz_regions.csv"):
        region = pack.regions[row["iso"]]
        assert region.name == row["name_en"]
        assert str(region.stations or "") == row["stations_2023_03_19_known"]
        assert str(region.registered or "") == row["voters_2023_known"]
    assert len(facts("kz_regions.csv")) == 20


def test_polls_close_when_the_facts_say(pack: Pack) -> None:
    """Five regions close an hour later; all are open for thirteen hours."""
    for row in facts("kz_regions.csv"):
        ((opens, closes),) = pack.polls(row["iso"])
        assert closes == us(f"2023-03-19T{row['polls_close_astana_time_2023']}:00+06:00")
        assert closes - opens == 13 * 3_600_000_000
    assert pack.polls("KZ-ABROAD") == ()
    assert [rfc3339(moment) for moment in pack.polls("KZ")[0]] == [
        "2023-03-19T01:00:00Z",
        "2023-03-19T15:00:00Z",
    ]


def test_districts_are_those_of_the_facts(pack: Pack) -> None:
    """29 districts; an electorate is given only where it was published exactly."""
    codes = {row["name_en"]: row["iso"] for row in facts("kz_regions.csv")}
    listed = rows(data_dir("kazakhstan") / "kz_single_mandate_districts.csv")
    assert len(pack.districts) == len(listed) == 29
    for row in listed:
        district = pack.districts[row["no"]]
        name = row["region (*=inferred)"]
        assert district.region == codes[name.rstrip("*")]
        assert ("inferred" in district.note) == name.endswith("*")
        if row["electorate_2023"]:
            assert district.electorate == int(row["electorate_2023"])
    known = {code for code, district in pack.districts.items() if district.electorate}
    assert known == {"10", "11", "12", "19"}
    assert pack.districts["10"].electorate == 562_590


def test_checkpoints_are_the_moments_of_the_main_series(pack: Pack) -> None:
    """Seven of them; what an outlet calls 16:00 is the figure of 16:10."""
    moments = {us(row["as_of_astana"]) for row in facts("kz_turnout_by_region.csv")}
    assert set(pack.checkpoints) == moments
    assert len(moments) == 7
    at = us("2023-03-19T16:00:00+06:00")
    assert rfc3339(pack.checkpoint(at)) == "2023-03-19T10:10:00Z"


def test_every_simulated_source_says_so(pack: Pack) -> None:
    """No real observers' organization is named, as none published its reports by station."""
    for source in pack.sources.values():
        assert ("simulated" in source.uri) == source.name.startswith("Simulated: ")
    simulated = {s.group for s in pack.sources.values() if "simulated" in s.uri}
    assert {"citizen", "international", "party_agent"} <= simulated
    assert {s.authority for s in pack.sources.values()} == {"observer", "official", "desk"}


def test_every_published_figure_is_a_fact(published: list[dict[str, str]]) -> None:
    """The main series as it stands; misprints as other publishers'; counts for the country."""
    main = {(r["region"], r["as_of"]): r for r in published if r["publisher"] == "cec"}
    series = facts("kz_turnout_by_region.csv")
    assert len(main) == len(series) == 147
    for row in series:
        figure = main[row["iso"], row["as_of_astana"]]
        assert figure["percent"] == row["percent"]
        assert figure["published"] == row["published_astana"]
        assert figure["source_url"] == row["source_url"]
    others = [row for row in published if row["publisher"] != "cec" and row["region"] != "KZ"]
    printed = {(r["region"], r["percent"], r["source_url"]) for r in others}
    assert printed == {
        (row["iso"], row["published_percent"], row["source_url"])
        for row in facts("kz_conflicting_publications.csv")
    }
    counts = {row["value"]: row for row in facts("kz_national_counts.csv")}
    for row in published:
        if row["voted"]:
            fact = counts[row["voted"]]
            assert fact["measure"] == "ballots_received"
            assert fact["source_url"] == row["source_url"]
            assert f"{int(row['registered']):,}" in fact["note"]
    assert sum(bool(row["voted"]) for row in published) == 3


def test_published_figures_fit_the_pack_and_the_contract(
    pack: Pack, published: list[dict[str, str]]
) -> None:
    """Every row can become an event: known region and publisher, a checkpoint, valid fields."""
    figure = TypeAdapter(OfficialTurnout)
    for row in published:
        assert row["region"] in pack.regions
        assert row["publisher"] in pack.publishers
        assert pack.checkpoint(us(row["as_of"])) in pack.checkpoints
        assert not row["published"] or us(row["published"]) > us(row["as_of"])
        data: dict[str, object] = {n: v for n, v in row.items() if v and n != "note"}
        data |= {name: int(row[name]) for name in ("voted", "registered") if row[name]}
        figure.validate_json(json.dumps(data))


def test_what_the_figures_say_about_themselves(pack: Pack, published: list[dict[str, str]]) -> None:
    """The commission's series never falls. Elsewhere one fall and five contradictions.

    Counted here with nothing but a dictionary: by place, checkpoint and publisher.
    """
    figures: dict[tuple[str, int], dict[str, Decimal]] = defaultdict(dict)
    for row in published:
        percent = row["percent"] or round(
            Decimal(row["voted"]) * 100 / Decimal(row["registered"]), 2
        )
        key = row["region"], pack.checkpoint(us(row["as_of"]))
        assert row["publisher"] not in figures[key], "a second figure would be a revision"
        figures[key][row["publisher"]] = Decimal(percent)
    astana = {
        us(f"2023-03-19T{time}:00+06:00"): time
        for time in ("10:10", "12:10", "14:00", "16:10", "18:10", "20:10", "22:10")
    }
    falls, conflicts = set(), set()
    for (region, checkpoint), by_publisher in figures.items():
        earlier = [at for at in pack.checkpoints if at < checkpoint]
        before = figures[region, earlier[-1]]["cec"] if earlier else Decimal(0)
        falls |= {
            (region, astana[checkpoint], publisher)
            for publisher, percent in by_publisher.items()
            if percent < before
        }
        if len(set(by_publisher.values())) > 1:
            conflicts.add((region, astana[checkpoint]))
    assert falls == {("KZ-61", "18:10", "informburo")}
    assert conflicts == {
        ("KZ-61", "18:10"),
        ("KZ-62", "18:10"),
        ("KZ-71", "16:10"),
        ("KZ-75", "16:10"),
        ("KZ-79", "16:10"),
    }


def test_the_register_hardly_moved(published: list[dict[str, str]]) -> None:
    """By 0.03 % at most, well below the threshold of a finding."""
    registers = [int(row["registered"]) for row in published if row["registered"]]
    assert (max(registers) - min(registers)) / min(registers) < 0.0003
