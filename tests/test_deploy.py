"""The files of deploy/ are what the programs they are for accept."""

from __future__ import annotations

import os
import subprocess
import tomllib

import pytest

from streams.settings import PREFIX, fields, load
from tests.data import ROOT
from tests.tools import tool

DEPLOY = ROOT / "deploy"
EXAMPLE = DEPLOY / "scrutineer.example.toml"


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
    """Promtool finds nothing to complain about."""
    promtool = tool("promtool", "prometheus")
    run = subprocess.run(
        [promtool, "check", "config", DEPLOY / "prometheus" / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_prometheus_scrapes_the_port_that_workers_serve() -> None:
    """The configuration and the settings' default agree, and scrapes are 5 seconds apart."""
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    worker = load(EXAMPLE).settings.worker
    assert f'targets: ["{worker.host}:{worker.port}"]' in text
    assert "scrape_interval: 5s" in text
