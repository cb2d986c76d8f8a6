"""Dead letters: what is written can be read back, whatever was rejected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Reason, Rejected
from streams.log.clients import MAX_LETTER_BYTES, MAX_REQUEST_BYTES
from streams.log.dead_letter import (
    MAX_DETAIL,
    Done,
    Headers,
    Letter,
    LetterError,
    cut,
    is_mark,
    letter,
    letter_key,
)
from streams.settings import TopicSettings


@dataclass
class Record:
    """What a consumer gives: the attributes a letter is read from."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = 1_679_200_000_000


# Lone surrogates included: JSON can carry them into a detail, UTF-8 cannot carry them out.
texts = st.text(st.characters(), max_size=2000)
places = st.tuples(
    st.from_regex(r"[a-z.-]{1,40}", fullmatch=True), st.integers(0, 999), st.integers(0, 2**62)
)
rejections = st.builds(
    Rejected,
    reason=st.sampled_from(get_args(Reason)),
    detail=texts,
    type=st.none() | texts,
)


def as_record(written: tuple[bytes, bytes, Headers]) -> Record:
    """The record that a consumer gets of what a producer was given."""
    key, value, headers = written
    return Record(key, value, tuple(headers))


@given(
    raw=st.binary(max_size=300), key=st.none() | st.binary(max_size=50), why=rejections, at=places
)
def test_round_trip(raw: bytes, key: bytes | None, why: Rejected, at: tuple[str, int, int]) -> None:
    """Any bytes, any detail, any place come back; the detail at most 1 KiB of UTF-8."""
    back = Letter.parse(as_record(letter(raw, key, why, *at)))
    assert (back.value, back.key, back.reason) == (raw, key, why.reason)
    assert (back.topic, back.partition, back.offset) == at
    assert (back.length, back.truncated) == (len(raw), False)
    assert back.sha256 == hashlib.sha256(raw).hexdigest()
    assert len(back.detail.encode()) <= MAX_DETAIL
    assert (back.type is None) == (why.type is None)


@given(text=texts, limit=st.integers(0, 40))
def test_a_cut_ends_between_characters(text: str, limit: int) -> None:
    """What is left is valid UTF-8, the beginning of the text, and as long as it can be."""
    whole = text.encode("utf-8", "replace")
    left = cut(text, limit)
    assert left.decode() == whole.decode()[: len(left.decode())]
    assert len(left) <= limit
    assert left == whole or len(left) > limit - 4


def test_the_letter_of_the_same_event_has_the_same_key() -> None:
    """Twice is the same letter, also when the reason has changed since."""
    first = letter(b"x", None, Rejected("not_json", "a", None), "e.desk", 3, 7)
    again = letter(b"x", None, Rejected("bad_envelope", "b", "t"), "e.desk", 3, 7)
    assert first[0] == again[0] == b"e.desk/3/7"


def test_an_event_over_the_limit_is_whole_and_a_huge_one_is_cut() -> None:
    """64 KiB over the input limit still fits whole; beyond, the letter says what it lacks."""
    why = Rejected("too_large", "", None)
    whole = Letter.parse(as_record(letter(b"a" * MAX_LETTER_BYTES, None, why, "t", 0, 0)))
    assert not whole.truncated
    assert whole.length == len(whole.value) == MAX_LETTER_BYTES
    raw = b"b" * (MAX_LETTER_BYTES + 1)
    part = Letter.parse(as_record(letter(raw, None, why, "t", 0, 0)))
    assert part.truncated
    assert part.value == raw[:MAX_LETTER_BYTES]
    assert (part.length, part.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())


def test_the_largest_letter_fits_into_a_request() -> None:
    """All headers at their longest, a topic name of 249 characters: a producer may send it."""
    why = Rejected("unknown_station", "ж" * 5000, "t" * 5000)
    key, value, headers = letter(b"x" * 10**6, b"k" * 10**5, why, "t" * 249, 2**31 - 1, 2**63 - 1)
    size = len(key) + len(value) + sum(len(name) + len(text) + 10 for name, text in headers)
    assert size + 200 < MAX_REQUEST_BYTES


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"headers": ()}, "header 'topic' is missing"),
        ({"key": b"t/0/1"}, "differs from its headers"),
        ({"key": None}, "differs from its headers"),
        ({"headers": (("topic", b"\xff"), ("partition", b"0"), ("offset", b"0"))}, "utf-8"),
        ({"headers": (("topic", b"t"), ("partition", b"x"), ("offset", b"0"))}, "invalid literal"),
    ],
)
def test_what_is_no_letter_is_refused(change: dict[str, object], said: str) -> None:
    """A foreign record is told from a letter, in one line."""
    good = as_record(letter(b"raw", None, Rejected("not_json", "d", None), "t", 0, 0))
    with pytest.raises(LetterError, match=said):
        Letter.parse(Record(**{**vars(good), **change}))


@given(at=places, sent=texts.map(lambda text: text[:99]), edited=st.booleans())
def test_a_mark_comes_back_and_is_never_taken_for_a_letter(
    at: tuple[str, int, int], sent: str, edited: bool
) -> None:
    """Under a key that no letter has, so that a letter written again leaves it."""
    name = letter_key(*at).decode()
    mark = Done(name, sent, "0" * 64, edited)
    key, value = mark.record()
    assert is_mark(key)
    assert not is_mark(name.encode())
    assert Done.parse(Record(key, value, (), 5)) == mark._replace(timestamp=5)


@given(prefix=st.from_regex(r"[A-Za-z0-9._-]{1,200}", fullmatch=True) | st.just("done"))
def test_no_inputs_letter_has_the_key_of_a_mark(prefix: str) -> None:
    """Whatever the topics are called: their names go on after the prefix with a dot."""
    for topic in TopicSettings(prefix=prefix).inputs:
        assert not is_mark(letter_key(topic, 0, 5))


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"3", b"[]", b"{}", b"[" * 60_000])
def test_what_is_no_mark_is_told(value: bytes | None) -> None:
    """In one line."""
    with pytest.raises(LetterError, match="no mark"):
        Done.parse(Record(b"done/a/1/2", value, ()))
