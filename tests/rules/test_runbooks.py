"""A page for each alert, short, and about things that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest

from schemas.pack.judgement import Alert
from streams.cli import COMMANDS, load
from streams.metrics.families import DECLARED
from streams.rules.files import groups
from streams.rules.model import Recording
from streams.tables.views import TABLES
from tests.data import ROOT
from tests.packs import small_pack
from tests.test_docs import blocks

RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(RUNBOOKS.iterdir())
SECTIONS = ["What it means", "How sure it is", "Look at", "Do", "Stop when"]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def text(page: Path) -> str:
    """A page, each paragraph and item on one line."""
    return re.sub(r"\n +", " ", page.read_text(encoding="utf-8"))


def spans(page: Path) -> list[str]:
    """What stands in code, but for blocks, which are run."""
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text(page), flags=re.DOTALL))


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    """By name."""
    assert {page.name for page in PAGES} == {f"{name}.md" for name in get_args(Alert)}


@every_page
def test_a_runbook_can_be_read_at_two_in_the_morning(page: Path) -> None:
    """The same five headings, a screen long, steps that are numbered."""
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {page.stem}"
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS
    assert len(lines) <= 55
    assert "\n1. " in text(page)


@every_page
def test_alerts_that_a_runbook_names_exist(page: Path) -> None:
    """It sends nobody to a page that is not there."""
    words = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", text(page)))
    assert words <= set(get_args(Alert))


@every_page
def test_metrics_that_a_runbook_names_exist(page: Path) -> None:
    """Exported ones and recorded ones."""
    recorded = {
        rule.record
        for group in groups(small_pack())
        for rule in group.rules
        if isinstance(rule, Recording)
    }
    named = {one for one in spans(page) if re.match(r"(election|scrutineer)_|\w+:", one)}
    assert named <= DECLARED.keys() | recorded


@every_page
def test_tables_that_a_runbook_names_exist(page: Path) -> None:
    """As "table `name`"."""
    assert set(re.findall(r"[Tt]able `(\w+)`", text(page))) <= TABLES.keys()


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command that stands in code."""
    return (one.split()[1:] for one in spans(page) if one.startswith("scrutineer "))


@every_page
def test_commands_that_a_runbook_names_exist_with_their_options(page: Path) -> None:
    """Also the subcommand, and whatever begins with two dashes."""
    for words in commands(page):
        assert words[0] in COMMANDS
        command, rest = load(words[0]), words[1:]
        if isinstance(command, click.Group):
            command, rest = command.commands[rest[0]], rest[1:]
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options


def test_blocks_of_commands_are_run() -> None:
    """Each is marked, and a test knows the mark: that of tests/kafka/test_flooded.py."""
    for page in PAGES:
        fences = page.read_text(encoding="utf-8").count("\n```console\n")
        assert fences == len(list(blocks(page, "run on a flooded log"))), page


def test_there_are_commands_metrics_and_tables_in_the_runbooks() -> None:
    """The checks above look at something."""
    assert sum(1 for page in PAGES for _ in commands(page)) > 15
    assert sum(len(re.findall(r"[Tt]able `(\w+)`", text(page))) for page in PAGES) > 20
