"""What operators have accepted as missing, on the snapshot topic: every worker obeys it at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, Self


class Acceptance(NamedTuple):
    """The start of a partition's log is gone up to ``starts`` (topic → offset), and that is known.

    ``reason``: why, in the operator's words; ``at``: when, RFC 3339.
    """

    starts: Mapping[str, int]
    reason: str
    at: str

    def covers(self, topic: str, start: int) -> bool:
        """Whether a log that begins at ``start`` was accepted. One cut further since was not."""
        return start <= self.starts.get(topic, 0)

    def value(self) -> bytes:
        """As a record's value."""
        return json.dumps({**self._asdict(), "starts": dict(self.starts)}).encode()

    @classmethod
    def parse(cls, value: bytes) -> Self | None:
        """The acceptance in ``value``; None: there is none in it."""
        try:
            found = json.loads(value)
            starts = {str(topic): int(offset) for topic, offset in found["starts"].items()}
            return cls(starts, str(found["reason"]), str(found["at"]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None


def acceptance_key(number: int) -> bytes:
    """The key of partition ``number``'s acceptance."""
    return f"{number}/accept".encode()
