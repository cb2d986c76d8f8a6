"""The manifest alone: whatever is done to its entries shows."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.archive.manifest import (
    Head,
    Manifest,
    ManifestError,
    Segment,
    head_chain,
    parse,
    problems,
    segment_name,
)
from tests.archive.made import TOPICS, head


@cache
def _head() -> Head:
    return head()


def segment(topic: str, partition: int, base: int, end: int) -> Segment:
    """A segment of a file that nobody looks at."""
    return Segment(
        file=segment_name(topic, partition, base),
        topic=topic,
        partition=partition,
        base=base,
        first=base,
        last=end - 1,
        next=end,
        count=end - base,
        earliest=base,
        latest=end,
        anchor="a" * 64,
        bytes=7,
        sha256=f"{base:064x}",
    )


@cache
def whole() -> Manifest:
    """Nine segments of three places."""
    made = [segment(topic, 1, base, base + 10) for base in (0, 10, 20) for topic in TOPICS.inputs]
    return Manifest(head=_head()).grown(made)


def problems_of(manifest: Manifest) -> list[str]:
    """As texts, file first."""
    return [f"{each.file}: {each.what}" for each in problems(manifest, manifest.encoded())]


def test_what_was_written_is_whole() -> None:
    """And is read as it was written."""
    assert problems_of(whole()) == []
    assert parse(whole().encoded()) == whole()


def test_growing_keeps_the_chain() -> None:
    """The chain of an older manifest is among those of the newer: it can be published early."""
    early = Manifest(head=_head()).grown(link.segment for link in whole().segments[:4])
    assert early.chain == whole().segments[3].chain
    assert Manifest(head=_head()).chain == head_chain(_head())


@given(st.permutations(range(9)))
def test_any_other_order_is_found(order: list[int]) -> None:
    """At the first entry that stands elsewhere."""
    links = whole().segments
    moved = whole().model_copy(update={"segments": tuple(links[n] for n in order)})
    found = problems_of(moved)
    first = next((n for n, m in enumerate(order) if n != m), None)
    if first is None:
        assert found == []
    else:
        assert found[0].startswith(f"manifest.json: segment {first} ")


@given(st.integers(0, 7))
def test_a_removed_entry_is_found(number: int) -> None:
    """Where it was, and which offsets are missing if others of its place follow."""
    links = list(whole().segments)
    gone = links.pop(number).segment
    found = problems_of(whole().model_copy(update={"segments": tuple(links)}))
    assert found[0].startswith(f"manifest.json: segment {number} ({links[number].segment.file})")
    if any(link.segment.place == gone.place for link in links[number:]):
        missing = f"offsets {gone.base} to {gone.next - 1} are missing"
        assert any(missing in each for each in found)


@given(st.integers(0, 7))
def test_a_removed_entry_is_found_even_if_the_chain_was_made_anew(number: int) -> None:
    """By the offsets that no longer follow each other, unless it was the last of its place."""
    left = [link.segment for n, link in enumerate(whole().segments) if n != number]
    gone = whole().segments[number].segment
    found = problems_of(Manifest(head=_head()).grown(left))
    followed = any(each.place == gone.place and each.base > gone.base for each in left)
    assert bool(found) == followed


def test_an_entry_twice_is_found() -> None:
    """As what it is."""
    links = [link.segment for link in whole().segments]
    found = problems_of(Manifest(head=_head()).grown([*links, links[-1]]))
    assert any("listed twice" in each for each in found)
    assert any("offsets from 20 are there twice" in each for each in found)


@given(
    st.integers(0, 8), st.sampled_from(["first", "count", "latest", "sha256", "bytes", "anchor"])
)
def test_an_edited_entry_is_found(number: int, field: str) -> None:
    """Whatever field it is."""
    edited: Any = copy.deepcopy(whole().model_dump(mode="json", exclude_none=True))
    value = edited["segments"][number]["segment"][field]
    edited["segments"][number]["segment"][field] = "f" * 64 if isinstance(value, str) else value + 1
    manifest = Manifest.model_validate_json(Manifest.model_validate(edited, strict=False).encoded())
    assert any(each.segment == number for each in problems(manifest, manifest.encoded()))


def test_another_head_is_found() -> None:
    """The chain begins with what is archived."""
    other = whole().model_copy(update={"head": _head().model_copy(update={"election": "x"})})
    assert "the chain breaks between the head and it" in problems_of(other)[0]


def test_a_segment_that_belongs_elsewhere_is_found() -> None:
    """Of another topic, another partition, or under another name."""
    for strange in (
        segment("other.observer", 0, 0, 3),
        segment(TOPICS.observer, 3, 0, 3),
        segment(TOPICS.observer, 0, 0, 3).model_copy(update={"file": "segments/x.avro"}),
    ):
        found = problems_of(Manifest(head=_head()).grown([strange]))
        assert "does not belong to" in found[0]


def test_another_spelling_is_found() -> None:
    """The same content with other spaces was not written by the archiver."""
    raw = whole().encoded()
    (found,) = problems(whole(), raw.replace(b",", b", ", 1))
    assert "was edited" in found.what


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"\xff", b'{"head": 3}'])
def test_what_is_no_manifest_is_told(raw: bytes) -> None:
    """In a sentence."""
    with pytest.raises(ManifestError):
        parse(raw)


@given(st.data())
def test_any_flipped_byte_is_found(data: st.DataObject) -> None:
    """It is no manifest any more, or one with problems."""
    raw = bytearray(whole().encoded())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        found = parse(bytes(raw))
    except ManifestError:
        return
    assert next(problems(found, bytes(raw)), None) is not None
