"""What operators have accepted as missing, on the snapshot topic: every worker obeys it at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, Self

from streams.log.snapshots import Anchor


class Acceptance(NamedTuple):
    """The start of a partition's log is gone up to ``starts`` (topic → offset), and that is known.

    ``firsts``: topic → the first record that was left (see ``Anchor``), which binds it to that log:
    one made anew may be cut at the same offset. A topic of which nothing was left has none.
    ``reason``: why, in the operator's words; ``at``: when, RFC 3339.
    """

    starts: Mapping[str, int]
    firsts: Mapping[str, Anchor]
    reason: str
    at: str

    def covers(self, topic: str, start: int, crcs: Mapping[str, int | None]) -> bool:
        """Whether a log that begins at ``start`` was accepted. One cut further since was not.

        ``crcs``: topic → ``crc_of`` what the log has now where ``firsts`` stood. Brokers may list
        an earlier start after another has become leader; with nothing to compare it must be equal.
        """
        accepted, first = self.starts.get(topic, 0), self.firsts.get(topic)
        if start == 0 or first is None:
            return start in (0, accepted)
        return start <= accepted and crcs.get(topic) == first.crc

    def value(self) -> bytes:
        """As a record's value."""
        maps = {"starts": dict(self.starts), "firsts": dict(self.firsts)}
        return json.dumps({**self._asdict(), **maps}).encode()

    @classmethod
    def parse(cls, value: bytes) -> Self | None:
        """The acceptance in ``value``; None: there is none in it."""
        try:
            found = json.loads(value)
            starts = {str(topic): int(offset) for topic, offset in found["starts"].items()}
            firsts = {
                str(topic): Anchor(int(offset), int(crc))
                for topic, (offset, crc) in found["firsts"].items()
            }
            return cls(starts, firsts, str(found["reason"]), str(found["at"]))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None


def acceptance_key(number: int) -> bytes:
    """The key of partition ``number``'s acceptance."""
    return f"{number}/accept".encode()
