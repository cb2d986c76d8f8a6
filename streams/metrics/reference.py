"""The reference page of the metrics, written from their declarations."""

from __future__ import annotations

from streams.metrics.archiver import ARCHIVER
from streams.metrics.declare import LABELS, Family
from streams.metrics.election import ELECTION
from streams.metrics.fieldwork import FIELDWORK
from streams.metrics.pipeline import PIPELINE
from streams.metrics.turnout import TURNOUT

_INTRODUCTION = """\
<!-- Written by `scrutineer metrics --markdown`. Change the declarations in streams/metrics/. -->

# Metrics

What `/metrics` of a worker shows, and what to do when it looks wrong. Counts are computed from the
tables when they are asked for, so that a restart, a handover or a rebuild cannot count twice.

A worker shows the regions whose partitions are live there, and no others. For these regions the
series named under "at 0" exist before anything happened, because an alert sees 0 → 1 but not the
appearance of a series. A region that nobody watches has no series, so it never looks calm.

What the archiver shows, with `scrutineer archive TO --metrics`, is at the end: see
[archive.md](archive.md).
"""

_TITLES = (
    ("The election", ELECTION),
    ("Visits, coverage, results, complaints", FIELDWORK),
    ("The turnout gap", TURNOUT),
    ("The worker", PIPELINE),
    ("The archiver", ARCHIVER),
)


def markdown() -> str:
    """The reference page."""
    parts = [_INTRODUCTION]
    for title, families in _TITLES:
        parts.append(f"## {title}\n")
        parts.extend(_section(family) for family in families)
    parts.append("## Labels\n\n| label | what it says | how many values |\n|---|---|---|")
    parts.extend(
        f"| `{name}` | {label.meaning} | {label.limit} |" for name, label in sorted(LABELS.items())
    )
    return "\n".join(parts) + "\n"


def signature(family: Family) -> str:
    """``name{label, …}``."""
    return f"{family.name}{{{', '.join(family.labels)}}}" if family.labels else family.name


def _section(family: Family) -> str:
    rows = [f"### {family.name}", "", f"`{signature(family)}`", "", family.meaning, ""]
    rows.append(f"- **Type, unit:** {family.kind}, {family.unit}")
    if family.zeros:
        rows.append(f"- **At 0:** {family.zeros}")
    rows += [f"- **When it looks wrong:** {family.remedy}", ""]
    return "\n".join(rows)
