"""Every key of a TOML document is found on its line."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.pack.toml_lines import Path, line_of, toml_lines
from streams.packs import built_in, pack_directory
from tests.packs import SMALL_FILES

TRICKY = '''\
# [not.a.table]
top = "a # b ] } , [x]"   # comment with = and "
'lite ral' = 'c:\\'
"esc\\"aped.key" = 1
a.b . "c.d" = true
multi = """
[still]
text = "in" \\"""quotes"""""
raw = \'\'\'
[[text]]
\'\'\'\'
list = [ # [comment]
  1, [2,
  3],
  { x = 1, y.z = [4, 5] },
  2023-03-19 10:10:00+06:00,
]
empty = []
none = {}

[t]
[t.u.v]
k = 1
[[rows]]
k = 1
[rows.sub]
k = 2
[[rows.deep]]
[[rows.deep]]
k = 3
[[rows]]
  k = 4
'''


def paths(value: Any, path: Path = ()) -> set[Path]:
    """All paths of a parsed document."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    found: set[Path] = set()
    for key, item in items:
        found.add((*path, key))
        if isinstance(item, dict | list):
            found |= paths(item, (*path, key))
    return found


@pytest.mark.parametrize(
    "text",
    [TRICKY, "", "a=1", "a = []", SMALL_FILES["election.toml"]]
    + [(pack_directory(name) / "election.toml").read_text("utf-8") for name in built_in()],
)
def test_it_finds_exactly_the_paths_that_tomllib_finds(text: str) -> None:
    """No key or element is missed, and nothing within a string or comment is taken for one."""
    assert set(toml_lines(text)) == paths(tomllib.loads(text))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("lite ral",), 3),
        (('esc"aped.key',), 4),
        (("a", "b", "c.d"), 5),
        (("multi",), 6),
        (("raw",), 9),
        (("list",), 12),
        (("list", 0), 13),
        (("list", 1), 13),
        (("list", 1, 0), 13),
        (("list", 1, 1), 14),
        (("list", 2, "y", "z", 1), 15),
        (("list", 3), 16),
        (("t", "u", "v"), 22),
        (("t", "u", "v", "k"), 23),
        (("rows",), 24),
        (("rows", 0, "sub", "k"), 27),
        (("rows", 0, "deep", 1, "k"), 30),
        (("rows", 1), 31),
        (("rows", 1, "k"), 32),
    ],
)
def test_a_path_is_on_its_line(path: Path, line: int) -> None:
    """Whatever strings, comments and arrays over several lines stand before it."""
    assert toml_lines(TRICKY)[path] == line


def test_a_missing_key_is_placed_at_its_table() -> None:
    """The nearest part of the path that exists gives the line."""
    lines = toml_lines(TRICKY)
    assert line_of(lines, ("rows", 1, "name")) == 31
    assert line_of(lines, ("nothing", "at all")) == 1


_KEYS = st.text(min_size=1, max_size=6)
_VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=8), st.data())
def test_generated_documents(document: dict[str, Any], data: st.DataObject) -> None:
    """A key that is written on a line is found on that line, whatever its value holds."""
    lines: list[str] = []
    expected: dict[Path, int] = {}
    for key, value in document.items():
        gap = data.draw(st.integers(0, 2))
        lines += ["# gap = '[\"'"] * gap
        expected[(key,)] = len(lines) + 1
        lines += f"{_basic(key)} = {_toml(value)}".split("\n")
    text = "\n".join(lines)
    assert tomllib.loads(text) == document
    found = toml_lines(text)
    assert {path: line for path, line in found.items() if len(path) == 1} == expected
    assert set(found) == paths(document)


def _basic(text: str) -> str:
    """A TOML basic string: JSON's, but for characters outside the basic plane."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if c == "\x7f" else c for c in quoted)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + "".join(f"\n{_toml(item)}," for item in value) + "\n]"
    if isinstance(value, str):
        return _basic(value)
    return json.dumps(value)
