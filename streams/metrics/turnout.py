"""Families of the turnout gap: official against observed, and the sums that the country needs."""

from __future__ import annotations

from typing import Final

from streams.metrics.declare import Family

_NEWEST = "At the newest checkpoint that has both an official figure and an observation."
_STRATUM = ("region", "contest", "checkpoint", "stratum")
_COMBINED = (
    "Of the probability sample, by stratum and checkpoint: the country is combined from these sums "
    "by recording rules, over all workers. No series where the pack has no sample."
)
_REMEDY = "Not for reading alone: the table turnout has the estimate that these sums make."

STRATA: Final[tuple[tuple[str, str, str], ...]] = (
    ("stations", "stations", "Stations of the stratum, K."),
    ("drawn", "stations", "Stations of the stratum that were drawn."),
    ("reported", "stations", "Drawn stations with a count at the checkpoint, k."),
    ("no_register", "stations", "Those left out because nobody knows their register."),
    ("voters", "voters", "Σ a: voters counted."),
    ("registered", "voters", "Σ m: voters registered."),
    ("voters_squared", "voters²", "Σ a²."),
    ("voters_registered", "voters²", "Σ a·m."),
    ("registered_squared", "voters²", "Σ m²."),
)
"""What is exported of each stratum: end of the name, unit, meaning."""


def stratum_family(name: str) -> str:
    """The full name of a family of ``STRATA``."""
    return f"election_turnout_stratum_{name}"


TURNOUT: Final[tuple[Family, ...]] = (
    Family(
        name="election_turnout_official_ratio",
        kind="gauge",
        unit="ratio, 0 to 1",
        labels=("region", "contest", "checkpoint"),
        meaning="Official turnout of the region or the country at each checkpoint, of the highest "
        "publisher's newest revision. No series before it was published.",
        remedy="The table official_turnout has the publisher and the source of each.",
    ),
    Family(
        name="election_turnout_gap_ratio",
        kind="gauge",
        unit="ratio, part of the electorate",
        labels=("region", "contest", "comparison"),
        meaning=f"Official minus observed turnout. {_NEWEST} Above 0 the official figure is the "
        "higher one. No series where the figure may not be shown.",
        remedy="Read it with election_turnout_verdict and its half width, never alone: without an "
        "interval it describes the stations that were watched and nothing else.",
    ),
    Family(
        name="election_turnout_gap_half_width_ratio",
        kind="gauge",
        unit="ratio, part of the electorate",
        labels=("region", "contest", "comparison", "level"),
        meaning="Half width of the gap's interval: 95 % of one comparison, or the family's, which "
        "decides the verdict and errs for all comparisons of the election together with the "
        "pack's alpha. No series without a probability sample.",
        remedy="Wide: few stations reported. election_turnout_stations has how many.",
    ),
    Family(
        name="election_turnout_stations",
        kind="gauge",
        unit="stations",
        labels=("region", "contest", "comparison"),
        meaning=f"Basis of a comparison. {_NEWEST} For matched and told: station and checkpoint, "
        "over the whole day.",
        zeros="Every comparison, of the main contest.",
        remedy="Below the pack's minimum_stations there is no figure, and that is right.",
    ),
    Family(
        name="election_turnout_verdict",
        kind="gauge",
        unit="1 or 0",
        labels=("region", "contest", "comparison", "verdict"),
        meaning=f"What may be concluded: exactly one verdict is 1. {_NEWEST} Else at the newest "
        "that has either.",
        zeros="Every verdict of level and flow, of the main contest.",
        remedy="At official_above or official_below look at the table turnout and at the stations "
        "behind it before anybody is told; inconclusive is not within.",
    ),
    Family(
        name="election_turnout_gap_checkpoints",
        kind="gauge",
        unit="checkpoints",
        labels=("region", "contest", "comparison"),
        meaning="How many checkpoints in a row, up to the newest with both figures, have had its "
        "verdict: above 0 for official_above, below 0 for official_below, 0 for any other.",
        zeros="Level and flow of the main contest.",
        remedy="Two in a row are no accident of one publication: tell the analysts.",
    ),
    Family(
        name="election_turnout_matched",
        kind="gauge",
        unit="comparisons",
        labels=("region", "contest", "comparison", "verdict"),
        meaning="Stations at checkpoints where observers' own count (matched), or what the "
        "commission told them (told), meets the station's official figure, by whether that is "
        "within the pack's tolerance.",
        zeros="Every verdict of matched and told, of the main contest.",
        remedy="The table turnout names the stations with both figures and whose counts they are: "
        "ask the team, then the commission.",
    ),
    Family(
        name="election_observed_turnout_findings",
        kind="gauge",
        unit="counts",
        labels=("region", "finding"),
        meaning="Observers' counts that cannot be right by themselves: above the register, below "
        "an earlier count of the same observer, an interval that is too long or outside polling "
        "hours, or two counts of one station and moment that differ.",
        zeros="Every finding.",
        remedy="The table observed_turnout names the reports: ask the teams before their counts "
        "are held against anybody's.",
    ),
    *(
        Family(
            name=stratum_family(name),
            kind="gauge",
            unit=unit,
            labels=_STRATUM,
            meaning=f"{meaning} {_COMBINED}",
            zeros="Every stratum and checkpoint of the sample, for the main contest.",
            remedy=_REMEDY,
        )
        for name, unit, meaning in STRATA
    ),
)
"""Continues ``fieldwork.FIELDWORK``."""
