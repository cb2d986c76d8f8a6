"""Identities outside the observers' reports: each key with its current version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from streams.tables.versions import Outcome, Version, enlarge, find

Key = TypeVar("Key")


class Ledger(Generic[Key]):
    """``heads``: identity → its current version, which carries the others.

    ``several``: the identities with more than one version.
    """

    __slots__ = ("heads", "several")

    def __init__(self) -> None:
        self.heads: dict[Key, Version] = {}
        self.several: set[Key] = set()

    def add(self, key: Key, new: Version) -> Outcome:
        """Add a version to its identity."""
        head = self.heads.get(key)
        current = new
        if head is not None:
            known = find(head, new)
            if known is not None:
                known.at = min(known.at, new.at)
                return "duplicate"
            current = enlarge(head, new)
            self.several.add(key)
        self.heads[key] = current
        return "accepted" if current is new else "superseded"

    def versions(self) -> Iterator[Version]:
        """Every version of every identity."""
        for head in self.heads.values():
            yield from head
