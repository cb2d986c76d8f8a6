"""Dead letters: rejected events, kept with their original bytes, the reason and where they stood.

Key: ``topic/partition/offset`` of the rejected event, so that twice is the same letter. Value: the
event's original bytes. Headers (UTF-8): ``reason``, ``detail``, ``topic``, ``partition``,
``offset``; ``type`` when it could be read; ``key`` (the event's own, as it is) when it had one; for
a value that was cut ``truncated`` (the length of the original) and ``sha256`` (of the original).

A letter whose event was sent again has a mark beside it, under a key of its own,
``done/topic/partition/offset``: whoever rejects the event once more overwrites the letter, never
the mark. Its value is a JSON object: ``sent`` (where the event stands now), ``sha256`` of what was
sent, ``edited``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, NamedTuple, Self

from schemas.verdict import Rejected
from streams.log.clients import MAX_LETTER_BYTES

MAX_DETAIL: Final = 1024
"""Longest detail, in bytes of UTF-8."""

MAX_TYPE: Final = 256
MAX_KEY: Final = 1024
"""Longest key of an event that a letter repeats, in bytes; a region's code has at most 32."""

Headers = list[tuple[str, bytes]]


class LetterError(ValueError):
    """A record of the dead-letter topic that is not a dead letter."""


def letter_key(topic: str, partition: int, offset: int) -> bytes:
    """The key of the letter of the event that stands there."""
    return f"{topic}/{partition}/{offset}".encode()


def letter(  # noqa: PLR0917 - what is written, then where it stood
    raw: bytes, key: bytes | None, rejected: Rejected, topic: str, partition: int, offset: int
) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of the letter of one rejected event.

    ``raw`` and ``key`` are the event's bytes. A value of more than ``MAX_LETTER_BYTES`` is cut to
    them: the log itself still holds the original, at the place the letter names.
    """
    headers: Headers = [
        ("reason", rejected.reason.encode()),
        ("detail", cut(rejected.detail, MAX_DETAIL)),
        ("topic", topic.encode()),
        ("partition", str(partition).encode()),
        ("offset", str(offset).encode()),
    ]
    if rejected.type is not None:
        headers.append(("type", cut(rejected.type, MAX_TYPE)))
    if key is not None:
        headers.append(("key", key[:MAX_KEY]))
    if len(raw) > MAX_LETTER_BYTES:
        headers.append(("truncated", str(len(raw)).encode()))
        headers.append(("sha256", hashlib.sha256(raw).hexdigest().encode()))
        raw = raw[:MAX_LETTER_BYTES]
    return letter_key(topic, partition, offset), raw, headers


def cut(text: str, limit: int) -> bytes:
    """``text`` in UTF-8, at most ``limit`` bytes of it, ending between two characters.

    Lone surrogates, which JSON can carry and UTF-8 cannot, become question marks.
    """
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded
    return encoded[:limit].decode("utf-8", "ignore").encode()


class Letter(NamedTuple):
    """A dead letter as it was read back. ``length`` and ``sha256`` are those of the original."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    type: str | None
    key: bytes | None
    value: bytes
    truncated: bool
    length: int
    sha256: str
    timestamp: int | None
    """When it was written, in milliseconds since the epoch, by the broker's clock."""

    @property
    def name(self) -> str:
        """``topic/partition/offset`` of the rejected event."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, record: Any) -> Self:
        """The letter in ``record`` (an aiokafka ConsumerRecord, or what has its attributes).

        LetterError: it is none, in one line that says why.
        """
        headers = dict(record.headers or ())
        value = record.value if record.value is not None else b""
        try:
            topic = headers["topic"].decode()
            partition, offset = int(headers["partition"]), int(headers["offset"])
            reason, detail = headers["reason"].decode(), headers["detail"].decode()
            kind = headers["type"].decode() if "type" in headers else None
            truncated = "truncated" in headers
            length = int(headers["truncated"]) if truncated else len(value)
            digest = headers["sha256"].decode() if truncated else hashlib.sha256(value).hexdigest()
        except KeyError as error:
            raise LetterError(f"no dead letter: header {error} is missing") from None
        except (UnicodeDecodeError, ValueError, AttributeError, TypeError) as error:
            raise LetterError(f"no dead letter: {error}") from None
        if record.key != letter_key(topic, partition, offset):
            raise LetterError(f"no dead letter: key {record.key!r} differs from its headers")
        return cls(
            topic=topic,
            partition=partition,
            offset=offset,
            reason=reason,
            detail=detail,
            type=kind,
            key=headers.get("key"),
            value=value,
            truncated=truncated,
            length=length,
            sha256=digest,
            timestamp=getattr(record, "timestamp", None),
        )


_DONE: Final = b"done/"


class Done(NamedTuple):
    """The mark of a letter that was worked off. ``letter``: its name; ``sent``: likewise."""

    letter: str
    sent: str
    sha256: str
    edited: bool
    timestamp: int | None = None
    """When it was written, in milliseconds since the epoch, by the broker's clock."""

    def record(self) -> tuple[bytes, bytes]:
        """Key and value."""
        value = {"sent": self.sent, "sha256": self.sha256, "edited": self.edited}
        return _DONE + self.letter.encode(), json.dumps(value).encode()

    @classmethod
    def parse(cls, record: Any) -> Self:
        """The mark in ``record``, for which ``is_mark`` holds. LetterError: it is none."""
        try:
            value = json.loads(record.value or b"")
            found = cls(
                record.key.removeprefix(_DONE).decode(),
                str(value["sent"]),
                str(value["sha256"]),
                value["edited"] is True,
                getattr(record, "timestamp", None),
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise LetterError(f"no mark of a dead letter: {error}") from None
        return found


def is_mark(key: bytes | None) -> bool:
    """Whether a record of this key is a mark rather than a letter.

    No letter's key begins like one: a topic's name has no slash, and an input's has a dot.
    """
    return key is not None and key.startswith(_DONE)
