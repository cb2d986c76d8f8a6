"""Work that events leave for whoever looks: done in steps, between which more events come."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.tables.hashing import hashed_in_steps
from streams.tables.partition import Partition
from streams.tables.region import RegionTables
from tests import strategies
from tests.packs import small_pack
from tests.strategies import Record
from tests.tables.test_properties import everything, folded

looks = st.lists(st.integers(0, 12), max_size=40)
"""After each event: how many steps are taken."""


def counted(tables: RegionTables) -> dict[str, Any]:
    """All that is kept up in steps."""
    pack = small_pack()
    return {
        "official": tables.official.open_findings(),
        "tally": tables.protocols.tally(pack)._replace(findings={}),
        "findings": +tables.protocols.tally(pack).findings,  # type: ignore[operator]
        "counts": dict(tables.turnout.findings(pack)),
        "reports": tables.heard.reports(),
        "newest": tables.heard.newest(),
        "stations": tables.heard.stations(),
    }


@given(strategies.logs(), looks, strategies.nows)
@settings(max_examples=150, deadline=None)
def test_steps_between_events_change_nothing(
    records: list[Record], steps: list[int], now: int
) -> None:
    """However many of them are taken, and left halfway: the tables are those of the events."""
    part = Partition(small_pack(), 0)
    left = []
    for number, record in enumerate(records):
        part.apply(strategies.accepted(record))
        for tables in part.regions.values():
            going = tables.settle(small_pack())
            list(islice(going, steps[number] if number < len(steps) else 0))
            left.append(going)
    for going in left:  # some that were begun long ago
        list(going)
    (whole,) = folded(records)
    for code, tables in whole.regions.items():
        assert counted(part.regions[code]) == counted(tables)
    assert everything([part], now) == everything([whole], now)


@given(strategies.logs())
@settings(max_examples=60, deadline=None)
def test_once_all_steps_are_taken_a_look_has_nothing_left_to_do(records: list[Record]) -> None:
    (part,) = folded(records)
    for tables in part.regions.values():
        list(tables.settle(small_pack()))
        assert not list(tables.settle(small_pack()))


@given(strategies.logs(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_digest_in_steps_is_of_the_moment_it_began_at(
    records: list[Record], data: st.DataObject
) -> None:
    """Events that come between its steps are not in it, and are in the next."""
    cut = data.draw(st.integers(0, len(records)))
    (part,) = folded(records[:cut])
    was = {code: tables.hashing() for code, tables in part.regions.items()}
    (before,) = folded(records[:cut])
    for steps in was.values():
        list(islice(steps, data.draw(st.integers(0, 2))))
    for record in records[cut:]:
        part.apply(strategies.accepted(record))
    for code, steps in was.items():
        last = [*steps, "taken above"][-2:][0]
        assert last in (before.regions[code].digest(), "taken above")
    (whole,) = folded(records)
    for code, tables in part.regions.items():
        assert [*tables.hashing()][-1] == tables.digest() == whole.regions[code].digest()


def test_many_versions_are_hashed_in_order() -> None:
    """More than a lot of them: runs are merged to what sorting all at once gives."""

    class Line:
        def __init__(self, text: str) -> None:
            self.text = text

        def line(self) -> bytes:
            return self.text.encode()

    lines = [Line(f"{number * 7919 % 10_007:05}") for number in range(2_000)]
    said = list(hashed_in_steps(lines))  # type: ignore[arg-type]
    expected = "".join(f"{text}\n" for text in sorted(line.text for line in lines))
    assert said[-1] == hashlib.sha256(expected.encode()).hexdigest()
    assert len(said) > 8
    assert not any(said[:-1])
    assert list(hashed_in_steps([])) == [hashlib.sha256().hexdigest()]
