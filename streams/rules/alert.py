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
        """A rule of ``sheet``'s alert; ``labels`` in addition to those that all have.

        Texts are filled in from the labels of the series, which ``labels`` are not among.
        """
        common = {
            "election": _plain(self.pack.id),
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
                "summary": self._summary(sheet, labels or {}),
                "description": sheet.description,
                "runbook_url": f"{self.links.runbooks}/{sheet.name}.md",
                "dashboard_url": self._dashboard(sheet, (labels or {}).get("region")),
            },
        )

    def _summary(self, sheet: Sheet, fixed: Mapping[str, str]) -> str:
        own = self.pack.judgement.alerts.get(sheet.name)
        if own is None:
            return sheet.summary
        if "region" in fixed:
            code = fixed["region"]
            fixed = {**fixed, "region": f"{self.pack.regions[code].name} ({code})"}
        return own_text(own, sheet, fixed)

    def _dashboard(self, sheet: Sheet, region: str | None) -> str:
        """Of the region that the alert is about, if it is about one."""
        if region is None and "region" in sheet.fields:
            region = "{{ $labels.region }}"
        variable = "" if region is None else f"?var-region={region}"
        return f"{self.links.dashboards}/{sheet.dashboard}{variable}"


def own_text(text: str, sheet: Sheet, fixed: Mapping[str, str]) -> str:
    """A pack's summary as a template: ``{region}`` and the like stand for the alert's labels.

    ``fixed``: labels that the rule gives all its alerts. Nothing else in the text is special: it
    can't run a query of its own. UserError: the alert has no such label.
    """
    return "".join(
        _placeholder(part[1:-1], sheet, fixed) if _PLACEHOLDER.fullmatch(part) else _plain(part)
        for part in _PLACEHOLDER.split(text)
        if part
    )


_PLACEHOLDER: Final = re.compile(r"(\{[a-z_]+\})")


def _placeholder(name: str, sheet: Sheet, fixed: Mapping[str, str]) -> str:
    if name not in sheet.fields:
        known = ", ".join(f"{{{one}}}" for one in sheet.fields)
        raise UserError(
            f"judgement.alerts.{sheet.name}: {{{name}}} is no label of this alert; it has: {known}"
        )
    if name in fixed:
        return _plain(fixed[name])
    return REGION if name == "region" else words(name)


def _plain(text: str) -> str:
    """Text that is no template, whatever braces are in it."""
    return text.replace("{", "{{ `{` }}")
