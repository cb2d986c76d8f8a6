"""`scrutineer settings`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from streams.cli import run
from streams.settings import fields


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SCRUTINEER_"):
            monkeypatch.delenv(name)


def test_every_setting_with_value_origin_and_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list is complete, says where each value is from, and hides secrets."""
    config = tmp_path / "s.toml"
    config.write_text('[broker]\nsasl_password = "hunter2"\n', encoding="utf-8")
    monkeypatch.setenv("SCRUTINEER_TOPICS__PARTITIONS", "24")
    assert run(["--config", str(config), "settings", "--json"]) == 0
    said = capsys.readouterr().out
    assert "hunter2" not in said
    rows = {row["name"]: row for row in json.loads(said)}
    assert list(rows) == [name for name, _ in fields()]
    assert rows["broker.sasl_password"]["value"] == "***"
    assert rows["broker.sasl_password"]["origin"] == str(config)
    assert rows["topics.partitions"] == {
        "name": "topics.partitions",
        "variable": "SCRUTINEER_TOPICS__PARTITIONS",
        "value": 24,
        "default": 12,
        "origin": "environment variable SCRUTINEER_TOPICS__PARTITIONS",
        "meaning": dict(fields())["topics.partitions"].description,
    }
    assert rows["worker.data_dir"]["value"] == "var/worker"
    assert rows["pack"]["origin"] == "default"


def test_the_list_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Name, value and origin in one line that grep finds; variable and default below it."""
    monkeypatch.setenv("SCRUTINEER_BROKER__SASL_PASSWORD", "hunter2")
    assert run(["settings"]) == 0
    said = capsys.readouterr().out
    assert "\ntopics.partitions = 12    (default)\n" in said
    assert "\n    SCRUTINEER_TOPICS__PARTITIONS, default 12\n" in said
    assert "broker.sasl_password = ***    (environment variable SCRUTINEER_BROKER" in said
    assert "broker.idempotent = true" in said
    assert "hunter2" not in said


def test_a_bad_setting_is_a_message_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No stack trace: the key, where it is from, what is allowed."""
    monkeypatch.setenv("SCRUTINEER_WORKER__PORT", "http")
    assert run(["settings"]) == 2
    said = capsys.readouterr().err
    assert "worker.port (environment variable SCRUTINEER_WORKER__PORT): 'http'" in said
    assert "Traceback" not in said
