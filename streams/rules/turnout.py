"""Turnout: the gap between official and observed, and the official series against itself."""

from __future__ import annotations

from typing import Final

from schemas.pack.judgement import Alert
from streams.rules import country
from streams.rules.alert import REGION, Sheet, Writer, words
from streams.rules.model import Alerting, Group, Rule
from streams.rules.series import furthest, held

GAPS: Final = "region:election_turnout_gap_checkpoints:held"
MATCHED: Final = "region:election_turnout_matched:held"
FINDINGS: Final = "region:election_official_findings:held"
CONFLICTS: Final = "conflicting|inconsistent|impossible|jump|sum_mismatch"
_SIDE: Final = "{{ if gt $value 0.0 }}above{{ else }}below{{ end }}"
_STAYS: Final = (
    "Observed turnout stays with the analysts while any poll is open: no figure in a message."
)


def group(writer: Writer) -> Group:
    """The country's estimate is recorded here, since one of the alerts is about it."""
    rules = [*country.rules(writer.pack), *_gaps(writer), *_official(writer)]
    return Group("turnout", rules)


def _gap(place: str) -> Sheet:
    return Sheet(
        name="TurnoutGap",
        severity="warning",
        team="turnout",
        dashboard="turnout-gap",
        fields=("region", "contest"),
        summary=f"Official turnout {_SIDE} what observers counted: {place}",
        description=f"In {place} official turnout of {{{{ $labels.contest }}}} was {_SIDE} what "
        f"observers counted at two checkpoints in a row, beyond interval and margin. {_STAYS}",
    )


_MATCH: Final = Sheet(
    name="TurnoutGap",
    severity="warning",
    team="turnout",
    dashboard="turnout-gap",
    fields=("region", "contest"),
    summary=f"Official turnout differs from observers' count at the same station: {REGION}",
    description=f"{{{{ $value }}}} time(s) a station's official figure in {REGION} was "
    f"{words('verdict')} an independent count at the same door, beyond the tolerance. {_STAYS}",
)


def _gaps(writer: Writer) -> list[Rule]:
    labels = ("region", "contest", "comparison")
    matched = furthest(
        'election_turnout_matched{comparison="matched",verdict=~"official_above|official_below"}',
        *labels,
        "verdict",
    )
    whole = {"region": writer.pack.country, "comparison": "level", "scope": "country"}
    return [
        held(GAPS, furthest("election_turnout_gap_checkpoints", *labels)),
        writer.alert(_gap(REGION), _twice(GAPS), labels={"scope": "region"}),
        writer.alert(_gap("the whole country"), _twice(country.STREAK), labels=whole),
        held(MATCHED, matched),
        writer.alert(_MATCH, f"{MATCHED} > 0", labels={"scope": "station"}),
    ]


def _twice(series: str) -> str:
    return f"{series} >= 2 or {series} <= -2"


def _official(writer: Writer) -> list[Rule]:
    """By the findings of the tables, each of which is open or past."""
    fell = _finding(
        writer,
        "OfficialFigureFell",
        "fall",
        f"Official turnout fell: {REGION}",
        f"A published turnout figure of {REGION} is below an earlier one. Turnout can't fall: one "
        "of the two is wrong. The table official_findings has both, with their sources.",
    )
    conflict = _finding(
        writer,
        "OfficialFiguresConflict",
        CONFLICTS,
        f"Official turnout contradicts itself ({words('finding')}): {REGION}",
        f"{{{{ $value }}}} finding(s) {words('finding')} among the published turnout figures of "
        f"{REGION}. The table official_findings has both figures, with their sources.",
    )
    overdue = _finding(
        writer,
        "OfficialFigureOverdue",
        "overdue",
        f"Official turnout overdue: {REGION}",
        f"No turnout figure of {REGION} came within "
        f"{writer.pack.judgement.turnout.overdue_minutes} minutes after its checkpoint. Either "
        "nothing was published, or the import stopped.",
    )
    findings = furthest("election_official_findings", "region", "finding")
    return [held(FINDINGS, findings), fell, conflict, overdue]


def _finding(writer: Writer, name: Alert, kinds: str, summary: str, description: str) -> Alerting:
    sheet = Sheet(
        name=name,
        severity="warning",
        team="turnout",
        dashboard="turnout-gap",
        fields=("region", "finding"),
        summary=summary,
        description=description,
    )
    return writer.alert(sheet, f'{FINDINGS}{{finding=~"{kinds}"}} > 0')
