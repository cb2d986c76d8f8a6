"""A record of a JSON document as rows: every value in a column that is named by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.sources.importing.table import RowError
from streams.sources.importing.value_model import INDEX

JOINT: Final = "|"
"""Between the members of a list."""
_Columns = dict[str, str]
_Lists = list[tuple[str, list[Any]]]


class Records:
    """Knows which lists become rows (``repeat``) and which are named by a field of theirs.

    Paths are names joined by `/`. A name that begins with the path of what it is in already, as
    KoboToolbox writes them, is that path.
    """

    def __init__(self, repeat: str | None, keyed: Mapping[str, str]) -> None:
        self._repeat = repeat
        self._keyed = keyed

    def rows(self, record: Any) -> Iterator[_Columns]:
        """The rows of ``record``: one, or one for each instance of the repeat, with `@index`.

        Raises ``RowError``.
        """
        if not isinstance(record, dict):
            raise RowError(f"is {_kind(record)}, not an object with the answers of one form")
        yield from self._rows(record, "", "")

    def _rows(self, node: Mapping[str, Any], prefix: str, index: str) -> Iterator[_Columns]:
        columns: _Columns = {}
        repeats: _Lists = []
        self._flatten(node, prefix, columns, repeats)
        if self._repeat is None or prefix == self._repeat:
            yield {**columns, INDEX: index} if index else columns
            return
        if not repeats:
            self._not_listed(columns)
        for path, members in repeats:
            for number, member in enumerate(members, 1):
                if not isinstance(member, dict):
                    raise RowError(f"'{path}' {number} is {_kind(member)}, not an object")
                inner = f"{index}.{number}" if index else str(number)
                for row in self._rows(member, path, inner):
                    yield {**columns, **row}

    def _not_listed(self, columns: _Columns) -> None:
        """A repeat that is no list is not one without instances.

        ODK Central's feed names the table of a repeat where it was not asked for its rows.
        """
        for path, text in columns.items():
            inside = path.startswith(f"{self._repeat}/")
            if inside or (text and self._leads_to_repeat(path)):
                raise RowError(f"'{self._repeat}' is no list of answers, but something else")
        if f"{self._repeat}@odata.navigationLink" in columns:
            raise RowError(f"'{self._repeat}' is only linked to: export with $expand=*")

    def _flatten(
        self, node: Mapping[str, Any], prefix: str, columns: _Columns, repeats: _Lists
    ) -> None:
        for name, value in node.items():
            path = name if not prefix or name.startswith(f"{prefix}/") else f"{prefix}/{name}"
            if isinstance(value, dict) and value and path not in self._keyed:
                self._flatten(value, path, columns, repeats)
            elif path in self._keyed and value and not isinstance(value, list):
                raise RowError(f"'{path}' is {_kind(value)}, not the list that [keyed] names")
            elif isinstance(value, dict):
                _put(columns, path, "")
            elif not isinstance(value, list):
                _put(columns, path, _text(value))
            elif self._leads_to_repeat(path):
                repeats.append((path, value))
            elif path in self._keyed:
                self._named(value, path, columns)
            else:
                self._join(value, path, columns)

    def _leads_to_repeat(self, path: str) -> bool:
        return self._repeat is not None and f"{self._repeat}/".startswith(f"{path}/")

    def _named(self, members: list[Any], path: str, columns: _Columns) -> None:
        """`answers/QUESTION/value` for each member, by the field that names it."""
        field = self._keyed[path]
        for member in members:
            name = _text(member.get(field)) if isinstance(member, dict) else ""
            if not name:
                raise RowError(f"'{path}': a member has no '{field}', by which [keyed] names it")
            self._flatten(member, f"{path}/{name}", columns, [])

    def _join(self, members: list[Any], path: str, columns: _Columns) -> None:
        """The members' texts, joined; of objects, each field's."""
        texts: dict[str, list[str]] = {}
        for member in members:
            inner: _Columns = {}
            if isinstance(member, dict):
                self._flatten(member, path, inner, [])
            elif isinstance(member, list):
                self._join(member, path, inner)
            else:
                inner[path] = _text(member)
            for name, text in inner.items():
                texts.setdefault(name, []).append(text.replace(JOINT, " "))
        for name, parts in texts.items():
            _put(columns, name, JOINT.join(filter(None, parts)))


def _put(columns: _Columns, path: str, text: str) -> None:
    if path in columns:
        raise RowError(f"'{path}' is there twice")
    columns[path] = text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _kind(value: Any) -> str:
    return {"list": "a list", "dict": "an object", "NoneType": "null"}.get(
        type(value).__name__, "a plain value"
    )
