"""What an operator accepts as missing, as a record; and what tells one record from another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.log.accepting import Acceptance
from streams.log.looking import crc_of
from streams.tables.digest import accepted_gaps, statement_digest
from streams.tables.partition import Partition
from tests.packs import small_pack

told = st.builds(
    Acceptance, st.dictionaries(st.text(), st.integers(0, 2**60)), st.text(), st.text()
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
    acceptance = Acceptance({"t": 20}, "", "")
    assert [acceptance.covers("t", start) for start in (0, 20, 21)] == [True, True, False]
    assert not acceptance.covers("u", 1)


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
