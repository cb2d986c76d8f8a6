"""Where each key and element of a TOML document stands: tomllib does not tell."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = " \t\r\n"
_BARE_END = frozenset(" \t=.]")
_SCALAR_END = frozenset(",]}#\n")


def toml_lines(text: str) -> Mapping[Path, int]:
    """Line (from 1) of every key, table and array element of ``text``, which tomllib accepts.

    Paths are tuples of keys and indices, such as ``("sources", 2, "uri")``.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Line of ``path``, or of the nearest part of it that exists; 1 if there is none."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scan:
    """One pass over valid TOML that keeps positions and forgets values."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._starts = [0]
        self._starts += [i + 1 for i, char in enumerate(text) if char == "\n"]
        self._sizes: dict[Path, int] = {}
        """Tables seen so far of each array of tables."""

    def document(self) -> None:
        """Scan the whole text."""
        table: Path = ()
        while True:
            self._skip_blank()
            if self.at >= len(self.text):
                return
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._assignment(table)

    def _header(self, brackets: int) -> Path:
        line = self._line()
        self.at += brackets
        keys = self._keys()
        self._skip_blank()
        self.at += brackets
        path: Path = ()
        for key in keys[:-1]:
            path = self._inside((*path, key), line)
        path = (*path, keys[-1])
        if brackets == 1:
            return self._inside(path, line)
        self.lines.setdefault(path, line)
        self._sizes[path] = self._sizes.get(path, 0) + 1
        path = (*path, self._sizes[path] - 1)
        self.lines[path] = line
        return path

    def _inside(self, path: Path, line: int) -> Path:
        self.lines.setdefault(path, line)
        size = self._sizes.get(path)
        return path if size is None else (*path, size - 1)

    def _assignment(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._skip_blank()
        self.at += 1  # the equals sign
        self._value(path)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip_blank()
            keys.append(self._key())
            self._skip_blank()
            if self.at >= len(self.text) or self.text[self.at] != ".":
                return keys
            self.at += 1

    def _key(self) -> str:
        start = self.at
        if self.text[start] in "\"'":
            self._string()
            raw = self.text[start : self.at]
            return str(tomllib.loads(f"key = {raw}")["key"])
        while self.at < len(self.text) and self.text[self.at] not in _BARE_END:
            self.at += 1
        return self.text[start : self.at]

    def _value(self, path: Path) -> None:
        self._skip_blank()
        char = self.text[self.at]
        if char in "\"'":
            self._string()
        elif char == "[":
            self._array(path)
        elif char == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in _SCALAR_END:
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip_blank()
            char = self.text[self.at]
            if char == "]":
                self.at += 1
                return
            if char == ",":
                self.at += 1
                continue
            self.lines[(*path, index)] = self._line()
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while True:
            self._skip_blank()
            char = self.text[self.at]
            if char == "}":
                self.at += 1
                return
            if char == ",":
                self.at += 1
                continue
            self._assignment(path)

    def _string(self) -> None:
        quote = self.text[self.at]
        triple = quote * 3
        long = self.text.startswith(triple, self.at)
        end = triple if long else quote
        self.at += len(end)
        while not self.text.startswith(end, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(end)
        while long and self.text.startswith(quote, self.at):
            self.at += 1  # up to two quotes may stand before the closing three

    def _skip_blank(self) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif char in _BLANK:
                self.at += 1
            else:
                return

    def _line(self) -> int:
        return bisect_right(self._starts, self.at)
