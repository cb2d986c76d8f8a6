"""The commands of the README and of docs/archive.md, against the demo on a terminal."""

from __future__ import annotations

import sys
import time
import tomllib
from pathlib import Path

from tests.data import ROOT
from tests.demo.runs import PATIENCE
from tests.demo.terminals import DEMO, DemoOnTerminal
from tests.test_docs import Step, as_shown, blocks, execute
from tests.tools import tool


def test_make_demo_starts_what_is_tested_here() -> None:
    """The recipe of `make demo` is the command of this file."""
    assert f"$(BIN)/{DEMO}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_commands_beside_the_demo_do_what_the_pages_show(demo: DemoOnTerminal) -> None:
    """Each command does what its page shows, and Ctrl-C ends the demo with 0."""
    tool("curl", "curl")
    (demo.folder / ".venv").symlink_to(sys.prefix)
    handle = tomllib.loads((demo.folder / "var/demo/scrutineer.toml").read_text(encoding="utf-8"))
    port = handle.get("worker", {}).get("port", 6066)
    found = list(blocks(ROOT / "README.md", "run with the demo"))
    assert len(found) == 2
    archive = list(blocks(ROOT / "docs" / "archive.md", "run with the demo"))
    assert len(archive) == 2
    for block in found + archive:
        for command, shown in block:
            # Another program may have the usual port: the demo then says which one it took.
            _do(Step(command.replace("127.0.0.1:6066", f"127.0.0.1:{port}"), shown), demo.folder)
    assert demo.interrupt() == 0


def _do(step: Step, folder: Path) -> None:
    """Run the step; a table may show an event a moment after it was sent."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, output = execute(step, folder)
        if status == 0 and as_shown(step, output):
            return
        reading = step.command.startswith("curl")
        assert reading, f"$ {step.command}\n{output}"
        assert time.monotonic() < deadline, f"$ {step.command}\n{output}"
        time.sleep(0.2)
