"""St Petersburg 2021 through Apache Kafka and two workers, against figures taken from the CSVs.

The commands are the ones a person would type. The expected figures are computed here from the
CSV files alone, by other code than the project's.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from streams.log.topics import create_topics
from tests import spb_findings
from tests.data import ROOT, data_dir
from tests.kafka.harness import KafkaCluster
from tests.spb import DISTRICTS, NAME, spb_pack, spb_rows
from tests.spb_findings import utc
from tests.worker.process import WorkerProcess, merged_digest, until_caught_up

Row = dict[str, Any]
LONG_AFTER = "2022-01-01T00:00:00Z"
PHASES = {"before": "pre_election", "during": "voting", "finale": "counting"}
GROUPS = {
    "member": "commission_member",
    "voter": "voter",
    "candidate": "candidate",
    "observer": "citizen",
    "mass_media": "media",
}


def scrutineer(folder: Path, bootstrap: str, prefix: str, *arguments: str) -> str:
    """Run the command as a person would; returns what it printed."""
    env = {name: value for name, value in os.environ.items() if "SCRUTINEER" not in name}
    env |= {
        "SCRUTINEER_BROKER__BOOTSTRAP": bootstrap,
        "SCRUTINEER_TOPICS__PREFIX": prefix,
        "SCRUTINEER_TOPICS__PARTITIONS": "6",
        "SCRUTINEER_PACK": str(folder / NAME),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "streams", *arguments]
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected_turnout() -> dict[tuple[str, str, str, str], tuple[int | None, int | None]]:
    """(region, station, contest, as_of) to (registered, voted)."""

    def number(text: str) -> int | None:
        return int(text) if text else None

    return {
        (DISTRICTS[row["district"]], row["uik"], row["ballot"], utc(row["as_of"])): (
            number(row["registered"]),
            number(row["voted"]),
        )
        for row in spb_rows("turnout_by_uik.csv")
    }


def expected_reports() -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """Incidents by (region, category, phase), restrictions by (region, phase, group)."""
    district = {row["uik"]: row["district"] for row in spb_rows("uik_register.csv")}
    incidents: Counter[tuple[str, ...]] = Counter()
    restrictions: Counter[tuple[str, ...]] = Counter()
    for row in spb_rows("golos_reports.csv"):
        where = row["district"] or district.get(row["uik"], "")
        region = DISTRICTS[where] if where else "SPB"
        for told in row["categories"].split("|"):
            when, _, category = told.partition(":")
            phase = PHASES.get(when, "unknown")
            if category == "observer_rights_failure":
                restrictions[region, phase, GROUPS[row["reported_by"]]] += 1
            else:
                incidents[region, category or "unspecified", phase] += 1
    return incidents, restrictions


async def table(workers: list[WorkerProcess], name: str) -> list[Row]:
    """The rows of both workers together."""
    rows: list[Row] = []
    for worker in workers:
        # Tables of a whole city take long on a busy machine.
        answer = await asyncio.to_thread(worker.get, f"/tables/{name}", 60.0)
        assert answer.status == 200, answer
        rows += answer.body["rows"]
    return rows


async def assert_turnout(workers: list[WorkerProcess]) -> None:
    """All 34,826 figures, and exactly what is wrong with them by themselves."""
    rows = await table(workers, "official_turnout")
    found = {
        (row["region"], row["station"], row["contest"], row["as_of"]): (
            row["registered"],
            row["voted"],
        )
        for row in rows
    }
    expected = expected_turnout()
    assert len(rows) == len(expected) == 34_826
    assert found == expected
    findings = await table(workers, "official_findings")
    places = ("region", "station", "contest", "checkpoint")
    found_by_kind: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for row in findings:
        found_by_kind[row["finding"]][tuple(row[name] for name in places)] += 1
    assert found_by_kind == spb_findings.expected()


async def assert_reports(workers: list[WorkerProcess]) -> None:
    """682 reports: every category an incident, observers' rights restrictions."""
    incidents, restrictions = expected_reports()
    rows = await table(workers, "incidents")
    assert {(row["severity"], row["status"]) for row in rows} == {("unspecified", "reported")}
    counted: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        counted[row["region"], row["category"], row["phase"]] += row["reports"]
    assert counted == incidents
    counted = Counter()
    for row in await table(workers, "restrictions"):
        assert (row["kind"], row["status"], row["median_seconds"]) == ("other", "reported", None)
        counted[row["region"], row["phase"], row["observer_group"]] += row["total"]
    assert counted == restrictions
    assert sum(restrictions.values()) == 235


async def assert_equal_offline(
    folder: Path, run: list[str], workers: list[WorkerProcess], digest: str
) -> None:
    """The same files folded without a broker give the same tables and content digest.

    Held against a moment long after the polls: what is overdue then is so now.
    """
    command = ("replay", "turnout.jsonl", "reports.jsonl", "--json", "--until", LONG_AFTER)
    printed = await asyncio.to_thread(scrutineer, folder, *run, *command)
    document = json.loads(printed)
    assert document["content_digest"] == digest
    for name in ("official_turnout", "official_findings", "incidents", "restrictions", "conflicts"):
        live = await table(workers, name)
        assert sorted(live, key=repr) == sorted(document["tables"][name], key=repr), name


@pytest.mark.timeout(600)
async def test_st_petersburg_2021_from_csv_to_tables(kafka: KafkaCluster, tmp_path: Path) -> None:
    """Imported, published, processed by two workers, equal to the CSVs and to the replay."""
    data = data_dir(NAME)
    settings = kafka.settings(partitions=6).model_copy(update={"pack": str(spb_pack(tmp_path))})
    await create_topics(settings)
    run = [settings.broker.bootstrap, settings.topics.prefix]
    for mapping, file, output in (
        ("st-petersburg-turnout", "turnout_by_uik.csv", "turnout.jsonl"),
        ("st-petersburg-reports", "golos_reports.csv", "reports.jsonl"),
    ):
        arguments = ("import", mapping, str(data / file), "-o", output)
        await asyncio.to_thread(scrutineer, tmp_path, *run, *arguments)
    with (
        WorkerProcess(settings, tmp_path) as first,
        WorkerProcess(settings, tmp_path) as second,
    ):
        workers = [first, second]
        for worker in workers:
            await worker.until_ready()
        publish = ("publish", "turnout.jsonl", "reports.jsonl")
        await asyncio.to_thread(scrutineer, tmp_path, *run, *publish)
        answers = await until_caught_up(settings, workers)
        assert all(answer.body["partitions"] for answer in answers), "one worker has it all"
        digest = merged_digest(answers)[0]
        await assert_turnout(workers)
        await assert_reports(workers)
        for name in ("rejected", "corrections", "conflicts", "orphans"):
            assert await table(workers, name) == []
        await assert_equal_offline(tmp_path, run, workers, digest)
