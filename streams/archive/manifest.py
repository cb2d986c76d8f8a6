"""The manifest: what an archive holds, chained so that nothing can be put in, out or elsewhere.

Pure. ``chain`` of the head is the SHA-256 of its canonical JSON, ``chain`` of a segment that of
the chain before it (32 bytes) followed by the segment's canonical JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from schemas.canonical import canonical
from schemas.fields import Identifier

MANIFEST: Final = "manifest.json"
FORMAT: Final = "scrutineer-archive/1"
SEGMENTS: Final = "segments/"
PACK: Final = "pack/"

Place = tuple[str, int]
"""Topic and partition."""

_STRICT: Final = ConfigDict(extra="forbid", strict=True, frozen=True)
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Offset = Annotated[int, Field(ge=0)]


def _no_dots(name: str) -> str:
    if name.strip(".") == "":
        raise ValueError("is no name of a topic")
    return name


Topic = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$"), AfterValidator(_no_dots)
]
"""As Kafka has them, and so no path out of the archive: files are called by their topic."""


SegmentName = Annotated[
    str, StringConstraints(pattern=r"^segments/[A-Za-z0-9._-]{1,249}/[0-9]{5,10}/[0-9]{20}\.avro$")
]
"""Nothing that leads elsewhere, is no name of a file at all, or forges what is printed of it."""


def segment_name(topic: str, partition: int, base: int) -> str:
    """The file of the segment that begins there, as Kafka would call it."""
    return f"{SEGMENTS}{topic}/{partition:05d}/{base:020d}.avro"


def is_segment_of(place: Place, name: str) -> bool:
    """Whether an archiver, and hardly anybody else, gave a file of ``place`` this name."""
    base = name.removeprefix(f"{SEGMENTS}{place[0]}/{place[1]:05d}/").removesuffix(".avro")
    return base.isdecimal() and name == segment_name(*place, int(base))


class PackFile(BaseModel):
    """A file of the election pack, kept under ``pack/``."""

    model_config = _STRICT

    bytes: Offset
    sha256: Hash


class Lost(BaseModel):
    """A stretch that a salvaged archive lacks: offsets ``base`` to ``next`` - 1."""

    model_config = _STRICT

    topic: Topic
    partition: Offset
    base: Offset
    next: Offset


class Head(BaseModel):
    """What is archived: it does not change while the archive grows. ``topics``: by authority."""

    model_config = _STRICT

    format: Literal["scrutineer-archive/1"]
    election: Identifier
    acceptance: Hash
    pack: dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.(csv|toml)$")], PackFile]
    topics: dict[Literal["observer", "official", "desk"], Topic]
    partitions: Annotated[int, Field(ge=1)]
    lost: tuple[Lost, ...] = ()

    def places(self) -> list[Place]:
        """Every partition of every topic."""
        numbers = range(self.partitions)
        return [(topic, number) for topic in self.topics.values() for number in numbers]


class Segment(BaseModel):
    """A stretch of one partition: offsets ``base`` to ``next`` - 1, ``count`` of them with records.

    ``first`` and ``last`` are the records' own; ``earliest`` and ``latest`` their timestamps (ms).
    ``anchor``: fingerprint of the last record. ``bytes`` and ``sha256``: of the file.
    """

    model_config = _STRICT

    file: SegmentName
    topic: Topic
    partition: Offset
    base: Offset
    first: Offset
    last: Offset
    next: Offset
    count: Annotated[int, Field(ge=1)]
    earliest: int
    latest: int
    anchor: Hash
    bytes: Offset
    sha256: Hash

    @property
    def holes(self) -> int:
        """Offsets without a record: compaction, or marks of transactions."""
        return self.next - self.base - self.count

    @property
    def place(self) -> Place:
        """Topic and partition."""
        return self.topic, self.partition


class Link(BaseModel):
    """A segment and the chain up to it."""

    model_config = _STRICT

    segment: Segment
    chain: Hash


class Signature(BaseModel):
    """Ed25519 over the canonical JSON of the manifest without ``signature``; both in hex."""

    model_config = _STRICT

    algorithm: Literal["ed25519"]
    public_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class Manifest(BaseModel):
    """All of it; immutable: growing makes a new one."""

    model_config = _STRICT

    head: Head
    segments: tuple[Link, ...] = ()
    signature: Signature | None = None

    @property
    def chain(self) -> str:
        """The value that stands for the whole archive: publish it."""
        return self.segments[-1].chain if self.segments else head_chain(self.head)

    def grown(self, segments: Iterable[Segment]) -> Manifest:
        """With ``segments`` after the others, unsigned."""
        links, chain = list(self.segments), self.chain
        for segment in segments:
            chain = chained(chain, segment)
            links.append(Link(segment=segment, chain=chain))
        return Manifest(head=self.head, segments=tuple(links))

    def signable(self) -> bytes:
        """What a signature is over."""
        return canonical(self.model_dump(mode="json", exclude={"signature"}))

    def encoded(self) -> bytes:
        """The file."""
        return canonical(self.model_dump(mode="json", exclude_none=True)) + b"\n"

    def positions(self) -> dict[Place, int]:
        """(topic, partition) → next offset, of every partition of every topic."""
        found = dict.fromkeys(self.head.places(), 0)
        for link in self.segments:
            found[link.segment.place] = link.segment.next
        return found


def head_chain(head: Head) -> str:
    """The chain before any segment: it binds election, pack and topics."""
    return hashlib.sha256(canonical(head.model_dump(mode="json"))).hexdigest()


def chained(chain: str, segment: Segment) -> str:
    """The chain after ``segment``."""
    entry = canonical(segment.model_dump(mode="json"))
    return hashlib.sha256(bytes.fromhex(chain) + entry).hexdigest()


class ManifestError(Exception):
    """A manifest that cannot be read at all."""


def parse(raw: bytes) -> Manifest:
    """The manifest in ``raw``. ManifestError: it is none."""
    try:
        found = Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ManifestError(f"{where}: {first['msg']}" if where else first["msg"]) from None
    return found


class Problem(NamedTuple):
    """What is wrong with an archive. ``segment``: number of one that cannot be trusted for it."""

    file: str
    what: str
    segment: int | None = None


def problems(manifest: Manifest, raw: bytes) -> Iterator[Problem]:
    """Everything that the manifest alone shows to have been tampered with or damaged."""
    if raw != manifest.encoded():
        yield Problem(MANIFEST, "was edited: it is not in the form in which it is written")
    yield from _chain_problems(manifest)
    yield from _stretch_problems(manifest)


def _chain_problems(manifest: Manifest) -> Iterator[Problem]:
    chain = head_chain(manifest.head)
    for number, link in enumerate(manifest.segments):
        if chained(chain, link.segment) != link.chain:
            before = manifest.segments[number - 1].segment.file if number else "the head"
            what = (
                f"segment {number} ({link.segment.file}): the chain breaks between {before} and "
                "it: one of them was changed, or entries were moved, removed or added here"
            )
            yield Problem(MANIFEST, what, number)
        chain = link.chain


def _stretch_problems(manifest: Manifest) -> Iterator[Problem]:
    """Segments that do not follow each other: gaps, overlaps, places that are none."""
    known, seen = set(manifest.head.places()), set()
    ends: dict[Place, int] = {}
    lost = {(each.topic, each.partition, each.base): each.next for each in manifest.head.lost}
    for number, link in enumerate(manifest.segments):
        each = link.segment
        where = f"{each.topic}/{each.partition}"
        if each.place not in known or each.file != segment_name(*each.place, each.base):
            yield Problem(each.file, f"does not belong to {where} of this archive", number)
            continue
        if each.file in seen:
            yield Problem(each.file, "is listed twice", number)
        seen.add(each.file)
        end = ends.get(each.place, 0)
        end = lost.get((*each.place, end), end)
        if each.base > end:
            gone = f"{where}: offsets {end} to {each.base - 1} are missing before this segment"
            yield Problem(each.file, gone)
        elif each.base < end:
            yield Problem(each.file, f"{where}: offsets from {each.base} are there twice", number)
        if not each.base <= each.first <= each.last < each.next:
            yield Problem(each.file, "its offsets contradict each other", number)
        ends[each.place] = max(end, each.next)


def difference(found: Head, wanted: Head) -> str | None:
    """How the log that an archive is of differs from another; None: not at all."""
    if found.election != wanted.election:
        return f"of election {found.election}, not of {wanted.election}"
    if found.topics != wanted.topics:
        there, here = (", ".join(head.topics.values()) for head in (found, wanted))
        return f"of the topics {there}, not of {here}"
    if found.partitions != wanted.partitions:
        return f"of {found.partitions} partitions, not of {wanted.partitions}"
    if found.acceptance != wanted.acceptance:
        return "with an election pack that accepts other events"
    return None
