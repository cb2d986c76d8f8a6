"""Verifying an archive: all that is wrong with it, by file; and saving what is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from streams.archive.manifest import (
    MANIFEST,
    PACK,
    Lost,
    Manifest,
    ManifestError,
    Place,
    Problem,
    Segment,
    head_chain,
    parse,
    problems,
)
from streams.archive.segments import SegmentError, read_segment
from streams.archive.signing import signature_problem
from streams.archive.store import Store
from streams.errors import UserError


class Verdict(NamedTuple):
    """What verifying came to. ``manifest``: None where it cannot be read.

    ``authentic``: whether the signature is of this manifest, and all as it was asked for.
    """

    manifest: Manifest | None
    problems: list[Problem]
    authentic: bool = True


class Expected(NamedTuple):
    """What the verifier knows from elsewhere: whose key, and a chain that was published."""

    key: Ed25519PublicKey | None = None
    chain: str | None = None


def verify(store: Store, expected: Expected, progress: Callable[[int], None]) -> Verdict:
    """Look at every byte. ``progress`` is told how many segments have been looked at.

    UserError: there is nothing at all.
    """
    names = store.names()
    if not names:
        raise UserError(f"{store.where}: there is no archive")
    try:
        raw = store.read(MANIFEST)
        manifest = parse(raw)
    except FileNotFoundError:
        return Verdict(None, [Problem(MANIFEST, "is missing")])
    except ManifestError as error:
        return Verdict(None, [Problem(MANIFEST, f"is damaged: {error}")])
    found = list(problems(manifest, raw))
    foreign = list(_expected_problems(manifest, expected))
    found += [*foreign, *_pack_problems(store, manifest)]
    holders = {link.segment.sha256: link.segment.file for link in manifest.segments}
    for number, link in enumerate(manifest.segments):
        what = _segment_problem(store, link.segment, holders)
        if what is not None:
            found.append(Problem(link.segment.file, what, number))
        progress(number + 1)
    found += [Problem(name, "is not listed in the manifest") for name in _added(store, names)]
    return Verdict(manifest, found, authentic=not foreign)


def _expected_problems(manifest: Manifest, expected: Expected) -> Iterator[Problem]:
    if what := signature_problem(manifest, expected.key):
        yield Problem(MANIFEST, what)
    chains = {head_chain(manifest.head), *(link.chain for link in manifest.segments)}
    if expected.chain is not None and expected.chain not in chains:
        yield Problem(MANIFEST, f"the chain {expected.chain} that was published is not in it")


def _pack_problems(store: Store, manifest: Manifest) -> Iterator[Problem]:
    for name, file in manifest.head.pack.items():
        try:
            raw = store.read(f"{PACK}{name}")
        except FileNotFoundError:
            yield Problem(f"{PACK}{name}", "is missing")
            continue
        if hashlib.sha256(raw).hexdigest() != file.sha256:
            what = f"has other bytes than were archived ({len(raw)}, should be {file.bytes})"
            yield Problem(f"{PACK}{name}", what)


def _segment_problem(store: Store, segment: Segment, holders: dict[str, str]) -> str | None:
    try:
        data = store.read(segment.file)
    except FileNotFoundError:
        return "is missing"
    try:
        stamps = [record.timestamp for record in read_segment(data, segment)]
    except SegmentError as error:
        other = holders.get(hashlib.sha256(data).hexdigest(), segment.file)
        return str(error) if other == segment.file else f"holds the bytes of {other}"
    # Statements say by ``latest`` up to when there are records.
    if (min(stamps), max(stamps)) != (segment.earliest, segment.latest):
        return "holds records of other times than the manifest says"
    return None


def _added(store: Store, names: list[str]) -> list[str]:
    """Files that no manifest lists: the newest one, as an archive may grow meanwhile."""
    manifest = parse(store.read(MANIFEST))
    listed = {MANIFEST, *(f"{PACK}{name}" for name in manifest.head.pack)}
    listed |= {link.segment.file for link in manifest.segments}
    return [name for name in names if name not in listed]


def salvage(store: Store, verdict: Verdict, target: Store, scratch: Path) -> list[Lost]:
    """Write what verifies as a new archive; returns the stretches of the log that it lacks.

    UserError: without a manifest, its signature and a whole pack there is nothing to hold the
    rest against; or the target is not empty.
    """
    if not verdict.authentic:
        raise UserError(f"{store.where}: what it holds cannot be trusted, so nothing is salvaged")
    manifest = verdict.manifest
    if manifest is None:
        raise UserError(f"{store.where}/{MANIFEST} is needed to tell what is whole: restore a copy")
    if broken := [each.file for each in verdict.problems if each.file.startswith(PACK)]:
        known = [each for each in broken if each.removeprefix(PACK) in manifest.head.pack]
        if known:
            raise UserError(f"{store.where}/{known[0]} is needed: restore a copy of it first")
    if taken := target.names():
        raise UserError(f"{target.where}: there is {taken[0]} already: choose an empty place")
    bad = {each.segment for each in verdict.problems}
    good = [link.segment for n, link in enumerate(manifest.segments) if n not in bad]
    lost = _lost(manifest, good)
    for name in manifest.head.pack:
        target.write(f"{PACK}{name}", store.read(f"{PACK}{name}"))
    for segment in good:
        path = scratch / "segment"
        path.write_bytes(store.read(segment.file))
        target.put(segment.file, path)
    head = manifest.head.model_copy(update={"lost": tuple(lost)})
    target.write(MANIFEST, Manifest(head=head).grown(good).encoded())
    return lost


def _lost(manifest: Manifest, good: list[Segment]) -> list[Lost]:
    """The stretches up to the ends of ``manifest`` that ``good`` does not have.

    What it was itself salvaged without may be after the last segment.
    """
    found = []
    mine: dict[Place, list[Segment]] = {}
    for segment in good:
        mine.setdefault(segment.place, []).append(segment)
    ends = manifest.positions()
    for each in manifest.head.lost:
        place = each.topic, each.partition
        ends[place] = max(ends.get(place, 0), each.next)
    for place, end in ends.items():
        at = 0
        for segment in sorted(mine.get(place, []), key=lambda segment: segment.base):
            if segment.base > at:
                found.append(_stretch(place, at, segment.base))
            at = segment.next
        if at < end:
            found.append(_stretch(place, at, end))
    return found


def _stretch(place: Place, base: int, end: int) -> Lost:
    return Lost(topic=place[0], partition=place[1], base=base, next=end)
