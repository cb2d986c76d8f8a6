"""The reference pages are complete, up to date and true: a gap fails here."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import get_args

import pytest

from docs.generate import DOCS, PAGES
from docs.generate.events import example
from docs.generate.meanings import ENVELOPE, FIELDS, REASONS, TYPES
from schemas import read
from schemas.envelope import EVENTS
from schemas.verdict import Accepted, Reason
from streams.cli import COMMANDS
from streams.metrics.families import FAMILIES
from streams.packs import load_pack
from streams.settings import fields, variable
from tests.data import ROOT


def text(name: str) -> str:
    """A page's text as it is committed."""
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """Every page, made by a fresh process: click's commands remember how they were called."""
    code = "import json; from docs.generate import PAGES; "
    code += "print(json.dumps({name: make() for name, make in PAGES.items()}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    pages: dict[str, str] = json.loads(done.stdout)
    return pages


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_up_to_date(page: str, made: dict[str, str]) -> None:
    """What is committed is what `make docs` writes."""
    assert text(page) == made[page], f"docs/{page} is out of date: run `make docs`"


@pytest.mark.parametrize("name", [name for name, _ in fields()])
def test_every_setting_is_documented(name: str) -> None:
    """A setting has a heading of its own, a meaning and its environment variable."""
    page = text("settings.md")
    section = page.partition(f"\n### {name}\n")[2].partition("\n##")[0]
    assert len(section.split()) > 5
    assert variable(name) in section


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_every_metric_is_documented(family: str) -> None:
    """A metric family has a heading of its own and a meaning."""
    section = text("metrics.md").partition(f"\n### {family}\n")[2].partition("\n##")[0]
    assert len(section.split()) > 10


@pytest.mark.parametrize("type_", EVENTS)
def test_every_event_type_is_documented_with_an_example_that_is_accepted(type_: str) -> None:
    """The example beside a type passes the same reading as a record of the log."""
    section = text("events.md").partition(f"\n## {type_}\n")[2].partition("\n## ")[0]
    raw = example(DOCS / "examples", type_)
    shown = section.partition("```json\n")[2].partition("\n```")[0]
    assert json.loads(shown) == json.loads(raw)
    verdict = read(raw, None, load_pack("kazakhstan-2023"))
    assert isinstance(verdict, Accepted), verdict
    assert verdict.event.type == type_


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_of_a_rejection_is_documented(reason: str) -> None:
    """A reason stands in the table of rejections."""
    assert f"| `{reason}` |" in text("events.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """A command has a heading of its own with its usage."""
    section = text("commands.md").partition(f"\n## scrutineer {name}\n")[2].partition("\n## ")[0]
    assert f"Usage: scrutineer {name}" in section


def test_no_meaning_is_left_over() -> None:
    """A field, type or reason that is gone takes its words along."""
    page = text("events.md")
    assert set(TYPES) == set(EVENTS)
    assert set(REASONS) == set(get_args(Reason))
    unused = [words for words in (ENVELOPE | FIELDS).values() if words not in page]
    assert not unused


def test_every_example_belongs_to_a_type() -> None:
    """No example lies around that no page shows."""
    files = {path.name for path in (DOCS / "examples").glob("*.jsonl")}
    shown = {json.loads(example(DOCS / "examples", type_))["id"] for type_ in EVENTS}
    assert len(files) == len(shown) == len(EVENTS)


def test_every_page_is_in_the_index() -> None:
    """docs/index.md leads to each page, and every link in the pages leads somewhere."""
    index = text("index.md")
    pages = {path.name for path in DOCS.glob("*.md")} - {"index.md"}
    missing = [name for name in sorted(pages) if f"({name})" not in index]
    assert not missing, missing
