"""Reading an event: every reason of the closed list, and never an exception."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Accepted, Origin, Reason, Rejected, read
from schemas.envelope import MAX_EVENT_BYTES
from schemas.fields import TextDigest, microseconds
from schemas.routing import partition_of
from tests.packs import small_pack
from tests.schemas.examples import (
    EVENTS_BY_TYPE,
    RECORD_TIME,
    Change,
    changed,
    encoded,
    incident,
    official,
    origin_of,
    restriction,
    triage,
    turnout,
)

PACK = small_pack()
HOUR = 3600 * 1_000_000


def verdict(event: dict[str, Any], **change: Any) -> Accepted | Rejected:
    """What reading ``event`` comes to as a record on its own topic."""
    origin = origin_of(event)
    return read(encoded(event), origin._replace(**change), PACK)


@pytest.mark.parametrize("name", sorted(EVENTS_BY_TYPE))
def test_an_event_of_each_type_is_accepted_from_its_topic_and_from_a_file(name: str) -> None:
    """With and without an origin a good event is the same event."""
    event = EVENTS_BY_TYPE[name]()
    live = verdict(event)
    offline = read(encoded(event), None, PACK)
    assert isinstance(live, Accepted)
    assert live == offline
    assert live.event.type == name
    assert live.at == microseconds(live.event.time)
    assert not live.skewed


# One line a rule: the event, what is wrong with it, the reason, what the detail must name.
REFUSALS: list[tuple[Reason, dict[str, Any], Change, str]] = [
    ("bad_envelope", incident(), {"specversion": "0.3"}, "specversion"),
    ("bad_envelope", incident(), {"specversion": None}, "specversion"),
    ("bad_envelope", incident(), {"id": ""}, "id"),
    ("bad_envelope", incident(), {"id": 5}, "id"),
    ("bad_envelope", incident(), {"source": ...}, "source"),
    ("bad_envelope", incident(), {"type": ...}, "type"),
    ("bad_envelope", incident(), {"type": 7}, "type"),
    ("bad_envelope", incident(), {"time": ...}, "time"),
    ("bad_envelope", incident(), {"time": "2023-03-19T10:00:00"}, "time"),
    ("bad_envelope", incident(), {"time": 1679200000}, "time"),
    ("bad_envelope", incident(), {"datacontenttype": "text/xml"}, "datacontenttype"),
    ("bad_envelope", incident(), {"subject": "another-report"}, "subject"),
    ("bad_envelope", incident(), {"election": ...}, "election"),
    ("unknown_type", incident(), {"type": "election.observer.rumour.v1"}, "rumour"),
    ("unknown_type", incident(), {"type": "election.observer.incident.v2"}, "incident.v2"),
    ("wrong_election", incident(), {"election": "another"}, "another"),
    ("unknown_source", incident(), {"source": "urn:stranger"}, "urn:stranger"),
    ("unknown_source", official(), {"data.publisher": "stranger"}, "data.publisher"),
    ("unknown_source", triage(), {"data.about.source": "urn:stranger"}, "data.about.source"),
    ("unknown_source", triage(), {"data.about.source": "urn:test:desk"}, "data.about.source"),
    ("invalid_data", incident(), {"data": ...}, "data"),
    ("invalid_data", incident(), {"data": []}, "data"),
    ("invalid_data", incident(), {"data.report_id": ...}, "data.report_id"),
    ("invalid_data", incident(), {"data.revision": "0"}, "data.revision"),
    ("invalid_data", incident(), {"data.revision": -1}, "data.revision"),
    ("invalid_data", incident(), {"data.revision": 10**30}, "data.revision"),
    ("invalid_data", incident(), {"data.revision": 1.0}, "data.revision"),
    ("invalid_data", incident(), {"data.colour": "red"}, "data.colour"),
    ("invalid_data", incident(), {"data.phase": "lunch"}, "data.phase"),
    ("invalid_data", incident(), {"data.observer_group": "friend"}, "data.observer_group"),
    ("invalid_data", incident(), {"data.severity": "huge"}, "data.severity"),
    ("invalid_data", incident(), {"data.category": "not_in_the_pack"}, "data.category"),
    ("invalid_data", incident(), {"data.withdrawn": "yes"}, "data.withdrawn"),
    ("invalid_data", incident(), {"data.description": "x" * 20_000}, "data.description"),
    ("invalid_data", incident(), {"data.region": "lower"}, "data.region"),
    ("invalid_data", restriction(), {"data.kind": "frowned_at"}, "data.kind"),
    ("invalid_data", restriction(), {"data.lifted": "2023-03-18T10:00:00Z"}, "data.lifted"),
    ("invalid_data", turnout(), {"data.cumulative": ...}, "cumulative"),
    ("invalid_data", turnout(), {"data.station": ...}, "data.station"),
    ("invalid_data", turnout(), {"data.contest": "mayor-of-nowhere"}, "data.contest"),
    ("invalid_data", turnout(), {"data.cumulative": -4}, "data.cumulative"),
    ("invalid_data", turnout(), {"data.cumulative": 10**18}, "data.cumulative"),
    ("invalid_data", official(), {"data.voted": ..., "data.percent": ...}, "voted"),
    ("invalid_data", official(), {"data.percent": 54.09}, "data.percent"),
    ("invalid_data", official(), {"data.percent": "54,09"}, "data.percent"),
    ("invalid_data", official(), {"data.contest": "mayor-of-nowhere"}, "data.contest"),
    ("invalid_data", triage(), {"data.status": "duplicate"}, "duplicate_of"),
    ("invalid_data", triage(), {"data.status": "maybe"}, "data.status"),
    ("unknown_region", incident(), {"data.region": "NOWHERE"}, "data.region"),
    ("unknown_region", triage(), {"data.about.region": "NOWHERE"}, "data.about.region"),
    ("unknown_station", incident(), {"data.station": "no-such"}, "data.station"),
]


@pytest.mark.parametrize(("reason", "event", "change", "names"), REFUSALS)
def test_a_bad_event_is_refused_with_its_reason_and_the_wrong_fields_path(
    reason: Reason, event: dict[str, Any], change: Change, names: str
) -> None:
    """The same refusal from the log and from a file; the detail says where."""
    bad = changed(event, change)
    origin = origin_of(event)
    for where in (origin, None):
        result = read(encoded(bad), where, PACK)
        assert isinstance(result, Rejected)
        assert (result.reason, names in result.detail) == (reason, True), result
        assert result.detail.isprintable()


def test_a_station_of_another_region_is_refused() -> None:
    """A station outside its region is a mistake, never a guess."""
    stations = PACK.stations or {}
    event = incident()
    elsewhere = next(s for s in stations.values() if s.region != event["data"]["region"])
    result = verdict(changed(event, {"data.station": elsewhere.id}))
    assert isinstance(result, Rejected)
    assert result.reason == "unknown_station"
    assert elsewhere.region in result.detail


@pytest.mark.parametrize("topic", ["test.observer", "test.desk"])
def test_an_official_figure_on_another_authoritys_topic_is_refused(topic: str) -> None:
    """An observer app can never write an official figure, even in the authority's name."""
    result = verdict(official(), topic=topic)
    assert isinstance(result, Rejected)
    assert result.reason == "wrong_authority"


def test_a_source_may_write_its_own_authoritys_types_only() -> None:
    """An observers' source that publishes turnout is refused on the official topic too."""
    event = changed(official(), {"source": incident()["source"]})
    for where in (origin_of(official()), None):
        result = read(encoded(event), where, PACK)
        assert isinstance(result, Rejected)
        assert result.reason == "wrong_authority"


def test_a_record_with_another_key_or_on_another_partition_is_misrouted() -> None:
    """Only the log knows the partition, so a file cannot be misrouted."""
    event = incident()
    right = partition_of(event["data"]["region"], 12)
    for change in (
        {"key": None},
        {"key": b"OTHER"},
        {"partition": (right + 1) % 12},
    ):
        result = verdict(event, **change)
        assert isinstance(result, Rejected)
        assert result.reason == "misrouted"


def test_a_time_in_the_future_is_judged_by_the_records_time() -> None:
    """Up to the pack's tolerance a clock may be ahead."""
    event = incident()
    at = microseconds(Accepted(*verdict(event)).event.time)
    tolerated = -(-(at - PACK.future_tolerance) // 1000)
    assert isinstance(verdict(event, timestamp=tolerated), Accepted)
    result = verdict(event, timestamp=tolerated - 1)
    assert isinstance(result, Rejected)
    assert result.reason == "future_time"


def test_a_restriction_is_not_lost_to_a_wrong_phone_clock() -> None:
    """Up to 24 h ahead it counts at the record's time and says so; beyond, it is refused."""
    event = restriction()
    printed = verdict(event)
    assert isinstance(printed, Accepted)
    early = (printed.at - 20 * HOUR) // 1000
    skewed = verdict(event, timestamp=early)
    assert isinstance(skewed, Accepted)
    assert (skewed.skewed, skewed.at) == (True, early * 1000)
    far = verdict(event, timestamp=(printed.at - 25 * HOUR) // 1000)
    assert isinstance(far, Rejected)
    assert far.reason == "future_time"


@pytest.mark.parametrize("name", ["as_of", "published"])
def test_an_official_figure_from_the_future_is_refused(name: str) -> None:
    """A figure for a moment that has not come is not one, whatever the envelope says."""
    event = changed(official(), {f"data.{name}": "2035-01-01T00:00:00Z"})
    result = verdict(event)
    assert isinstance(result, Rejected)
    assert result.reason == "future_time"
    assert name in result.detail


def test_an_event_over_64_kib_is_refused_unread() -> None:
    """The limit is in bytes, and the last byte counts."""
    event = incident()
    room = MAX_EVENT_BYTES - len(encoded(changed(event, {"padding": ""})))
    fits = encoded(changed(event, {"padding": "x" * room}))
    assert len(fits) == MAX_EVENT_BYTES
    assert isinstance(read(fits, origin_of(event), PACK), Accepted)
    result = read(fits + b" ", origin_of(event), PACK)
    assert isinstance(result, Rejected)
    assert result.reason == "too_large"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"\x00",
        b"\xff\xfe{}",
        b"{",
        b'{"id": "\xc3\x28"}',
        b'{"id": "\\ud800"}',
        b"{'id': 1}",
        b'{"id": 01}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"9" * 60_000,
        b"{}{}",
    ],
)
def test_what_is_no_json_is_refused_as_such(raw: bytes) -> None:
    """Invalid UTF-8, lone surrogates, NaN, bottomless nesting, endless digits."""
    result = read(raw, None, PACK)
    assert isinstance(result, Rejected)
    assert result.reason == "not_json"


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"3", b"{}"])
def test_json_that_is_no_event_is_a_bad_envelope(raw: bytes) -> None:
    """JSON, but not an envelope."""
    result = read(raw, None, PACK)
    assert isinstance(result, Rejected)
    assert result.reason == "bad_envelope"


def test_extension_attributes_are_left_alone() -> None:
    """Other top-level attributes are CloudEvents' extensions; unknown data fields are errors."""
    event = changed(incident(), {"traceparent": "00-abc", "sequence": 3, "dataschema": "https://x"})
    assert isinstance(verdict(event), Accepted)


def test_nan_hidden_in_an_extension_is_still_not_json() -> None:
    """What one reader takes and another refuses must not be in the log as accepted."""
    raw = encoded(incident())[:-1] + b', "x": NaN}'
    result = read(raw, None, PACK)
    assert isinstance(result, Rejected)
    assert result.reason == "not_json"


def test_a_word_that_looks_like_nan_is_only_a_word() -> None:
    """The word itself may stand in a text."""
    event = changed(incident(), {"data.description": "NaN to Infinity and back"})
    assert isinstance(verdict(event), Accepted)


def test_free_text_does_not_enter_the_event_and_wrong_values_not_the_detail() -> None:
    """Descriptions become digests, and a rejection never repeats what was written."""
    secret = "Ms Example, phone 555"
    accepted = verdict(changed(incident(), {"data.description": secret}))
    assert isinstance(accepted, Accepted)
    assert secret not in repr(accepted)
    assert accepted.event.data.description == TextDigest.of(secret)  # type: ignore[union-attr]
    refused = verdict(changed(incident(), {"data.report_id": secret}))
    assert isinstance(refused, Rejected)
    assert secret not in refused.detail


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1.0", "election.observer.incident.v1", "R", "\x1b[2J", "2023-03-19"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
PATHS = st.sampled_from(
    ["id", "source", "type", "time", "subject", "election", "specversion", "data", "extra"]
    + sorted({f"data.{name}" for make in EVENTS_BY_TYPE.values() for name in make()["data"]})
    + [f"data.{name}" for name in ("interval", "x\n", "duplicate_of", "commission", "withdrawn")]
    + ["data.about.source", "data.about.region", "data.votes.a", "data.votes.ё", "data.answers.Q"]
)
GOOD = st.sampled_from([make() for make in EVENTS_BY_TYPE.values()])
REASONS = frozenset(get_args(Reason))


def is_total(raw: bytes) -> None:
    """Reading comes to a verdict, the same each time."""
    for origin in (None, Origin("test.observer", 3, 12, b"R", RECORD_TIME)):
        result = read(raw, origin, PACK)
        assert isinstance(result, Accepted) or result.reason in REASONS
        if isinstance(result, Rejected):
            assert result.detail.isprintable()
            assert len(result.detail.encode()) <= 1024
            assert result.type is None or result.type.isprintable()
        assert read(raw, origin, PACK) == result


@given(st.binary(max_size=300))
def test_random_bytes_come_to_a_verdict(raw: bytes) -> None:
    """Noise is rejected, not raised."""
    is_total(raw)


@given(GOOD, st.lists(st.tuples(PATHS, JSON | st.just(...)), min_size=1, max_size=3))
@settings(max_examples=400)
def test_an_event_with_anything_anywhere_comes_to_a_verdict(
    event: dict[str, Any], changes: list[tuple[str, Any]]
) -> None:
    """Whatever JSON value stands in whichever field."""
    is_total(encoded(changed(event, dict(changes))))


@given(GOOD, st.data())
@settings(max_examples=400)
def test_an_event_with_broken_bytes_comes_to_a_verdict(
    event: dict[str, Any], data: st.DataObject
) -> None:
    """Bytes cut, doubled, flipped or inserted."""
    raw = encoded(event)
    at = data.draw(st.integers(0, len(raw)))
    to = data.draw(st.integers(at, min(len(raw), at + 40)))
    is_total(raw[:at] + data.draw(st.binary(max_size=20)) + raw[to:])


@given(GOOD)
def test_the_last_of_two_equal_keys_counts(event: dict[str, Any]) -> None:
    """One rule for readers and for the diagnosis of refusals."""
    first = json.dumps({"type": "election.observer.rumour.v1", "id": 5}).encode()[:-1]
    result = read(first + b"," + encoded(event)[1:], None, PACK)
    assert isinstance(result, Accepted)
