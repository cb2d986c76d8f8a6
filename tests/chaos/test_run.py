"""A short run with a fixed seed, as `make chaos` makes long ones with any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from streams.errors import UserError
from tests.chaos.__main__ import arguments, chosen_by
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
