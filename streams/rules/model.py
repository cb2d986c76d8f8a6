"""What a rule file is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any, Final

INTERVAL: Final = "5s"
"""How often rules are evaluated, and workers scraped."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule: the series ``record`` is what ``expr`` gives."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        found: dict[str, Any] = {"record": self.record, "expr": tidy(self.expr)}
        return {**found, "labels": dict(self.labels)} if self.labels else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """An alerting rule. ``wait``: how long until it fires; ``keep``: how long it goes on."""

    alert: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    wait: str = ""
    keep: str = ""

    def document(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        times = {"for": self.wait, "keep_firing_for": self.keep}
        return {
            "alert": self.alert,
            "expr": tidy(self.expr),
            **{name: value for name, value in times.items() if value},
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
        }


Rule = Recording | Alerting


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, all at the same moment.

    Groups are evaluated at different moments, so a group reads what it records itself and what
    workers export, never what another group records; but for the pack's constants.
    """

    name: str
    rules: Sequence[Rule]

    def document(self, interval: str = INTERVAL) -> dict[str, Any]:
        """The group as Prometheus reads it."""
        rules = [rule.document() for rule in self.rules]
        return {"name": f"scrutineer-{self.name}", "interval": interval, "rules": rules}


def tidy(expr: str) -> str:
    """An expression without the indentation and the empty lines of the code around it."""
    lines = [line.rstrip() for line in dedent(expr).splitlines()]
    kept = [line for line in lines if line]
    return "\n".join(kept) + ("\n" if len(kept) > 1 else "")
