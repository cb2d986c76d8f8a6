"""Times, identifiers and free text at the door."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.fields import (
    Identifier,
    PercentText,
    PlaceId,
    RegionCode,
    TextDigest,
    Timestamp,
    microseconds,
    moment,
    rfc3339,
)

TIMES = TypeAdapter(Timestamp)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=OFFSETS,
)


@given(MOMENTS)
def test_a_moment_survives_the_way_through_text_and_microseconds(when: datetime) -> None:
    """No digit is lost between RFC 3339, datetime and integer microseconds."""
    read = TIMES.validate_json(json.dumps(when.isoformat()))
    assert read == when
    assert microseconds(read) == (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )
    assert moment(microseconds(read)) == when
    assert TIMES.validate_json(json.dumps(rfc3339(microseconds(read)))) == when


@pytest.mark.parametrize(
    "text",
    [
        "1700000000",
        "2023-03-19",
        "2023-03-19T10:00:00",
        "2023-03-19 10:00:00Z",
        "2023-02-30T10:00:00Z",
        "2023-03-19T24:00:01Z",
        "2023-03-19T10:00Z",
        "2023-03-19T10:00:00+25:00",
        # In UTC these are no dates of the calendar any more: nothing could show them.
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "٢٠٢٣-03-19T10:00:00Z",
        "",
    ],
)
def test_what_is_no_rfc3339_time_with_an_offset_is_refused(text: str) -> None:
    """A Unix time in quotes, a naive time and an impossible date are no event times."""
    with pytest.raises(ValidationError):
        TIMES.validate_json(json.dumps(text))


@pytest.mark.parametrize("value", [1700000000, 1.5, None, True, [], {}])
def test_a_time_is_text(value: object) -> None:
    """Numbers are not times."""
    with pytest.raises(ValidationError):
        TIMES.validate_json(json.dumps(value))


@given(st.text(max_size=200))
def test_free_text_is_kept_as_its_digest_only(text: str) -> None:
    """The state can prove what was said without holding it."""
    digest = TypeAdapter(TextDigest).validate_python(text)
    assert digest == hashlib.sha256(text.encode()).digest()
    assert len(digest) == 32


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (RegionCode, ["KZ-61", "A", "SPB-1"], ["", "kz-61", "KZ 61", "KZ-61\n", "K" * 33, "Ж"]),
        (PlaceId, ["12", "KZ-61/0042", "a.b_c-D"], ["", "a b", "a\n", "x" * 65, "\x1b[31m"]),
        (Identifier, ["r-1", "urn:uuid:1", "!~"], ["", "a b", "a\tb", "é", "x" * 129, "a\n"]),
        (
            PercentText,
            ["0", "54.09", "100.0", "101.5"],
            ["", "54,09", "-1", "1e3", ".5", "5.", "NaN"],
        ),
    ],
)
def test_codes_hold_nothing_that_could_forge_a_screen_or_a_label(
    kind: Any, good: list[str], bad: list[str]
) -> None:
    """Codes are printable ASCII without spaces, with a bound."""
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    for text in good:
        assert adapter.validate_json(json.dumps(text)) == text
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_json(json.dumps(text))


@pytest.mark.parametrize("text", ["٤١.٠", "41,0", "41.", ".5", "1e1", "-1", "+1", "41 ", "nan"])
def test_a_percentage_is_a_plain_decimal(text: str) -> None:
    """ASCII digits, at most one point, no sign."""
    with pytest.raises(ValidationError):
        TypeAdapter(PercentText).validate_python(text)
