"""The published contracts: as the models are, valid documents, and in step with the examples."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import ValidationError

from docs.generate import CONTRACTS, DOCS
from docs.generate.events import example
from schemas import Accepted, Rejected, read
from schemas.envelope import EVENTS, event_adapter
from schemas.published import documents
from streams.packs import load_pack
from streams.tables.versions import TYPE_OF
from tests.contracts.documents import PATIENT, events_of, today, validator
from tests.contracts.specs import asyncapi_schema
from tests.data import ROOT
from tests.packs import small_pack
from tests.schemas.examples import EVENTS_BY_TYPE, changed, encoded, official

ADAPTER = event_adapter()
TYPES = sorted(EVENTS)

BEYOND_SCHEMA = {
    "earlier than": "the order of two times",
    "later than": "the order of two times",
    "not a duplicate of itself": "two fields that must differ",
    "day value is outside expected range": "a day that its month has not",
}
"""What only the models refuse: words of the refusal, and why JSON Schema has none for it."""


def refusals(event: object) -> list[str]:
    """Why the models refuse ``event``; empty when they take it."""
    try:
        ADAPTER.validate_json(json.dumps(event))
    except ValidationError as error:
        return [each["msg"] for each in error.errors()]
    return []


def sayable(messages: list[str]) -> list[str]:
    """Those of the refusals that the schema should have said too."""
    return [each for each in messages if not any(words in each for words in BEYOND_SCHEMA)]


def test_what_is_committed_is_what_the_models_say() -> None:
    """No file differs, lacks or is too many."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in CONTRACTS.iterdir()}
    assert committed == documents(), "schemas/json is out of date: run `make docs`"


def test_the_contracts_travel_in_the_package() -> None:
    """Every committed file is matched by a pattern of the package data."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["schemas"]
    matched = {path for pattern in patterns for path in (ROOT / "schemas").glob(pattern)}
    assert set(CONTRACTS.iterdir()) <= matched


@pytest.mark.parametrize("type_", TYPES)
def test_each_schema_is_a_schema(type_: str) -> None:
    """Of the dialect that it names."""
    Draft202012Validator.check_schema(today()[type_])


@pytest.mark.parametrize("type_", TYPES)
def test_the_documented_example_is_valid_and_accepted(type_: str) -> None:
    """Under the committed schema, as any validator reads it, and by the reader of the log."""
    raw = example(DOCS / "examples", type_)
    Draft202012Validator(today()[type_]).validate(json.loads(raw))
    verdict = read(raw, None, load_pack("kazakhstan-2023"))
    assert isinstance(verdict, Accepted), verdict


@pytest.mark.parametrize("type_", TYPES)
@settings(max_examples=30, suppress_health_check=PATIENT)
@given(data=st.data())
def test_what_the_schema_accepts_the_models_accept(type_: str, data: st.DataObject) -> None:
    """Events made from the schema alone: both say the same but for what is beyond schemas."""
    schema = today()[type_]
    event = data.draw(events_of(schema))
    messages = refusals(event)
    if validator(schema).is_valid(event):
        assert not sayable(messages), messages
    else:
        assert messages


JSON = st.recursive(
    st.sampled_from(
        [None, True, False, 0, -1, 10**30, 0.5, "", " ", "x" * 20_000, "é", "x\n", "٤٢"]
    )
    | st.sampled_from(["KZ-1", "2023-02-29T10:00:00Z", "2023-03-19T24:00:00Z", "1899-12-31T00:00Z"])
    | st.integers()
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@pytest.mark.parametrize("type_", TYPES)
@settings(max_examples=40, suppress_health_check=PATIENT)
@given(data=st.data())
def test_schema_and_models_refuse_the_same_mistakes(type_: str, data: st.DataObject) -> None:
    """A good event with anything in any field, fields taken away, fields unknown."""
    event = EVENTS_BY_TYPE[type_]()
    paths = [name for name in event if name != "type"] + ["subject", "extension", "data.unknown"]
    paths += [f"data.{name}" for name in today()[type_]["$defs"][_model(type_)]["properties"]]
    paths += ["data.about.region", "data.duplicate_of", "data.votes.x", "data.answers.X y"]
    change = st.dictionaries(st.sampled_from(paths), JSON | st.just(...), min_size=1, max_size=2)
    bad = changed(event, data.draw(change))
    assume(bad != event)
    messages = refusals(bad)
    if validator(today()[type_]).is_valid(bad):
        assert not sayable(messages), messages
    else:
        assert messages


def _model(type_: str) -> str:
    return next(model.__name__ for model, name in TYPE_OF.items() if name == type_)


def test_integers_written_as_floats_are_the_one_lexical_difference() -> None:
    """JSON Schema counts 3.0 among the integers; the models take no number that has a point."""
    event = changed(EVENTS_BY_TYPE["election.official.opening.v1"](), {"data.open": 3.0})
    assert validator(today()[event["type"]]).is_valid(event)
    assert refusals(event)


@pytest.mark.parametrize("value", ["٤٢", "४२.५", "42\n"])
def test_only_ascii_digits_are_digits(value: str) -> None:
    """Other scripts' digits and line ends are refused by the models as by the schema."""
    event = changed(official(), {"data.percent": value})
    assert refusals(event)
    assert not validator(today()[event["type"]]).is_valid(event)


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "1899-12-31T23:59:59Z"]
)
def test_a_time_at_the_ends_of_the_calendar_is_refused(type_: str, time: str) -> None:
    """In UTC it would be in a year that no date has, and nothing could show it."""
    event = changed(EVENTS_BY_TYPE[type_](), {"time": time})
    result = read(encoded(event), None, small_pack())
    assert isinstance(result, Rejected)
    assert result.reason == "bad_envelope"
    assert not validator(today()[type_]).is_valid(event)


def test_the_asyncapi_document_is_one() -> None:
    """Under AsyncAPI 3.0's own schema; and every reference leads to something."""
    document = json.loads((CONTRACTS / "asyncapi.json").read_text(encoding="utf-8"))
    Draft7Validator(asyncapi_schema()).validate(document)
    for reference in _references(document):
        if reference.startswith("./"):
            assert (CONTRACTS / reference).is_file(), reference
        else:
            found: Any = document
            for part in reference.removeprefix("#/").split("/"):
                found = found[part]


def test_the_asyncapi_schema_refuses_what_is_none() -> None:
    """The validation above could fail."""
    document = json.loads((CONTRACTS / "asyncapi.json").read_text(encoding="utf-8"))
    document["operations"]["receive_desk"]["action"] = "swallow"
    assert not Draft7Validator(asyncapi_schema()).is_valid(document)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for each in value.values() for found in _references(each)]
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    return []
