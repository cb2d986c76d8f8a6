"""Rules as a real Prometheus evaluates them, through promtool's unit tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.tools import tool

STEP = 5
"""Seconds between two scrapes and between two evaluations."""
WORKER = "10.0.0.1:6066"
OTHER = "10.0.0.2:6066"


def promtool() -> str:
    """Where promtool is."""
    return tool("promtool", "prometheus")


def series(name: str, worker: str | None = WORKER, **labels: str) -> str:
    """A series of a worker as it is scraped; of none: a bare one."""
    scraped = {} if worker is None else {"instance": worker, "job": "scrutineer"}
    pairs = ", ".join(f'{key}="{value}"' for key, value in {**labels, **scraped}.items())
    return f"{name}{{{pairs}}}"


def run(
    rules: Iterable[Path], tests: list[Mapping[str, Any]], folder: Path, step: int = STEP
) -> str:
    """What promtool finds wrong; empty where all that was expected came."""
    document = {
        "rule_files": [str(path) for path in rules],
        "evaluation_interval": f"{step}s",
        "tests": [{"interval": f"{step}s", **test} for test in tests],
    }
    path = folder / "tests.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    done = subprocess.run(
        [promtool(), "test", "rules", path], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """The rule files, written."""
    paths = []
    for name, text in texts.items():
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths
