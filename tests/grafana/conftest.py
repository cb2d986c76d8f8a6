"""A Grafana to talk to, and the command that talks to it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streams.cli import run
from tests.grafana.server import EDITOR, VIEWER, Grafana, serving


class Done(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Scrutineer = Callable[..., Done]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SCRUTINEER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[Grafana]:
    """A server that the settings name; nothing that was sent or answered broke the contract."""
    with serving() as server:
        monkeypatch.setenv("SCRUTINEER_GRAFANA__URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", EDITOR)
        yield server
    assert not server.faults, server.faults


@pytest.fixture
def scrutineer(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Scrutineer]:
    """Runs the command; no token and no stack trace is ever said or logged."""
    caplog.set_level(0)
    said: list[str] = []

    def invoke(*arguments: str | Path) -> Done:
        status = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        said.extend((out, err))
        return Done(status, out, err)

    yield invoke
    everything = "".join([*said, caplog.text])
    assert not [token for token in (EDITOR, VIEWER) if token in everything]
    assert "Traceback" not in everything


def write_board(folder: Path, uid: str, **fields: Any) -> dict[str, Any]:
    """A dashboard's file, named by its uid; returns what is in it."""
    model = {
        "uid": uid,
        "title": uid.capitalize(),
        "schemaVersion": 39,
        "panels": [
            {
                "id": 1,
                "type": "stat",
                "title": "Open restrictions",
                "datasource": {"type": "prometheus", "uid": "prometheus"},
                "targets": [{"refId": "A", "expr": "sum(election_restrictions_open)"}],
            }
        ],
    } | fields
    folder.mkdir(exist_ok=True)
    (folder / f"{uid}.json").write_text(json.dumps(model), encoding="utf-8")
    return model
