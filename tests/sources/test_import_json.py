"""JSON documents as records: one by one, whatever their length, and what is wrong told by line."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path
from typing import IO, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import UserError
from streams.sources.importing.json_stream import LARGEST, JsonError, JsonRecords
from streams.sources.importing.model import Layout
from streams.sources.importing.records import Records
from streams.sources.importing.source import read_table
from streams.sources.importing.table import Row, RowError

texts = st.text('a"\\{}[],: \n\u00e9\U0001f5f3', max_size=4)
scalars = st.none() | st.booleans() | st.integers() | texts
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3)
documents = st.fixed_dictionaries(
    {"before": values, "value": st.lists(st.dictionaries(texts, values, max_size=3), max_size=4)},
    optional={"after": values},
)
few = settings(max_examples=50)


def numbers_as_text(value: Any) -> Any:
    """What the records hold: numbers as they are written."""
    if isinstance(value, dict):
        return {name: numbers_as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [numbers_as_text(inner) for inner in value]
    return value if value is None or isinstance(value, bool | str) else str(value)


def beside(members: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The members around the list: plain values by path, and that there are lists."""
    found: dict[str, Any] = {}
    for name, value in members.items():
        if isinstance(value, dict):
            found |= beside(value, f"{prefix}{name}/")
        else:
            found[f"{prefix}{name}"] = None if isinstance(value, list) else value
    return found


@few
@given(documents, st.integers(1, 40), st.sampled_from([None, 1]))
def test_records_are_those_of_the_document(
    document: dict[str, Any], piece: int, indent: int | None
) -> None:
    """Wherever a piece that is read ends."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    records = JsonRecords(io.StringIO(text), "value", piece)
    assert list(records) == numbers_as_text(document["value"])
    around = {name: value for name, value in document.items() if name != "value"}
    assert records.beside == beside(numbers_as_text(around), "")


@few
@given(documents, st.integers(0, 400), st.integers(1, 40))
def test_a_document_that_is_cut_off_is_never_taken_for_whole(
    document: dict[str, Any], kept: int, piece: int
) -> None:
    """At no place."""
    text = json.dumps(document)
    if kept < len(text):
        with pytest.raises(JsonError):
            list(JsonRecords(io.StringIO(text[:kept]), "value", piece))


@pytest.mark.parametrize(
    ("text", "path", "line", "message"),
    [
        ("", "", 1, "the file is empty"),
        ("\n<!DOCTYPE html>", "value", 2, "this is HTML or XML, no JSON"),
        ('{"detail": "no"}', "results", 1, "no list 'results' in it; there is detail"),
        ("{}", "results", 1, "no list 'results' in it; there is nothing"),
        ('{"value": {}}', "value", 1, "'[' is expected, not '{'"),
        ("[1, 2]", "value", 1, "an object with 'value' is expected"),
        ('{"value": [\n{"a": 1},\n{"a": ', "value", 3, "the download was cut off"),
        ('{"value": [\n{"a": "b', "value", 2, "the download was cut off"),
        ('{"value": [{}]', "value", 1, "the download was cut off"),
        ('{"value": [\n{"a" 1}]}', "value", 2, "no JSON: Expecting ':' delimiter"),
        ("[\n{},\n{}}\n", "", 3, "',' is expected, not '}'"),
        ("[{},]", "", 1, "no JSON: Expecting value"),
        ("[] []", "", 1, "there is more after the end"),
        ('[{"a": NaN}]', "", 1, "NaN is no number"),
        ("{1: 2}", "value", 1, "a name in quotation marks"),
        ("[" * 100_000, "", 1, "nested too deeply"),
    ],
)
def test_what_is_no_export_is_told(text: str, path: str, line: int, message: str) -> None:
    """With its line."""
    with pytest.raises(JsonError) as caught:
        list(JsonRecords(io.StringIO(text), path))
    assert message in str(caught.value)
    assert caught.value.line == line


class Endless(io.TextIOBase):
    """A list of records that is made as it is read."""

    def __init__(self, records: int, record: str) -> None:
        self._left = records
        self._record = record
        self._waiting = "["

    def read(self, size: int | None = -1) -> str:
        """The next piece."""
        while self._left and len(self._waiting) < (size or 0):
            self._left -= 1
            self._waiting += self._record + ("," if self._left else "]")
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece


def test_memory_does_not_grow_with_the_document() -> None:
    """20 MB of records take no more room than 2 MB do."""
    record = json.dumps({"text": "x" * 20_000})

    def peak(records: int) -> int:
        tracemalloc.start()
        stream = cast("IO[str]", Endless(records, record))
        assert len([None for _ in JsonRecords(stream, "")]) == records
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(1_000) < 2 * peak(100)


def test_a_record_that_never_ends_is_refused() -> None:
    """Before it fills the memory."""
    with pytest.raises(JsonError, match="a record of more than 16,777,216 characters"):
        list(JsonRecords(io.StringIO('[{"a": "' + "x" * 3 * LARGEST), ""))


def rows(record: Any, repeat: str | None = None, **keyed: str) -> list[dict[str, str]]:
    """The rows of a record."""
    return list(Records(repeat, keyed).rows(record))


NESTED = {"id": "1", "g": {"a": "x"}, "r": [{"k": "y", "s": [{"v": "1"}, {"v": "2"}]}, {"k": "z"}]}
FLAT = {
    "id": "1",
    "g/a": "x",
    "r": [{"r/k": "y", "r/s": [{"r/s/v": "1"}, {"r/s/v": "2"}]}, {"r/k": "z"}],
}


@pytest.mark.parametrize("record", [NESTED, FLAT])
def test_columns_are_paths_whether_groups_are_objects_or_in_the_names(record: Any) -> None:
    """ODK Central writes the one, KoboToolbox the other."""
    assert rows(record, "r") == [
        {"id": "1", "g/a": "x", "r/k": "y", "r/s/v": "1|2", "@index": "1"},
        {"id": "1", "g/a": "x", "r/k": "z", "@index": "2"},
    ]
    assert rows(record, "r/s") == [
        {"id": "1", "g/a": "x", "r/k": "y", "r/s/v": "1", "@index": "1.1"},
        {"id": "1", "g/a": "x", "r/k": "y", "r/s/v": "2", "@index": "1.2"},
    ]


def test_a_record_without_the_repeat_has_no_row() -> None:
    """Nor has one whose list is empty."""
    assert rows({"id": "1"}, "r") == []
    assert rows({"id": "1", "r": []}, "r") == []


def test_texts_of_values() -> None:
    """As they are written; nothing is a text of nothing."""
    record = {"n": "14.20", "b": True, "no": False, "null": None, "t": " x ", "o": {}}
    assert rows(record) == [
        {"n": "14.20", "b": "true", "no": "false", "null": "", "t": "x", "o": ""}
    ]


def test_lists_are_joined_or_named() -> None:
    """By their members' field, where the mapping says so."""
    answers = [
        {"q": "1", "selection": [{"o": "a"}, {"o": "b", "text": "c|d"}]},
        {"q": "2", "value": "7"},
    ]
    record = {"tags": ["x", "y"], "deep": [["p"], ["q"]], "answers": answers}
    assert rows(record, answers="q") == [
        {
            "tags": "x|y",
            "deep": "p|q",
            "answers/1/q": "1",
            "answers/1/selection/o": "a|b",
            "answers/1/selection/text": "c d",
            "answers/2/q": "2",
            "answers/2/value": "7",
        }
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (["a"], "is a list, not an object"),
        (None, "is null, not an object"),
        ({"r": ["a"]}, "'r' 1 is a plain value, not an object"),
        ({"r@odata.navigationLink": "Submissions('1')/r"}, "export with $expand=*"),
        ({"a": [{"b": "1"}]}, "'a': a member has no 'q'"),
        ({"a": [{"q": "1"}, {"q": "1"}]}, "'a/1/q' is there twice"),
        ({"a": {"1": {"value": "2"}}}, "'a' is an object, not the list that [keyed] names"),
        ({"a": "1"}, "'a' is a plain value, not the list that [keyed] names"),
        ({"g": {"x": "1"}, "g/x": "2"}, "'g/x' is there twice"),
    ],
)
def test_records_that_do_not_fit_are_told(record: Any, message: str) -> None:
    """With the path."""
    with pytest.raises(RowError) as caught:
        rows(record, "r", a="q")
    assert message in str(caught.value)


def lookup(path: Path) -> list[Row]:
    """The rows of a second file."""
    layout = Layout(format="json", records="objects")
    return list(read_table(path, layout, {"code": "lookup", "name": "test"}))


def test_a_second_file_may_be_json(tmp_path: Path) -> None:
    """What a record leaves out is empty."""
    path = tmp_path / "places.json"
    path.write_text('{"objects": [{"code": 7, "name": "x"}, {"code": 8}]}')
    assert lookup(path) == [
        Row("record 1", {"code": "7", "name": "x"}),
        Row("record 2", {"code": "8", "name": ""}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"objects": [1]}', r"places\.json:record 1: is a plain value"),
        (b'{"objects": [{}', r"places\.json:1: the file ends in the midst .* \(after record 1\)"),
        (b'{"objects": ["\xff"]}', r"places\.json:1: not utf-8-sig"),
        (b"\n\n<html>", r"places\.json:3: this is HTML"),
    ],
)
def test_a_json_file_that_does_not_fit_is_told(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """With file and place."""
    path = tmp_path / "places.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        lookup(path)


def test_a_json_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As any other."""
    with pytest.raises(UserError, match=r"none\.json: cannot be read: No such file"):
        lookup(tmp_path / "none.json")
