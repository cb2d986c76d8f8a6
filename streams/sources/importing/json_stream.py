"""The records of a JSON document one by one, however long it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import JSONDecodeError
from typing import IO, Any, Final, NoReturn

PIECE: Final = 1 << 16
"""Characters read at a time."""
LARGEST: Final = 1 << 24
"""Characters of one record: what keeps a file that is no export from filling the memory."""
_BLANK: Final = " \t\r\n"
_LIST_OR_OBJECT: Final = "{["


class JsonError(Exception):
    """What is wrong with a document, and in which line; the caller knows the file."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class JsonRecords:
    """The members of the list at ``path`` (names joined by `/`; empty: the document is the list).

    Numbers are texts as written, since their digits say how a figure was rounded. After the last
    record ``beside`` holds the texts, numbers and truth values around the list, by path.
    """

    def __init__(self, stream: IO[str], path: str, piece: int = PIECE) -> None:
        self._text = _Text(stream, piece)
        self._path = path.split("/") if path else []
        self.beside: dict[str, Any] = {}
        self._found = False

    def __iter__(self) -> Iterator[Any]:
        """Read the document to its end. Raises ``JsonError``."""
        first = self._text.peek()
        if first == "<":
            self._text.fail("this is HTML or XML, no JSON: a page to sign in? Export once more")
        if not first:
            self._text.fail("the file is empty")
        yield from self._inside(self._path, "")
        if self._text.peek():
            self._text.fail("there is more after the end of the document")
        if not self._found:
            there = ", ".join(self.beside) or "nothing"
            raise JsonError(1, f"no list '{'/'.join(self._path)}' in it; there is {there[:200]}")

    def _inside(self, path: list[str], prefix: str) -> Iterator[Any]:
        """The records below here; everything else is read and forgotten."""
        if not path:
            self._found = True
            yield from self._list()
            return
        if self._text.peek() != "{":
            self._text.fail(f"an object with '{path[0]}' is expected")
        for _ in self._text.members("{", "}"):
            name = self._text.name()
            if name == path[0] and self._text.peek() in _LIST_OR_OBJECT:
                yield from self._inside(path[1:], f"{prefix}{name}/")
            else:
                self._keep(f"{prefix}{name}", self._text.value())

    def _keep(self, path: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                self._keep(f"{path}/{name}", inner)
        else:
            self.beside[path] = None if isinstance(value, list) else value

    def _list(self) -> Iterator[Any]:
        for _ in self._text.members("[", "]"):
            yield self._text.value()


class _Text:
    """A stream of characters, of which only the piece that is being read is kept."""

    def __init__(self, stream: IO[str], size: int) -> None:
        self._stream = stream
        self._size = size
        self._piece = ""
        self._at = 0
        self._line = 1
        self._over = False
        self._decoder = json.JSONDecoder(
            parse_float=str, parse_int=str, parse_constant=self._constant
        )

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._piece) and self._piece[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._piece):
                return self._piece[self._at]
            if not self._more(self._size):
                return ""

    def take(self, sign: str) -> None:
        """Go past ``sign``, which must be next."""
        found = self.peek()
        if found != sign:
            self.fail(f"'{sign}' is expected, not '{found}'" if found else _CUT)
        self._at += 1

    def members(self, opening: str, closing: str) -> Iterator[None]:
        """Stop before each member of a list or an object, which the caller reads."""
        self.take(opening)
        if self.peek() != closing:
            yield
            while self.peek() != closing:
                self.take(",")
                yield
        self.take(closing)

    def name(self) -> str:
        """The next name of an object's member, with its colon."""
        if self.peek() not in ("", '"'):
            self.fail("a name in quotation marks is expected")
        name = str(self.value())
        self.take(":")
        return name

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._piece, self._at)
                # A number may go on in the next piece.
                if end < len(self._piece) or not self._more(self._size):
                    self._at = end
                    return value
            except JSONDecodeError as error:
                kept = len(self._piece) - self._at
                if kept > LARGEST:
                    self.fail(f"a record of more than {LARGEST:,} characters")
                # As much again, so that a long record is not read from its start too often.
                if not self._more(max(self._size, kept)):
                    self._broken(error)
            except RecursionError:
                self.fail("nested too deeply")

    def _more(self, size: int) -> bool:
        """Read on and forget what lies behind; False at the end."""
        read = "" if self._over else self._stream.read(size)
        if not read:
            self._over = True
            return False
        self._line += self._piece.count("\n", 0, self._at)
        self._piece = self._piece[self._at :] + read
        self._at = 0
        return True

    def _broken(self, error: JSONDecodeError) -> NoReturn:
        left = self._piece[error.pos :].strip()
        # Python tells of an open text at its beginning, of anything else where the end is.
        if not left or error.msg.startswith("Unterminated string"):
            self.fail(_CUT, len(self._piece))
        self.fail(f"no JSON: {error.msg}", error.pos)

    def fail(self, what: str, at: int | None = None) -> NoReturn:
        """Raise ``JsonError`` with the line of the place."""
        line = self._line + self._piece.count("\n", 0, self._at if at is None else at)
        raise JsonError(line, what)

    def _constant(self, name: str) -> NoReturn:
        self.fail(f"no JSON: {name} is no number")


_CUT: Final = "the file ends in the midst of the document: the download was cut off"
