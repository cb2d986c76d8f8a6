"""`make bench` can start: what it measures is read, not judged, by people."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from benchmarks.__main__ import SECTIONS, machine
from tests.data import ROOT


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_can_be_run(name: str) -> None:
    """A section of the table is a module with a main function."""
    assert callable(importlib.import_module(f"benchmarks.{name}").main)


def test_every_measuring_module_is_a_section() -> None:
    """No benchmark lies around that `make bench` leaves out."""
    measuring = {
        path.stem
        for path in (ROOT / "benchmarks").glob("[a-z]*.py")
        if "\ndef main(" in path.read_text(encoding="utf-8")
    }
    assert measuring == set(SECTIONS)


def test_an_unknown_section_is_a_mistake() -> None:
    """A misspelt name is answered with the names there are."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "purr"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "pure" in run.stderr


def test_the_machine_is_told() -> None:
    """Figures without the machine they come from say nothing."""
    assert "cores" in machine()
    assert sys.version.split()[0] in machine()
