"""Events that a release took are taken today; and each kind of break would be noticed."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from docs.generate import CONTRACTS
from tests.contracts.compatibility import broken, topics_broken
from tests.contracts.documents import (
    PATIENT,
    RELEASED,
    Schema,
    events_of,
    schemas_in,
    today,
    validator,
)

RELEASES = sorted(RELEASED.iterdir()) if RELEASED.is_dir() else []
RELEASED_TYPES = [
    pytest.param(schema, today().get(type_), id=f"{folder.name}-{type_}")
    for folder in RELEASES
    for type_, schema in schemas_in(folder).items()
]


def asyncapi(folder: Path) -> dict[str, Any]:
    """The AsyncAPI document in ``folder``."""
    document: dict[str, Any] = json.loads((folder / "asyncapi.json").read_text(encoding="utf-8"))
    return document


def test_there_is_a_release_to_compare_with() -> None:
    """With none the tests below would prove nothing."""
    assert RELEASES
    assert all(schemas_in(folder) for folder in RELEASES)


@pytest.mark.parametrize(("old", "new"), RELEASED_TYPES)
def test_nothing_is_broken_since_the_release(old: Schema, new: Schema | None) -> None:
    """By comparing the schemas: this says what was broken."""
    assert new is not None, "the type is gone"
    assert not broken(old, new), "\n".join(broken(old, new))


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: str(folder.name))
def test_every_released_type_is_where_it_was(folder: Path) -> None:
    """On the same topic."""
    assert not topics_broken(asyncapi(folder), asyncapi(CONTRACTS))


@pytest.mark.parametrize(("old", "new"), RELEASED_TYPES)
@settings(max_examples=20, suppress_health_check=PATIENT)
@given(data=st.data())
def test_an_event_of_the_release_is_valid_today(
    old: Schema, new: Schema, data: st.DataObject
) -> None:
    """By making events: this would see what the comparison overlooked."""
    event = data.draw(events_of(old))
    assume(validator(old).is_valid(event))
    assert validator(new).is_valid(event), list(validator(new).iter_errors(event))


def test_a_schema_breaks_nothing_of_itself() -> None:
    """Every type of today, and the topics."""
    for schema in today().values():
        assert broken(schema, schema) == []
    assert topics_broken(asyncapi(CONTRACTS), asyncapi(CONTRACTS)) == []


VISIT = "election.observer.visit.v1"
TRIAGE = "election.desk.triage.v1"
NOTICE = "election.desk.notice.v1"
RESTRICTION = "election.observer.restriction.v1"


def edited(type_: str, path: str, value: Any) -> dict[str, Any]:
    """A copy of today's schema with ``value`` at the path; ``...`` takes it away."""
    copy = deepcopy(dict(today()[type_]))
    *parents, last = path.split("/")
    holder: Any = copy
    for part in parents:
        holder = holder[int(part) if part.isdigit() else part]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return copy


VISIT_DATA = "$defs/Visit/properties"
BREAKS = [
    (VISIT, f"{VISIT_DATA}/rating", ..., "event.data.rating: field removed"),
    (VISIT, f"{VISIT_DATA}/revision/type", "string", "was integer, now string"),
    (VISIT, f"{VISIT_DATA}/revision/maximum", 9, "maximum tightened from 1000000000 to 9"),
    (VISIT, f"{VISIT_DATA}/revision/minimum", 1, "minimum tightened from 0 to 1"),
    (VISIT, f"{VISIT_DATA}/phase/enum", ["voting"], "event.data.phase: values no longer taken"),
    (VISIT, f"{VISIT_DATA}/report_id/pattern", "^[a-z]+$", "event.data.report_id: pattern changed"),
    (VISIT, f"{VISIT_DATA}/station/anyOf/0/pattern", "^A$", "event.data.station: pattern changed"),
    (VISIT, f"{VISIT_DATA}/station/anyOf", [{"type": "null"}], "string is no longer taken"),
    (VISIT, f"{VISIT_DATA}/left/anyOf", [{"type": "string"}], "null is no longer taken"),
    (VISIT, f"{VISIT_DATA}/answers/maxProperties", 3, "event.data.answers: maxProperties"),
    (VISIT, f"{VISIT_DATA}/answers/patternProperties", {"^a$": {}}, "form of names changed"),
    (VISIT, "$defs/Visit/required", ["rating"], "event.data.rating: required now"),
    (VISIT, "$defs/Visit/anyOf/1/required", ["left"], "rules between fields changed"),
    (VISIT, "$defs/Visit/minProperties", 9, "minProperties tightened from none to 9"),
    (VISIT, "$defs/Visit/propertyNames", {}, "keywords that the comparison does not know"),
    (VISIT, "additionalProperties", False, "event: unknown fields are refused now"),
    (VISIT, "properties/traceparent", {"type": "string"}, "event.traceparent: others could use"),
    (VISIT, "properties/type/const", "other", "event.type: values no longer taken"),
    (VISIT, "properties/source/enum", ["a"], "event.source: only these values now"),
    (TRIAGE, "$defs/ReportRef/properties/source/pattern", "^u", "event.data.about.source: pattern"),
    (TRIAGE, "$defs/Triage/then/required", ["note"], "rules between fields changed"),
    (NOTICE, "$defs/Notice/properties/text/maxLength", 10, "maxLength tightened from 2000 to 10"),
    (NOTICE, "$defs/Notice/properties/text/minLength", 5, "minLength tightened from 1 to 5"),
    (NOTICE, "properties/time/format", "time", "event.time: format changed"),
]


@pytest.mark.parametrize(("type_", "path", "value", "told"), BREAKS)
def test_each_kind_of_break_is_named(type_: str, path: str, value: Any, told: str) -> None:
    """With the field's path, where it breaks and only there."""
    found = broken(today()[type_], edited(type_, path, value))
    assert any(told in line for line in found), found


GROWTH = [
    (VISIT, f"{VISIT_DATA}/weather", {"type": "string"}),
    (VISIT, f"{VISIT_DATA}/revision/maximum", 10**9),
    (VISIT, f"{VISIT_DATA}/revision/minimum", ...),
    (VISIT, f"{VISIT_DATA}/report_id/pattern", ...),
    (VISIT, "$defs/Visit/anyOf", ...),
    (VISIT, "$defs/Visit/required", ["report_id"]),
    (NOTICE, "$defs/Notice/properties/text/description", "other words"),
    (
        NOTICE,
        "$defs/Notice/properties/revision",
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    ),
]


@pytest.mark.parametrize(("type_", "path", "value"), GROWTH)
def test_growth_is_no_break(type_: str, path: str, value: Any) -> None:
    """New optional data fields, looser bounds, fewer demands, other words."""
    assert broken(today()[type_], edited(type_, path, value)) == []


def test_a_new_value_of_a_list_is_no_break() -> None:
    """Taking one away is."""
    old = today()[TRIAGE]
    values = old["$defs"]["Triage"]["properties"]["status"]["enum"]
    assert broken(old, edited(TRIAGE, "$defs/Triage/properties/status/enum", [*values, "x"])) == []


def test_types_gone_and_moved_are_named() -> None:
    """By the AsyncAPI document."""
    old, new = asyncapi(CONTRACTS), asyncapi(CONTRACTS)
    desk = new["channels"]["desk"]["messages"]
    new["channels"]["observer"]["messages"][NOTICE] = desk.pop(NOTICE)
    del desk[TRIAGE]
    assert sorted(topics_broken(old, new)) == [
        f"{NOTICE}: moved from election.desk to election.observer",
        f"{TRIAGE}: type removed",
    ]
    new["channels"]["official"]["address"] = "other.official"
    assert len(topics_broken(old, new)) == 5


@settings(max_examples=30, suppress_health_check=PATIENT)
@given(data=st.data())
def test_a_break_makes_some_event_invalid(data: st.DataObject) -> None:
    """The generated events are varied enough to see a narrowed list by themselves."""
    old = today()[RESTRICTION]
    path = "$defs/Restriction/properties/phase/enum"
    new = edited(RESTRICTION, path, ["counting", "tabulation"])
    event = data.draw(events_of(old))
    assume(validator(old).is_valid(event))
    seen = event["data"]["phase"] in {"counting", "tabulation"}
    assert validator(new).is_valid(event) == seen
