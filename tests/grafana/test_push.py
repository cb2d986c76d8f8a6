"""`scrutineer grafana push`: the folder and the dashboards, created, replaced, left alone."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.conftest import Scrutineer, write_board
from tests.grafana.contract import Asked
from tests.grafana.server import Grafana, serving


def test_folder_and_dashboards_are_made(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """One line each, with the address to open; in the folder, with a message in the history."""
    room = write_board(tmp_path, "room", title="Operations room")
    write_board(tmp_path, "access")
    done = scrutineer("grafana", "push", tmp_path)
    base = f"http://127.0.0.1:{grafana.server_port}"
    assert done.out.splitlines() == [
        f"created       folder  Scrutineer  {base}/dashboards/f/scrutineer",
        f"created       Access  {base}/d/access/access",
        f"created       Operations room  {base}/d/room/operations-room",
        "dashboards: 2 created",
    ]
    assert (done.status, done.err) == (0, "")
    board = grafana.state.boards["room"]
    assert board.folder == "scrutineer"
    assert board.versions == [room | {"id": board.id, "version": 1}]
    assert board.messages == ["scrutineer grafana push"]


def test_a_second_run_sends_nothing(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """Nothing differs: no version is added, and nothing but reading is asked for."""
    write_board(tmp_path, "room", id=None, version=7)
    scrutineer("grafana", "push", tmp_path)
    grafana.seen.clear()
    done = scrutineer("grafana", "push", tmp_path)
    assert done.out.splitlines()[-1] == "dashboards: 1 unchanged"
    assert done.out.count("unchanged  ") == 2
    assert not grafana.writes()
    assert len(grafana.state.boards["room"].versions) == 1


def test_only_what_differs_is_replaced(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """A change in a file, one made by hand in Grafana, and a move to another folder."""
    for uid in ("changed", "kept", "meddled", "moved"):
        write_board(tmp_path, uid)
    scrutineer("grafana", "push", tmp_path)
    write_board(tmp_path, "changed", description="New.")
    grafana.state.boards["meddled"].versions.append(
        grafana.state.boards["meddled"].versions[-1] | {"panels": [], "version": 2}
    )
    grafana.state.boards["moved"].folder = ""
    done = scrutineer("grafana", "push", tmp_path)
    assert done.out.splitlines()[-1] == "dashboards: 3 updated, 1 unchanged"
    newest = {uid: board.versions[-1] for uid, board in grafana.state.boards.items()}
    assert newest["changed"]["description"] == "New."
    assert newest["meddled"]["panels"]
    assert {uid: model["version"] for uid, model in newest.items()} == {
        "changed": 2,
        "kept": 1,
        "meddled": 3,
        "moved": 2,
    }
    assert {board.folder for board in grafana.state.boards.values()} == {"scrutineer"}


def test_a_dry_run_changes_nothing(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """It says what it would do, and only reads."""
    write_board(tmp_path, "room")
    first = scrutineer("grafana", "push", tmp_path, "--dry-run").out
    assert [line[:12] for line in first.splitlines()[:2]] == ["would create"] * 2
    assert first.splitlines()[-1] == "dashboards: 1 created; nothing was changed (--dry-run)"
    assert not grafana.writes()
    scrutineer("grafana", "push", tmp_path)
    grafana.seen.clear()
    write_board(tmp_path, "room", title="Another")
    second = scrutineer("grafana", "push", tmp_path, "--dry-run", "--folder-title", "Room").out
    assert [line[:12] for line in second.splitlines()[:2]] == ["would update"] * 2
    assert not grafana.writes()


def test_a_folder_of_ones_own(grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path) -> None:
    """An existing one by its uid; a missing one with a title; a title changed later."""
    write_board(tmp_path, "room")
    missing = scrutineer("grafana", "push", tmp_path, "--folder", "mission")
    assert missing.status == 2
    assert "has no folder mission: give the uid of one that is there" in missing.err
    titled = scrutineer("grafana", "push", tmp_path, "--folder", "Our mission/2023")
    assert "--folder Our mission/2023: it is a uid" in titled.err
    assert not grafana.writes()
    scrutineer("grafana", "push", tmp_path, "--folder", "mission", "--folder-title", "Mission")
    assert grafana.state.folders["mission"]["title"] == "Mission"
    grafana.seen.clear()
    scrutineer("grafana", "push", tmp_path, "--folder", "mission")
    assert not grafana.writes()
    scrutineer("grafana", "push", tmp_path, "--folder", "mission", "--folder-title", "EOM")
    assert grafana.state.folders["mission"]["title"] == "EOM"
    assert "scrutineer" not in grafana.state.folders


def test_the_data_source_of_this_grafana(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """Prometheus is named by the uid it has there; other sources and variables stay."""
    mixed: list[Any] = [
        {"datasource": {"type": "prometheus", "uid": "prometheus"}, "targets": []},
        {"datasource": {"type": "prometheus"}, "targets": [{"datasource": {"type": "loki"}}]},
        {"datasource": {"type": "prometheus", "uid": "${source}"}},
        {"datasource": {"type": "grafana", "uid": "-- Grafana --"}},
    ]
    chosen = {"name": "source", "type": "datasource", "query": "prometheus"}
    write_board(tmp_path, "room", panels=mixed, templating={"list": [chosen]})
    scrutineer("grafana", "push", tmp_path, "--datasource", "P1")
    saved = grafana.state.boards["room"].versions[-1]
    assert [panel["datasource"].get("uid") for panel in saved["panels"]] == [
        "P1",
        "P1",
        "${source}",
        "-- Grafana --",
    ]
    assert saved["panels"][1]["targets"] == [{"datasource": {"type": "loki"}}]
    assert saved["templating"]["list"][0]["current"]["value"] == "P1"
    again = scrutineer("grafana", "push", tmp_path, "--datasource", "P1")
    assert again.out.endswith("dashboards: 1 unchanged\n")


def test_what_the_sdk_writes_is_taken(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """A dashboard made with Grafana's own library is one, and compares equal afterwards."""
    with warnings.catch_warnings():  # its classic model is deprecated in favour of a newer one
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
        from grafana_foundation_sdk.builders.prometheus import Dataquery
        from grafana_foundation_sdk.builders.stat import Panel
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.models.dashboard import DataSourceRef
    panel = (
        Panel()
        .title("Open restrictions")
        .datasource(DataSourceRef("prometheus", "prometheus"))
        .with_target(Dataquery().expr("sum(election_restrictions_open)"))
    )
    board = Dashboard("Room").uid("room").with_row(Row("Now")).with_panel(panel).build()
    text = JSONEncoder(sort_keys=True, indent=2).encode(board)
    (tmp_path / "room.json").write_text(text, encoding="utf-8")
    assert scrutineer("grafana", "push", tmp_path).out.endswith("dashboards: 1 created\n")
    assert scrutineer("grafana", "push", tmp_path).out.endswith("dashboards: 1 unchanged\n")


def test_the_default_folder_of_files(
    grafana: Grafana,
    scrutineer: Scrutineer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """dashboards/json, from where the command is run; a clear word where there is none."""
    monkeypatch.chdir(tmp_path)
    none = scrutineer("grafana", "push")
    assert none.status == 2
    assert "dashboards/json: is not a folder: name the folder with the dashboards" in none.err
    (tmp_path / "dashboards" / "json").mkdir(parents=True)
    assert "has no *.json files" in scrutineer("grafana", "push").err
    assert not grafana.seen
    write_board(tmp_path / "dashboards" / "json", "room")
    assert scrutineer("grafana", "push").status == 0


def test_below_a_path(
    scrutineer: Scrutineer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Grafana that is served at /grafana: its addresses have that path once."""
    write_board(tmp_path, "room")
    with serving("/grafana") as server:
        for url in (f"http://127.0.0.1:{server.server_port}/grafana{end}" for end in ("", "/")):
            monkeypatch.setenv("SCRUTINEER_GRAFANA__URL", url)
            monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", "glsa_editor-0123456789abcdef")
            done = scrutineer("grafana", "push", tmp_path)
            assert f"  {url.rstrip('/')}/d/room/room\n" in done.out
            assert f"  {url.rstrip('/')}/dashboards/f/scrutineer\n" in done.out
        assert not server.faults


def test_an_organization(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request names it where one is set, and none does otherwise."""
    write_board(tmp_path, "room")
    scrutineer("grafana", "push", tmp_path)
    assert {asked.headers.get("X-Grafana-Org-Id") for asked in grafana.seen} == {None}
    grafana.seen.clear()
    monkeypatch.setenv("SCRUTINEER_GRAFANA__ORGANIZATION", "1")
    assert scrutineer("grafana", "push", tmp_path).status == 0
    assert {asked.headers.get("X-Grafana-Org-Id") for asked in grafana.seen} == {"1"}


def test_a_save_by_somebody_else_meanwhile(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """What was saved between our look and our save is not lost; the next run replaces it."""
    for uid in ("access", "room"):
        write_board(tmp_path, uid)
    scrutineer("grafana", "push", tmp_path)
    for uid in ("access", "room"):
        write_board(tmp_path, uid, description="New.")

    def somebody(asked: Asked) -> None:
        if asked.method == "POST" and json.loads(asked.body)["dashboard"]["uid"] == "room":
            versions = grafana.state.boards["room"].versions
            versions.append(versions[-1] | {"version": versions[-1]["version"] + 1})

    grafana.before = somebody
    done = scrutineer("grafana", "push", tmp_path)
    assert done.status == 2
    assert "cannot save the dashboard room (412): it says: The dashboard has been changed" in (
        done.err
    )
    assert "run this again" in done.err
    assert "updated       Access" in done.out
    grafana.before = lambda _: None
    assert scrutineer("grafana", "push", tmp_path).out.endswith(
        "dashboards: 1 updated, 1 unchanged\n"
    )


def test_a_provisioned_dashboard(grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path) -> None:
    """What Grafana reads from its own files it lets nobody change: told before it is tried."""
    write_board(tmp_path, "room")
    scrutineer("grafana", "push", tmp_path)
    grafana.state.boards["room"].provisioned = True
    assert scrutineer("grafana", "push", tmp_path).status == 0
    write_board(tmp_path, "room", title="Other")
    grafana.seen.clear()
    done = scrutineer("grafana", "push", tmp_path)
    assert done.status == 2
    assert "reads from a file of its own (provisioning)" in done.err
    assert not grafana.writes()
