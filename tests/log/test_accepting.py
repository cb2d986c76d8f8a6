"""What an operator accepts as missing, as a record; and what tells one record from another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.log.accepting import Acceptance
from streams.log.looking import crc_of
from streams.log.snapshots import Anchor
from streams.tables.digest import accepted_gaps, statement_digest
from streams.tables.partition import Partition
from tests.packs import small_pack

told = st.builds(
    Acceptance,
    st.dictionaries(st.text(), st.integers(0, 2**60)),
    st.dictionaries(st.text(), st.builds(Anchor, st.integers(0, 2**60), st.integers(0, 2**32 - 1))),
    st.text(),
    st.text(),
)


@given(told)
def test_what_was_accepted_is_read_back(acceptance: Acceptance) -> None:
    """All of it."""
    assert Acceptance.parse(acceptance.value()) == acceptance


@given(st.binary())
def test_other_bytes_accept_nothing(value: bytes) -> None:
    """Whoever wrote them."""
    assert Acceptance.parse(value) is None


@pytest.mark.parametrize(
    "value",
    [b"[]", b"{}", b'{"starts": [], "reason": "", "at": ""}', b'{"starts": {"t": "x"}}', b"9"],
)
def test_other_json_accepts_nothing(value: bytes) -> None:
    """Nor does JSON of another shape."""
    assert Acceptance.parse(value) is None


def test_what_is_deleted_later_was_not_accepted() -> None:
    """Up to the start that the operator saw, of the topics that had lost theirs."""
    acceptance = Acceptance({"t": 20}, {"t": Anchor(21, 7)}, "", "")
    covered = [acceptance.covers("t", start, {"t": 7}) for start in (0, 19, 20, 21)]
    assert covered == [True, True, True, False]
    assert not acceptance.covers("u", 1, {})


def test_another_log_was_not_accepted() -> None:
    """Whatever its start: another record stands where the first one was, or none, or it is gone."""
    acceptance = Acceptance({"t": 200}, {"t": Anchor(200, 7)}, "", "")
    another: list[dict[str, int | None]] = [{"t": 8}, {"t": None}, {}, {"u": 7}]
    for crcs in another:
        assert not any(acceptance.covers("t", start, crcs) for start in (1, 100, 200, 201))
        assert acceptance.covers("t", 0, crcs)


def test_where_nothing_was_left_the_start_must_be_the_same() -> None:
    """There was no record to compare: of a log that begins elsewhere nothing is known."""
    acceptance = Acceptance({"t": 20}, {}, "", "")
    assert [acceptance.covers("t", start, {}) for start in (0, 19, 20, 21)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_statement_says_what_is_missing() -> None:
    """Another digest than that of the whole log, which stays what it was."""
    part = Partition(small_pack(), 3)
    whole = statement_digest("c", {}, [])
    assert statement_digest("c", {}, [], accepted_gaps([part])) == whole
    part.gaps = {"t": [(5, 9), (0, 2)]}
    gaps = accepted_gaps([part])
    assert [(gap["from"], gap["to"]) for gap in gaps] == [(0, 2), (5, 9)]
    assert statement_digest("c", {}, [], gaps) != whole


small = st.none() | st.binary(max_size=3)


@given(small, small, small, small)
def test_records_that_differ_are_told_apart(
    key: bytes | None, value: bytes | None, key_2: bytes | None, value_2: bytes | None
) -> None:
    """Also a key from a value, and nothing from an empty one."""
    same = (key, value) == (key_2, value_2)
    assert (crc_of(key, value) == crc_of(key_2, value_2)) == same
