"""When an alert was pending and when it fired, from when its expression held. Pure.

As Prometheus does it, see AlertingRule.Eval in its rules/alerting.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from streams.rules.model import Alerting

Labels = tuple[tuple[str, str], ...]
"""Sorted."""

_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(slots=True)
class _Active:
    since: float
    firing: bool = False
    over_since: float | None = None


class State(NamedTuple):
    """Of an alert at one moment. ``since``: second in which its expression began to hold."""

    labels: Labels
    firing: bool
    since: float


class AlertCourse:
    """One rule's alerts, moment by moment."""

    def __init__(self, rule: Alerting) -> None:
        self._wait = seconds(rule.wait)
        self._keep = seconds(rule.keep)
        self._active: dict[Labels, _Active] = {}

    def at(self, second: float, holding: Mapping[Labels, object]) -> Iterator[State]:
        """The alerts at ``second``, when the expression held for the labels ``holding``."""
        for labels in holding:
            self._active.setdefault(labels, _Active(second))
        for labels, alert in list(self._active.items()):
            if labels in holding:
                alert.over_since = None
            elif not self._kept(alert, second):
                del self._active[labels]
                continue
            alert.firing = alert.firing or second - alert.since >= self._wait
            yield State(labels, alert.firing, alert.since)

    def _kept(self, alert: _Active, second: float) -> bool:
        if not alert.firing or not self._keep:
            return False
        if alert.over_since is None:
            alert.over_since = second
        return second - alert.over_since < self._keep


def seconds(duration: str) -> int:
    """Of a rule's ``for`` or ``keep_firing_for``, as in ``2m``; 0 for none.

    ValueError: something else is in it, as in ``-5s`` or ``60ms``, of which ``60m`` is a part.
    """
    if not re.fullmatch(r"([0-9]+[smh])*", duration):
        raise ValueError(f"{duration}: is no duration in hours, minutes and seconds, as 1h30m")
    parts = re.findall(r"([0-9]+)([smh])", duration)
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
