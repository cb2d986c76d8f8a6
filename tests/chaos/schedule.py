"""What goes wrong, when and how: a pure function of the seed and of how long the run is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Any, Final, Literal, NamedTuple

from streams.errors import UserError

Lane = Literal["workers", "brokers"]

WORKER_FAULTS: Final = (
    "worker-kill",
    "worker-freeze",
    "worker-link-down",
    "worker-stop",
    "worker-join",
    "worker-delay",
    "worker-bandwidth",
    "worker-skew",
)
BROKER_FAULTS: Final = (
    "leader-kill",
    "broker-link-down",
    "coordinator-kill",
    "brokers-apart",
    "controller-kill",
    "broker-restart",
    "disk-full",
    "broker-bandwidth",
    "brokers-delay",
    "brokers-loss",
)
FAULTS: Final = (*WORKER_FAULTS, *BROKER_FAULTS)
"""Every kind. The first of each lane are those that a short run must have."""

MUST: Final = 3
"""So many kinds of each lane come first, in this order but for the seed's choice of victims."""

QUIET: Final = 6.0
"""Seconds at the start without any fault, so that there is something to lose."""

SETTLING: Final = 8.0
"""Seconds at the end at which no fault lasts."""

PAUSE: Final = (4.0, 10.0)
BRISK: Final = 90.0
"""A run of less seconds has shorter faults and pauses, so that there are several of each lane."""


class Fault(NamedTuple):
    """``at``: seconds after the traffic began; ``seconds``: how long it lasts.

    ``choice``: what picks the victim among those there are when it comes to it. ``amount``: what
    there is to be more or less of: ms of delay, % of loss, kbit/s, seconds of skew; else 0.
    """

    at: float
    kind: str
    seconds: float
    choice: int
    amount: int = 0

    @property
    def lane(self) -> Lane:
        """Faults of one lane never overlap."""
        return "workers" if self.kind in WORKER_FAULTS else "brokers"


class Trouble(NamedTuple):
    """A fault that was done. ``whom``: which process, or broker; monotonic seconds."""

    kind: str
    whom: str
    began: float
    ended: float


def schedule(seed: int, seconds: float, pause: tuple[float, float] = PAUSE) -> list[Fault]:
    """The faults of a run with traffic for ``seconds``, in the order of their beginning.

    ``pause``: seconds between two of a lane, at least and at most.

    Each lane goes through its kinds like through a pack of cards: none comes twice before all
    have come once.
    """
    lanes = (WORKER_FAULTS, BROKER_FAULTS)
    return sorted(fault for kinds in lanes for fault in _lane(seed, seconds, kinds, pause))


def _lane(
    seed: int, seconds: float, kinds: Sequence[str], pause: tuple[float, float]
) -> Iterator[Fault]:
    dice = random.Random(f"{seed} {kinds[0]}")
    cards = _cards(dice, kinds)
    at = QUIET + dice.uniform(0, 2)
    brisk = seconds < BRISK
    while True:
        kind = next(cards)
        lasts = round(_seconds(dice, kind, brisk=brisk), 1)
        if at + lasts > seconds - SETTLING:
            return
        yield Fault(round(at, 1), kind, lasts, dice.randrange(1000), _amount(dice, kind))
        at += lasts + dice.uniform(*((1, 3) if brisk else pause))


def _cards(dice: random.Random, kinds: Sequence[str]) -> Iterator[str]:
    first, rest = list(kinds[:MUST]), list(kinds[MUST:])
    dice.shuffle(rest)
    yield from (*first, *rest)
    while True:
        again = list(kinds)
        dice.shuffle(again)
        yield from again


def _seconds(dice: random.Random, kind: str, *, brisk: bool) -> float:
    """How long a fault lasts. A session ends after 6 s."""
    low, high = {
        "worker-kill": (0, 8),
        "worker-freeze": (8, 14),
        "worker-link-down": (5, 14),
        "worker-stop": (0, 6),
        "worker-join": (8, 20),
        "worker-delay": (6, 15),
        "worker-bandwidth": (6, 15),
        "worker-skew": (8, 20),
        "leader-kill": (2, 8),
        "broker-link-down": (4, 12),
        "coordinator-kill": (2, 8),
        "brokers-apart": (5, 12),
        "controller-kill": (2, 8),
        "broker-restart": (0, 3),
        "disk-full": (3, 8),
        "broker-bandwidth": (6, 15),
        "brokers-delay": (6, 15),
        "brokers-loss": (6, 15),
    }[kind]
    return dice.uniform(low, low + (high - low) / 4 if brisk else high)


def _amount(dice: random.Random, kind: str) -> int:
    if kind in ("worker-delay", "brokers-delay"):
        return dice.choice((20, 100, 400))
    if kind == "brokers-loss":
        return dice.choice((2, 10, 30))
    if kind == "broker-bandwidth":
        return dice.choice((100, 500, 2_000))
    if kind == "worker-bandwidth":
        return dice.choice((500, 2_000, 8_000))
    if kind == "worker-skew":
        return dice.choice((-3600, -90, 90, 3600))
    return 0


def dumped(faults: Iterable[Fault], **about: Any) -> str:
    """The schedule as JSON, to be kept and run again. ``about``: seed, minutes and the like."""
    return json.dumps({**about, "faults": [fault._asdict() for fault in faults]}, indent=1) + "\n"


def parsed(text: str) -> tuple[list[Fault], dict[str, Any]]:
    """What ``dumped`` wrote: the faults, and what it is about. UserError: it is no schedule."""
    try:
        about = json.loads(text)
        faults = [_fault(**fault) for fault in about.pop("faults")]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"no schedule of a chaos run: {type(error).__name__}: {error}") from None
    if unknown := {fault.kind for fault in faults} - set(FAULTS):
        raise UserError(
            f"unknown kinds of faults: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}"
        )
    return sorted(faults), about


def _fault(at: float, kind: str, seconds: float, choice: int, amount: int = 0) -> Fault:
    """The fault, of numbers that are some."""
    if not 0 <= float(at) < inf or not 0 <= float(seconds) < inf:
        raise ValueError(f"{kind} at {at} for {seconds} seconds")
    return Fault(float(at), kind, float(seconds), int(choice), int(amount))
