"""Rules over a past day: in which order, and when an alert fires."""

from __future__ import annotations

import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.archive.alert_course import AlertCourse, State, seconds
from streams.archive.backfill import Wanted
from streams.archive.rule_order import levels
from streams.commands.backfill import Duration
from streams.packs import load_pack
from streams.rules.files import groups
from streams.rules.model import Alerting, Group, Recording
from tests.dashboards.day import pack

HERE = (("region", "XX-A"),)


@pytest.mark.parametrize("election", ["day", "kazakhstan-2023"])
def test_a_rule_comes_after_all_that_it_reads(election: str) -> None:
    """But for itself; and every rule comes once."""
    made = groups(pack() if election == "day" else load_pack(election))
    found = levels(made)
    assert sum(map(len, found)) == sum(len(group.rules) for group in made)
    left = [rule.record for level in found for rule in level if isinstance(rule, Recording)]
    for level in found:
        for rule in level:
            own = [rule.record] if isinstance(rule, Recording) else []
            read = set(re.findall(r"[a-zA-Z_:][\w:]*", rule.expr)) - set(own)
            assert not read & set(left), rule
        for rule in level:
            if isinstance(rule, Recording):
                left.remove(rule.record)


def test_several_rules_of_one_name_come_before_one_of_it_that_reads_them() -> None:
    """As the verdict that is none of the others."""
    rules = [Recording("a:b:c", "x", {"is": "1"}), Recording("a:b:c", "y unless a:b:c")]
    assert levels([Group("g", rules)]) == [[rules[0]], [rules[1]]]


def test_a_circle_is_an_error() -> None:
    """There is no order then."""
    with pytest.raises(ValueError, match="in a circle"):
        levels([Group("g", [Recording("a:x:y", "b:x:y"), Recording("b:x:y", "a:x:y")])])


def course(wait: str, keep: str, holds: str) -> list[list[State]]:
    """The alerts every 15 seconds, where ``holds`` has an x."""
    rule = Alerting(alert="A", expr="x", labels={}, annotations={}, wait=wait, keep=keep)
    made = AlertCourse(rule)
    return [
        list(made.at(15 * n, {HERE: True} if mark == "x" else {})) for n, mark in enumerate(holds)
    ]


@pytest.mark.parametrize(
    ("wait", "keep", "holds", "expected"),
    [
        ("", "", ".xx.x", ".FF.F"),
        ("30s", "", "xxxx.x", "ppFF.p"),
        ("1m", "", "xx.xxxxxx", "pp.ppppFF"),
        ("", "30s", "xx....x", "FFFF..F"),
        ("30s", "30s", "xx.xxx.x..", "pp.ppFFFFF"),
    ],
)
def test_an_alert_waits_and_stays_as_its_rule_says(
    wait: str, keep: str, holds: str, expected: str
) -> None:
    """Pending (p) until it held for long enough, firing (F) for as long after."""
    states = course(wait, keep, holds)
    assert "".join("F" if s and s[0].firing else "p" if s else "." for s in states) == expected


def test_since_when_is_when_it_began_to_hold() -> None:
    """Also where it was kept meanwhile."""
    states = course("15s", "1m", "xx..xx")
    assert [state.since for (state,) in states] == [0] * 6


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("30s", 30), ("1h30m", 5400)])
def test_durations(text: str, expected: int) -> None:
    """Of Prometheus' rules."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["-5s", "60ms", "1d", "1.5m", "5 m", "x15s", "15sec", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    """Though a part of it would be one: no step of 5 s or of an hour by mistake."""
    with pytest.raises(ValueError, match="is no duration"):
        seconds(text)
    with pytest.raises(click.BadParameter, match="give a part of two hours"):
        Duration().convert(text, None, None)


@given(st.integers(0, 10**6), st.integers(0, 2000), st.sampled_from([1, 15, 60, 300, 7200]))
def test_stretches_are_all_moments_within_their_blocks(start: int, count: int, step: int) -> None:
    """Each moment once, in order, and none beside one of another two hours."""
    first = start // step * step
    span = Wanted(first, first + count * step, step)
    found = list(span.stretches())
    assert [second for stretch in found for second in stretch] == [
        first + n * step for n in range(span.moments)
    ]
    for stretch in found:
        assert len({second // 7200 for second in stretch}) == 1
