"""A short run with a fixed seed, as `make chaos` makes long ones with any."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.errors import UserError
from streams.log.topics import Creation
from streams.settings import Settings
from tests.chaos import __main__ as verifier
from tests.chaos import run as chaos_run
from tests.chaos.__main__ import arguments, chosen_by
from tests.chaos.run import Plan, Played, beside
from tests.chaos.sampler import Sampler
from tests.chaos.workers import last_words
from tests.data import ROOT

SHORT = ("--seed", "3", "--minutes", "0.7", "--rate", "150")
"""Forty seconds of traffic, in which each lane has three faults or more."""

KILL = {"at": 1, "kind": "worker-kill", "seconds": 1, "choice": 1}


def chaos(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run that reports in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "tests.chaos", *arguments, "--report", str(folder / "report.jsonl")],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("sandbox", "jars")
def test_a_short_run_is_exact(tmp_path: Path) -> None:
    """Workers and brokers die, freeze and are cut off; every number is the log's all the while."""
    run = chaos(tmp_path, *SHORT)
    assert run.returncode == 0, run.stdout
    (line,) = map(json.loads, (tmp_path / "report.jsonl").read_text().splitlines())
    assert line["verdict"] == "green"
    assert line["events"] > 5_000
    assert line["rejected"] == line["letters_compacted"] > 20
    assert line["samples"] > 20
    wanted = {"worker-kill", "worker-freeze", "worker-link-down", "leader-kill", "broker-link-down"}
    assert wanted <= line["faults"].keys()
    assert line["recovery"].keys() == line["faults"].keys()


def test_a_schedule_that_is_none_is_told_in_a_line(tmp_path: Path) -> None:
    """No stack trace for a wrong file."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"faults": [{"at": 1, "kind": "flood", "seconds": 1, "choice": 1}]}')
    run = chaos(tmp_path, "--schedule", str(wrong))
    assert run.returncode == 2
    assert "unknown kinds of faults: flood" in run.stdout
    assert "Traceback" not in run.stdout


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("sandbox", "jars")
def test_a_fault_that_cannot_be_done_makes_a_red_line(tmp_path: Path) -> None:
    """A bandwidth that nobody gave: told in a line, where it happened is in the logs."""
    fault = {"at": 0, "kind": "worker-bandwidth", "seconds": 1, "choice": 1}
    plan = {"seed": 1, "seconds": 30, "rate": 100, "versions": None, "megabytes": 64}
    (tmp_path / "plan.json").write_text(json.dumps(plan | {"soak": False, "faults": [fault]}))
    run = chaos(tmp_path, "--schedule", str(tmp_path / "plan.json"))
    assert run.returncode == 1, run.stdout
    assert "Traceback" not in run.stdout
    (kept,) = tmp_path.glob("seed-1-*")
    assert run.stdout.rstrip().endswith(f"1 problems; logs and schedule are in {kept}")
    (line,) = map(json.loads, (tmp_path / "report.jsonl").read_text().splitlines())
    (problem,) = line["first_problems"]
    assert problem.startswith("the run broke off: RuntimeError: tc qdisc delete dev d-w")
    assert (line["verdict"], line["processes"]) == ("red", 3)
    assert "in _narrow\n" in (kept / "trace.txt").read_text()
    assert {f"{kind}.log" for kind in ("broker-b1", "worker-w1", "clients")} <= {
        path.name for path in kept.iterdir()
    }


def test_what_breaks_before_anything_was_played_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line without figures; of what was said in many lines, people get the first."""

    def play(*_: object) -> Played:
        raise RuntimeError("Kafka was not ready\n[broker 0] …")

    monkeypatch.setattr(verifier, "play", play)
    report = tmp_path / "report.jsonl"
    assert verifier._inside(arguments([*SHORT, "--report", str(report)])) == 1
    line = json.loads(report.read_text())
    told = "the run broke off: RuntimeError: Kafka was not ready"
    assert (line["verdict"], line["first_problems"]) == ("red", [told])
    assert "seed 3 RED: nothing was played" in capsys.readouterr().out


class PlantedError(Exception):
    """What a test plants."""


class Place:
    """Stands for a worker's place, of which nothing answers: Kafka and its hosts are not needed."""

    def __init__(self, number: int, *_: object) -> None:
        self.name = self.life = f"w{number + 1}"
        self.running = self.frozen = self.asked = False

    def start(self) -> None:
        """Nothing starts."""

    def kill(self) -> None:
        """Nothing is there."""

    def note_end(self) -> None:
        """Nothing has ended."""


class Anywhere:
    """Stands for brokers, and for the way to them."""

    direct = bootstrap = "127.0.0.1:1"
    problems: Sequence[str] = ()


async def nothing_made(_: Settings) -> Creation:
    """Stands for making topics."""
    return Creation([], [], [])


async def played(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Played:
    """A run until something in it ends it."""
    monkeypatch.setattr(chaos_run, "Worker", Place)
    monkeypatch.setattr(chaos_run, "create_topics", nothing_made)
    plan = Plan(1, 30, 100, [], folder)
    return await chaos_run._Run(plan, Anywhere(), Anywhere(), lambda _: None).play()  # type: ignore[arg-type]


def test_what_a_worker_said_last_is_told(tmp_path: Path) -> None:
    """Where a run is made, its logs may be gone once it is over."""
    log = tmp_path / "worker-w1.log"
    log.write_text("".join(f"line {number}\n" for number in range(20)) + "x" * 9_000)
    first, *lines = last_words(log).splitlines()
    assert first == str(log)
    assert [line.strip() for line in lines[:-1]] == [f"line {number}" for number in range(15, 20)]
    assert len(lines[-1]) < 600


@pytest.mark.parametrize("planted", [(Place, "note_end"), (Sampler, "_watch")])
async def test_a_run_that_nobody_watches_any_longer_is_red(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, planted: tuple[type, str]
) -> None:
    """Whoever looks after the workers, or asks them, breaks: that is told, and ends the run."""

    def broken(*_: object) -> None:
        raise PlantedError("nobody looks any longer")

    monkeypatch.setattr(*planted, broken)
    done = await played(monkeypatch, tmp_path)
    assert done.problems == ["the run broke off: PlantedError: nobody looks any longer"]
    assert done.evidence is None
    assert "in broken\n" in (tmp_path / "trace.txt").read_text()


async def test_who_ends_beside_the_work_ends_it() -> None:
    """Silently or with an error, at any moment; one that is cancelled was meant to end."""
    at_rest: asyncio.Event = asyncio.Event()

    async def work() -> int:
        await at_rest.wait()
        return 1

    async def silent() -> None:
        await asyncio.sleep(0)

    async def broken() -> None:
        await asyncio.sleep(0)
        raise PlantedError

    for ends, told in ((silent, RuntimeError), (broken, PlantedError)):
        with pytest.raises(told):
            await beside(work(), asyncio.create_task(ends(), name="watch"))
    waits = asyncio.create_task(at_rest.wait())
    waits.cancel()
    asyncio.get_running_loop().call_later(0.01, at_rest.set)
    assert await beside(work(), waits) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--minutes", "-1"), "seconds is -60.0"),
        (("--minutes", "nan"), "seconds is nan"),
        (("--rate", "0"), "rate is 0.0"),
        (("--minutes", "0.1"), "too short for any fault"),
    ],
)
def test_a_run_that_would_prove_nothing_is_refused(given: tuple[str, ...], told: str) -> None:
    """Without traffic or faults everything would be exact."""
    with pytest.raises(UserError, match=told):
        chosen_by(arguments(given))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"faults": [{"at": "x", "kind": "worker-kill", "seconds": 1, "choice": 1}]},
            "no schedule",
        ),
        ({"faults": [{"at": 1, "kind": "worker-kill", "seconds": -1, "choice": 1}]}, "no schedule"),
        ({"seconds": "long"}, "seconds is 'long'"),
        ({"rate": None}, "rate is None"),
    ],
)
def test_a_schedule_with_wrong_figures_is_refused(
    tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    """Before anything is started."""
    plan = {"seed": 1, "seconds": 30, "rate": 100, "versions": None, "megabytes": 256}
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(plan | {"soak": False, "faults": []} | changed))
    with pytest.raises(UserError, match=told):
        chosen_by(arguments(["--schedule", str(wrong)]))
