"""The page as Prometheus's own checker sees it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.metrics.worlds import TOPICS, fold, incident, new_page, official, restriction, worker


@pytest.fixture
def promtool() -> str:
    """Where promtool is."""
    found = shutil.which("promtool")
    if found is None:
        message = "promtool is missing: install the Debian package prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.mark.parametrize("busy", [False, True], ids=["empty", "busy"])
def test_promtool_finds_nothing_wrong(promtool: str, busy: bool) -> None:
    """It reads the page and has nothing to say about names, types and units."""
    view = worker()
    if busy:
        lifted = restriction(report_id="r3", lifted="2030-06-02T11:59:00Z")
        odd = restriction(report_id='r"\\4', station="A-1")
        fold(view, [incident(), restriction(), lifted, odd, official(voted=1, registered=3)])
        view.freshness.observe(TOPICS[0], 0.01)
    check = subprocess.run(
        [promtool, "check", "metrics"],
        input=new_page().render(view),
        capture_output=True,
        check=False,
    )
    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")
