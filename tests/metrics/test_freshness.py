"""The histogram of how fresh the tables are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from streams.metrics.freshness import BUCKETS
from tests.metrics.worlds import TOPICS, metrics, samples, some_examples, value, worker

NAME = "scrutineer_freshness_seconds"


@some_examples
@given(st.lists(st.one_of(st.floats(0, 100), st.sampled_from(BUCKETS[:-1])), max_size=30))
def test_it_counts_as_prometheus_clients_histogram_does(seconds: list[float]) -> None:
    """The same buckets, count and sum for the same durations."""
    registry = CollectorRegistry()
    theirs = Histogram(NAME, "x", ["topic"], registry=registry, buckets=BUCKETS)
    view = worker()
    for topic in TOPICS:
        theirs.labels(topic)
    for duration in seconds:
        theirs.labels(TOPICS[0]).observe(duration)
        view.freshness.observe(TOPICS[0], duration)
    ours, expected = metrics(view), samples(generate_latest(registry))
    for suffix in ("_bucket", "_count", "_sum"):
        assert ours[NAME + suffix] == expected[NAME + suffix]


def test_clocks_that_differ_do_not_count_backwards() -> None:
    """A negative duration is a duration of zero."""
    view = worker()
    view.freshness.observe(TOPICS[1], -3.0)
    found = metrics(view)
    assert value(found, f"{NAME}_sum", topic=TOPICS[1]) == 0
    assert value(found, f"{NAME}_bucket", topic=TOPICS[1], le="0.001") == 1
    assert value(found, f"{NAME}_bucket", topic=TOPICS[0], le="+Inf") == 0
