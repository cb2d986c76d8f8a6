"""A statement as Markdown, for whoever drafts the text around the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from streams.archive.statement.model import Statement, Table
from streams.archive.statement.printing import BASIS, FORWARD, INTERNAL, basis_lines
from streams.archive.statement.words import Names, printed

_LEFT: Final = ("text", "code", "time")
_SPECIAL: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|#"})


def text(statement: Statement) -> str:
    """All of it. Marked at every heading where it is internal."""
    return "\n".join([*_lines(statement), ""])


def _lines(statement: Statement) -> Iterator[str]:
    yield from _heading(statement, 1, statement.title)
    for line in statement.about:
        yield from (escaped(line), "")
    for section in statement.sections:
        yield from _heading(statement, 2, section.title)
        for one in section.sentences:
            yield f"- {escaped(one.text)} *({escaped(one.basis)})*"
        if section.sentences:
            yield ""
        for table in section.tables:
            yield from _table(table, statement.names)
    yield from _heading(statement, 2, BASIS)
    yield from (FORWARD, "")
    yield from _rows(
        ["What", "Value"], ["---", "---"], [list(line) for line in basis_lines(statement)]
    )
    if statement.internal:
        yield from ("", f"**{INTERNAL}**")


def _heading(statement: Statement, depth: int, title: str) -> Iterator[str]:
    yield from (f"{'#' * depth} {escaped(title)}", "")
    if statement.internal:
        yield from (f"**{INTERNAL}**", "")


def _table(table: Table, names: Names) -> Iterator[str]:
    yield from (f"**{escaped(table.caption)}**", "")
    rule = ["---" if column.unit in _LEFT else "---:" for column in table.columns]
    cells = [
        [printed(cell, column, names) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    yield from _rows([column.title for column in table.columns], rule, cells)
    yield ""
    for note in table.notes:
        yield from (escaped(note), "")


def _rows(
    head: Sequence[str], rule: Sequence[str], cells: Sequence[Sequence[str]]
) -> Iterator[str]:
    yield _pipes(head)
    yield f"|{'|'.join(rule)}|"
    for line in cells:
        yield _pipes(line)


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def escaped(line: str) -> str:
    """Text that Markdown leaves as it is: names of places may hold anything printable."""
    return line.translate(_SPECIAL)
