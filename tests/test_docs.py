"""What the pages tell people to type works, and where they point to is something."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.data import ROOT
from tests.sources_of import tracked

PAGES = [p for p in tracked() if p.suffix == ".md"]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_BLOCK = re.compile(r"<!-- run -->\n```console\n(.*?)\n```", re.DOTALL)


class Step(NamedTuple):
    """A command of a page, and the lines of its output that the page shows."""

    command: str
    shown: list[str]


def blocks(page: Path) -> Iterator[list[Step]]:
    """The console blocks of ``page`` that are marked `<!-- run -->`."""
    for text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        steps: list[Step] = []
        for line in text.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:], []))
            elif steps and steps[-1].command.endswith("\\"):
                steps[-1] = Step(f"{steps[-1].command}\n{line}", [])
            else:
                steps[-1].shown.append(line)
        yield steps


RUNNABLE = [
    pytest.param(steps, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, steps in enumerate(blocks(page), 1)
]


def pattern(shown: list[str]) -> re.Pattern[str]:
    """The shown lines, in this order; `…` stands for anything, on a line of its own for lines."""
    text = "\n".join(line.strip() for line in shown)
    return re.compile(re.escape(text).replace("…", ".*?"), re.DOTALL)


@pytest.mark.parametrize("steps", RUNNABLE)
def test_a_console_block_does_what_the_page_shows(steps: list[Step], tmp_path: Path) -> None:
    """Every command of a marked block succeeds, and prints the lines shown below it."""
    for folder in ("docs", "streams"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("SCRUTINEER_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    for step in steps:
        run = subprocess.run(
            ["sh", "-c", step.command],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"$ {step.command}\n{run.stdout}"
        output = "\n".join(line.strip() for line in run.stdout.splitlines())
        assert pattern(step.shown).search(output), f"$ {step.command}\n{run.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the project leads to one, with the heading if it names one."""
    broken = []
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or (heading and heading not in _anchors(file)):
            broken.append(target)
    assert not broken, broken


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_a_page_names_exist(page: Path) -> None:
    """A page that says which test proves something names a test that is there."""
    missing = []
    for file, name in _TEST.findall(page.read_text(encoding="utf-8")):
        path = ROOT / file
        if not path.exists() or (name and name not in _functions(path)):
            missing.append(f"{file}::{name}")
    assert not missing, missing


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_readme_has_blocks_that_are_run() -> None:
    """The mechanism finds the README's commands: an empty run would prove nothing."""
    assert sum(1 for _ in blocks(ROOT / "README.md")) >= 2
