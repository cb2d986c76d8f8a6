"""Which series of several workers is right, and what is kept while none of them speaks."""

from __future__ import annotations

from typing import Final

from streams.rules.model import Recording

NOW: Final = "scalar(max(scrutineer_now_timestamp_seconds))"
"""What time it is for the workers: the wall clock, or that of a day that is played."""

FURTHEST: Final = (
    "(scrutineer_region_position == on (region) group_left () "
    "max by (region) (scrutineer_region_position))"
)
"""Of each region, the instance that has folded most of the log (or several with the same)."""


def quoted(text: str) -> str:
    """``text`` as a string of PromQL, whatever quotes are in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def furthest(selector: str, *by: str) -> str:
    """``selector`` of the instance that is furthest, without the labels of the scrape.

    During a handover two workers may show a region, and one that was cut off from Kafka goes on
    showing old numbers: the highest position is right, not the highest value.
    """
    labels = ", ".join(by)
    return f"max by ({labels}) (\n  {selector}\n  and on (job, instance, region)\n  {FURTHEST}\n)"


def held(record: str, expr: str) -> Recording:
    """``expr``, and for regions that no worker shows now what it was when one last did.

    ``expr`` must have the label ``region`` and only series of live regions. A worker that dies
    takes its series along, for seconds or for long. That must not end an alert: only a live
    worker can say that something is over. The rule reads its own last value, so what was over
    before the death stays over.
    """
    return Recording(
        record, f"{expr.strip()}\nor\n({record} unless on (region) scrutineer_region_live)"
    )
