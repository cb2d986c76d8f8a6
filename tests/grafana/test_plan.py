"""Which annotations there should be, and the steps that make those there are into them."""

from __future__ import annotations

import html
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import rfc3339
from streams.grafana.annotations import (
    Annotation,
    Plan,
    Stored,
    Wanted,
    election_tags,
    key_of,
    notice_key,
    of_notices,
    of_polls,
    plan,
)
from streams.packs import load_pack
from tests.grafana.state import parse_tags

PACK = load_pack("kazakhstan-2023")
REGIONS = ("KZ", "KZ-10", "KZ-75")


def row(notice_id: str = "n", region: str = "KZ", **fields: Any) -> dict[str, Any]:
    """A row of the table `notices`."""
    known = {"source": "urn:desk", "time": "2023-03-19T14:00:00Z", "revision": 0, "text": "Text."}
    return {"region": region, "notice_id": notice_id, **known, **fields}


def carried_out(todo: Plan, stored: list[Stored]) -> list[Stored]:
    """What is in Grafana afterwards."""
    kept = {each.id: each for each in stored}
    free = max(kept, default=0) + 1
    for number, (_, known, (time, tags, text)) in enumerate(todo.changes, free):
        if known is not None:
            del kept[known]
        kept[number] = Stored(number if known is None else known, time, time, tags, text)
    for change in todo.changes:
        if change.outcome == "deleted":
            kept = {key: each for key, each in kept.items() if each.id != change.id}
    return list(kept.values())


def test_a_notice_becomes_an_annotation() -> None:
    """At its moment, in milliseconds; findable by election, notice and region; shown as written."""
    (made,) = of_notices(
        [row(region="KZ-75", text="<5 stations & «да»", time="2023-03-19T14:00:00.123456Z")],
        PACK.id,
    )
    key = notice_key("KZ-75", "urn:desk", "n")
    assert made == Annotation(
        1_679_234_400_123,
        ("scrutineer", "election:kz-2023-03-19", key, "region:KZ-75"),
        "&lt;5 stations &amp; «да»",
    )


def test_a_notice_is_itself_whatever_it_says() -> None:
    """Text, time and revision do not decide which it is; id, source and region do."""
    (first,) = of_notices([row()], PACK.id)
    (second,) = of_notices([row(text="Other.", time="2023-03-19T15:00:00Z", revision=1)], PACK.id)
    assert first.tags == second.tags
    others = [row("m"), row(region="KZ-10"), row(source="urn:other")]
    assert len({first.tags, *(each.tags for each in of_notices(others, PACK.id))}) == 4


def test_of_two_revisions_the_higher_one_counts() -> None:
    """Two workers may both show a notice while one takes over from the other."""
    rows = [row(text="new", revision=2), row(text="old", revision=1)]
    assert [each.text for each in of_notices(rows, PACK.id)] == ["new"]
    assert [each.text for each in of_notices(rows[::-1], PACK.id)] == ["new"]


def test_polls_of_the_reference_pack() -> None:
    """Kazakhstan of 2023 has two time zones: two openings, two closings, each with its regions."""
    made = {(rfc3339(each.time * 1000), each.tags[2]): each.text for each in of_polls(PACK)}
    assert set(made) == {
        ("2023-03-19T01:00:00Z", "polls:open"),
        ("2023-03-19T02:00:00Z", "polls:open"),
        ("2023-03-19T14:00:00Z", "polls:close"),
        ("2023-03-19T15:00:00Z", "polls:close"),
    }
    later = made["2023-03-19T02:00:00Z", "polls:open"]
    assert later.startswith("Polls open in 5 of 21 regions: ")
    first = made["2023-03-19T01:00:00Z", "polls:open"]
    codes = ", ".join((first.partition(": ")[2], later.partition(": ")[2])).split(", ")
    assert sorted(codes) == [code for code in PACK.region_codes() if PACK.polls(code)]


ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128)


@given(ids, ids, ids)
def test_tags_survive_grafana(election: str, source: str, notice_id: str) -> None:
    """No id, whatever is in it, makes a tag that Grafana cuts, drops or refuses for its length."""
    (made,) = of_notices([row(notice_id, source=source)], election)
    assert parse_tags(made.tags) == list(made.tags)
    assert len(str(list(made.tags))) < 300
    assert tuple(made.tags[:2]) == election_tags(election)
    assert all(tag.isascii() and "&" not in tag and "#" not in tag for tag in made.tags)


times = st.integers(1, 3)
texts = st.sampled_from(["a", "b", "<&>"])
notices = st.builds(
    lambda n, region, text, second: row(n, region, text=text, time=f"2023-03-19T14:00:0{second}Z"),
    st.sampled_from("xyz"),
    st.sampled_from(REGIONS),
    texts,
    times,
)
worlds = st.lists(notices, unique_by=lambda each: (each["notice_id"], each["region"]))


def wanted_of(world: list[dict[str, Any]], **known: Any) -> Wanted:
    """All there is to a world."""
    return Wanted([*of_notices(world, PACK.id), *of_polls(PACK)], **known)


@given(worlds, worlds, st.randoms())
def test_a_run_makes_grafana_what_is_wanted_and_a_second_run_does_nothing(
    before: list[dict[str, Any]], after: list[dict[str, Any]], chance: Any
) -> None:
    """Whatever was there, where all regions are known; nothing doubles, nothing is lost."""
    everything: dict[str, Any] = {"regions": set(REGIONS), "polls": True}
    there = carried_out(plan(wanted_of(before, **everything), []), [])
    there += [each._replace(id=each.id + 1000) for each in there if chance.random() < 0.5]
    chance.shuffle(there)
    wanted = wanted_of(after, **everything)
    now = carried_out(plan(wanted, there), there)
    assert sorted((x.time, x.tags, x.text) for x in now) == sorted(wanted.annotations)
    again = plan(wanted, now)
    assert again == Plan([], len(wanted.annotations))


@given(worlds, worlds, st.sets(st.sampled_from(REGIONS)))
def test_only_what_is_known_to_be_gone_is_deleted(
    before: list[dict[str, Any]], after: list[dict[str, Any]], regions: set[str]
) -> None:
    """A notice that is not among the wanted stays, unless its region is known to lack it."""
    there = carried_out(plan(wanted_of(before), []), [])
    now = carried_out(plan(wanted_of(after, regions=regions), there), there)
    told = {(each["notice_id"], each["region"]) for each in after}
    should = {(x["notice_id"], x["region"]) for x in before if x["region"] not in regions} | told
    keys = {notice_key(region, "urn:desk", notice_id) for notice_id, region in should}
    assert {x for each in now for x in each.tags if x.startswith("notice:")} == keys


def test_a_withdrawn_notice_goes_whatever_its_region() -> None:
    """That it was taken back is known of this one alone."""
    there = carried_out(plan(wanted_of([row("x"), row("y")]), []), [])
    gone = frozenset({notice_key("KZ", "urn:desk", "x")})
    todo = plan(wanted_of([], withdrawn=gone), there)
    assert [(each.outcome, key_of(each.annotation.tags, 0)) for each in todo.changes] == [
        ("deleted", *gone)
    ]


def test_of_twins_the_older_one_stays() -> None:
    """Whoever linked to an annotation finds it again; in whatever order Grafana lists them."""
    (made,) = of_notices([row("x")], PACK.id)
    older, newer = (Stored(known, made.time, made.time, made.tags, made.text) for known in (2, 9))
    for there in ([older, newer], [newer, older]):
        (change,) = plan(Wanted([made]), there).changes
        assert (change.outcome, change.id) == ("deleted", 9)


def test_hours_that_were_corrected_move() -> None:
    """An opening that the pack no longer has goes, but only where openings are published."""
    stale = Stored(1, 5, 5, (*election_tags(PACK.id), "polls:open"), "Polls open in X")
    assert plan(Wanted([], polls=False), [stale]).changes == []
    (change,) = plan(Wanted([], polls=True), [stale]).changes
    assert (change.outcome, change.id) == ("deleted", 1)


def test_annotations_of_somebody_else_are_left_alone() -> None:
    """One with our tags but of no kind of ours was made by hand."""
    theirs = Stored(1, 5, 9, (*election_tags(PACK.id), "mine"), html.escape("A break."))
    assert plan(Wanted([], regions=set(REGIONS), polls=True), [theirs]) == Plan([], 0)
