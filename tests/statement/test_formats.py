"""Markdown, HTML and JSON: the same statement, each as its readers need it."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest

from streams.archive.statement import document, html, markdown
from streams.archive.statement.model import (
    WITHHELD,
    Archived,
    Basis,
    Column,
    CutOff,
    Section,
    Sentence,
    Statement,
    Table,
)
from tests.data import ROOT
from tests.statement.day import CUT_OFF, run, stated

SCHEMA = json.loads((ROOT / "docs/statement.schema.json").read_text())
KNOWN = {"id", "class", "role", "scope", "title", "aria-labelledby"}
MARK = "INTERNAL — not for publication"


class Page(HTMLParser):
    """What a page says: sentences, and tables as rows of texts; and how it is built."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.captions: list[str] = []
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.starts.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._into = self.tables[-1][-1]
        elif tag in ("li", "caption"):
            self._into = self.sentences if tag == "li" else self.captions
            self._into.append("")
        elif tag == "span":
            self._into = None

    def handle_endtag(self, tag: str) -> None:
        """And ends."""
        if tag in ("td", "th", "li", "caption"):
            self._into = None

    def handle_data(self, data: str) -> None:
        """Its text."""
        if self._into is not None:
            self._into[-1] += data


def plain(line: str) -> str:
    """Markdown's text as it is read."""
    return re.sub(r"\\(.)", r"\1", line)


def of_markdown(text: str) -> tuple[list[str], list[list[list[str]]]]:
    """Sentences, and tables with their heads."""
    sentences, tables, before = [], list[list[list[str]]](), ""
    for line in text.splitlines():
        if line.startswith("- "):
            sentences.append(plain(line[2:].rpartition(" *(")[0]))
        elif line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            if not line.startswith("|-"):
                cells = re.split(r"(?<!\\)\|", line)[1:-1]
                tables[-1].append([plain(cell.strip()) for cell in cells])
        before = line
    return sentences, tables


def as_printed(value: Any, unit: str, names: dict[str, str], digits: str) -> str:
    """A cell of the document as people read it: written anew, from the schema's words."""
    if value is None:
        return ""
    if value == "withheld":
        return "c"
    if unit == "code":
        return str(names.get(value, value))
    if unit == "share":
        return f"{float(value) * 100:.{digits}f} %"
    if unit == "points":
        return f"{float(value) * 100:+.{digits}f}"
    return f"{value:,}" if unit == "count" else str(value)


@pytest.mark.parametrize("more", [(), ("--internal",)], ids=["public", "internal"])
def test_all_three_say_the_same(archive: str, more: tuple[str, ...]) -> None:
    """Every sentence and every cell, in the same order."""
    found = stated(archive, *more)
    texts = {
        form: run(archive, "--format", form, "--known-at", CUT_OFF, *more).stdout
        for form in ("markdown", "html")
    }
    page = Page(texts["html"])
    sentences, tables = of_markdown(texts["markdown"])
    said = [one["text"] for section in found["sections"] for one in section["sentences"]]
    assert [text.strip() for text in page.sentences] == sentences == said
    mine = [table for section in found["sections"] for table in section["tables"]]
    assert len(page.tables) == len(tables) == len(mine) + 1  # and the basis
    for table, one, other in zip(mine, page.tables, tables, strict=False):
        columns = table["columns"]
        digits = "2" if table["id"].startswith("turnout") else "1"
        head = [column["title"] for column in columns]
        rows = [
            [
                as_printed(
                    row[column["id"]],
                    column["unit"],
                    found["names"].get(column["id"], {}),
                    digits,
                )
                for column in columns
            ]
            for row in table["rows"]
        ]
        assert one == other == [head, *rows], table["id"]
    chain = found["basis"]["archives"][0]["chain"]
    for text in texts.values():
        for digest in (chain, found["basis"]["content_digest"], found["basis"]["statement_digest"]):
            assert digest in text


def test_the_document_is_what_its_schema_says(public: Any, internal: Any) -> None:
    """And the schema is closed: it refuses what it does not describe."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for found in (public, internal):
        validator.validate(found)
        for path in ([], ["basis"], ["cut_off"], ["sections", 0], ["sections", 1, "tables", 0]):
            other = copy.deepcopy(found)
            inner = other
            for step in path:
                inner = inner[step]
            inner["else"] = 1
            assert not validator.is_valid(other), path
    assert (public["status"], public["minimum_cell"]) == ("public", 5)
    assert (internal["status"], internal["minimum_cell"]) == ("internal", None)
    assert public["basis"]["positions"] is None
    assert sum(sum(each.values()) for each in internal["basis"]["positions"].values()) == 310


def test_the_page_can_be_read_by_anybody(archive: str) -> None:
    """Language, one first heading, captions, scopes; no script, nothing from elsewhere."""
    text = run(archive, "--format", "html", "--known-at", CUT_OFF).stdout
    page = Page(text)
    tags = [tag for tag, _ in page.starts]
    assert page.starts[0] == ("html", {"lang": "en"})
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert tags.count("caption") == tags.count("table") == len([c for c in page.captions if c])
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.starts if tag == "th")
    ids = [str(attrs["id"]) for _, attrs in page.starts if "id" in attrs]
    named = [str(attrs["aria-labelledby"]) for tag, attrs in page.starts if tag == "section"]
    assert sorted(ids) == sorted(named) == sorted(set(ids))
    assert not {"script", "img", "link", "iframe", "form"} & set(tags)
    assert not [
        a for _, attrs in page.starts for a in attrs if a in ("src", "href") or a[:2] == "on"
    ]
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in text


def test_internal_is_said_everywhere(archive: str) -> None:
    """Below every heading, on every printed page, in the status; never in public."""
    texts = {
        form: run(archive, "--format", form, "--known-at", CUT_OFF, "--internal").stdout
        for form in ("markdown", "html")
    }
    lines = texts["markdown"].splitlines()
    headings = [n for n, line in enumerate(lines) if line.startswith("#")]
    assert len(headings) == 11
    assert all(lines[n + 2] == f"**{MARK}**" for n in headings)
    assert texts["html"].count(MARK) == 4  # title, bar, margin of each page, across each page
    assert f'@top-center {{ content: "{MARK}"' in texts["html"]
    for form in ("markdown", "html", "json"):
        assert "INTERNAL" not in run(archive, "--format", form, "--known-at", CUT_OFF).stdout


HOSTILE = '<script>alert(1)</script> | *a* [b](c) `d` & "e"'


def hostile() -> Statement:
    """A statement whose every text tries to be something else."""
    table = Table(
        "t",
        HOSTILE,
        (Column("a", HOSTILE, "code"), Column("n", "N", "count"), Column("p", "P", "points", 2)),
        ((HOSTILE, WITHHELD, -0.0123), ("known", 1234567, None)),
        (HOSTILE,),
    )
    basis = Basis(
        "x",
        "scrutineer 0",
        *("0" * 64,) * 3,
        None,
        1,
        0,
        2,
        (Archived("1" * 64, 1, 1, None, None),),
        None,
    )
    section = Section("election", HOSTILE, (Sentence("s", HOSTILE, HOSTILE),), (table,))
    cut_off = CutOff(None, None, "2030-01-01T00:00:00Z", "newest event")
    names = {"a": {"known": "Known"}}
    return Statement("x", HOSTILE, False, 5, (HOSTILE,), (section,), names, cut_off, basis)


def test_no_text_becomes_markup() -> None:
    """Names of places and questions may hold anything printable."""
    page = html.text(hostile())
    assert "<script>" not in page
    found = Page(page)
    assert found.tables[0][1] == [HOSTILE, "c", "-1.23"]
    assert found.tables[0][2] == ["Known", "1,234,567", ""]
    text = markdown.text(hostile())
    sentences, tables = of_markdown(text)
    assert sentences == [HOSTILE]
    assert tables[0][1:] == [[HOSTILE, "c", "-1.23"], ["Known", "1,234,567", ""]]
    assert not re.search(r"(?<!\\)[<`\[]", text)
    assert document.document(hostile())["sections"][0]["tables"][0]["rows"][0] == {  # type: ignore[index]
        "a": HOSTILE,
        "n": "withheld",
        "p": -0.0123,
    }
    assert "Offsets lost" in text
