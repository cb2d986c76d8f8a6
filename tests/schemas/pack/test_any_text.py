"""Whatever the files hold, the answer is a pack or its faults."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.pack import Pack, PackError, parse_pack
from tests.packs import SMALL_FILES

_MARKS = ["\n", "\r", '"', "'", '"""', "#", "[", "]", "[[", "{", "}", "=", ",", ".", "\\", "\0"]
_VALUES = ["true", "nan", "1e999", "-1", "9" * 30, "2030-06-02", "2030-06-02T10:00:00", "07:00:00"]
_TEXTS = ["\ufeff", "\ud800", "é", " ", "XX", "A-1", "voting", "x" * 140_000]
_TOKENS = st.sampled_from([*_MARKS, *_VALUES, *_TEXTS])


def parsed(files: dict[str, str]) -> Pack | PackError:
    """The pack, or the error that carries its faults."""
    try:
        return parse_pack(files)
    except PackError as error:
        return error


@settings(deadline=None)
@given(st.sampled_from(sorted(SMALL_FILES)), st.data())
def test_any_edit_gives_a_pack_or_faults_on_lines_that_exist(
    name: str, data: st.DataObject
) -> None:
    """Never another exception, and no fault beyond the end of a file."""
    text = SMALL_FILES[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    text = text[:start] + "".join(data.draw(st.lists(_TOKENS, max_size=4))) + text[end:]
    files = {**SMALL_FILES, name: text}
    result = parsed(files)
    if isinstance(result, PackError):
        assert result.problems
        for file, line, message in result.problems:
            # A lone \r ends a line of CSV too.
            ends = files[file].count("\n") + files[file].count("\r")
            assert 1 <= line <= ends + 1, (file, line, message)


@pytest.mark.parametrize("name", sorted(SMALL_FILES))
@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_in_the_place_of_a_file(name: str, text: str) -> None:
    """Faults, or in few cases a pack."""
    result = parsed({**SMALL_FILES, name: text})
    assert isinstance(result, Pack | PackError)
