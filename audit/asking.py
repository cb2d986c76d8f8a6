"""What pip-audit answers, told apart into found, clean and not looked at.

pip-audit itself ends well when its service knows a package not at all, which is what a mirror
without advisories answers of every package. Here that is no audit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

SERVICE_SECONDS: Final = 5
"""How long one answer of the service may take."""

SERVICES: Final = ("pypi", "osv")
"""pip-audit's names of who keeps advisories: the second is asked what the first left open."""


class Finding(NamedTuple):
    """A known vulnerability of a pinned version. ``ids``: its name and its aliases."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no fix is known"
        return f"{self.package} {self.version}: {', '.join(self.ids)} ({mended})"


class Answer(NamedTuple):
    """``missing``: packages that nobody could tell anything about, each with the reason."""

    audited: int
    findings: tuple[Finding, ...]
    missing: Mapping[str, str]


def ask(requirements: Path, options: Sequence[str] = ()) -> Answer:
    """Audit a requirements file; ``options`` are pip-audit's, instead of the usual services."""
    if options:
        return _ask(requirements, options)
    answers = []
    for service in SERVICES:
        answers.append(_ask(requirements, ["--vulnerability-service", service]))
        if not answers[-1].missing:
            break
    return max(answers, key=lambda answer: answer.audited)


def _ask(requirements: Path, options: Sequence[str]) -> Answer:
    done = subprocess.run(  # noqa: S603 - our own interpreter, and the operator's own file
        [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(requirements)),
            *("--require-hashes", "--disable-pip", "--format", "json", "--desc", "off"),
            *("--aliases", "on", "--progress-spinner", "off", "--timeout", str(SERVICE_SECONDS)),
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return Answer(0, (), {"all of them": last})
    return _answer(rows)


def _answer(rows: Sequence[Mapping[str, Any]]) -> Answer:
    missing = {row["name"]: row["skip_reason"] for row in rows if "skip_reason" in row}
    findings = tuple(
        Finding(
            row["name"], row["version"], (found["id"], *found["aliases"]), (*found["fix_versions"],)
        )
        for row in rows
        for found in row.get("vulns", ())
    )
    return Answer(len(rows) - len(missing), findings, missing)
