"""A statement as one HTML file: for the press office, for screens and A4, read aloud as well."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from streams.archive.statement.model import WITHHELD, Cell, Column, Section, Statement, Table
from streams.archive.statement.printing import BASIS, FORWARD, INTERNAL, basis_lines
from streams.archive.statement.words import MARK, Names, printed

_STYLE: Final = """\
:root { color-scheme: light; }
body { font: 1rem/1.5 Georgia, "Times New Roman", serif; color: #1a1a1a; background: #fff;
  max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, caption, th, .mark { font-family: "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid #1f3a5f; }
.about { background: #f2f5f9; padding: .6rem 1rem; border-left: 4px solid #1f3a5f; }
.about p { margin: .3rem 0; }
ul { padding-left: 1.2rem; }
li { margin: .5rem 0; }
.basis { display: block; color: #4a4a4a; font-size: .85rem; }
table { border-collapse: collapse; width: 100%; margin: 1.2rem 0 .4rem; font-size: .85rem; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
th, td { padding: .25rem .5rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid #c9d1da; }
thead th { border-bottom: 2px solid #1f3a5f; }
tbody th { font-weight: normal; font-family: inherit; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.note { font-size: .8rem; color: #4a4a4a; margin: .2rem 0 1rem; }
.wide { overflow-x: auto; }
code { font-size: .75rem; overflow-wrap: anywhere; }
.mark { position: sticky; top: 0; background: #8a1020; color: #fff; text-align: center;
  font-weight: bold; padding: .4rem; margin: 0; }
@page { size: A4; margin: 22mm 18mm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  li, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  .mark { position: static; background: none; color: #8a1020; border: 1px solid #8a1020; }
}
"""
_MARKED: Final = f"""\
@page {{
  @top-center {{ content: "{INTERNAL}"; color: #8a1020; font: bold 10pt Arial, sans-serif; }}
}}
@media print {{
  body::after {{ content: "{INTERNAL}"; position: fixed; top: 45%; left: 0; right: 0;
    text-align: center; font: bold 28pt Arial, sans-serif; color: #8a1020; opacity: .12;
    transform: rotate(-35deg); }}
}}
"""
"""On every page: in the margin, and across it where a browser prints nothing there."""


def text(statement: Statement) -> str:
    """The page: nothing in it is loaded from elsewhere, and it holds no script."""
    return "\n".join([*_lines(statement), ""])


def _lines(statement: Statement) -> Iterator[str]:
    title = escape(statement.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    yield "style-src 'unsafe-inline'\">"
    mark = f"{INTERNAL}: " if statement.internal else ""
    style = _STYLE + _MARKED if statement.internal else _STYLE
    yield f"<title>{mark}{title}</title>\n<style>\n{style}</style>\n</head>\n<body>"
    if statement.internal:
        yield f'<p class="mark" role="note">{INTERNAL}</p>'
    yield f'<main>\n<h1>{title}</h1>\n<div class="about">'
    yield from (f"<p>{escape(line)}</p>" for line in statement.about)
    yield "</div>"
    for section in statement.sections:
        yield from _section(section, statement.names)
    yield from _basis(statement)
    yield "</main>\n</body>\n</html>"


def _section(section: Section, names: Names) -> Iterator[str]:
    yield f'<section aria-labelledby="{section.id}">'
    yield f'<h2 id="{section.id}">{escape(section.title)}</h2>'
    if section.sentences:
        yield "<ul>"
        for one in section.sentences:
            basis = f'<span class="basis">Basis: {escape(one.basis)}.</span>'
            yield f"<li>{escape(one.text)} {basis}</li>"
        yield "</ul>"
    for table in section.tables:
        yield from _table(table, names)
    yield "</section>"


def _table(table: Table, names: Names) -> Iterator[str]:
    yield f'<div class="wide">\n<table>\n<caption>{escape(table.caption)}</caption>'
    heads = (
        f'<th scope="col"{_class(column)}>{escape(column.title)}</th>' for column in table.columns
    )
    yield f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>"
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        yield f"<tr>{''.join(_cell(n, cell, c, names) for n, (cell, c) in enumerate(cells))}</tr>"
    yield "</tbody>\n</table>\n</div>"
    yield from (f'<p class="note">{escape(note)}</p>' for note in table.notes)


def _cell(number: int, cell: Cell, column: Column, names: Names) -> str:
    shown = escape(printed(cell, column, names))
    if cell is WITHHELD:
        shown = f'<abbr title="withheld">{MARK}</abbr>'
    if number == 0:
        return f'<th scope="row"{_class(column)}>{shown}</th>'
    return f"<td{_class(column)}>{shown}</td>"


def _class(column: Column) -> str:
    return ' class="number"' if column.unit in ("count", "share", "points", "width") else ""


def _basis(statement: Statement) -> Iterator[str]:
    yield f'<section aria-labelledby="basis">\n<h2 id="basis">{BASIS}</h2>\n<p>{FORWARD}</p>'
    yield "<table>\n<caption>Cut-off, archive and digests</caption>\n<tbody>"
    for what, value in basis_lines(statement):
        yield f'<tr><th scope="row">{escape(what)}</th><td><code>{escape(value)}</code></td></tr>'
    yield "</tbody>\n</table>\n</section>"
