"""The files of deploy/ are what the programs they are for accept."""

from __future__ import annotations

import os
import subprocess
import tomllib
from configparser import ConfigParser
from typing import Any

import pytest
import yaml

from streams.rules import archive, pipeline
from streams.settings import PREFIX, fields, load
from tests.data import ROOT
from tests.tools import tool

DEPLOY = ROOT / "deploy"
EXAMPLE = DEPLOY / "scrutineer.example.toml"
PROMETHEUS = DEPLOY / "prometheus" / "prometheus.yml"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_the_example_settings_load() -> None:
    """Every key of the example is a setting, and together they make a worker's settings."""
    loaded = load(EXAMPLE)
    assert loaded.settings.broker.security_protocol == "SASL_SSL"
    assert set(loaded.origins) <= {name for name, _ in fields()}
    assert set(loaded.origins.values()) == {str(EXAMPLE)}


def test_the_example_holds_no_password() -> None:
    """Secrets are named by their file only."""
    broker = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["broker"]
    assert "sasl_password" not in broker
    assert "ssl_key_password" not in broker


def test_prometheus_accepts_its_configuration() -> None:
    """Promtool finds nothing to complain about, in the rules and targets it names either."""
    promtool = tool("promtool", "prometheus")
    run = subprocess.run(
        [promtool, "check", "config", PROMETHEUS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    rules = sorted(PROMETHEUS.parent.glob("rules/*.yml"))
    assert all(str(path) in run.stdout for path in rules), run.stdout


def test_prometheus_finds_workers_and_alertmanager_on_their_ports() -> None:
    """The targets and the programs' defaults agree, and scrapes and rules are 5 seconds apart."""
    config = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))
    assert config["global"]["scrape_interval"] == config["global"]["evaluation_interval"] == "5s"
    job, archivers = config["scrape_configs"]
    assert [job["job_name"], archivers["job_name"]] == [pipeline.JOB, archive.JOB]
    (alertmanagers,) = config["alerting"]["alertmanagers"]
    worker = load(EXAMPLE).settings.worker
    assert targets(job) == [f"{worker.host}:{worker.port}"]
    assert targets(archivers) == [], "one that is listed and not there pages somebody"
    assert targets(alertmanagers) == ["127.0.0.1:9093"]


def targets(finder: dict[str, Any]) -> list[str]:
    """What the files of a ``file_sd_configs`` list."""
    names = [name for each in finder["file_sd_configs"] for name in each["files"]]
    texts = [(PROMETHEUS.parent / name).read_text(encoding="utf-8") for name in names]
    return [
        target for text in texts for group in yaml.safe_load(text) for target in group["targets"]
    ]


def test_grafana_asks_for_a_login_and_has_one_source_of_alerts() -> None:
    """Nobody is anonymous, nobody signs up, and Grafana alerts nobody."""
    grafana = ConfigParser(interpolation=None)
    grafana.read(DEPLOY / "grafana" / "grafana.ini", encoding="utf-8")
    assert not grafana.getboolean("auth.anonymous", "enabled")
    assert not grafana.getboolean("users", "allow_sign_up")
    assert not grafana.getboolean("public_dashboards", "enabled")
    assert not grafana.getboolean("snapshots", "external_enabled")
    assert not grafana.getboolean("unified_alerting", "enabled")
    assert grafana["security"]["admin_password"].startswith("$__file{/run/secrets/")


def test_grafana_finds_its_sources_and_dashboards() -> None:
    """One default source; dashboards from where they are mounted, and no browser changes one."""
    folder = DEPLOY / "grafana" / "provisioning"
    sources = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text("utf-8"))
    assert [each["uid"] for each in sources["datasources"]] == ["prometheus", "alertmanager"]
    assert [each.get("isDefault", False) for each in sources["datasources"]] == [True, False]
    assert not any(each["editable"] for each in sources["datasources"])
    (provider,) = yaml.safe_load((folder / "dashboards" / "scrutineer.yml").read_text("utf-8"))[
        "providers"
    ]
    assert not provider["allowUiUpdates"]
    path = provider["options"]["path"]
    assert f"../dashboards/json:{path}:ro" in (DEPLOY / "compose.yaml").read_text("utf-8")
    manifest = (DEPLOY / "kubernetes" / "base" / "grafana.yaml").read_text("utf-8")
    assert f"mountPath: {path}\n" in manifest
    grafana = ConfigParser(interpolation=None)
    grafana.read(DEPLOY / "grafana" / "grafana.ini", encoding="utf-8")
    where, _, home = grafana["dashboards"]["default_home_dashboard_path"].rpartition("/")
    there = {file.name for file in (ROOT / "dashboards" / "json").glob("*.json")}
    assert where == path
    assert home in (there or {home})
