"""What the figures of one results protocol must satisfy among themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple, get_args

from schemas.figures import ProtocolFigures

FaultKind = Literal[
    "ballots_unaccounted",
    "box_above_issued",
    "box_not_counted_out",
    "votes_not_valid",
    "voted_above_registered",
    "home_voting_high",
]
FAULTS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)
"""Every kind of fault, for counts that show zero."""

FIGURES: Final = (
    "registered",
    "received",
    "issued",
    "unused",
    "spoiled",
    "voted",
    "voted_at_home",
    "in_box",
    "valid",
    "invalid",
)
"""The figures of a protocol beside the votes."""


class Fault(NamedTuple):
    """Two figures that do not go together: ``value`` is held against ``limit``."""

    kind: FaultKind
    value: int
    limit: int


Check = Callable[[ProtocolFigures, Fraction], "Fault | Literal[False] | None"]
"""False: the protocol lacks a figure that the check needs."""


def _ballots_unaccounted(data: ProtocolFigures, _: Fraction) -> Fault | Literal[False] | None:
    if data.issued is None or data.unused is None or data.received is None:
        return False
    total = data.issued + data.unused
    fits = total == data.received
    return None if fits else Fault("ballots_unaccounted", total, data.received)


def _box_above_issued(data: ProtocolFigures, _: Fraction) -> Fault | Literal[False] | None:
    if data.in_box is None or data.issued is None:
        return False
    fits = data.in_box <= data.issued
    return None if fits else Fault("box_above_issued", data.in_box, data.issued)


def _box_not_counted_out(data: ProtocolFigures, _: Fraction) -> Fault | Literal[False] | None:
    if data.valid is None or data.invalid is None or data.in_box is None:
        return False
    total = data.valid + data.invalid
    return None if total == data.in_box else Fault("box_not_counted_out", total, data.in_box)


def _votes_not_valid(data: ProtocolFigures, _: Fraction) -> Fault | Literal[False] | None:
    if not data.votes or data.valid is None:
        return False
    total = sum(votes for _, votes in data.votes)
    return None if total == data.valid else Fault("votes_not_valid", total, data.valid)


def _voted_above_registered(data: ProtocolFigures, _: Fraction) -> Fault | Literal[False] | None:
    if data.voted is None or data.registered is None:
        return False
    fits = data.voted <= data.registered
    return None if fits else Fault("voted_above_registered", data.voted, data.registered)


def _home_voting_high(data: ProtocolFigures, most: Fraction) -> Fault | Literal[False] | None:
    if data.voted_at_home is None or data.voted is None:
        return False
    fits = data.voted_at_home <= most * data.voted
    return None if fits else Fault("home_voting_high", data.voted_at_home, data.voted)


CHECKS: Final[Mapping[FaultKind, Check]] = {
    "ballots_unaccounted": _ballots_unaccounted,
    "box_above_issued": _box_above_issued,
    "box_not_counted_out": _box_not_counted_out,
    "votes_not_valid": _votes_not_valid,
    "voted_above_registered": _voted_above_registered,
    "home_voting_high": _home_voting_high,
}


def check(data: ProtocolFigures, home: Fraction) -> tuple[list[Fault], list[FaultKind]]:
    """The faults of a protocol, and the checks that it lacks the figures for.

    - ``ballots_unaccounted``: issued + unused = received. A spoiled ballot that was handed back
      and replaced had been issued, so it is among ``issued`` and not added again.
    - ``box_above_issued``: in_box ≤ issued.
    - ``box_not_counted_out``: valid + invalid = in_box.
    - ``votes_not_valid``: the sum of all contestants' votes = valid. Empty votes are none.
    - ``voted_above_registered``: voted ≤ registered.
    - ``home_voting_high``: voted_at_home ≤ ``home`` (a share) of voted.
    """
    faults: list[Fault] = []
    missing: list[FaultKind] = []
    for kind, function in CHECKS.items():
        found = function(data, home)
        if found is False:
            missing.append(kind)
        elif found is not None:
            faults.append(found)
    return faults, missing


def figures(data: ProtocolFigures) -> Iterator[tuple[str, int]]:
    """(name, figure) of all that the protocol says but the votes."""
    for name in FIGURES:
        value = getattr(data, name)
        if value is not None:
            yield name, value
