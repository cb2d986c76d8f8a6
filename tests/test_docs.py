"""What the pages tell people to type works, and where they point to is something."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.data import ROOT
from tests.sources_of import tracked

PAGES = [p for p in tracked() if p.suffix == ".md"]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


class Step(NamedTuple):
    """A command of a page, and the lines of its output that the page shows."""

    command: str
    shown: list[str]


def blocks(page: Path, marker: str = "run") -> Iterator[list[Step]]:
    """The console blocks of ``page`` below a line `<!-- marker -->`."""
    found = re.compile(rf"<!-- {marker} -->\n```console\n(.*?)\n```", re.DOTALL)
    for text in found.findall(page.read_text(encoding="utf-8")):
        yield list(steps(text.splitlines()))


def steps(lines: list[str]) -> Iterator[Step]:
    """The commands of a block: lines after `$ `, with their continuations and here-documents."""
    rest = deque(lines)
    while rest:
        command = rest.popleft().removeprefix("$ ")
        while command.endswith("\\"):
            command += "\n" + rest.popleft()
        if "<<'END'" in command:
            while not command.endswith("\nEND"):
                command += "\n" + rest.popleft()
        shown = []
        while rest and not rest[0].startswith("$ "):
            shown.append(rest.popleft())
        yield Step(command, shown)


def execute(step: Step, folder: Path) -> tuple[int, str]:
    """Run a command in ``folder`` as a reader would; returns its status and what it printed."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("SCRUTINEER_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    run = subprocess.run(
        ["sh", "-c", step.command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout


def as_shown(step: Step, output: str) -> bool:
    """Whether ``output`` has the shown lines in this order, but for spaces; `…` is anything."""
    shown, printed = (
        "\n".join(" ".join(line.split()) for line in lines)
        for lines in (step.shown, output.splitlines())
    )
    return bool(re.search(re.escape(shown).replace("…", ".*?"), printed, re.DOTALL))


RUNNABLE = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page), 1)
]


@pytest.mark.parametrize("block", RUNNABLE)
def test_a_console_block_does_what_the_page_shows(block: list[Step], tmp_path: Path) -> None:
    """Every command of a marked block succeeds, and prints the lines shown below it."""
    for folder in ("docs", "streams"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for step in block:
        status, output = execute(step, tmp_path)
        assert status == 0, f"$ {step.command}\n{output}"
        assert as_shown(step, output), f"$ {step.command}\n{output}"


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
