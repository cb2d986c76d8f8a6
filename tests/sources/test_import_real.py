"""The shipped mappings on the real data, against figures computed here from the CSV files."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schemas import Accepted, read
from streams.cli import run
from streams.packs import load_pack, pack_directory
from tests.data import data_dir
from tests.spb import DISTRICTS, NAME, spb_pack, spb_rows

Event = dict[str, Any]


def imported(tmp_path: Path, mapping: str, file: Path, pack: str) -> list[bytes]:
    """What `scrutineer import` writes."""
    out = tmp_path / f"{mapping}.jsonl"
    assert run(["import", mapping, str(file), "--pack", pack, "-o", str(out)]) == 0
    return out.read_bytes().splitlines()


def rejected(lines: list[bytes], pack: str) -> list[object]:
    """What a reader of the log would reject."""
    loaded = load_pack(pack)
    verdicts = (read(line, None, loaded) for line in lines)
    return [verdict for verdict in verdicts if not isinstance(verdict, Accepted)]


def test_the_packs_stations_are_those_of_the_register(tmp_path: Path) -> None:
    """Every region but the city as a whole has some; the pack as shipped lists none."""
    assert load_pack(NAME).stations is None
    pack = load_pack(spb_pack(tmp_path))
    assert pack.stations is not None
    assert len(pack.stations) == 2_055
    assert {station.region for station in pack.stations.values()} == set(pack.regions) - {"SPB"}


def test_official_turnout_of_st_petersburg(tmp_path: Path) -> None:
    """Every row is one figure with the row's own numbers; only divided percentages are left out."""
    rows = spb_rows("turnout_by_uik.csv")
    pack = str(spb_pack(tmp_path))
    file = data_dir(NAME) / "turnout_by_uik.csv"
    lines = imported(tmp_path, "st-petersburg-turnout", file, pack)
    events = [json.loads(line) for line in lines]
    assert len(events) == len(rows) == 34_826
    assert rejected(lines, pack) == []
    assert len({event["id"] for event in events}) == len(events)
    assert sum("registered" not in event["data"] for event in events) == 15_519
    assert sum("voted" not in event["data"] for event in events) == 72
    dropped = 0
    for row, event in zip(rows, events, strict=True):
        expected: dict[str, object] = {
            "publisher": "commission",
            "station": row["uik"],
            "as_of": row["as_of"],
            "contest": row["ballot"],
            "region": DISTRICTS[row["district"]],
        }
        for name in ("registered", "voted"):
            if row[name]:
                expected[name] = int(row[name])
        if len(row["percent"].partition(".")[2]) <= 2:
            expected["percent"] = row["percent"]
        else:
            assert row["registered"]
            computed = 100 * int(row["voted"]) / int(row["registered"])
            assert float(row["percent"]) == pytest.approx(computed, rel=1e-12)
            dropped += 1
        assert event["data"] == expected
        assert event["time"] == row["as_of"]
    assert dropped == sum(len(row["percent"].partition(".")[2]) > 2 for row in rows) > 0


def test_observers_reports_of_st_petersburg(tmp_path: Path) -> None:
    """One event per category; observers' rights are restrictions, all else incidents."""
    rows = spb_rows("golos_reports.csv")
    pack = str(spb_pack(tmp_path))
    lines = imported(tmp_path, "st-petersburg-reports", data_dir(NAME) / "golos_reports.csv", pack)
    events = [json.loads(line) for line in lines]
    assert len(rows) == 682
    assert rejected(lines, pack) == []
    restrictions = [e for e in events if e["type"] == "election.observer.restriction.v1"]
    rights = [row for row in rows if "observer_rights_failure" in row["categories"]]
    assert len(rights) == 229
    assert len(restrictions) == 235
    assert {e["data"]["report_id"].split("-")[0] for e in restrictions} == {r["id"] for r in rights}
    assert len({event["data"]["report_id"] for event in events}) == len(events)
    assert Counter(map(_told, events)) == Counter(_expected(rows))


def _told(event: Event) -> tuple[str | None, ...]:
    data = event["data"]
    what = data.get("category") or data["kind"]
    place = (data["region"], data.get("station"), data.get("commission"))
    assert data["severity"] == "unspecified"
    assert data["revision"] == 0
    return (event["subject"], what, data["phase"], data["observer_group"], event["time"], *place)


def _expected(rows: list[dict[str, str]]) -> list[tuple[str | None, ...]]:
    """The same, straight from the rows."""
    register = {row["uik"]: row["district"] for row in spb_rows("uik_register.csv")}
    groups = {"member": "commission_member", "observer": "citizen", "mass_media": "media"}
    phases = {"before": "pre_election", "during": "voting", "finale": "counting"}
    told: list[tuple[str | None, ...]] = []
    for row in rows:
        district = row["district"] or register.get(row["uik"])
        region = DISTRICTS[district] if district else "SPB"
        commission = row["tik"] if row["tik"] and not row["uik"] else None
        group = groups.get(row["reported_by"], row["reported_by"])
        for category in (row["categories"] or "unknown:unspecified").split("|"):
            when, _, what = category.partition(":")
            report = f"{row['id']}-{when}-{what}"
            kind = "other" if what == "observer_rights_failure" else what
            place = (region, row["uik"] or None, commission)
            told.append((report, kind, phases.get(when, when), group, row["occurred_at"], *place))
    return told


def test_reports_without_a_district_get_their_stations_or_the_citys(tmp_path: Path) -> None:
    """21 reports name no district: two name a station that the register places."""
    lost = [row for row in spb_rows("golos_reports.csv") if not row["district"]]
    assert len(lost) == 21
    pack = str(spb_pack(tmp_path))
    lines = imported(tmp_path, "st-petersburg-reports", data_dir(NAME) / "golos_reports.csv", pack)
    regions = {
        event["data"]["report_id"].split("-")[0]: event["data"]["region"]
        for event in map(json.loads, lines)
    }
    found = Counter(regions[row["id"]] for row in lost)
    assert found == {"SPB": 19, "SPB-TSENTRALNY": 1, "SPB-KALININSKY": 1}


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    """The same input gives the same bytes."""
    file = data_dir(NAME) / "golos_reports.csv"
    first = imported(tmp_path, "st-petersburg-reports", file, NAME)
    assert imported(tmp_path, "st-petersburg-reports", file, NAME) == first


def test_turnout_of_kazakhstan_as_carried_by_the_project(tmp_path: Path) -> None:
    """Every published figure is there as printed, misprints included, and none has a revision."""
    file = pack_directory("kazakhstan-2023") / "official_turnout.csv"
    lines = imported(tmp_path, "kazakhstan-turnout", file, "kazakhstan-2023")
    events = [json.loads(line) for line in lines]
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rejected(lines, "kazakhstan-2023") == []
    names = ("region", "publisher", "as_of", "published", "percent", "voted", "registered")
    told = [tuple(str(e["data"].get(name, "")) for name in (*names, "source_url")) for e in events]
    assert told == [tuple(row[name] for name in (*names, "source_url")) for row in rows]
    assert ("KZ-61", "informburo", "41.07") in {(t[0], t[1], t[4]) for t in told}
    assert not any("revision" in event["data"] for event in events)


def test_turnout_of_kazakhstan_from_the_collection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows of other elections are counted and left out."""
    file = data_dir("kazakhstan") / "kz_turnout_by_region.csv"
    lines = imported(tmp_path, "kazakhstan-regions", file, "kazakhstan-2023")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    wanted = [row for row in rows if row["event"] == "majilis-2023"]
    told = [json.loads(line)["data"] for line in lines]
    assert [(d["region"], d["as_of"], d["percent"]) for d in told] == [
        (row["iso"], row["as_of_astana"], row["percent"]) for row in wanted
    ]
    assert len(told) == 147
    assert rejected(lines, "kazakhstan-2023") == []
    assert f"{len(rows) - len(wanted)} rows or parts skipped: another election" in (
        capsys.readouterr().err
    )
