"""How alerts are written: labels, texts, and where they lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from schemas.pack import Pack
from schemas.pack.judgement import Alert
from streams.errors import UserError
from streams.rules.model import Alerting

Severity = Literal["page", "warning", "info"]
Team = Literal["access", "turnout", "room", "engineers"]
Dashboard = Literal[
    "operations-room",
    "observer-access",
    "incidents",
    "turnout-gap",
    "coverage",
    "counting-results",
    "pipeline-health",
]

REGION_INFO: Final = "pack:election_region:info"
"""Constant 1 for each region of the pack, with its name."""

REGION: Final = (
    f'{{{{ with printf "{REGION_INFO}{{region=%q}}" $labels.region | query }}}}'
    '{{ . | first | label "name" }} {{ end }}({{ $labels.region }})'
)
"""``Abai (KZ-10)``; the code alone where the rules do not know the region."""


def words(label: str) -> str:
    """A label's value in words: ``entry denied`` for ``entry_denied``."""
    return f'{{{{ $labels.{label} | reReplaceAll "_" " " }}}}'


@dataclass(frozen=True, slots=True)
class Links:
    """Where alerts lead to: URLs or paths without a slash at their end."""

    runbooks: str = "docs/runbooks"
    dashboards: str = "/d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What all rules of one alert share.

    ``fields``: the labels of its series that texts may use. ``summary``: one line that somebody
    who was asleep understands; the pack may have one of its own.
    """

    name: Alert
    severity: Severity
    team: Team
    dashboard: Dashboard
    fields: tuple[str, ...] = ("region",)
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the alerts of one election."""

    pack: Pack
    links: Links = field(default_factory=Links)

    def alert(
        self,
        sheet: Sheet,
        expr: str,
        *,
        wait: str = "",
        keep: str = "",
        severity: Severity | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Alerting:
        """A rule of ``sheet``'s alert; ``labels`` in addition to those that all have."""
        common = {
            "election": self.pack.id,
            "severity": severity or sheet.severity,
            "team": sheet.team,
        }
        return Alerting(
            alert=sheet.name,
            expr=expr,
            wait=wait,
            keep=keep,
            labels={**common, **(labels or {})},
            annotations={
                "summary": self._summary(sheet),
                "description": sheet.description,
                "runbook_url": f"{self.links.runbooks}/{sheet.name}.md",
                "dashboard_url": self._dashboard(sheet),
            },
        )

    def _summary(self, sheet: Sheet) -> str:
        own = self.pack.judgement.alerts.get(sheet.name)
        return sheet.summary if own is None else own_text(own, sheet)

    def _dashboard(self, sheet: Sheet) -> str:
        region = "?var-region={{ $labels.region }}" if "region" in sheet.fields else ""
        return f"{self.links.dashboards}/{sheet.dashboard}{region}"


def own_text(text: str, sheet: Sheet) -> str:
    """A pack's summary as a template: ``{region}`` and the like stand for the alert's labels.

    Nothing else in it is special: it can't run a query of its own. UserError: the alert has no
    such label.
    """
    return "".join(
        _placeholder(part, sheet) if part.startswith("{") else _plain(part)
        for part in re.split(r"(\{\w+\})", text)
        if part
    )


def _placeholder(part: str, sheet: Sheet) -> str:
    name = part[1:-1]
    if name == "region" and name in sheet.fields:
        return REGION
    if name in sheet.fields:
        return words(name)
    known = ", ".join(f"{{{one}}}" for one in sheet.fields) or "none"
    raise UserError(
        f"judgement.alerts.{sheet.name}: {part} is no label of this alert, which has: {known}"
    )


def _plain(text: str) -> str:
    return text.replace("{", "{{ `{` }}") if "{" in text else text
