"""The figures of a results protocol, the same in an observer's copy and as published."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from schemas.fields import CLOSED, Count, Votes


@dataclass(frozen=True, kw_only=True, config=CLOSED)
class ProtocolFigures:
    """What a protocol says; None where it does not. ``votes``: (contestant, votes) pairs.

    A part of other models: the slots are theirs, so that it can be mixed in.
    """

    __slots__ = ()

    registered: Count | None = None
    received: Count | None = None
    issued: Count | None = None
    unused: Count | None = None
    spoiled: Count | None = None
    voted: Count | None = None
    voted_at_home: Count | None = None
    in_box: Count | None = None
    valid: Count | None = None
    invalid: Count | None = None
    votes: Votes | None = None
