"""A demo that has run to its end, for all who look at what it left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.runs import DemoProcess
from tests.demo.terminals import DemoOnTerminal


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoProcess, Any]]:
    """A demo of a few seconds, of the day that everybody sees, and its result."""
    with DemoProcess(tmp_path_factory.mktemp("demo"), "--seconds", "8") as demo:
        result = demo.result()
        assert demo.process.returncode == 0, demo.err.read_text()
        yield demo, result


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoOnTerminal]:
    """A demo whose day is over, and that stays up."""
    running = DemoOnTerminal(tmp_path)
    try:
        running.until("Ctrl-C to stop")
        yield running
    finally:
        running.close()
