"""Who sends most: told in bounded memory, within the bound that is told with it."""

from __future__ import annotations

import json
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.metrics.senders import TOP, UNLISTED, UNREADABLE, WINDOW, SenderCounts

MANY = [f"urn:org:{number}" for number in range(10_000)]


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_the_largest_of_ten_thousand_are_told_within_the_bound() -> None:
    """Twenty of them, each between its true count and that and the error, which is small."""
    dice = random.Random(1)
    senders = SenderCounts(frozenset(MANY))
    true: Counter[str] = Counter()
    for _ in range(200_000):
        # Twenty send half of all, the first of them most.
        loud = dice.random() < 0.5
        source = MANY[min(int(dice.expovariate(0.2)), 19) if loud else dice.randrange(10_000)]
        true[source] += 1
        senders.count(source)
    told, error = senders.top()
    assert len(told) == TOP
    assert 0 < error <= 200_000 * 0.0035
    for source, events in told.items():
        assert true[source] <= events <= true[source] + error
    least = min(told.values())
    assert all(count <= least for source, count in true.items() if source not in told)
    first = true.most_common(5)
    assert list(told)[:5] == [source for source, _ in first]


@given(st.lists(st.sampled_from(MANY[:30]), max_size=300))
def test_few_sources_are_counted_exactly(sent: list[str]) -> None:
    """As many as a pack lists as a rule."""
    senders = SenderCounts(frozenset(MANY))
    for source in sent:
        senders.count(source)
    told, error = senders.top()
    true = Counter(sent)
    assert error == 0
    assert told.items() <= true.items()
    assert sorted(told.values(), reverse=True) == [n for _, n in true.most_common(TOP)]


def test_what_is_made_up_becomes_no_label() -> None:
    """Sources that the pack does not list are one; a rejected event counts for whom it names."""
    senders = SenderCounts({"urn:org:1"})
    for number in range(3000):
        senders.count(f"urn:made-up:{number}")
    senders.count_raw(b'{"id": "a", "source" : "urn:org:1", "x": {"source": "urn:org:2"}}')
    senders.count_raw(b'{"source":"maria@example.org"}')
    for raw in (
        b"\xff",
        b'{"source": 7}',
        b'{"source": "urn:org:1", ',
        b"[" * 100_000,
        b'{"source": ""}',
        b'["source", "urn:org:1"]',
        b'{"source":"%b"}' % (b"x" * 600),
    ):
        senders.count_raw(raw)
    assert senders.top().events == {UNLISTED: 3001, UNREADABLE: 7, "urn:org:1": 1}


def test_a_rejected_event_counts_for_its_own_source() -> None:
    """Wherever its key stands: a note about another organisation's report names that one too."""
    senders = SenderCounts({"urn:org:1", "urn:org:2"})
    event = {"source": "urn:org:1", "data": {"about": {"source": "urn:org:2"}}}
    for sort in (True, False):
        senders.count_raw(json.dumps(event, sort_keys=sort).encode())
    senders.count_raw(b'{"data": {"note": "\\"source\\":\\"urn:org:2\\""}, "source": "urn:org:1"}')
    senders.count_raw(b'{"data": {"source": "urn:org:2"}}')
    assert senders.top().events == {"urn:org:1": 3, UNREADABLE: 1}


@given(st.binary() | st.text().map(lambda text: json.dumps({"source": text}).encode()))
def test_whatever_was_rejected_is_counted_once(raw: bytes) -> None:
    """Whatever its bytes: nobody's event stops the worker."""
    senders = SenderCounts(frozenset())
    senders.count_raw(raw)
    assert sum(senders.top().events.values()) == 1


def test_a_flood_is_forgotten_after_two_windows() -> None:
    """What is told is of the last whole window and of the one under way."""
    clock = Clock()
    senders = SenderCounts(frozenset(MANY), clock)
    for _ in range(500):
        senders.count("urn:org:1")
    assert senders.top().events == {"urn:org:1": 500}
    clock.now += WINDOW
    senders.count("urn:org:2")
    assert senders.top().events == {"urn:org:1": 500, "urn:org:2": 1}
    clock.now += WINDOW
    assert senders.top().events == {"urn:org:2": 1}
    clock.now += 7.5 * WINDOW
    senders.count("urn:org:3")
    assert senders.top().events == {"urn:org:3": 1}
    assert senders.top() == ({"urn:org:3": 1}, 0)
