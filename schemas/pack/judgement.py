"""Judgement: thresholds and texts. Views use them; they never decide what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.fields import Phase

Alert = Literal[
    "ObserverRestrictionOpen",
    "RestrictionsCluster",
    "UrgentReportRejected",
    "CriticalIncident",
    "IncidentSurge",
    "RegionSilent",
    "TurnoutGap",
    "OfficialFigureFell",
    "OfficialFiguresConflict",
    "OfficialFigureOverdue",
    "CountingAssessedNegatively",
    "ResultsNotDisaggregated",
    "EventsRejected",
    "PartitionRebuilding",
    "PartitionFailed",
    "PartitionIncomplete",
    "PipelineBehind",
    "SourceFloods",
    "RegionUnwatched",
    "WorkerDown",
    "ArchiverDown",
    "ArchiveBehind",
    "PackMismatch",
    "ClockDiffers",
]

_CLOSED: Final = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
_MINUTE: Final = 60_000_000


def _exact(value: Any) -> Any:
    """A whole number is a number too; a truth value is not."""
    return float(value) if type(value) is int and abs(value) < 1e15 else value


def _one_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be text on one line")
    return value


Minutes = Annotated[int, Field(ge=0, le=100_000)]
WindowMinutes = Annotated[int, Field(ge=1, le=360)]
"""Minutes that one of the windows of the rolling tables holds."""
Hours = Annotated[int, Field(ge=0, le=10_000)]
Number = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, BeforeValidator(_exact), Field(gt=0, lt=1)]
Portion = Annotated[float, BeforeValidator(_exact), Field(ge=0, lt=1)]
Percent = Annotated[float, BeforeValidator(_exact), Field(ge=0, le=100)]
Rate = Annotated[float, BeforeValidator(_exact), Field(gt=0, le=1000)]
Line = Annotated[str, Field(max_length=500), AfterValidator(_one_line)]
"""Text that is shown: no line ends, no control characters."""


class Turnout(BaseModel):
    """Thresholds of the turnout gap and of the official series' checks."""

    model_config = _CLOSED

    alpha: Share = Field(
        0.01,
        ge=1e-9,
        description="Family-wise error rate of all verdicts of the election together.",
    )
    margin_points: Percent = Field(
        2.0, description="Smallest gap that counts, in percentage points of the electorate."
    )
    minimum_stations: Number = Field(
        5, description="Fewer stations than this give no figure: the verdict is too_few."
    )
    sample_percent: Percent = Field(
        70.0,
        description="Part of a region's drawn stations that must have reported; "
        "with less the verdict is incomplete_sample.",
    )
    matched_percent: Percent = Field(
        3.0, description="Tolerated difference at a matched station, in percent of the count."
    )
    matched_votes: Number = Field(
        5, description="Tolerated difference at a matched station is at least so many voters."
    )
    match_minutes: Minutes = Field(
        10, description="A count up to so long before or after an official figure matches it."
    )
    interval_hours: Number = Field(
        14, description="An interval count that is longer is shown, and not used."
    )
    homogeneity: Portion = Field(
        0.02,
        description="Rate of homogeneity within stations that the sample was planned with: no "
        "interval of the observed turnout is narrower than it makes.",
    )
    register_percent: Percent = Field(
        0.1, description="A register that moves by more is the finding register_changed."
    )
    votes_per_station_minute: Rate = Field(
        2.0, description="Voters a station can serve in a minute; more is the finding jump."
    )
    overdue_minutes: Minutes = Field(
        90, description="No official figure so long after its checkpoint: overdue."
    )


class Grace(BaseModel):
    """Minutes after the end of its phase until a restriction no longer alerts, by phase."""

    model_config = _CLOSED

    pre_election: Minutes = Field(60, description="After the first opening of the polls.")
    opening: Minutes = Field(60, description="After the last day's opening of the polls.")
    voting: Minutes = Field(60, description="After the last closing of the polls.")
    counting: Minutes = Field(60, description="After the end of counting (phase_hours).")
    tabulation: Minutes = Field(60, description="After the end of tabulation (phase_hours).")


class PhaseHours(BaseModel):
    """How long the phases after the close of the polls last, in hours from the close."""

    model_config = _CLOSED

    counting: Hours = Field(12, description="End of counting; 0 means without end.")
    tabulation: Hours = Field(72, description="End of tabulation; 0 means without end.")


class Alarms(BaseModel):
    """Thresholds of alerts about reports."""

    model_config = _CLOSED

    silent_minutes: Minutes = Field(
        45, description="No report from a region for so long while its polls are open: silent."
    )
    cluster_regions: Number = Field(
        3, description="Restrictions in so many regions within the cluster's time: a cluster."
    )
    cluster_reports: Number = Field(
        5, description="So many restrictions in one region within the cluster's time: a cluster."
    )
    cluster_minutes: WindowMinutes = Field(
        60, description="The cluster's time, rounded up to 15 minutes, 1 hour or 6 hours."
    )
    surge_reports: Number = Field(
        5, description="Fewer incidents than this in the window are never a surge."
    )
    surge_probability: Share = Field(
        0.001, description="A count less probable than this at the region's own rate: a surge."
    )
    counting_negative_percent: Percent = Field(
        20.0, description="Counts assessed bad or very bad from this share on: alert."
    )
    counting_minimum: Number = Field(10, description="Fewer observed counts give no alert.")
    results_hours: Hours = Field(
        24, description="No results by station so long after the close: ResultsNotDisaggregated."
    )
    home_voting_percent: Percent = Field(
        20.0, description="A protocol with a greater part voted at home: home_voting_high."
    )
    complaint_hours: Hours = Field(
        120, description="A complaint undecided so long after it was filed is overdue."
    )


class Judgement(BaseModel):
    """Section ``[judgement]`` of election.toml; each value has a default."""

    model_config = _CLOSED

    public_minimum_cell: Number = Field(
        5, description="Public output hides counts of fewer reports than this."
    )
    turnout: Turnout = Turnout()
    restriction_grace_minutes: Grace = Grace()
    phase_hours: PhaseHours = PhaseHours()
    alarms: Alarms = Alarms()
    alerts: Mapping[Alert, Line] = Field(
        default_factory=dict, description="Own summaries of alerts, by the alert's name."
    )

    @property
    def public_min_cell(self) -> int:
        """Smallest count that public output shows."""
        return self.public_minimum_cell

    @property
    def silent_after(self) -> int:
        """Microseconds without a report after which a region is silent."""
        return self.alarms.silent_minutes * _MINUTE

    @cached_property
    def restriction_grace(self) -> Mapping[str, int]:
        """Phase → microseconds after its end until a restriction no longer alerts."""
        minutes = self.restriction_grace_minutes.model_dump()
        return {phase: minutes.get(phase, 0) * _MINUTE for phase in get_args(Phase)}
