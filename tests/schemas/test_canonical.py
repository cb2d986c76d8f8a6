"""One spelling of an event's content: the quick one of a digest's lines is the general one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Accepted, read
from schemas.canonical import canonical, data_fields, event_line
from schemas.desk import Notice
from schemas.fields import rfc3339
from schemas.pack import Pack
from tests.contracts.test_accepted import RELEASES, lines_of, pack_of
from tests.packs import small_pack
from tests.strategies import Record, logs


def _check(raw: bytes, pack: Pack) -> bytes:
    found = read(raw, None, pack)
    assert isinstance(found, Accepted)
    event, _, at, _ = found
    line = event_line(event.id, event.source, event.type, at, event.data)
    assert line == canonical(
        {
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "time": rfc3339(at),
            "data": data_fields(event.data),
        }
    )
    return line


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: str(folder.name))
def test_lines_of_all_that_a_release_accepted(folder: Path) -> None:
    """Every type, every optional field there, null and away; times with fractions and offsets."""
    assert {_check(raw, pack_of(folder)) for raw in lines_of(folder)}


@given(logs(1, 10))
def test_lines_of_any_event(log: list[Record]) -> None:
    """Likewise where events collide."""
    for one in log:
        _check(one.raw, small_pack())


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.integers(0, 221_845_391_999_999_999))
def test_lines_of_any_text_at_any_time(text: str, time: int) -> None:
    """Quotes, controls and scripts of all kinds, in the one place where a text is kept as it is."""
    data = Notice(notice_id='"\\', revision=0, text=text)
    whole = {"data": data_fields(data), "id": "<", "source": "'", "time": rfc3339(time), "type": ""}
    assert event_line("<", "'", "", time, data) == canonical(whole)
