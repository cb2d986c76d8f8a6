"""deploy/compose.yaml, as Compose itself resolves it."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from typing import Any

import yaml

from tests.data import ROOT
from tests.tools import tool

FILE = ROOT / "deploy" / "compose.yaml"


@cache
def resolved() -> dict[str, Any]:
    """The file after Compose's own validation, anchors and variables resolved.

    By Docker's plugin where it is, else by the older program, which needs no engine either.
    """
    plugin = shutil.which("docker") and not _run("docker", "compose", "version").returncode
    program = ["docker", "compose"] if plugin else [tool("docker-compose", "docker-compose")]
    run = _run(*program, "--file", str(FILE), "config")
    assert run.returncode == 0, run.stderr
    document: dict[str, Any] = yaml.safe_load(run.stdout)
    return document


def settings_of(service: str) -> dict[str, str]:
    """The environment variables of a service."""
    environment: dict[str, Any] = resolved()["services"][service]["environment"]
    return {name: str(value) for name, value in environment.items()}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: v for name, v in os.environ.items() if not name.startswith("SCRUTINEER_")}
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
