"""Values of an event from the texts of a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from streams.sources.importing.table import LookupTable, RowError
from streams.sources.importing.value_model import Value
from streams.sources.importing.values import Values

ALMATY = ZoneInfo("Asia/Almaty")
BERLIN = ZoneInfo("Europe/Berlin")


def make(row: dict[str, str], zone: ZoneInfo | None = None, **value: Any) -> Any:
    """The value that a mapping's table gives for a row."""
    return Values({}, zone).make(Value.model_validate(value), row)


def _offset(zone: ZoneInfo, naive: datetime) -> timedelta:
    offset = zone.utcoffset(naive)
    assert offset is not None
    return offset


def _or(*others: dict[str, object]) -> dict[str, Any]:
    """The table's entry `or`, which is a word of Python's."""
    return {"or": list(others)}


def refusal(row: dict[str, str], zone: ZoneInfo | None = None, **value: Any) -> str:
    """What is said of a row."""
    with pytest.raises(RowError) as caught:
        make(row, zone, **value)
    return str(caught.value)


@given(st.decimals(0, 100, places=2))
def test_a_decimal_stays_as_printed(number: object) -> None:
    """Its zeros too: they say how the figure was rounded."""
    text = str(number)
    assert make({"p": text}, column="p", type="decimal", decimals=2) == text


def test_finer_decimals_are_left_out_only_where_nothing_is_lost() -> None:
    """Elsewhere they are errors."""
    rule: dict[str, Any] = {
        "column": "p", "type": "decimal", "decimals": 2, "finer": "omit", "given": ["a", "b"],
    }  # fmt: skip
    assert make({"p": "35.0091", "a": "1", "b": "2"}, **rule) is None
    assert make({"p": "35.00", "a": "", "b": ""}, **rule) == "35.00"
    said = refusal({"p": "35.0091", "a": "1", "b": ""}, **rule)
    assert said == "column 'p': '35.0091' has more than 2 digits after the point"
    assert "more than 2" in refusal({"p": "1.001"}, column="p", type="decimal", decimals=2)


def test_decimal_commas() -> None:
    """Only where the mapping says so."""
    assert make({"p": "14,21"}, column="p", type="decimal", decimal_comma=True) == "14.21"
    assert "'14,21' is not a decimal number" in refusal({"p": "14,21"}, column="p", type="decimal")


@pytest.mark.parametrize("text", ["", "12.0", "1e3", "1 000", "²", "0x1", "--1", "9" * 30])
def test_what_is_no_whole_number_is_an_error(text: str) -> None:
    """Nothing is coerced."""
    assert refusal({"n": text}, column="n", type="int").startswith("column 'n': ")


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers(number: int) -> None:
    """Leading zeros do no harm."""
    assert make({"n": f"{number:012d}"}, column="n", type="int") == number


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - naive on purpose
    st.sampled_from([ALMATY, BERLIN]),
)
def test_naive_times_are_the_zones(naive: datetime, zone: ZoneInfo) -> None:
    """The moment is that of the zone's clocks, where they had it exactly once."""
    naive = naive.replace(microsecond=0)
    moments = {
        moment
        for hours in range(-2, 3)
        for moment in [naive.replace(tzinfo=UTC) - _offset(zone, naive) + timedelta(hours=hours)]
        if moment.astimezone(zone).replace(tzinfo=None) == naive
    }
    assume(len(moments) == 1)
    text = naive.isoformat(sep=" ")
    assert datetime.fromisoformat(make({"t": text}, zone, column="t", type="time")) in moments


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2021-10-31T02:30:00", "the clocks were changed then"),
        ("2021-03-28T02:30:00", "the clocks were changed then"),
        ("17.09.2021", "is not a time as in RFC 3339; say how with 'format'"),
        ("20210917", "is not a time as in RFC 3339"),
        ("2021-13-01T00:00:00Z", "is not a time"),
    ],
)
def test_times_that_are_none_or_two_are_errors(text: str, message: str) -> None:
    """Nothing is guessed."""
    assert message in refusal({"t": text}, BERLIN, column="t", type="time")


def test_a_time_without_offset_needs_a_zone() -> None:
    """The mapping's, not this machine's."""
    said = refusal({"t": "2021-09-17 15:00"}, column="t", type="time")
    assert "has no offset, and the mapping's [file] no timezone" in said


def test_a_zone_may_be_of_one_value_alone() -> None:
    """Of the text that is taken: an offset still goes before it, and others have the file's."""
    row = {"seen": "2023-03-19T10:00:00", "sent": "2023-03-19T05:00:00", "none": ""}
    almaty = ZoneInfo("Asia/Almaty")
    sent: dict[str, object] = {"column": "sent", "timezone": "Etc/UTC"}
    assert make(row, type="time", column="none", **_or(sent)) == "2023-03-19T05:00:00Z"
    assert make(row, almaty, type="time", column="seen", **_or(sent)).endswith("10:00:00+06:00")
    assert "has no offset" in refusal(row, type="time", column="seen", **_or(sent))
    late = {"type": "seconds", "since": "sent", "column": "seen"}
    assert make(row, almaty, timezone="Etc/UTC", **late) == 5 * 3600
    for wrong in ({"type": "time", "timezone": "Mars"}, {"timezone": "Etc/UTC"}):
        with pytest.raises(ValidationError, match="zone"):
            Value.model_validate({"column": "seen", **wrong})


def test_times_keep_their_own_offset() -> None:
    """Whatever the file's zone is."""
    for text in ("2021-09-17T15:00:00+03:00", "2021-09-17T15:00:00Z"):
        assert make({"t": text}, ALMATY, column="t", type="time") == text


def test_dates_and_times_of_two_columns() -> None:
    """A template joins them, a format reads them."""
    made = make(
        {"day": "19.03.2023", "at": "10:10"},
        ALMATY,
        template="{day} {at}",
        type="time",
        format="%d.%m.%Y %H:%M",
    )
    assert made == "2023-03-19T10:10:00+06:00"


def test_values_of_a_map() -> None:
    """A text that is not in it is an error, unless the mapping names a default."""
    assert make({"c": "a"}, column="c", map={"a": "b"}) == "b"
    assert make({"c": "z"}, column="c", map={"a": "b"}, default="other") == "other"
    assert refusal({"c": "z"}, column="c", map={"a": "b"}) == (
        "column 'c': 'z' is not in the mapping's 'map', which has no 'default'"
    )
    assert make({"c": ""}, column="c", map={"": "b"}) == "b"
    assert "is empty" in refusal({"c": ""}, column="c", map={"a": "b"}, default="other")


def test_empty_values() -> None:
    """Errors, unless the mapping leaves them out or has something else to try."""
    assert "column 'c': is empty" in refusal({"c": ""}, column="c")
    assert make({"c": ""}, column="c", omit_if_empty=True) is None
    assert make({"c": "", "d": "x"}, column="c", **_or({"column": "d"})) == "x"
    assert make({"c": "", "d": ""}, column="c", **_or({"column": "d"}, {"const": 3})) == 3
    assert make({"c": "x", "d": ""}, template="{c}-{d}", omit_if_empty=True) is None


def test_left_out_with_another_column() -> None:
    """Where that one is filled."""
    rule: dict[str, Any] = {"column": "c", "omit_with": "d"}
    assert make({"c": "x", "d": "y"}, **rule) is None
    assert make({"c": "x", "d": ""}, **rule) == "x"


@pytest.mark.parametrize(("text", "value"), [("True", True), ("no", False), ("0", False)])
def test_truth_values(text: str, value: bool) -> None:
    """In the usual spellings; others are errors."""
    assert make({"b": text}, column="b", type="bool") is value
    assert "neither true nor false" in refusal({"b": "maybe"}, column="b", type="bool")


def test_a_lookup_without_a_key_is_empty() -> None:
    """So that the next source is tried."""
    table = LookupTable({"1": {"d": "x"}}, lenient=False, name="r.csv")
    values = Values({"r": table}, None)
    rule = Value.model_validate(
        {"lookup": "r", "key": "k", "column": "d", "or": [{"const": "none"}]}
    )
    assert values.make(rule, {"k": "1"}) == "x"
    assert values.make(rule, {"k": ""}) == "none"
    with pytest.raises(RowError, match=r"'2' is not in r\.csv"):
        values.make(rule, {"k": "2"})


SEALS: Final = ["posted", "sealed", "seal"]


def test_a_multiple_choice() -> None:
    """Whether one choice is among those made; unknown where the question was not answered."""
    row = {"c": "posted sealed", "none": "", "list": "7, 12"}
    assert make(row, column="c", chosen="sealed", among=SEALS) == "yes"
    assert make(row, column="c", chosen="seal", among=SEALS) == "no"
    assert make(row, column="list", chosen="12", among=["2", "12", "7"], separator=",") == "yes"
    assert (
        make(
            row, column="list", chosen="2", among=["2", "12", "7"], separator=",", map={"no": "bad"}
        )
        == "bad"
    )
    assert make(row, column="none", chosen="sealed", among=SEALS, omit_if_empty=True) is None
    assert "is empty" in refusal(row, column="none", chosen="sealed", among=SEALS)


def test_a_choice_that_the_form_got_later_is_no_answer() -> None:
    """Whoever chose it did not say no to the others: it may stand for several of them."""
    row = {"c": "posted all"}
    assert "'all' is no choice" in refusal(row, column="c", chosen="sealed", among=SEALS)
    for wrong in ({"chosen": "x"}, {"chosen": "x", "among": SEALS}, {"among": SEALS}):
        with pytest.raises(ValidationError, match="'chosen' needs 'among'"):
            Value.model_validate({"column": "c", **wrong})


@given(st.integers(0, 999_999), st.integers(0, 999), st.sampled_from(["", "+06:00", "Z"]))
def test_seconds_since_a_column_or_a_time(seconds: int, fraction: int, offset: str) -> None:
    """Whole ones, cut: what is later is never less."""
    start = datetime(2023, 3, 19, 5, 40, 12)  # noqa: DTZ001 - its offset is written behind it
    later = (start + timedelta(seconds=seconds, milliseconds=fraction)).isoformat() + offset
    row = {"at": later, "from": start.isoformat() + offset, "none": ""}
    counted: dict[str, Any] = {"column": "at", "since": "from"}
    assert make(row, UTC_ZONE, type="seconds", **counted) == seconds
    assert make(row, UTC_ZONE, type="minutes", **counted) == seconds // 60
    fixed = make({"at": "2023-03-19T00:00:10"}, UTC_ZONE, **EPOCH)
    assert fixed == 86_410
    assert make(row, column="none", type="seconds", since="from", **_or({"const": 0})) == 0


UTC_ZONE = ZoneInfo("Etc/UTC")
EPOCH: dict[str, Any] = {"column": "at", "type": "seconds", "since": "2023-03-18T00:00:00Z"}


def test_a_time_before_the_one_that_it_counts_from_is_an_error() -> None:
    """A revision is never negative, and has its bound: minutes reach further."""
    said = refusal({"at": "2023-03-17T00:00:00Z"}, **EPOCH)
    assert said.endswith("is before '2023-03-18T00:00:00Z', since when it counts")
    late = {"at": "2054-11-24T01:46:41Z"}
    assert make({"at": "2054-11-24T01:46:40Z"}, **EPOCH) == 1_000_000_000
    assert "a revision is 1,000,000,000 at most" in refusal(late, **EPOCH)
    assert make(late, **{**EPOCH, "type": "minutes"}) == 16_666_666
