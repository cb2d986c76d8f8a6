"""A process of its own, for what must not happen in the tests' one."""

from __future__ import annotations

import subprocess
import sys

from tests.data import ROOT


def must_find_all_as_it_should_be(code: str) -> None:
    """Run Python's ``code``, which says so at its end."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "all as it should be" in done.stdout
