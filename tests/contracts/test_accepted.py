"""What a release accepted is accepted today, by the rules that no schema can say too.

``test_compatibility`` compares schemas. The rules between fields live in the models and in what is
held against the pack; here events go all the way through the reader of the log: the corpus that the
release accepted, and events made from its schemas.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas import Accepted, Rejected, admission, read
from schemas.desk import Complaint, Triage
from schemas.envelope import Event
from schemas.observer import ObservedProtocol, ObservedTurnout, Visit
from schemas.official import OfficialTurnout, Opening
from schemas.pack import Pack, parse_pack
from streams.tables.versions import TYPE_OF
from tests.contracts.beyond import fitted, refused
from tests.contracts.corpus import ACCEPTED, PACK, SEED, corpus, encoded, expected, features
from tests.contracts.documents import (
    PATIENT,
    RELEASED,
    Schema,
    events_of,
    schemas_in,
    validator,
)
from tests.packs import small_pack

RELEASES = sorted(RELEASED.iterdir())
SIZE = 200_000
"""Bytes that the corpus of a release may take."""

every_release = pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: str(folder.name))


@cache
def pack_of(folder: Path) -> Pack:
    """The election that the corpus of a release is of, as it was then."""
    return parse_pack(
        {path.name: path.read_text(encoding="utf-8") for path in (folder / PACK).iterdir()}
    )


@cache
def lines_of(folder: Path) -> tuple[bytes, ...]:
    """What a release accepted."""
    return tuple((folder / ACCEPTED).read_bytes().splitlines())


def no_longer_accepted(folder: Path) -> list[str]:
    """The check: each event of a release that is refused today, with the reason."""
    pack = pack_of(folder)
    return [
        f"{folder.name}/{ACCEPTED}:{number}: {verdict.type}: {verdict.reason}: {verdict.detail}"
        for number, line in enumerate(lines_of(folder), 1)
        if isinstance(verdict := read(line, None, pack), Rejected)
    ]


@every_release
def test_what_the_release_accepted_is_accepted_today(folder: Path) -> None:
    """Line by line of what was kept of it."""
    broken = no_longer_accepted(folder)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("folder", "schema"),
    [
        pytest.param(folder, schema, id=f"{folder.name}-{type_}")
        for folder in RELEASES
        for type_, schema in schemas_in(folder).items()
    ],
)
@settings(max_examples=20, suppress_health_check=PATIENT)
@given(data=st.data())
def test_an_event_of_the_released_form_is_accepted_today(
    folder: Path, schema: Schema, data: st.DataObject
) -> None:
    """Made from the released schema: what it allows and no rule of the release refuses."""
    event = data.draw(fitted(events_of(schema)))
    assume(validator(schema).is_valid(event))
    assume(not refused(event))
    verdict = read(encoded(event), None, pack_of(folder))
    assert isinstance(verdict, Accepted), (verdict, event)


@every_release
def test_the_corpus_is_whole(folder: Path) -> None:
    """Every type; each optional field there, null and away; each value; two numbers in any order.

    All of it is of the released form, and small enough to be kept.
    """
    by_type: dict[str, list[dict[str, Any]]] = {}
    for line in lines_of(folder):
        event = json.loads(line)
        by_type.setdefault(event["type"], []).append(event)
    schemas = schemas_in(folder)
    assert by_type.keys() == schemas.keys()
    for type_, schema in schemas.items():
        found = {each for event in by_type[type_] for each in features(event, schema)}
        assert expected(schema) <= found, expected(schema) - found
        assert all(validator(schema).is_valid(event) for event in by_type[type_])
    assert (folder / ACCEPTED).stat().st_size <= SIZE


@every_release
def test_no_event_of_the_corpus_is_refused_by_the_rules_of_the_release(folder: Path) -> None:
    """Else the made events above would leave out what the release accepted."""
    assert not [line for line in lines_of(folder) if refused(json.loads(line))]


def test_the_way_to_make_a_corpus_works() -> None:
    """As at a release: accepted events alone, and the same ones again for the same seed."""
    types = ("election.clock.v1", "election.observer.visit.v1")
    schemas = {type_: schemas_in(RELEASES[-1])[type_] for type_ in types}
    lines = corpus(schemas, small_pack(), 60)
    assert {json.loads(line)["type"] for line in lines} == set(types)
    assert all(isinstance(read(line, None, small_pack()), Accepted) for line in lines)
    assert lines == corpus(schemas, small_pack(), 60), SEED


def more(model: type, rule: Callable[[Any], bool]) -> Callable[[Any], None]:
    """The model's rules, and one more."""
    before: Callable[[Any], None] = model.__post_init__  # type: ignore[attr-defined]

    def check(data: Any) -> None:
        before(data)
        if not rule(data):
            raise ValueError("the new rule")

    return check


def above(a: int | None, b: int | None) -> bool:
    """Whether both are known and the first is the larger."""
    return a is not None and b is not None and a > b


NEW_RULES = [
    (OfficialTurnout, lambda d: not above(d.voted, d.registered)),
    (OfficialTurnout, lambda d: d.percent is None or d.registered is not None),
    (OfficialTurnout, lambda d: d.published is None or d.published >= d.as_of),
    (ObservedTurnout, lambda d: not above(d.cumulative, d.registered)),
    (ObservedTurnout, lambda d: d.interval is None or d.registered is not None),
    (ObservedProtocol, lambda d: not above(d.invalid, d.spoiled)),
    (ObservedProtocol, lambda d: d.votes is None or sum(n for _, n in d.votes) == d.valid),
    (Visit, lambda d: d.rating is None or d.left is not None),
    (Visit, lambda d: d.left is None or d.left > d.arrived),
    (Visit, lambda d: d.station is None or d.commission is None),
    (Triage, lambda d: d.status != "escalated" or d.severity is not None),
    (Triage, lambda d: d.duplicate_of is None or d.duplicate_of.region == d.about.region),
    (Complaint, lambda d: d.published is None or d.outcome is not None),
    (Complaint, lambda d: d.decided is None or d.decided > d.filed),
]


@pytest.mark.parametrize(("model", "rule"), NEW_RULES)
def test_a_new_rule_between_fields_is_noticed(
    model: type, rule: Callable[[Any], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a model, where its schema does not show it: by the corpus of every release."""
    monkeypatch.setattr(model, "__post_init__", more(model, rule))
    type_ = TYPE_OF[model]
    for folder in RELEASES:
        broken = no_longer_accepted(folder)
        assert broken
        assert all(type_ in line and "the new rule" in line for line in broken)


def test_a_new_rule_beside_the_models_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where events are held against the pack: more stations open than expected."""

    def check(event: Event, data: Opening, pack: Pack) -> Rejected | None:
        if above(data.open, data.expected):
            return Rejected("invalid_data", "the new rule", event.type)
        return None

    monkeypatch.setitem(admission._CHECKS, Opening, check)
    for folder in RELEASES:
        broken = no_longer_accepted(folder)
        assert broken
        assert all("election.official.opening.v1" in line for line in broken)
