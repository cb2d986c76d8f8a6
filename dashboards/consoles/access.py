"""Observer access: where observers are kept out, of what, and for how long."""

from __future__ import annotations

from dashboards import ages, links, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import AGE, AGE_OF_ROW, MOMENT, RESTRICTED, URGENT, alarming, coded, counted
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import (
    NOW,
    each,
    first_of,
    heard,
    listed,
    some,
    spoken,
    spoken_all,
    spoken_total,
    total,
    while_heard,
)
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_OPEN = "election_restrictions_open"
_ALL = "election_restrictions"
_RECENT = "election_restrictions_recent"
_MEDIAN = "max by (kind, instance) (election_restriction_median_seconds)"
_BEGAN = "election_restriction_opened_timestamp_seconds"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Observer access",
        purpose="Where observers are kept from their work now, of what kind, whom it concerns and "
        "for how long. For whoever is on call for access.",
        answers=(
            (NEEDS, (*_numbers(), _open())),
            (WHERE, (_regions(),)),
            (BAD, (_by_kind(), _by_group(), _by_phase())),
            (SINCE, (_states(), _recent())),
            (SURE, (_unlisted(), _median())),
        ),
        chosen=(variables.region(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return _in_force(), _longest(), _last_hour(), _regions_hit(), ages.observers((5, 4))


def _in_force() -> dashboard.Panel:
    return number(
        "In force",
        Text(
            "Restrictions on observers that are not lifted, in the chosen regions.",
            "Reports as they stand. Zero is shown only while a region reports.",
            "Take the table from the top: call the team, then the commission.",
        ),
        alarming("restrictions", "none in force", step=URGENT),
        Value("in force", spoken_total(total(_OPEN, by=()))),
        size=(5, 4),
        link=links.to("Coverage and silence"),
    )


def _longest() -> dashboard.Panel:
    return number(
        "Longest in force",
        Text(
            "How long the oldest restriction in force has lasted, in the election's time.",
            "From when the observer says it began. Nothing stands here while none is in force.",
            "Over an hour: whoever speaks with the commission should have heard of it.",
        ),
        AGE.with_absent("none in force, or no report"),
        Value("longest", f"max({NOW} - {each(_BEGAN)})"),
        size=(4, 4),
    )


def _last_hour() -> dashboard.Panel:
    return number(
        "Began in the last hour",
        Text(
            "Restrictions that began within the hour before now, lifted or not.",
            "By event time, in steps of 5 minutes; late reports can still raise it.",
            "Several at once: look whether they are of one kind or in one region.",
        ),
        alarming("restrictions", "none began"),
        Value("last hour", spoken_total(total(_RECENT, window="1h", by=()))),
        size=(5, 4),
        link=links.to("Incidents"),
    )


def _regions_hit() -> dashboard.Panel:
    recent = some(total(_RECENT, window="1h"))
    return number(
        "Regions with one in the last hour",
        Text(
            "In how many regions a restriction began within the hour.",
            "How many regions, or restrictions in one, make a cluster is the pack's to say, and "
            "RestrictionsCluster fires; the table of regions has the numbers of each.",
            "A cluster points to an instruction from above: tell whoever speaks with the election "
            "administration.",
        ),
        alarming("regions", "in none"),
        Value("regions", spoken_total(f"(count({recent}) or on () vector(0))")),
        size=(5, 4),
        link=links.to("Incidents"),
    )


def _open() -> dashboard.Panel:
    began = each(_BEGAN)
    return rows(
        "In force, longest first",
        Text(
            "Every restriction in force, one row each, with the report that says so.",
            "The 500 newest of each worker. Where no region reports, or one has no worker, a "
            "row says so.",
            "Call the team named by the report, then the commission. The row goes when a report "
            "says that it was lifted, the desk decides, or its phase is long over.",
        ),
        Rows(
            labels=(
                ("region", "Region"),
                ("place", "Place"),
                ("kind", "Kind"),
                ("observer_group", "Observers"),
                ("report_id", "Report"),
            ),
            sort="For",
            leads_to="Coverage and silence",
        ),
        Column("For", listed(f"{NOW} - {began}"), AGE_OF_ROW, 130),
        Column("Since", f"{began} * 1000", MOMENT, 180),
        size=(24, 9),
        absent="none in force",
    )


def _regions() -> dashboard.Panel:
    return rows(
        "Regions by restrictions in force",
        Text(
            "Restrictions by region: in force, begun lately and over the whole day.",
            "Beside them how many stations were heard from: few stations, few reports.",
            "The region with most in force first; then those that report least.",
        ),
        Rows(labels=regions.LISTED, sort="In force", leads_to="Coverage and silence"),
        regions.restricted(),
        Column(
            "Began 1 h",
            spoken(total(_RECENT, window="1h")),
            alarming("restrictions", "none began"),
        ),
        Column(
            "Began 6 h",
            spoken(total(_RECENT, window="6h")),
            alarming("restrictions", "none began"),
        ),
        Column("All so far", spoken(total(_ALL)), alarming("restrictions", "none so far")),
        *regions.reporting(),
        ages.column(),
        size=(24, 9),
    )


def _share(title: str, label: str, name: str, text: Text, width: int) -> dashboard.Panel:
    return rows(
        title,
        text,
        Rows(labels=((label, name),), sort="So far"),
        Column(
            "So far",
            spoken_all(total(_ALL, by=(label,))),
            alarming("restrictions", "none so far"),
        ),
        Column("In force", spoken_all(total(_OPEN, by=(label,))), alarming("restrictions", "none")),
        size=(width, 9),
    )


def _by_kind() -> dashboard.Panel:
    return _share(
        "By kind",
        "kind",
        "Kind",
        Text(
            "Restrictions by what was done to observers, of the chosen regions.",
            "Counts of reports, not shares: how many visits they come from is in Coverage.",
            "protocol_copy_refused rising after the close needs the commission at once: copies "
            "are given at the count or never.",
        ),
        8,
    )


def _by_group() -> dashboard.Panel:
    return _share(
        "By observer group",
        "observer_group",
        "Observers",
        Text(
            "Restrictions by who was restricted: citizens, international observers, agents.",
            "Groups differ in number: a large group meets more of everything.",
            "One group alone: look for an instruction about it, or an accreditation refused.",
        ),
        8,
    )


def _by_phase() -> dashboard.Panel:
    return _share(
        "By phase",
        "phase",
        "Phase",
        Text(
            "Restrictions by phase of the day.",
            "By the phase that the observer named.",
            "Counting and tabulation weigh most: what is not seen then is never seen.",
        ),
        8,
    )


def _states() -> dashboard.Panel:
    state = first_of(
        (3, some(total(_OPEN))),
        (2, heard("silent|nothing_heard")),
        (1, heard()),
        (0, each("scrutineer_region_live")),
    )
    return timeline(
        "Regions with restrictions in force",
        Text(
            "When observers were restricted in each region, and when nobody reported.",
            "As it was known at each moment; a gap is a time without a worker.",
            "Beginnings at one moment in several regions are no accident: report them together.",
        ),
        coded(RESTRICTED, absent="no worker"),
        Value("{{region}}", state),
        size=(14, 10),
        link=links.to_series("Incidents"),
    )


def _recent() -> dashboard.Panel:
    return graph(
        "Began in the hour before, by kind",
        Text(
            "Restrictions that began within the hour before each moment, by kind.",
            "By event time in steps of 5 minutes.",
            "A kind that jumps: read its reports in the table above, sorted by beginning.",
        ),
        counted("restrictions"),
        Value("{{kind}}", while_heard(total(_RECENT, window="1h", by=("kind",)))),
        size=(10, 10),
        link=links.to("Incidents"),
    )


def _unlisted() -> dashboard.Panel:
    return number(
        "Not in the table",
        Text(
            "Restrictions in force that the table above leaves out, at the worker with most.",
            "The table has the 500 newest of each worker; the numbers count all.",
            "Above none: work from the table open_restrictions of the workers' HTTP service.",
        ),
        alarming("restrictions", "none left out", absent="no worker"),
        Value("left out", "max(election_restrictions_open_unlisted)"),
        size=(6, 6),
    )


def _median() -> dashboard.Panel:
    return rows(
        "Median time until lifted",
        Text(
            "How long restrictions lasted that were lifted, by kind and worker.",
            "Medians of workers cannot be combined; each is of the regions it shows. Those still "
            "in force are not in it, so that it is too short while many are.",
            "Kinds at the top need a faster way to complain.",
        ),
        Rows(labels=(("kind", "Kind"), ("instance", "Worker")), sort="Median"),
        Column("Median", _MEDIAN, AGE),
        size=(18, 6),
        absent="none lifted yet, or no report",
    )
