"""In which order rules are evaluated over a past day: after all that they read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from streams.rules.model import Group, Recording, Rule

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def levels(groups: Sequence[Group]) -> list[list[Rule]]:
    """The rules, each on the level after the last of those that it reads.

    Live, a rule reads what the others recorded at its last evaluation or a moment ago; here all of
    them are of the same moment. One that reads its own last value, to go on with it while no worker
    speaks, does without: here a worker always speaks.
    """
    rules = [rule for group in groups for rule in group.rules]
    makers: dict[str, set[int]] = {}
    for number, rule in enumerate(rules):
        if isinstance(rule, Recording):
            makers.setdefault(rule.record, set()).add(number)
    found: dict[int, int] = {}

    def level(number: int, above: frozenset[int]) -> int:
        if number in above:
            raise ValueError(f"rules read each other in a circle: {rules[number]}")
        if number not in found:
            read = _read(rules[number].expr, makers) - {number}
            lower = [level(other, above | {number}) for other in read]
            found[number] = 1 + max(lower, default=-1)
        return found[number]

    made: dict[int, list[Rule]] = {}
    for number, rule in enumerate(rules):
        made.setdefault(level(number, frozenset()), []).append(rule)
    return [made[at] for at in sorted(made)]


def _read(expr: str, makers: dict[str, set[int]]) -> set[int]:
    return {maker for name in _NAME.findall(expr) for maker in makers.get(name, ())}
