"""The demo from end to end: a broker, a worker, the day, and the proof; then nothing is left."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from schemas.fields import microseconds
from streams.demo.child import start_worker
from streams.embedded import free_port
from streams.errors import UserError
from streams.packs import load_pack
from streams.sources.jsonl import read_lines
from tests.data import data_dir
from tests.demo.runs import PATIENCE, DemoProcess, alive, children_of, cmdline, processes

needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found by /proc")


def _tables(demo: DemoProcess) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads((demo.folder / "tables.json").read_text())
    return found


def _planted(demo: DemoProcess) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo.folder / "planted.json").read_text())
    return found


def test_the_last_line_is_the_summary(played: tuple[DemoProcess, Any]) -> None:
    """JSON, with what is real and what is not, counts and addresses; nothing on stderr."""
    demo, result = played
    assert result["election"] == "kz-2023-03-19"
    assert (result["official_figures"], result["observers"]) == ("real", "simulated")
    assert result["events"]["published"] == sum(
        result["events"][name] for name in ("official", "observer", "desk")
    )
    assert result["official_turnout"]["country_percent"] == "54.19"
    assert result["addresses"]["metrics"].startswith("http://127.0.0.1:")
    assert demo.err.read_text() == ""


def test_live_and_replayed_content_are_the_same(played: tuple[DemoProcess, Any]) -> None:
    """Both digests are told, and they are those of the files it kept."""
    demo, result = played
    assert result["equal"] is True
    assert result["content_digest"] == result["replay_digest"]
    assert _offline_digest(demo.folder) == result["content_digest"]


def _offline_digest(folder: Path) -> str:
    from streams.archive.replay import Replay

    replay = Replay(load_pack(folder / "pack"))
    names = ("desk.jsonl", "observers.jsonl", "official.jsonl")
    replay.fold((x.where, x.raw) for x in read_lines([str(folder / name) for name in names]))
    return replay.content_digest


def test_what_was_planted_is_in_the_workers_tables(played: tuple[DemoProcess, Any]) -> None:
    """Incidents by region, category, severity, phase and status; bad events by reason."""
    demo, result = played
    tables, planted = _tables(demo), _planted(demo)
    assert tables["incidents"] == planted["incidents"]
    assert result["rejected"] == planted["invalid"]["by_reason"]
    orphans = {row["report_id"] for row in tables["orphans"]}
    assert orphans == {each["report_id"] for each in planted["decided_without_report"]}


def test_open_restrictions_are_the_planted_ones(played: tuple[DemoProcess, Any]) -> None:
    """Those that nobody lifted and whose phase is not over at the log's last moment."""
    demo, result = played
    planted, pack = _planted(demo), load_pack(demo.folder / "pack")
    from datetime import datetime

    now = microseconds(datetime.fromisoformat(planted["to"]))
    expected = set()
    for each in planted["restrictions"]:
        end = pack.phase_end(each["region"], each["phase"])
        grace = pack.judgement.restriction_grace[each["phase"]]
        standing = each["lifted"] is None and not each["withdrawn"]
        closed = each["status"] in ("rejected", "resolved", "duplicate")
        if standing and not closed and not (end is not None and now > end + grace):
            expected.add(each["report_id"])
    assert {row["report_id"] for row in _tables(demo)["open_restrictions"]} == expected
    assert result["restrictions"]["open"] == len(expected) > 20
    counting = result["restrictions"]["planted_clusters"][1]
    assert counting["phase"] == "counting"
    assert counting["open"] >= 4


def test_official_turnout_is_what_was_published(played: tuple[DemoProcess, Any]) -> None:
    """Region by region and checkpoint by checkpoint, against the collected figures."""
    demo, _ = played
    with (data_dir("kazakhstan") / "kz_turnout_by_region.csv").open(newline="") as file:
        published = {
            (row["iso"], row["as_of_astana"]): row["percent"]
            for row in csv.DictReader(file)
            if row["event"] == "majilis-2023"
        }
    found = {
        (row["region"], _astana(row["as_of"])): row["percent"]
        for row in _tables(demo)["official_turnout"]
    }
    assert {key: float(value) for key, value in found.items()} == {
        key: float(value) for key, value in published.items()
    }
    assert len(found) == 147


def test_misprints_are_findings(played: tuple[DemoProcess, Any]) -> None:
    """One for each conflicting publication, the fall that one of them looks like; nothing else."""
    demo, _ = played
    with (data_dir("kazakhstan") / "kz_conflicting_publications.csv").open(newline="") as file:
        misprints = [row for row in csv.DictReader(file) if row["event"] == "majilis-2023"]
    conflicts = {
        (row["region"], _astana(row["checkpoint"]), float(row["value"]))
        for row in _tables(demo)["official_findings"]
        if row["finding"] == "conflicting"
    }
    assert conflicts == {
        (row["iso"], row["as_of_astana"], float(row["published_percent"])) for row in misprints
    }
    falls = [row for row in _tables(demo)["official_findings"] if row["finding"] == "fall"]
    assert [(row["region"], row["value"], row["previous_value"]) for row in falls] == [
        ("KZ-61", "41.07", "49.14")
    ]
    assert len(_tables(demo)["official_findings"]) == len(conflicts) + len(falls)


def _astana(utc: str) -> str:
    from datetime import datetime, timedelta, timezone

    return datetime.fromisoformat(utc).astimezone(timezone(timedelta(hours=6))).isoformat()


@needs_proc
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, "starting a broker"),
        (signal.SIGTERM, "starting Prometheus"),
        (signal.SIGINT, "REAL, as published"),
    ],
)
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals, moment: str) -> None:
    """At the start or amid the day: no process is left, no stack trace is shown."""
    with DemoProcess(tmp_path, "--seconds", "300") as demo:
        demo.until(demo.says(moment))
        demo.until(lambda: bool(demo.children()))
        children = demo.children()
        demo.process.send_signal(number)
        assert demo.process.wait(PATIENCE) == 130
        assert not [pid for pid in children if alive(pid)]
        assert "Traceback" not in demo.err.read_text() + demo.out.read_text()


@needs_proc
def test_a_second_signal_does_not_break_the_clean_up(tmp_path: Path) -> None:
    """An impatient person presses Ctrl-C twice."""
    with DemoProcess(tmp_path, "--seconds", "300") as demo:
        demo.until(demo.says("REAL, as published"))
        children = demo.children()
        for _ in range(2):
            demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE) == 130
        assert len(children) == processes()
        assert not [pid for pid in children if alive(pid)]


@needs_proc
def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    """Exit status 1, the worker's last words, and the broker is stopped."""
    with DemoProcess(tmp_path, "--seconds", "300") as demo:
        demo.until(demo.says("REAL, as published"))
        children = demo.children()
        worker = next(pid for pid in children if cmdline(pid).endswith(b"\0worker\0"))
        os.kill(worker, signal.SIGKILL)
        assert demo.process.wait(PATIENCE) == 1
        told = demo.err.read_text()
        assert "the worker ended with status -9" in told
        assert "partition live" in told
        assert "Traceback" not in told
        assert not [pid for pid in children if alive(pid)]


def test_a_port_that_is_taken_is_told() -> None:
    """Before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = subprocess.run(
            [sys.executable, "-m", "streams", "demo", "--port", port],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert result.returncode == 2
    assert f"--port {port} is taken" in result.stderr


async def test_a_port_that_is_taken_meanwhile(tmp_path: Path) -> None:
    """The worker gets the next one; when there is none, that is the user's to mend."""
    handle = f'[broker]\nbootstrap = "127.0.0.1:1"\n[worker]\ndata_dir = "{tmp_path}"\nport = '

    def config(port: int) -> Path:
        path = tmp_path / "scrutineer.toml"
        path.write_text(f"{handle}{port}\n")
        return path

    log = tmp_path / "worker.log"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, other = taken.getsockname()[1], free_port()
        async with AsyncExitStack() as stack:
            worker, got = await start_worker(stack, [port, other], config, log)
            assert (got, worker.exit_code) == (other, None)
        async with AsyncExitStack() as stack:
            with pytest.raises(UserError, match=f"took port {port} meanwhile: .* --port"):
                await start_worker(stack, [port], config, log)


async def test_a_worker_that_ends_for_another_reason(tmp_path: Path) -> None:
    """Is no matter of ports: it is told with its last words."""

    def config(_: int) -> Path:
        path = tmp_path / "scrutineer.toml"
        path.write_text("[worker]\nport = -1\n")
        return path

    async with AsyncExitStack() as stack:
        worker, _ = await start_worker(stack, [1, 2], config, tmp_path / "worker.log")
        assert worker.exit_code == 2
        assert "worker.port" in "\n".join(worker.last_lines())


@pytest.mark.parametrize("name", ["file", "file/day", "day"])
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """Is told before anything is started."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "day" / "demo.log").mkdir(parents=True)
    result = subprocess.run(
        [sys.executable, "-m", "streams", "demo", "--no-ui", "--keep", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert name in result.stderr
    assert "Traceback" not in result.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_events_of_others_are_replayed_too(tmp_path: Path) -> None:
    """A person sends two while the day is played: digests agree, what was accepted is kept.

    It is played long enough for a command to be started meanwhile on a busy machine.
    """
    event = {
        "specversion": "1.0",
        "id": "mine-1-0",
        "source": "urn:scrutineer:manual",
        "type": "election.observer.restriction.v1",
        "time": "2023-03-19T12:00:00+06:00",
        "election": "kz-2023-03-19",
        "data": {
            "report_id": "mine-1",
            "revision": 0,
            "region": "KZ-10",
            "observer_group": "voter",
            "phase": "counting",
            "kind": "expelled",
        },
    }
    mine = tmp_path / "mine.jsonl"
    mine.write_text(json.dumps(event) + "\n")
    late = event | {"id": "mine-2-0", "time": "2933-03-19T12:00:00+06:00"}
    late["data"] = event["data"] | {"report_id": "mine-2"}  # type: ignore[operator]
    (tmp_path / "late.jsonl").write_text(json.dumps(late) + "\n")
    with DemoProcess(tmp_path, "--seconds", "30") as demo:
        demo.until(demo.says("REAL, as published"))
        config = str(demo.folder / "scrutineer.toml")
        program = [sys.executable, "-m", "streams"]
        subprocess.run(
            [*program, "--config", config, "publish", str(mine), str(tmp_path / "late.jsonl")],
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        result = demo.result()
        assert demo.process.returncode == 0, demo.err.read_text()
    assert result["events"]["others"] == 2
    assert result["rejected"]["future_time"] == 1
    assert result["equal"] is True
    assert (demo.folder / "others.jsonl").read_bytes() == mine.read_bytes()
    assert any(row["report_id"] == "mine-1" for row in _tables(demo)["open_restrictions"])


@needs_proc
def test_a_terminal_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    """Someone closes the window: SIGHUP, and nowhere to write to."""
    import pty

    mine, theirs = pty.openpty()
    program = [sys.executable, "-m", "streams", "demo", "--seconds", "300"]
    demo = subprocess.Popen(
        [*program, "--keep", str(tmp_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        seen = b""
        while b"SIMULATED" not in seen:
            try:
                seen += os.read(mine, 65_536)
            except OSError:  # the demo has ended
                pytest.fail(seen.decode())
        children = children_of(demo.pid)
        assert len(children) == processes()
        os.close(mine)
        demo.send_signal(signal.SIGHUP)
        assert demo.wait(PATIENCE) == 130
        assert not [pid for pid in children if alive(pid)]
    finally:
        demo.kill()
        demo.wait()
