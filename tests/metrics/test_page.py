"""The page: the same as prometheus-client's plain collector, kept where nothing changed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from streams.metrics.collector import ViewCollector, registry
from streams.metrics.families import FAMILIES
from streams.metrics.page import deployment
from streams.metrics.text import Lines
from streams.metrics.view import View
from streams.metrics.worker_values import median_of
from streams.tables.buckets import BUCKET
from tests.metrics.worlds import (
    HOMES,
    MINUTE,
    NOON,
    TOPICS,
    fold,
    folded,
    home,
    incident,
    metrics,
    new_page,
    restriction,
    samples,
    some_examples,
    value,
    worker,
)
from tests.packs import small_pack
from tests.strategies import PARTITIONS, Record, logs, nows, official_turnouts

REGIONS = ("XX", "XX-A", "XX-B", "XX-C", "XX-ABROAD")


@given(st.lists(st.lists(st.integers(0, 9) | st.integers(0, 10**6), min_size=1), min_size=1))
def test_the_median_of_several_lists_is_that_of_all_their_numbers(lists: list[list[int]]) -> None:
    """Without putting them together."""
    whole = [number for one in lists for number in one]
    assert median_of([sorted(one) for one in lists]) == median(whole)


def test_a_report_of_another_kind_leaves_the_list_of_restrictions_alone() -> None:
    """Else every scrape walks over all restrictions of the day; a new one is listed."""
    view, page = fold(worker(), [restriction()]), new_page()
    page.render(view)
    before = {code: region.listing for code, region in page.regions.items()}
    assert sum(listing.number for listing in before.values()) == 1
    fold(view, [incident(report_id="other")])
    assert page.render(view) == plain(view)
    assert all(region.listing is before[code] for code, region in page.regions.items())
    fold(view, [restriction(report_id="second")])
    assert page.render(view) == plain(view)
    assert page.regions["XX-A"].listing.number == 2
    assert page.regions["XX-B"].listing is before["XX-B"]


def plain(view: View) -> bytes:
    """The page as prometheus-client renders it, every time anew."""
    return generate_latest(registry(deployment(small_pack(), TOPICS, PARTITIONS), view))


@some_examples
@given(steps=st.lists(st.tuples(logs(max_size=12), nows), min_size=1, max_size=4))
def test_a_kept_page_is_always_what_a_plain_collector_gives(
    steps: list[tuple[list[Record], int]],
) -> None:
    """Byte for byte, whatever comes in between and wherever the clock goes, also backwards."""
    view, page = worker(), new_page()
    for records, now in steps:
        fold(view, records)
        view.now = now
        assert page.render(view) == plain(view)


@some_examples
@given(steps=st.lists(st.tuples(logs(), logs(), st.sets(st.sampled_from(HOMES))), max_size=3))
def test_a_partition_is_shown_as_it_was_when_it_was_taken(
    steps: list[tuple[list[Record], list[Record], set[int]]],
) -> None:
    """Its positions too; the others are as they are when the page is made."""
    view, page = worker(), new_page()
    so_far: list[Record] = []
    for before, after, taken in steps:
        fold(view, before)
        for number in taken:
            page.take(number, view.parts[number], view.now)
        fold(view, after)
        old, new = fold(worker(), so_far + before), fold(worker(), so_far + before + after)
        so_far += before + after
        parts = {n: (old if n in taken else new).parts[n] for n in new.parts}
        assert page.render(view, taken) == plain(replace(new, parts=parts))


def test_a_partition_that_was_made_anew_is_not_shown_as_the_old_one_was() -> None:
    """A state that was dropped between the taking and the page, for another log."""
    view, page = fold(worker(), [incident()]), new_page()
    number = home("XX-A")
    page.take(number, view.parts[number], view.now)
    other = fold(worker(), [restriction()])
    assert page.render(other, {number}) == plain(other)


@some_examples
@given(records=logs(min_size=1), now=nows)
def test_the_parsed_page_has_the_collectors_families(records: list[Record], now: int) -> None:
    """What Prometheus reads are the families and samples that the collector gave."""
    view = fold(worker(now=now), records)
    view.freshness.observe(TOPICS[0], 0.25)
    parsed = list(text_string_to_metric_families(new_page().render(view).decode()))
    collected = list(ViewCollector(deployment(small_pack(), TOPICS, PARTITIONS), view).collect())
    # The text format has no info metrics: they are gauges there, by their whole name.
    assert [f.name.removesuffix("_info") for f in parsed] == [f.name for f in collected]
    for theirs, ours in zip(parsed, collected, strict=True):
        assert theirs.type == ("gauge" if ours.type == "info" else ours.type)
        assert theirs.documentation == ours.documentation
        assert [s[:3] for s in theirs.samples] == [s[:3] for s in ours.samples]


@some_examples
@given(records=logs(min_size=2), seed=st.randoms(use_true_random=False))
def test_a_rebuild_gives_the_identical_election(records: list[Record], seed: random.Random) -> None:
    """Other partition objects filled in another order, on the page that showed the first ones."""
    page = new_page()
    before = page.render(fold(worker(), records))
    again = page.render(fold(worker(), records))
    assert again == before
    seed.shuffle(records)
    shuffled = samples(page.render(fold(worker(), records)))
    expected = samples(before)
    for name in expected:
        if name != "scrutineer_events_total":  # duplicates and superseded depend on the order
            assert shuffled[name] == expected[name]


@some_examples
@given(records=logs(min_size=1), split=st.sets(st.sampled_from(HOMES)))
def test_two_workers_never_export_the_same_region(records: list[Record], split: set[int]) -> None:
    """Disjoint partitions: disjoint series with a region, together those of one worker."""
    left = metrics(fold(worker(split), records))
    right = metrics(fold(worker(set(HOMES) - split), records))
    whole = metrics(fold(worker(), records))
    for name, series in whole.items():
        regional = {k: v for k, v in series.items() if "region" in dict(k)}
        mine = {k: v for k, v in left.get(name, {}).items() if "region" in dict(k)}
        yours = {k: v for k, v in right.get(name, {}).items() if "region" in dict(k)}
        assert not mine.keys() & yours.keys()
        assert mine | yours == regional


def test_a_region_that_is_not_live_has_no_series() -> None:
    """Neither at zero nor otherwise; a partition being rebuilt shows its state alone."""
    view = fold(worker({home("XX-A")}), [incident()])
    view.status = {home("XX-A"): "live", home("XX-B"): "rebuilding"}
    found = metrics(view)
    shown = {dict(k)["region"] for series in found.values() for k in series if "region" in dict(k)}
    assert shown == {code for code in REGIONS if home(code) == home("XX-A")}
    state = {"topic": TOPICS[0], "partition": str(home("XX-B"))}
    assert value(found, "scrutineer_partition_state", state="rebuilding", **state) == 1
    assert value(found, "scrutineer_partition_state", state="live", **state) == 0


def test_a_partition_that_leaves_takes_its_series_with_it() -> None:
    """On the same page, and brings them back when it returns with other tables."""
    page, view = new_page(), fold(worker(), [incident()])
    full = page.render(view)
    parts = dict(view.parts)
    view.parts = {n: p for n, p in parts.items() if n != home("XX-A")}
    assert b'region="XX-A"' not in page.render(view)
    view.parts = worker().parts
    empty = samples(page.render(view))
    gone = {"region": "XX-A", "category": "campaigning", "severity": "unspecified"}
    assert value(empty, "election_incidents", **gone) == 0
    view.parts = parts
    assert page.render(view) == full


def test_a_lost_partition_takes_its_open_restrictions_with_it() -> None:
    """Also where nothing else changed: a worker must not alert for what it no longer has."""
    page, view = new_page(), fold(worker(), [restriction()])
    opened = "election_restriction_opened_timestamp_seconds"
    assert opened in samples(page.render(view))
    view.parts = {n: part for n, part in view.parts.items() if n != home("XX-A")}
    assert opened not in samples(page.render(view))


def test_other_tables_with_as_many_changes_are_seen() -> None:
    """A rebuild makes new tables; that they count as many changes does not make them equal."""
    page = new_page()
    page.render(fold(worker(), [incident(category="campaigning")]))
    found = samples(page.render(fold(worker(), [incident(category="tampering")])))
    where = {"region": "XX-A", "severity": "unspecified"}
    assert value(found, "election_incidents", category="campaigning", **where) == 0
    assert value(found, "election_incidents", category="tampering", **where) == 1


def test_every_family_stands_once_with_its_samples_together() -> None:
    """HELP, TYPE, samples; in the order of the declarations."""
    view = fold(worker(), [incident(), restriction(report_id="r2")])
    heads = [
        line.split()[2]
        for line in new_page().render(view).decode().splitlines()
        if line.startswith("# TYPE")
    ]
    assert heads == [family.name for family in FAMILIES]


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a%sb", 'a\\"', "%"])
def test_label_values_are_escaped(text: str) -> None:
    """A report's id may hold quotes, backslashes and percent signs."""
    found = folded(restriction(report_id=text, station="A-1"))
    (labels,) = found["election_restriction_opened_timestamp_seconds"]
    assert dict(labels)["report_id"] == text


@given(head=st.text(), tail=st.text(), number=st.floats() | st.integers(-5, 5000))
def test_lines_are_written_as_prometheus_client_writes_them(
    head: str, tail: str, number: float
) -> None:
    """Any label value, in the constant part or not, and any number."""

    class Plain(Collector):
        def collect(self) -> Iterable[Metric]:
            family = Metric("x", "", "gauge")
            family.add_sample("x", {"b": head, "a": tail}, number)
            return [family]

    own = CollectorRegistry(auto_describe=False)
    own.register(Plain())
    expected = generate_latest(own).decode().removeprefix("# HELP x \n# TYPE x gauge\n")
    assert Lines("x", ("b", "a"), (head,)).write({(tail,): number}) == expected


def test_text_is_kept_until_something_can_have_changed() -> None:
    """Within a 5-minute step an unchanged region is not looked at again, after it the windows."""
    view, page = fold(worker(), [incident()]), new_page()
    page.render(view)
    # The counts are altered behind the page's back: only a region that is looked at shows it.
    tables = view.parts[home("XX-A")].regions["XX-A"]
    tables.incidents.recent.add(NOON, "tampering")
    tables.incidents.counts["tampering", "low", "voting", "reported"] = 1
    view.now = NOON + BUCKET - 1
    kept = samples(page.render(view))
    recent = {"region": "XX-A", "category": "tampering", "window": "1h"}
    assert value(kept, "election_incidents_recent", **recent) == 0
    assert value(kept, "scrutineer_now_timestamp_seconds") == (NOON + BUCKET - 1) / 1e6
    view.now = NOON + BUCKET
    moved = samples(page.render(view))
    assert value(moved, "election_incidents_recent", **recent) == 1
    assert sum(moved["election_incidents"].values()) == 1
    tables.changes += 1
    changed = samples(page.render(view))
    assert sum(changed["election_incidents"].values()) == 2


def test_the_end_of_the_grace_shows_at_once() -> None:
    """A grace that ends within a 5-minute step closes the restriction there, not after it."""
    view, page = fold(worker(), [restriction()]), new_page()
    over = small_pack().phase_end("XX-A", "voting")
    assert over is not None
    end = over + 60 * MINUTE
    view.now = end
    assert "election_restriction_opened_timestamp_seconds" in samples(page.render(view))
    view.now = end + 1
    closed = samples(page.render(view))
    assert "election_restriction_opened_timestamp_seconds" not in closed
    assert sum(closed["election_restrictions_open"].values()) == 0
    assert sum(closed["election_restrictions"].values()) == 1


def test_a_figure_is_overdue_at_its_very_moment() -> None:
    """Between two 5-minute steps; until then a region is not looked at again."""
    pack = small_pack()
    minutes = pack.judgement.turnout.overdue_minutes
    due = pack.checkpoints[0] + minutes * MINUTE + 1
    view, page = worker(now=due - 1), new_page()
    late = {"region": "XX-B", "finding": "overdue"}
    for now, number in ((due - 1, 0), (due, 1), (due + 1, 1)):
        view.now = now
        assert value(samples(page.render(view)), "election_official_findings", **late) == number


@some_examples
@given(
    records=st.lists(official_turnouts(), max_size=6),
    checkpoint=st.sampled_from(small_pack().checkpoints),
    steps=st.lists(st.sampled_from((-MINUTE, 0, 1, MINUTE)), min_size=4, max_size=8),
)
def test_a_kept_page_is_right_around_every_overdue_moment(
    records: list[Record], checkpoint: int, steps: list[int]
) -> None:
    """The microsecond before it and its own, forwards and back."""
    view, page = fold(worker(), records), new_page()
    due = checkpoint + small_pack().judgement.turnout.overdue_minutes * MINUTE
    for step in steps:
        view.now = due + step
        assert page.render(view) == plain(view)
