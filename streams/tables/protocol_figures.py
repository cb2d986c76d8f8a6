"""The figures of results protocols, and which of several publishers' figures counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.figures import ProtocolFigures
from schemas.observer import ObservedProtocol
from schemas.official import OfficialProtocol
from streams.tables.arithmetic import figures
from streams.tables.versions import Version

Place = tuple[str, str, str]
"""(station or "", commission or "" (always, where there is a station), contest)"""

VOTES: Final = "votes."
"""What a contestant's figure begins with."""


def place_of(data: ObservedProtocol | OfficialProtocol) -> Place:
    """Where a protocol is of: its station, else its commission, else the region itself."""
    if data.station is not None:
        return data.station, "", data.contest
    return "", data.commission or "", data.contest


def spelled(data: ProtocolFigures) -> dict[str, int]:
    """All that a protocol says: figure → number, a contestant's being ``votes.<contestant>``."""
    said = dict(figures(data))
    for contestant, number in data.votes or ():
        said[VOTES + contestant] = number
    return said


def gives(data: ProtocolFigures, figure: str) -> bool:
    """Whether a protocol says anything about a figure; about each contestant if about any.

    Empty ``votes`` are none: nobody counted them.
    """
    return bool(data.votes) if figure.startswith(VOTES) else getattr(data, figure) is not None


class Apart(NamedTuple):
    """A figure that two protocols do not agree about; None: a contestant that one leaves out."""

    figure: str
    mine: int | None
    other: int | None


def contradictions(a: ProtocolFigures, b: ProtocolFigures) -> Iterator[Apart]:
    """What two protocols both speak of and do not agree about; by figure."""
    x, y = spelled(a), spelled(b)
    for figure in sorted(x.keys() | y.keys()):
        mine, other = x.get(figure), y.get(figure)
        if mine != other and gives(a, figure) and gives(b, figure):
            yield Apart(figure, mine, other)


class Published:
    """What is published of one place and contest: each publisher's current protocol.

    ``ranked``: the pack's highest-ranked publisher first. A publisher's silence overrules nobody:
    for each figure the highest-ranked publisher that gives it counts, and the contestants' votes
    are one figure, from one protocol.
    """

    __slots__ = ("ranked",)

    def __init__(self, ranked: tuple[Version, ...] = ()) -> None:
        self.ranked = ranked

    @property
    def headline(self) -> Version | None:
        """The protocol whose results count: of the highest-ranked publisher that gives votes.

        Where none does, of the highest-ranked that gives any figure; else of the highest-ranked.
        """
        fullest = max((_fullness(head.data) for head in self.ranked), default=0)
        return next((head for head in self.ranked if _fullness(head.data) == fullest), None)

    def counting(self, figure: str) -> Version | None:
        """The protocol whose ``figure`` counts."""
        return next((head for head in self.ranked if gives(head.data, figure)), None)

    def counts(self, head: Version, figure: str) -> bool:
        """Whether what ``head``, one of these, says of a figure counts, be it nothing at all."""
        for other in self.ranked:
            if other is head:
                return True
            if gives(other.data, figure):
                return False
        return False


def _fullness(data: ProtocolFigures) -> int:
    return 2 if data.votes else int(next(figures(data), None) is not None)
