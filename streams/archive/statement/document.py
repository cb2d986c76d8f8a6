"""A statement as a JSON document: docs/statement.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from streams.archive.statement.model import FORMAT, Cell, Sentence, Statement, Table, Withheld


def document(statement: Statement) -> dict[str, object]:
    """Numbers unrounded, shares as parts of 1, what is withheld as the word ``withheld``."""
    return {
        "format": FORMAT,
        "status": "internal" if statement.internal else "public",
        "election": statement.election,
        "title": statement.title,
        "about": list(statement.about),
        "minimum_cell": None if statement.internal else statement.minimum,
        "cut_off": statement.cut_off._asdict(),
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "sentences": [_sentence(one) for one in section.sentences],
                "tables": [_table(one) for one in section.tables],
            }
            for section in statement.sections
        ],
        "names": {column: dict(known) for column, known in statement.names.items()},
        "basis": {
            **statement.basis._asdict(),
            "archives": [one._asdict() for one in statement.basis.archives],
        },
    }


def text(statement: Statement) -> str:
    """The document, indented, with a line end."""
    return json.dumps(document(statement), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _sentence(one: Sentence) -> Mapping[str, object]:
    figures = {name: _plain(value) for name, value in one.figures.items()}
    return {"id": one.id, "text": one.text, "basis": one.basis, "figures": figures}


def _table(one: Table) -> Mapping[str, object]:
    names = [column.id for column in one.columns]
    return {
        "id": one.id,
        "caption": one.caption,
        "columns": [
            {"id": column.id, "title": column.title, "unit": column.unit} for column in one.columns
        ],
        "rows": [dict(zip(names, map(_plain, row), strict=True)) for row in one.rows],
        "notes": list(one.notes),
    }


def _plain(value: Cell) -> str | int | float | None:
    return value.value if isinstance(value, Withheld) else value
