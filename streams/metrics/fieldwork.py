"""Families of what observers found beside incidents, of results and of complaints."""

from __future__ import annotations

from typing import Final

from streams.metrics.declare import Family

FIELDWORK: Final[tuple[Family, ...]] = (
    Family(
        name="election_visits",
        kind="gauge",
        unit="visits",
        labels=("region", "phase", "rating"),
        meaning="Visits of observers that stand, by their overall rating; those without one are "
        "left out. Assessed negatively are bad and very_bad together.",
        zeros="Every rating in the phases opening, voting, counting and tabulation.",
        remedy="Show a share only with its number of visits; the table assessment has both, and "
        "an interval where the visits are a probability sample.",
    ),
    Family(
        name="election_answers",
        kind="gauge",
        unit="answers",
        labels=("region", "question", "answer"),
        meaning="Answers to the questions of the observers' form, of the visits that stand. No "
        "series before the first.",
        remedy="Hold them against the answer that the pack expects; many not_observed mean that "
        "observers could not see it, which is a finding of its own.",
    ),
    Family(
        name="election_region_heard",
        kind="gauge",
        unit="none: exactly one state is 1",
        labels=("region", "state"),
        meaning="What is heard of the region: `reporting`; `silent`, when its last report is "
        "longer ago than the pack's silent_minutes while polls are open, or none came since the "
        "last close for that long; `nothing_heard`, no report at all; `not_expected`, none where "
        "the deployment plan expects nobody.",
        zeros="The other three states.",
        remedy="Counts of a region that is not `reporting` say nothing of what happens there: "
        "show this beside every 0. Whom to call is in the table silent.",
    ),
    Family(
        name="election_stations_expected",
        kind="gauge",
        unit="stations",
        labels=("region",),
        meaning="Stations that the deployment plan expects reports from. No series where the "
        "pack has no plan.",
        remedy="Wrong numbers are wrong rows of the pack's deployment.csv.",
    ),
    Family(
        name="election_stations_expected_by_phase",
        kind="gauge",
        unit="stations",
        labels=("region", "phase"),
        meaning="Those of election_stations_expected that are expected in a phase; one station "
        "may be in several, so they are not to be added up. No series where the pack has no plan.",
        zeros="Every phase that the plan names anywhere.",
        remedy="Wrong numbers are wrong rows of the pack's deployment.csv.",
    ),
    Family(
        name="election_stations_reporting",
        kind="gauge",
        unit="stations",
        labels=("region",),
        meaning="Stations of the deployment plan that their own observers were heard from, by a "
        "report of any type that is not withdrawn; without a plan all stations heard from.",
        zeros="Always there.",
        remedy="Far below election_stations_expected: no incidents there means that nobody "
        "reports.",
    ),
    Family(
        name="election_stations_reporting_by_phase",
        kind="gauge",
        unit="stations",
        labels=("region", "phase"),
        meaning="Stations of election_stations_expected_by_phase that observers who are expected "
        "there in the phase were heard from in it; not to be added up. No series where the pack "
        "has no plan.",
        zeros="Every phase that the plan names anywhere.",
        remedy="Far below election_stations_expected_by_phase while the phase lasts: nobody "
        "reports from it. election_stations_silent has those for whom it is time.",
    ),
    Family(
        name="election_stations_silent",
        kind="gauge",
        unit="stations",
        labels=("region", "phase"),
        meaning="Stations of the plan that were never heard from in the phase though it is time, "
        "or have fallen silent while polls are open. `day` is the whole day and has each station "
        "once: take it for totals, the others for one phase at a time, and never their sum, for a "
        "station may be silent in several. No series where the pack has no plan.",
        zeros="Every phase that the plan names anywhere, and `day`.",
        remedy="Call the teams, which the table silent names: they may be kept from reporting, or "
        "their phones are flat.",
    ),
    Family(
        name="election_teams_expected",
        kind="gauge",
        unit="teams",
        labels=("region",),
        meaning="Teams of the deployment plan: a source at a station is one. No series where the "
        "pack has no plan.",
        remedy="Wrong numbers are wrong rows of the pack's deployment.csv.",
    ),
    Family(
        name="election_teams_silent",
        kind="gauge",
        unit="teams",
        labels=("region",),
        meaning="Teams of the plan that are silent over the day, judged like stations; also one "
        "that says nothing beside another at a station that reports. No series where the pack has "
        "no plan.",
        zeros="Always there where there is a plan.",
        remedy='Above election_stations_silent{phase="day"}: some stations are covered by one '
        "of their teams alone. The table silent names whom to call.",
    ),
    Family(
        name="election_stations_opened",
        kind="gauge",
        unit="stations",
        labels=("region",),
        meaning="Stations open, by the newest official figure. No series before the first.",
        remedy="Below election_stations: ask which stations are closed, and why.",
    ),
    Family(
        name="election_stations",
        kind="gauge",
        unit="stations",
        labels=("region",),
        meaning="Stations of the region by the pack. No series where it does not say.",
        remedy="Wrong numbers are wrong rows of the pack's regions.csv or stations.csv.",
    ),
    Family(
        name="election_polls_close_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        labels=("region",),
        meaning="When the polls close for the last time. No series where the pack does not know.",
        remedy="The age of missing results counts from here; the hours are in the pack's "
        "election.toml.",
    ),
    Family(
        name="election_results_published_stations",
        kind="gauge",
        unit="stations",
        labels=("region",),
        meaning="Stations for which an official protocol of the main contest was published, with "
        "votes by contestant.",
        zeros="Always there.",
        remedy="Still 0 of election_stations long after election_polls_close_timestamp_seconds: "
        "no results by station are public. The table results_published has every contest.",
    ),
    Family(
        name="election_protocols_observed",
        kind="gauge",
        unit="protocols",
        labels=("region",),
        meaning="Observers' copies of results protocols that stand.",
        zeros="Always there.",
        remedy="Few after the close: copies are refused (restriction protocol_copy_refused) or "
        "not yet sent.",
    ),
    Family(
        name="election_protocol_differences",
        kind="gauge",
        unit="protocols",
        labels=("region",),
        meaning="Observers' copies that the published figures of the same place and contest "
        "contradict in at least one figure; of several publishers' figures the highest-ranked "
        "publisher's that has it.",
        zeros="Always there.",
        remedy="The table protocols has both figures of each: compare with a photograph of the "
        "copy before anybody speaks of it.",
    ),
    Family(
        name="election_protocol_findings",
        kind="gauge",
        unit="protocols",
        labels=("region", "finding"),
        meaning="Protocols, observers' copies and published ones, with an open finding: figures "
        "that do not go together, by the rule they break; publishers_differ: another publisher "
        "gives another figure than the one that counts; corrected and copy_corrected: a revision "
        "changed or dropped a figure after it was published or reported; same_revision: one "
        "revision came with two figures.",
        zeros="Every finding.",
        remedy="One is a slip, many in a region are not. Above 0 for corrected or same_revision: "
        "a result was changed after publication; ask why. The table protocols names both figures "
        "and where each stands, and findings of before.",
    ),
    Family(
        name="election_complaints",
        kind="gauge",
        unit="complaints",
        labels=("region", "stage"),
        meaning="Complaints that were not withdrawn: all filed, those decided, those whose "
        "decision is public, those undecided for longer than the pack allows (overdue), and those "
        "whose decision took longer than that (late).",
        zeros="Every stage.",
        remedy="Overdue above 0: ask the body for its decision. Decided without being published: "
        "ask for the text.",
    ),
)
"""Continues ``election.ELECTION``."""
