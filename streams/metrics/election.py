"""Families that say what is known of the election."""

from __future__ import annotations

from typing import Final

from streams.metrics.declare import OPEN_SERIES_LIMIT, Family

_MARGINS = (
    "Each kind, each observer group and each phase at least once (not every combination, which "
    "would be 560 series a region), so that sums by any one of them start at 0."
)

ELECTION: Final[tuple[Family, ...]] = (
    Family(
        name="election_incidents",
        kind="gauge",
        unit="reports",
        labels=("region", "category", "severity"),
        meaning="Incidents reported and standing: corrections replace what they correct, and "
        "withdrawn, rejected and duplicate reports are taken out.",
        zeros="Every category of the pack at severity unspecified, and every severity at least "
        "once, so that sums by either start at 0.",
        remedy="0 is not calm when nobody reports: see election_last_report_timestamp_seconds. "
        "A fall means corrections, withdrawals or decisions of the desk.",
    ),
    Family(
        name="election_incidents_by_status",
        kind="gauge",
        unit="reports",
        labels=("region", "status"),
        meaning="All incidents reported, by what the desk decided; the withdrawn as well.",
        zeros="Every status.",
        remedy="Many `reported` that stay so: the desk does not keep up.",
    ),
    Family(
        name="election_incidents_recent",
        kind="gauge",
        unit="reports",
        labels=("region", "category", "window"),
        meaning="Standing incidents that happened in the window before now, by event time in "
        "steps of 5 minutes.",
        zeros="Every category of the pack, every window.",
        remedy="A jump in one category and region: compare with the hours before and call the "
        "teams there. Counts that arrive late change windows that have passed, not this one.",
    ),
    Family(
        name="election_critical_incidents_open",
        kind="gauge",
        unit="reports",
        labels=("region", "category"),
        meaning="Incidents of critical severity, the desk's where it set one, that the desk has "
        "neither resolved nor dismissed.",
        zeros="Every category of the pack.",
        remedy="Find the reports with the table incidents, and decide about each with "
        "`scrutineer triage`; what is resolved, rejected or downgraded is no longer counted.",
    ),
    Family(
        name="election_incident_surge",
        kind="gauge",
        unit="none: 0 or 1",
        labels=("region",),
        meaning="1 where the incidents of the last quarter of an hour are too many for the "
        "region's own rate since the polls opened, per station that reports: at least the pack's "
        "surge_reports, and less probable than its surge_probability at that rate.",
        zeros="Always there, but for the country itself.",
        remedy="The table incidents_surge has the count, what was expected and the probability. "
        "Look which category rose in election_incidents_recent, and call the teams there.",
    ),
    Family(
        name="election_restrictions_open",
        kind="gauge",
        unit="restrictions",
        labels=("region", "kind", "observer_group", "phase"),
        meaning="Restrictions on observers in force now: not lifted, withdrawn, rejected, "
        "resolved or duplicate, and their phase not over by more than the pack's grace.",
        zeros=_MARGINS + " Combinations with restrictions of which none is open show 0.",
        remedy="Call the team and the commission; a report that the restriction was lifted, or "
        "a decision of the desk, closes it.",
    ),
    Family(
        name="election_restrictions",
        kind="gauge",
        unit="restrictions",
        labels=("region", "kind", "observer_group", "phase"),
        meaning="Restrictions on observers so far, in force or over; withdrawn, rejected and "
        "duplicate reports are taken out.",
        zeros=_MARGINS,
        remedy="Read it with election_restrictions_open. A fall means corrections, withdrawals "
        "or decisions of the desk.",
    ),
    Family(
        name="election_restrictions_recent",
        kind="gauge",
        unit="restrictions",
        labels=("region", "kind", "window"),
        meaning="Standing restrictions that began in the window before now, by event time in "
        "steps of 5 minutes.",
        zeros="Every kind, every window.",
        remedy="Several regions at once point to an instruction from above: tell whoever speaks "
        "with the election administration.",
    ),
    Family(
        name="election_restriction_opened_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        labels=("region", "place", "kind", "observer_group", "report_id"),
        meaning="When each restriction in force began: one series per open restriction, the "
        f"{OPEN_SERIES_LIMIT} newest of this worker.",
        remedy="One alert each. The series ends when the restriction is lifted or closed by the "
        "desk, or when its phase has been over for longer than the pack's grace.",
    ),
    Family(
        name="election_restrictions_open_unlisted",
        kind="gauge",
        unit="restrictions",
        meaning="Open restrictions without a series of their own in "
        "election_restriction_opened_timestamp_seconds: beyond its limit, or with the same "
        "labels as another. election_restrictions_open counts them.",
        zeros="Always there.",
        remedy="Above 0: the alerts no longer show every restriction. Work from the table "
        "open_restrictions of the worker's HTTP service.",
    ),
    Family(
        name="election_restriction_median_seconds",
        kind="gauge",
        unit="seconds",
        labels=("kind",),
        meaning="Median time from beginning to lifting of the lifted, standing restrictions in "
        "this worker's live regions. No series for a kind of which none was lifted.",
        remedy="A kind that takes long to be lifted: ask for a faster way to complain about it. "
        "Medians of several workers cannot be combined; compare them by instance.",
    ),
    Family(
        name="election_turnout_ratio",
        kind="gauge",
        unit="ratio, 0 to 1",
        labels=("region", "contest", "source"),
        meaning="Newest turnout of the region as a whole. official: voted through registered "
        "where both were published, else the percentage as printed; no series where the newest "
        "figure has neither, or before the first. observed: the newest estimate of observers' "
        "counts that may be shown, of a sample or of the stations watched; its basis is in "
        "election_turnout_stations and election_turnout_verdict.",
        remedy="Falls or exceeds 1: see election_official_findings and the table "
        "official_turnout for what was published, by whom and where.",
    ),
    Family(
        name="election_official_findings",
        kind="gauge",
        unit="findings",
        labels=("region", "finding"),
        meaning="What is wrong with the published series of the region and of its stations by "
        "itself, true of the figures as they stand now: fall, corrected_up, corrected_down, "
        "conflicting, register_changed, inconsistent, impossible, jump; and overdue, figures "
        "that are not there so long after their checkpoint. In the table official_findings alone "
        "are those that a correction ended, and sum_mismatch, for which one worker must see all "
        "regions.",
        zeros="Every finding but sum_mismatch.",
        remedy="The table official_findings has both figures with their sources: check them "
        "against the publication, then ask the publisher. Overdue everywhere at once: look at "
        "the import first.",
    ),
    Family(
        name="election_official_as_of_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        labels=("region",),
        meaning="The moment the newest official figure of the region speaks of. No series "
        "before the first.",
        remedy="Older than the last checkpoint: nothing was published, or the import stopped.",
    ),
    Family(
        name="election_last_report_timestamp_seconds",
        kind="gauge",
        unit="seconds since 1970, UTC",
        labels=("region", "authority"),
        meaning="Event time of the newest report that is not withdrawn, as in the table coverage, "
        "per region and authority. No series before the first.",
        remedy="Old while polls are open: the teams are silent or cannot send. Silence is not "
        "calm: call them.",
    ),
)
