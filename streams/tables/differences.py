"""Observers' copies of a protocol against the published figures, and against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.tables.arithmetic import figures
from streams.tables.protocol_figures import VOTES, Published, gives, spelled
from streams.tables.versions import Version


class Copy(NamedTuple):
    """An observer's copy, with what the desk decided about it."""

    version: Version
    status: str


class Difference(NamedTuple):
    """A figure, or ``votes.<contestant>``, that the copies and what counts do not agree about.

    ``official``: the published figure that counts, and ``publisher`` whose it is; both None: not
    published. A contestant that the published votes leave out is None with a publisher.
    ``observed``: (source, report id, figure) of each copy that has it; a contestant that a copy
    leaves out is None.
    """

    figure: str
    official: int | None
    publisher: str | None
    observed: tuple[tuple[str, str, int | None], ...]


def contradicted(published: Published, copy: Copy) -> bool:
    """Whether there are any ``differences`` between a copy and what is published."""
    data = copy.version.data
    for name, number in figures(data):
        head = published.counting(name)
        if head is not None and getattr(head.data, name) != number:
            return True
    if not data.votes:
        return False
    head = published.counting(VOTES)
    return head is not None and dict(head.data.votes) != dict(data.votes)


def differences(published: Published, copies: Sequence[Copy]) -> list[Difference]:
    """The figures that the copies differ in from what is published, or among themselves.

    What only one of them gives is no difference.
    """
    official = {id(head): spelled(head.data) for head in published.ranked}
    observed = [(copy.version, spelled(copy.version.data)) for copy in copies]
    names = {name for said in official.values() for name in said}
    names.update(name for _, said in observed for name in said)
    found = []
    for name in sorted(names):
        shown = tuple(
            (version.source, version.data.report_id, said.get(name))
            for version, said in observed
            if gives(version.data, name)
        )
        values = {value for *_, value in shown}
        head = published.counting(name)
        value = None
        if head is not None:
            value = official[id(head)].get(name)
            values.add(value)
        if len(values) > 1:
            publisher = None if head is None else head.data.publisher
            found.append(Difference(name, value, publisher, shown))
    return found
