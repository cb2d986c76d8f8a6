"""Rolls: counting who is silent gives what asking of every post would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.tables.plan import Post, Watch
from streams.tables.standing import Roll
from tests.packs import small_pack
from tests.strategies import nows
from tests.tables.events import us

HALF_HOURS = [us("05:00") + number * 30 * 60_000_000 for number in range(36)]
MOMENTS = st.sampled_from(HALF_HOURS)
POSTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(Post, begins=st.none() | MOMENTS, stays=st.booleans()),
)
NOTES = st.lists(st.tuples(st.sampled_from("abcdefg"), st.none() | MOMENTS), max_size=20)


@given(expected=POSTS, notes=NOTES, now=nows | MOMENTS)
@settings(max_examples=300, deadline=None)
def test_a_roll_counts_what_its_posts_say(
    expected: dict[str, Post], notes: list[tuple[str, int | None]], now: int
) -> None:
    """Silent ones, and the next moment at which there is one more; posts come and go."""
    roll = Roll(expected)
    lasts: dict[str, int | None] = {}
    for key, last in notes:
        roll.note(key, last)
        lasts[key] = last
    watch = Watch(small_pack(), "XX-A", now)
    since = [watch.silent_from(post, lasts.get(key)) for key, post in expected.items()]
    known = [at for at in since if at is not None]
    assert roll.expected == len(expected)
    assert roll.reporting == sum(lasts.get(key) is not None for key in expected)
    assert roll.silent(watch) == sum(at <= now for at in known)
    turns = list(roll.turns(watch))
    assert all(at > now for at in turns)
    assert min(turns, default=None) == min((at for at in known if at > now), default=None)


def test_the_moments_above_meet_the_day() -> None:
    """The polls of the small pack are open at some of them, and closed at others."""
    found = {Watch(small_pack(), "XX-A", now).opened is not None for now in HALF_HOURS}
    assert found == {True, False}
