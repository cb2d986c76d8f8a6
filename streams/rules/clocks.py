"""Whether a worker's clock is right, as far as Prometheus's own can tell."""

from __future__ import annotations

from typing import Final

from streams.rules.alert import Sheet, Writer
from streams.rules.model import Recording, Rule

APART_SECONDS: Final = 30
"""More than a scrape and a page that is dear to make are apart, less than anybody counts in."""

AHEAD: Final = "instance:scrutineer_now_timestamp_seconds:ahead"
"""How far a worker's clock is ahead of Prometheus's, in seconds; negative: behind."""

CLOCK_DIFFERS: Final = Sheet(
    name="ClockDiffers",
    severity="page",
    team="engineers",
    dashboard="pipeline-health",
    fields=("instance",),
    summary="The clocks of worker {{ $labels.instance }} and of Prometheus differ",
    description="The worker's is {{ if lt $value 0.0 }}behind{{ else }}ahead{{ end }}: "
    "{{ $value | humanizeDuration }} from Prometheus's. If it is the worker's that is wrong, what "
    "is open, silent, recent or overdue is wrong with it.",
)


def rules(writer: Writer) -> list[Rule]:
    """Of workers that go by the wall clock: a day that is played is another day, and rightly.

    Against the moment of the scrape, not of the evaluation: a series that is not scraped anew
    falls behind by up to five minutes, and no clock is wrong.
    """
    now = "scrutineer_now_timestamp_seconds"
    ahead = (
        f"max by (instance) ({now} - timestamp({now}) "
        'and on (job, instance) scrutineer_clock_info{clock="wall"})'
    )
    apart = f"{AHEAD} > {APART_SECONDS} or {AHEAD} < -{APART_SECONDS}"
    return [Recording(AHEAD, ahead), writer.alert(CLOCK_DIFFERS, apart, wait="1m")]
