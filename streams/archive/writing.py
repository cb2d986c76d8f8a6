"""Writing an archive: segments first, then the manifest that lists them. No Kafka here.

Whenever it is cut off, what the manifest lists is whole, and the rest is not there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.pack import PACK_FILES, Pack
from streams.archive.manifest import (
    FORMAT,
    MANIFEST,
    PACK,
    Head,
    Manifest,
    ManifestError,
    PackFile,
    Place,
    Segment,
    difference,
    is_segment_of,
    parse,
    problems,
)
from streams.archive.segments import Record, SegmentWriter
from streams.archive.signing import signed
from streams.archive.store import Store
from streams.errors import UserError
from streams.settings import TopicSettings

SEAL_BYTES: Final = 16 * 1024 * 1024
SEAL_SECONDS: Final = 300.0


class Policy(NamedTuple):
    """When a segment is sealed: at so many compressed bytes, or so many seconds of age."""

    size: int = SEAL_BYTES
    seconds: float = SEAL_SECONDS


DEFAULT: Final = Policy()


def head_of(pack: Pack, texts: Mapping[str, str], topics: TopicSettings) -> Head:
    """The head of a new archive of ``topics``, with the pack whose files hold ``texts``."""
    files = {name: text.encode() for name, text in texts.items()}
    return Head(
        format=FORMAT,
        election=pack.id,
        acceptance=pack.acceptance_digest,
        pack={
            name: PackFile(bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())
            for name, raw in sorted(files.items())
        },
        topics={
            "observer": topics.observer,
            "official": topics.official,
            "desk": topics.desk,
        },
        partitions=topics.partitions,
    )


class ArchiveWriter:
    """An archive that grows. ``scratch``: the folder of ``store.locked()``.

    ``key`` signs each manifest. ``next`` is where reading of each place goes on: it is what has
    been appended, sealed or not.
    """

    def __init__(
        self,
        store: Store,
        scratch: Path,
        policy: Policy = DEFAULT,
        key: Ed25519PrivateKey | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._scratch = scratch
        self._policy = policy
        self._key = key
        self._clock = clock
        self._stored = b""
        self._open: dict[Place, SegmentWriter] = {}
        self._since: dict[Place, float] = {}
        self.manifest: Manifest
        self.next: dict[Place, int]
        self.removed: list[str] = []
        """Files that a writer that was cut off had left."""

    def begin(self, head: Head, texts: Mapping[str, str]) -> bool:
        """Go on with the archive that is there, or begin one; returns whether one was there.

        UserError: what is there is no archive, a damaged one, or one of another log.
        """
        try:
            raw = self._store.read(MANIFEST)
        except FileNotFoundError:
            self._begin_new(head, texts)
            known = False
        else:
            self._go_on(head, raw)
            known = True
        self.next = self.manifest.positions()
        return known

    def _begin_new(self, head: Head, texts: Mapping[str, str]) -> None:
        pack = {f"{PACK}{name}" for name in PACK_FILES}
        if strange := [name for name in self._store.names() if name not in pack]:
            raise UserError(
                f"{self._store.where}: there is {strange[0]}, but no {MANIFEST}: "
                "choose an empty place"
            )
        for name, text in texts.items():
            self._store.write(f"{PACK}{name}", text.encode())
        self._publish(Manifest(head=head))

    def _go_on(self, head: Head, raw: bytes) -> None:
        where = self._store.where
        try:
            found = parse(raw)
        except ManifestError as error:
            raise UserError(f"{where}/{MANIFEST}: {error}") from None
        if wrong := next(problems(found, raw), None):
            raise UserError(f"{where}/{wrong.file}: {wrong.what}. See scrutineer archive verify")
        if different := difference(found.head, head):
            raise UserError(f"{where}: is the archive of another log: {different}")
        if found.head.lost:
            raise UserError(f"{where}: is what was salvaged of an archive; begin another one")
        if found.signature is not None and self._key is None:
            raise UserError(f"{where}: is signed: go on with --sign")
        listed = {link.segment.file for link in found.segments}
        places = found.head.places()
        for name in self._store.names():
            # Nothing else is ours to remove: somebody may keep keys or statements here.
            if name not in listed and any(is_segment_of(place, name) for place in places):
                self._store.remove(name)
                self.removed.append(name)
        self._stored = raw
        self.manifest = found

    def append(self, place: Place, record: Record) -> None:
        """Take a record, which must not be below ``next``."""
        writer = self._open.get(place)
        if writer is None:
            path = self._scratch / f"{place[0]}-{place[1]}.avro"
            base = self.manifest_next(place)
            writer = self._open[place] = SegmentWriter(path, *place, base)
            self._since[place] = self._clock()
        writer.add(record)
        self.next[place] = record.offset + 1

    def manifest_next(self, place: Place) -> int:
        """The offset up to which the sealed segments have a place."""
        for link in reversed(self.manifest.segments):
            if link.segment.place == place:
                return link.segment.next
        return 0

    def due(self) -> list[Place]:
        """The places whose segments are large or old enough to be sealed."""
        now = self._clock()
        size, seconds = self._policy
        return [
            place
            for place, writer in self._open.items()
            if writer.size >= size or now - self._since[place] >= seconds
        ]

    @property
    def unsealed(self) -> list[Place]:
        """The places that have records which are in no sealed segment yet."""
        return list(self._open)

    def seal(self, places: Iterable[Place], positions: Mapping[Place, int]) -> list[Segment]:
        """Seal the open segments of ``places`` together. ``positions``: how far was read.

        UserError: another writer was here.
        """
        sealed = []
        for place in sorted(places):
            writer = self._open.pop(place)
            del self._since[place]
            segment = writer.finish(positions.get(place, 0))
            self._store.put(segment.file, writer.path)
            sealed.append(segment)
        if sealed:
            self._publish(self.manifest.grown(sealed))
        return sealed

    def sign(self) -> None:
        """See to it that the manifest has our signature, if there is a key."""
        if self._key is not None and signed(self.manifest, self._key) != self.manifest:
            self._publish(self.manifest)

    def _publish(self, manifest: Manifest) -> None:
        if self._key is not None:
            manifest = signed(manifest, self._key)
        if self._stored and self._store.read(MANIFEST) != self._stored:
            raise UserError(f"{self._store.where}: another process archives into it; this one ends")
        raw = manifest.encoded()
        self._store.write(MANIFEST, raw)
        self._stored, self.manifest = raw, manifest
