"""The demo's Prometheus and Alertmanager: real ones, whose alerts are those of the tables."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.demo.monitoring import PACKAGES, Addresses, UnmonitoredError, find, monitoring
from streams.embedded import is_free
from streams.packs import load_pack
from tests.data import ROOT
from tests.demo.runs import PATIENCE, DemoProcess, alive, children_of, cmdline
from tests.demo.terminals import DemoOnTerminal
from tests.tools import tool

CONFLICTS = {"conflicting", "inconsistent", "impossible", "jump", "sum_mismatch"}


@pytest.fixture
def programs() -> None:
    """Both are there, or the test is skipped loudly."""
    for package in PACKAGES:
        tool(package, package)


def ask(url: str) -> Any:
    """JSON of a page, or its text."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        text = answer.read().decode()
        return json.loads(text) if answer.headers["Content-Type"] == "application/json" else text


def above_or_below_twice(rows: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Region, contest and comparison whose newest two comparisons were on the same side."""
    verdicts = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row["checkpoint"])):
        if row["verdict"] not in ("no_official", "no_observation") and row["station"] is None:
            series = (row["region"], row["contest"], row["comparison"])
            verdicts[series].append(row["verdict"])
    return {
        series
        for series, found in verdicts.items()
        if found[-2:] in (["official_above"] * 2, ["official_below"] * 2)
    }


@pytest.mark.usefixtures("programs")
def test_the_alerts_are_those_of_the_tables(played: tuple[DemoProcess, Any]) -> None:
    """As many as there are open restrictions, contradictions and gaps at the end of the day."""
    demo, result = played
    tables = json.loads((demo.folder / "tables.json").read_text())
    alerts = result["monitoring"]["alerts"]
    firing = alerts["firing"]
    assert firing["ObserverRestrictionOpen"] == len(tables["open_restrictions"]) > 20
    conflicts = {
        (row["region"], row["finding"])
        for row in tables["official_findings"]
        if row["open"] and row["finding"] in CONFLICTS
    }
    assert firing["OfficialFiguresConflict"] == len(conflicts) == 5
    falls = [row for row in tables["official_findings"] if row["open"] and row["finding"] == "fall"]
    assert firing.get("OfficialFigureFell", 0) == len({row["region"] for row in falls})
    gaps = above_or_below_twice(tables["turnout"])
    assert firing["TurnoutGap"] == len(gaps) >= 1
    planted = json.loads((demo.folder / "planted.json").read_text())
    assert {region for region, _, _ in gaps} <= set(planted["gap"]["regions"])
    assert firing["CriticalIncident"] >= 1
    assert firing["RestrictionsCluster"] >= 1
    assert not firing.keys() & {"PackMismatch", "RegionUnwatched", "WorkerDown", "RegionSilent"}
    assert all(alerts["fired"][name] >= number for name, number in firing.items())


@pytest.mark.usefixtures("programs")
def test_the_day_is_told_in_alerts(played: tuple[DemoProcess, Any]) -> None:
    """Each line says how many fire, and the summary which ones did."""
    demo, _ = played
    lines = "\n".join(demo.lines())
    assert re.search(r"open restrictions .* \d+ alerts firing", lines)
    assert re.search(r"Alerts that fired: .*ObserverRestrictionOpen \d+", lines)
    assert re.search(r"alerts: http://127\.0\.0\.1:\d+/alerts and http://127\.0\.0\.1:\d+", lines)


def accepted(*check: str) -> None:
    """A program's own tool finds nothing wrong."""
    run = subprocess.run(check, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.usefixtures("programs")
def test_the_configuration_stays_and_the_data_do_not(played: tuple[DemoProcess, Any]) -> None:
    """Each file says what is not as in operation; both programs' own tools accept it."""
    demo, result = played
    folder = demo.folder / "monitoring"
    assert {path.name for path in folder.iterdir()} == {
        "alertmanager.log",
        "alertmanager.yml",
        "prometheus",
        "prometheus.log",
    }
    config = folder / "prometheus" / "prometheus.yml"
    accepted("promtool", "check", "config", str(config))
    accepted("amtool", "check-config", str(folder / "alertmanager.yml"))
    rules = list(folder.glob("prometheus/rules/*.yml"))
    assert {path.name for path in rules} == {
        path.name for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml")
    }
    for path in (config, *rules):
        text = path.read_text()
        assert text.startswith("# Written by `scrutineer demo`. Not as in operation: every 1 s")
        assert "5s" not in re.findall(r"interval: (\w+)", text)
    targets = {
        path.name: [one for group in yaml.safe_load(path.read_text()) for one in group["targets"]]
        for path in (folder / "prometheus" / "targets").iterdir()
    }
    assert targets == {
        "workers.yml": [
            result["addresses"]["metrics"].removeprefix("http://").removesuffix("/metrics")
        ],
        "alertmanagers.yml": [result["monitoring"]["alertmanager"].removeprefix("http://")],
        "archivers.yml": [],  # nobody archives the demo's log
    }


@pytest.mark.usefixtures("programs")
def test_nobody_is_told(played: tuple[DemoProcess, Any]) -> None:
    """Routes and inhibitions are those of operation; a receiver is a name and nothing else."""
    demo, _ = played
    config = yaml.safe_load((demo.folder / "monitoring" / "alertmanager.yml").read_text())
    real = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
    assert config.keys() == {"route", "inhibit_rules", "receivers"}
    for part in ("route", "inhibit_rules"):
        assert config[part] == real[part]
    assert config["receivers"] == [{"name": each["name"]} for each in real["receivers"]]


@pytest.mark.usefixtures("programs")
def test_both_answer_while_it_stays_and_are_gone_afterwards(demo: DemoOnTerminal) -> None:
    """At the addresses on the screen; then no process is left and their ports are free."""
    found = re.search(rb"Alerts: (http://[\d.]+:\d+)/alerts, (http://[\d.]+:\d+)", demo.seen)
    assert found, demo.seen[-3000:]
    addresses = Addresses(*(part.decode() for part in found.groups()))
    assert b"ALERTS FIRING: " in demo.seen
    alerts = ask(f"{addresses.prometheus}/api/v1/alerts")["data"]["alerts"]
    assert "ObserverRestrictionOpen" in {each["labels"]["alertname"] for each in alerts}
    assert all(each["health"] == "ok" for each in rules(addresses))
    told = ask(f"{addresses.alertmanager}/api/v2/alerts")
    muted = [each for each in told if each["status"]["state"] == "suppressed"]
    assert {each["labels"]["channel"] for each in muted} <= {"page"}
    assert len(told) > 20
    children = children_of(demo.process.pid)
    assert len(children) == 4
    assert demo.interrupt() == 0
    assert not [pid for pid in children if alive(pid)]
    for address in addresses:
        assert is_free(int(address.rpartition(":")[2]))


def rules(addresses: Addresses) -> list[dict[str, Any]]:
    """Every rule with how it fares."""
    groups = ask(f"{addresses.prometheus}/api/v1/rules")["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.usefixtures("programs")
def test_a_prometheus_that_dies_does_not_end_the_demo(tmp_path: Path) -> None:
    """The day goes on and is proved; of its alerts it is said that they are not known."""
    with DemoProcess(tmp_path, "--seconds", "8") as demo:
        demo.until(demo.says("REAL, as published"))
        for pid in demo.children():
            if b"--storage.tsdb.path" in cmdline(pid):
                os.kill(pid, signal.SIGKILL)
        result = demo.result()
        assert demo.process.returncode == 0, demo.err.read_text()
    assert result["equal"] is True
    assert result["monitoring"]["alerts"] is None
    assert demo.says("Alerts that fired are not known")()


def test_without_the_programs_it_says_what_to_install(tmp_path: Path) -> None:
    """In one line; all else is as ever, and the summary has no alerts."""
    with DemoProcess(tmp_path, "--seconds", "8", path=str(tmp_path)) as demo:
        demo.until(demo.says("REAL, as published"))
        assert len(demo.children()) == 2
        result = demo.result()
        assert demo.process.returncode == 0, demo.err.read_text()
    (line,) = (line for line in demo.lines() if "without alerts" in line)
    assert line.endswith("install prometheus and prometheus-alertmanager, of Debian's packages")
    assert result["monitoring"] is None
    assert result["equal"] is True
    assert not demo.says("starting Prometheus")()
    assert "alerts firing" not in "\n".join(demo.lines())
    assert not (demo.folder / "monitoring").exists()


def test_a_person_is_told_what_to_install_below_the_view(tmp_path: Path) -> None:
    """Whole, on the smallest usual terminal: the line before the view is hidden by it."""
    demo = DemoOnTerminal(tmp_path, path=str(tmp_path))
    try:
        demo.until("For alerts install prometheus, prometheus-alertmanager.")
    finally:
        demo.close()
    assert b"ALERTS" not in demo.seen


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In a line, and everything ends."""
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "monitoring").write_text("mine")
    for package in PACKAGES:
        script(tmp_path / "bin", package, "exit 1")
    with DemoProcess(tmp_path, "--seconds", "300", path=str(tmp_path / "bin")) as demo:
        assert demo.process.wait(PATIENCE) == 2
        told = demo.err.read_text()
    assert "monitoring" in told
    assert "cannot be written" in told
    assert "Traceback" not in told


def test_it_can_be_left_out(tmp_path: Path) -> None:
    """With --no-monitoring nobody speaks of alerts."""
    with DemoProcess(tmp_path, "--seconds", "1", "--no-monitoring") as demo:
        result = demo.result()
        assert demo.process.returncode == 0, demo.err.read_text()
    assert result["monitoring"] is None
    assert "alerts" not in "\n".join(demo.lines()[:-1]).lower()


def script(folder: Path, name: str, text: str) -> None:
    """A program of this name."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else."""
    script(tmp_path / "bin", "prometheus", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UnmonitoredError) as error:
        find()
    assert error.value.missing == ("prometheus-alertmanager",)
    assert str(error.value) == "install prometheus-alertmanager, of Debian's packages"


def test_an_installed_package_has_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes with a checkout of the project: a clear line says so."""
    for package in PACKAGES:
        script(tmp_path / "bin", package, "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UnmonitoredError, match="not in the installed package: use `make demo`"):
        find(tmp_path / "site-packages" / "deploy")


@pytest.mark.usefixtures("programs")
async def test_a_program_that_does_not_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its last words, as of a Prometheus that is too old; the other one is stopped."""
    other = tool("prometheus-alertmanager", "prometheus-alertmanager")
    script(tmp_path / "bin", "prometheus", "echo field keep_firing_for not found; exit 1")
    (tmp_path / "bin" / "prometheus-alertmanager").symlink_to(other)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    before = children_of(os.getpid())
    pack = load_pack("kazakhstan-2023")
    with pytest.raises(UnmonitoredError, match=r"prometheus\.log: field keep_firing_for not found"):
        async with monitoring(find(), pack, "127.0.0.1:1", tmp_path):
            pass
    assert children_of(os.getpid()) <= before


@pytest.mark.usefixtures("programs")
async def test_rules_of_a_run_before_are_not_loaded(tmp_path: Path) -> None:
    """A directory that is used again holds those of the day's pack alone."""
    old = tmp_path / "monitoring" / "prometheus" / "rules" / "old.yml"
    old.parent.mkdir(parents=True)
    old.write_text("no rules at all")
    pack = load_pack("kazakhstan-2023")
    async with monitoring(find(), pack, "127.0.0.1:1", tmp_path) as addresses:
        assert not old.exists()
        assert rules(addresses)
        assert ask(f"{addresses.alertmanager}/-/ready") == "OK"
