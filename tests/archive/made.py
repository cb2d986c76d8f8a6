"""Archives for tests, made without a broker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.routing import partition_of
from streams.archive.manifest import MANIFEST, Head, Place
from streams.archive.segments import Record
from streams.archive.store import Store, open_store
from streams.archive.writing import ArchiveWriter, Policy, head_of
from streams.packs import load_pack, pack_texts
from streams.settings import TopicSettings
from tests.worker.sample import PACK, Event

TOPICS = TopicSettings(prefix="made", partitions=3, replication=1)
BEGAN = 1_679_270_400_000
"""Milliseconds of the first record, after every event of the day: 2023-03-20T00:00:00Z."""
STEP = 1_000

Log = dict[Place, list[Record]]


def made_log(events: Iterable[Event], topics: TopicSettings = TOPICS) -> Log:
    """The events as records, one a second, where Kafka would put them."""
    log: Log = {(topic, n): [] for topic in topics.inputs for n in range(topics.partitions)}
    clock = count(BEGAN, STEP)
    for event in events:
        key = event.key or b""
        place = f"{topics.prefix}.{event.authority}", partition_of(key.decode(), topics.partitions)
        records = log[place]
        records.append(Record(len(records), next(clock), 1, event.key, event.value, ()))
    return log


def head(**other: Any) -> Head:
    """The head of an archive of the built-in pack, but for ``other`` fields."""
    return head_of(load_pack(PACK), pack_texts(PACK), TOPICS).model_copy(update=other)


@contextmanager
def writing(
    store: Store,
    key: Ed25519PrivateKey | None = None,
    of: Head | None = None,
    texts: Mapping[str, str] | None = None,
) -> Iterator[ArchiveWriter]:
    """A writer that has begun."""
    with store.locked() as scratch:
        writer = ArchiveWriter(store, scratch, Policy(), key)
        writer.begin(of or head(), texts or pack_texts(PACK))
        yield writer


def build(
    where: str,
    log: Mapping[Place, list[Record]],
    rounds: int = 2,
    key: Ed25519PrivateKey | None = None,
    of: Head | None = None,
    texts: Mapping[str, str] | None = None,
) -> Store:
    """Archive ``log`` in so many sealings; returns the store."""
    store = open_store(where)
    for number in range(rounds):
        with writing(store, key, of, texts) as writer:
            for place, records in log.items():
                share = -(-len(records) // rounds)
                for record in records[number * share : (number + 1) * share]:
                    if record.offset >= writer.next[place]:
                        writer.append(place, record)
            writer.seal(writer.unsealed, writer.next)
            writer.sign()
    return store


def manifest_of(store: Store) -> Any:
    """The manifest as JSON."""
    return json.loads(store.read(MANIFEST))


def rewrite(store: Store, manifest: Any) -> None:
    """Put an edited manifest there, in the form in which it is written."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with store.locked():
        store.write(MANIFEST, text.encode() + b"\n")


def files(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` but the lock."""
    paths = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if p.name != ".lock"}
