"""Revisions numbered by the order in which versions of the same thing appear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from streams.sources.importing.model import RevisionRule

Data = dict[str, Any]
Version = tuple[str, Data]
"""An event type and its data."""


class Revisions:
    """Remembers the newest version of every thing that has appeared.

    ``earlier``: the newest versions of an import before this one, with their sources.
    """

    def __init__(self, rule: RevisionRule, earlier: Iterable[tuple[str, Version]] = ()) -> None:
        self._rule = rule
        self._newest: dict[tuple[Any, ...], Version] = {
            self._identity(source, version[1]): version for source, version in earlier
        }

    def number(self, kind: str, source: str, data: Data) -> Iterator[Version]:
        """``data`` with its revision; nothing when it only repeats the newest version.

        A report that appears in another region than before has moved: its identity includes the
        region, so it is withdrawn there, before it is reported here.
        """
        identity = self._identity(source, data)
        if identity not in self._newest:
            yield self._keep(identity, kind, {**data, "revision": 0})
            return
        kind_before, before = self._newest[identity]
        if (kind_before, {**before, "revision": 0}) == (kind, {**data, "revision": 0}):
            return
        revision = before["revision"] + 1
        if before["region"] != data["region"] and not before.get("withdrawn"):
            yield kind_before, {**before, "revision": revision, "withdrawn": True}
        yield self._keep(identity, kind, {**data, "revision": revision})

    def _identity(self, source: str, data: Data) -> tuple[Any, ...]:
        return (source, *(_at(data, name) for name in self._rule.order_of))

    def _keep(self, identity: tuple[Any, ...], kind: str, data: Data) -> Version:
        self._newest[identity] = (kind, data)
        return kind, data


def _at(data: Data, path: str) -> Any:
    found: Any = data
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found
