"""How a value is shown: its unit, and the words beside every colour.

Blue and orange, which those tell apart who cannot tell green from red; and never alone: where a
colour says something, a word or the number says it too. ``absent`` is what stands where there is
no value, so that an empty place never looks like a zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from dashboards.sdk import dashboard

CALM: Final = "blue"
LATENT: Final = "light-orange"
ALERT: Final = "orange"
URGENT: Final = "dark-orange"
UNKNOWN: Final = "#8e96a3"
NEUTRAL: Final = "text"

NO_REPORT: Final = "no report"


class Word(NamedTuple):
    """What is shown instead of a number."""

    text: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the values of a field are shown.

    ``words``: instead of these numbers. ``steps``: colours from a number on, always beside words.
    """

    unit: str
    words: tuple[tuple[int, Word], ...] = ()
    steps: tuple[tuple[float, str], ...] = ()
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    absent: str = NO_REPORT

    @property
    def coloured(self) -> bool:
        """Whether colours say anything here."""
        return bool(self.words or self.steps)

    def with_absent(self, words: str) -> Look:
        """The same with other words where there is no value."""
        return replace(self, absent=words)

    def with_decimals(self, decimals: int) -> Look:
        """The same with so many digits."""
        return replace(self, decimals=decimals)

    def field(self) -> dashboard.FieldConfig:
        """As Grafana has it."""
        return dashboard.FieldConfig(
            unit=self.unit,
            decimals=self.decimals,
            min_val=self.least,
            max_val=self.most,
            mappings=self._mappings() or None,
            thresholds=self._thresholds(),
            color=self._color(),
            no_value=self.absent,
        )

    def properties(self) -> list[dashboard.DynamicConfigValue]:
        """The same for one column of a table."""
        found = [
            dashboard.DynamicConfigValue("unit", self.unit),
            dashboard.DynamicConfigValue("noValue", self.absent),
            dashboard.DynamicConfigValue("color", self._color()),
        ]
        if self.decimals is not None:
            found.append(dashboard.DynamicConfigValue("decimals", self.decimals))
        if self.words:
            found.append(dashboard.DynamicConfigValue("mappings", self._mappings()))
        if self.coloured:
            found.append(dashboard.DynamicConfigValue("thresholds", self._thresholds()))
            found.append(dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        return found

    def _mappings(self) -> list[dashboard.ValueMapping]:
        if not self.words:
            return []
        options = {
            str(value): dashboard.ValueMappingResult(text=word.text, color=word.colour, index=index)
            for index, (value, word) in enumerate(self.words)
        }
        return [dashboard.ValueMap(options)]

    def _thresholds(self) -> dashboard.ThresholdsConfig:
        steps = [dashboard.Threshold(None, CALM if self.steps else NEUTRAL)]
        steps += [dashboard.Threshold(value, colour) for value, colour in self.steps]
        return dashboard.ThresholdsConfig(dashboard.ThresholdsMode.ABSOLUTE, steps)

    def _color(self) -> dashboard.FieldColor:
        if self.coloured:
            return dashboard.FieldColor(dashboard.FieldColorModeId.THRESHOLDS)
        return dashboard.FieldColor(dashboard.FieldColorModeId.FIXED, NEUTRAL)


def counted(noun: str, *, absent: str = NO_REPORT) -> Look:
    """A plain number of things."""
    return Look(unit=f"suffix:{noun}", decimals=0, absent=absent)


def alarming(noun: str, none: str, *, absent: str = NO_REPORT, step: str = ALERT) -> Look:
    """A number of things that should be 0: ``none`` says so, −1 that nobody would report them."""
    return replace(
        counted(noun, absent=absent),
        words=((-1, Word(absent, UNKNOWN)), (0, Word(none, CALM))),
        steps=((1, step),),
    )


def coded(words: dict[int, Word], *, absent: str = NO_REPORT) -> Look:
    """A state, in words."""
    return Look(unit="none", words=tuple(words.items()), decimals=0, absent=absent)


def ratio(*, absent: str = NO_REPORT, decimals: int = 1) -> Look:
    """A part of 1, as percent."""
    return Look(unit="percentunit", decimals=decimals, absent=absent)


AGE: Final = Look(unit="s", decimals=0)
"""How long ago, in the time of the election."""

AGE_OF_ROW: Final = replace(AGE, words=((-1, Word(NO_REPORT, UNKNOWN)),))
"""The same in a list that has a row that says why when it would be empty."""

MOMENT: Final = Look(unit="dateTimeAsIso")
"""When; the query gives milliseconds, as Grafana wants them."""


def seconds() -> Look:
    """A short duration, with its digits."""
    return replace(AGE, decimals=3, absent="no worker")


RATE: Final = Look(unit="suffix:events/s", decimals=1, absent="no worker")

REGION_STATES: Final = {
    6: Word("observers restricted", URGENT),
    5: Word("silent or nothing heard", UNKNOWN),
    4: Word("critical incident open", ALERT),
    3: Word("turnout differs", ALERT),
    2: Word("official figures fall or conflict", LATENT),
    1: Word("reporting, none of these", CALM),
    0: Word("nobody expected there", UNKNOWN),
}
"""The most urgent thing of a region, highest first."""

RESTRICTED: Final = {
    3: Word("restrictions in force", URGENT),
    2: Word("silent or nothing heard", UNKNOWN),
    1: Word("none in force", CALM),
    0: Word("nobody expected there", UNKNOWN),
}
"""Whether observers are restricted in a region."""

ESCALATION: Final = {
    4: Word("surge", URGENT),
    3: Word("silent or nothing heard", UNKNOWN),
    2: Word("critical incident open", ALERT),
    1: Word("reporting, neither", CALM),
    0: Word("nobody expected there", UNKNOWN),
}
"""What becomes of incidents in a region."""

PUBLICATION: Final = {
    5: Word("copies differ", URGENT),
    4: Word("closed, nothing published", ALERT),
    3: Word("partly published", LATENT),
    2: Word("all stations published", CALM),
    1: Word("polls open", NEUTRAL),
    0: Word("not known", UNKNOWN),
}
"""What is public of a region's results."""

PARTITION_STATES: Final = {
    "failed": (3, Word("failed", URGENT)),
    "rebuilding": (2, Word("rebuilding", LATENT)),
    "live": (1, Word("live", CALM)),
}
"""What a partition is doing: code and word."""

VERDICTS: Final = {
    "official_above": (10, Word("official above observed", URGENT)),
    "official_below": (9, Word("official below observed", URGENT)),
    "inconclusive": (8, Word("inconclusive: neither shown nor excluded", LATENT)),
    "incomplete_sample": (7, Word("sample incomplete: below the reports it needs", LATENT)),
    "lonely_stratum": (6, Word("a stratum with one station: no interval", LATENT)),
    "descriptive": (5, Word("no random sample: no interval", LATENT)),
    "too_few": (4, Word("too few stations", UNKNOWN)),
    "no_observation": (3, Word("no observation", UNKNOWN)),
    "no_official": (2, Word("no official figure", UNKNOWN)),
    "within": (1, Word("within the margin", CALM)),
}
"""The verdicts of the turnout gap: code, most urgent highest, and word."""

HEARD: Final = {
    "nothing_heard": (3, Word("nothing heard", ALERT)),
    "silent": (2, Word("silent", LATENT)),
    "reporting": (1, Word("reporting", CALM)),
    "not_expected": (0, Word("nobody expected there", UNKNOWN)),
}
"""What is heard of a region: code, the worst highest, and word."""

VERDICT: Final = coded(
    {**dict(VERDICTS.values()), 0: Word("not compared here", UNKNOWN)}, absent="not compared"
)
