"""The deployment page's commands, run where nothing of them stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.data import ROOT
from tests.log.certificates import make_certificate
from tests.test_docs import Step, as_shown, blocks, execute
from tests.tools import tool

PAGE = ROOT / "deploy" / "README.md"
TOOLS = {
    "amtool": "prometheus-alertmanager",
    "promtool": "prometheus",
    "kubectl": "kubernetes-client (of Debian 13 or newer)",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout's files for deployment, without the secrets of whoever works here."""
    for name, package in TOOLS.items():
        tool(name, package)
    for name in ("deploy", "dashboards"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("secrets"))
    return tmp_path


def run(step: Step, folder: Path) -> str:
    """Run a step; what it printed."""
    status, output = execute(step, folder)
    assert status == 0, f"$ {step.command}\n{output}"
    assert as_shown(step, output), f"$ {step.command}\n{output}"
    return output


def test_the_commands_work_from_secrets_to_cluster(copy: Path) -> None:
    """In the page's order; those that talk to a cluster stop before they would (--dry-run)."""
    steps = [step for block in blocks(PAGE, "run in a copy") for step in block]
    assert len(steps) == 8
    for step in steps:
        run(step, copy)
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in (copy / "deploy/secrets").iterdir())
    for name in ("worker.txt", "admin.txt"):
        (copy / name).write_text("secret", encoding="utf-8")
    certificate, key = make_certificate(copy, "made")
    for target, source in (("tls.crt", certificate), ("tls.key", key), ("ca.crt", certificate)):
        shutil.copy(source, copy / target)
    (block,) = blocks(PAGE, "run dry")
    for step in block:
        dry = Step(f"{step.command} --dry-run=client --output=yaml", step.shown)
        made = yaml.safe_load(run(dry, copy))
        assert made["kind"] in ("Namespace", "Secret")
        assert made["metadata"].get("namespace", "scrutineer") == "scrutineer"
