"""`make` on a machine that lacks something: it says what, and what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.data import ROOT
from tests.tools import tool


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make` reads, and no environment."""
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, target: str, python: str) -> subprocess.CompletedProcess[str]:
    """Run `make` with an interpreter that is this shell script."""
    fake = checkout / "fake-python"
    fake.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    fake.chmod(0o755)
    return subprocess.run(
        [tool("make", "make"), target, f"PYTHON={fake}"],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    """With Python 3.9 nothing is made, and the message says which versions will do."""
    run = make(checkout, "demo", 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac')
    assert run.returncode != 0
    assert "needs Python 3.11" in run.stderr
    assert "Python 3.9.2" in run.stdout + run.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_missing_is_named(checkout: Path) -> None:
    """Without any interpreter the message is the same, not a puzzle."""
    run = make(checkout, "demo", "exit 127")
    assert run.returncode != 0
    assert "needs Python 3.11" in run.stderr


def test_a_missing_venv_module_is_named(checkout: Path) -> None:
    """Debian's Python without python3-venv: the message names the package."""
    run = make(checkout, "demo", 'case "$2" in venv) exit 1;; *) exit 0;; esac')
    assert run.returncode != 0
    assert "python3-venv" in run.stderr


def test_help_needs_nothing(checkout: Path) -> None:
    """`make help` lists the targets without making an environment."""
    run = make(checkout, "help", "exit 1")
    assert run.returncode == 0
    assert "make demo" in run.stdout
    assert not (checkout / ".venv").exists()
