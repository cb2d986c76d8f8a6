"""The operations room: the wall. What needs somebody now, and in which region."""

from __future__ import annotations

from dashboards import ages, links, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import (
    AGE_OF_ROW,
    MOMENT,
    REGION_STATES,
    URGENT,
    VERDICT,
    alarming,
    coded,
    counted,
    ratio,
)
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import (
    NOW,
    each,
    furthest,
    listed,
    series,
    spoken,
    spoken_total,
    total,
    while_heard,
)
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_TALL = (3, 4)
_FIRING = 'ALERTS{alertstate="firing", region=~"$region|", channel!="chat"}'
"""In the chosen regions, and those that are of no region.

Rules make two alerts of each restriction, one to page and one for chat: only the first is counted.
"""


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Operations room",
        purpose="For the wall of the operations room: what needs somebody now, where, how bad, "
        "since when, and how sure that is. Every number leads to the dashboard behind it.",
        answers=(
            (NEEDS, (*_numbers(), _restrictions(), _alerts())),
            (WHERE, (_regions(),)),
            (BAD, (_arriving(),)),
            (SINCE, (_states(),)),
            (SURE, (_coverage(),)),
        ),
        chosen=(variables.region(), variables.contest()),
        headed=False,
        more_links=(links.kiosk(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return (
        _firing(),
        _in_force(),
        _critical(),
        _gap(),
        _unheard(),
        _official(),
        ages.observers(_TALL),
        ages.official(_TALL),
    )


def _firing() -> dashboard.Panel:
    return number(
        "Alerts firing",
        Text(
            "Alerts that fire in the chosen regions or for none in particular, of every severity.",
            "Counted by this Prometheus; what Alertmanager silenced or inhibited is among them.",
            "Work through the table of alerts, each has a page that says what to do. `none` while "
            "a report is plainly missing: look whether Prometheus loaded the rules.",
        ),
        alarming("alerts", "none firing"),
        Value("alerts", f"count({_FIRING}) or vector(0)"),
        size=_TALL,
        link=links.to("Pipeline health"),
    )


def _in_force() -> dashboard.Panel:
    return number(
        "Restrictions in force",
        Text(
            "Restrictions on observers that are not lifted, in the chosen regions.",
            "Reports as they stand, corrections and decisions of the desk included. Zero is shown "
            "only while a region reports and each has a worker; else `no report` stands here.",
            "Take the longest one first: call the team, then the commission it concerns.",
        ),
        alarming("restrictions", "none in force", step=URGENT),
        Value("in force", spoken_total(total("election_restrictions_open", by=()))),
        size=_TALL,
        link=links.to("Observer access"),
    )


def _critical() -> dashboard.Panel:
    return number(
        "Critical incidents open",
        Text(
            "Incidents of severity critical that the desk has neither resolved nor dismissed.",
            "The desk's severity where it set one, else the observer's. Confirmed or not: "
            "Incidents has what the desk decided.",
            "Open Incidents: where, which category, and whether the desk has looked at it.",
        ),
        alarming("incidents", "none open"),
        Value("critical", spoken_total(total("election_critical_incidents_open", by=()))),
        size=_TALL,
        link=links.to("Incidents"),
    )


def _gap() -> dashboard.Panel:
    differs = each(
        "election_turnout_verdict",
        contest="$contest",
        comparison="level",
        verdict="official_above|official_below",
    )
    compared = each(
        "election_turnout_verdict",
        contest="$contest",
        comparison="level",
        verdict="!no_official|no_observation|too_few",
    )
    return number(
        "Turnout gap, regions",
        Text(
            "Regions whose official turnout lies outside the interval around what observers "
            "counted, and how many could be compared.",
            "Comparison of levels from a sample of stations; differs means beyond the interval "
            "that holds for all regions and checkpoints at once, and beyond the margin.",
            "Open Turnout gap before anybody speaks of it: interval, stations, verdict.",
        ),
        counted("regions", absent="not compared"),
        Value("differ", f"sum({differs})"),
        Value("compared", f"sum({compared})"),
        size=_TALL,
        link=links.to("Turnout gap"),
    )


def _unheard() -> dashboard.Panel:
    unheard = each("election_region_heard", state="silent|nothing_heard")
    expected = each("election_region_heard", state="!not_expected")
    return number(
        "Regions not heard",
        Text(
            "Regions that are silent or from which nothing was heard, of all where observers are "
            "expected.",
            "By the deployment plan and the pack's minutes of silence.",
            "Their zeros mean nothing. Open Coverage and silence and call the teams.",
        ),
        counted("regions", absent="no worker"),
        Value("not heard", f"sum({unheard})"),
        Value("expected", f"sum({expected})"),
        size=_TALL,
        link=links.to("Coverage and silence"),
    )


def _official() -> dashboard.Panel:
    published = f"count({each('election_official_as_of_timestamp_seconds')}) > 0"
    falls = total("election_official_findings", finding=regions.WRONG, by=())
    return number(
        "Official figures fell or conflict",
        Text(
            "Official turnout figures below an earlier one, or that contradict each other or "
            "themselves: what OfficialFigureFell and OfficialFiguresConflict fire about.",
            "From the publications alone, no observer needed; each can still be a misprint.",
            "Open Turnout gap, look up both publications, then ask the publisher.",
        ),
        alarming("findings", "none", absent="no figure yet"),
        Value("findings", f"({falls} and on () ({published})) or on () vector(-1)"),
        size=_TALL,
        link=links.to("Turnout gap"),
    )


def _restrictions() -> dashboard.Panel:
    opened = each("election_restriction_opened_timestamp_seconds")
    return rows(
        "Restrictions in force, longest first",
        Text(
            "Every restriction on observers that is in force, one row each.",
            "The 500 newest of each worker; Observer access says whether any is left out. Where no "
            "region reports, a row says so instead of an empty table.",
            "Work from the top. A report that it was lifted, or a decision of the desk, removes "
            "the row.",
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
            leads_to="Observer access",
        ),
        Column("For", listed(f"{NOW} - {opened}"), AGE_OF_ROW),
        Column("Since", f"{opened} * 1000", MOMENT),
        size=(14, 7),
        absent="none in force",
    )


def _alerts() -> dashboard.Panel:
    firing = f"ALERTS_FOR_STATE * 1000 and ignoring (alertstate) {_FIRING}"
    return rows(
        "Alerts firing, newest first",
        Text(
            "Every alert that fires in the chosen regions or for none in particular.",
            "By the wall's clock, also on a day that is played.",
            "The alert's name is the title of its page in the runbook.",
        ),
        Rows(
            labels=(
                ("severity", "Severity"),
                ("alertname", "Alert"),
                ("region", "Region"),
                ("place", "Place"),
            ),
            sort="Since",
            leads_to="Operations room",
        ),
        Column("Since", f"max by (alertname, severity, region, place) ({firing})", MOMENT),
        size=(10, 7),
        absent="no alert fires",
    )


def _regions() -> dashboard.Panel:
    hour = total("election_incidents_recent", window="1h")
    turnout = series("election_turnout_ratio", contest="$contest", source="official")
    return rows(
        "Regions by urgency",
        Text(
            "One row for each region, the most urgent first: its state in a word, and what it "
            "is made of. The country's own row has what was reported of no single region.",
            "A count is as good as the stations heard beside it; `no report` is not zero.",
            "Open the region. Silent ones first: nothing else in their row can be trusted.",
        ),
        Rows(labels=regions.LISTED, sort="State", leads_to="Observer access", first=("State",)),
        Column("State", regions.state(), coded(REGION_STATES, absent="no worker")),
        regions.restricted(),
        Column("Incidents 1 h", spoken(hour), alarming("incidents", "none")),
        *regions.reporting(),
        ages.column(),
        Column("Official turnout", furthest(turnout), ratio(absent="none published")),
        Column("Against observed", regions.verdict(), VERDICT),
        size=(15, 9),
    )


def _states() -> dashboard.Panel:
    return timeline(
        "Regions' states",
        Text(
            "The state of each region over time, in the words of the table of regions.",
            "As it was known at each moment; a gap is a time without a worker for the region.",
            "Look for what began together in several regions: that is an order from above or one "
            "broken link.",
        ),
        coded(REGION_STATES, absent="no worker"),
        Value("{{region}}", regions.state()),
        size=(15, 8),
        link=links.to_series("Incidents"),
    )


def _arriving() -> dashboard.Panel:
    incidents = total("election_incidents_recent", window="1h", by=())
    restrictions = total("election_restrictions_recent", window="1h", by=())
    return graph(
        "Reports of the last hour",
        Text(
            "Incidents and restrictions that happened within the hour before each moment.",
            "By event time. The lines break off while no region reports, they do not fall to 0.",
            "Both break off in the middle of the day: nobody can send. Rising: see which regions.",
        ),
        counted("reports"),
        Value("incidents", while_heard(incidents)),
        Value("restrictions", while_heard(restrictions)),
        size=(9, 9),
        link=links.to("Incidents"),
    )


def _coverage() -> dashboard.Panel:
    return graph(
        "Coverage of the plan",
        Text(
            "Stations of the plan that were heard from, and those expected.",
            "Once heard counts for the day: who fell silent is in Coverage and silence.",
            "The lines stay far apart after the opening: teams did not arrive or cannot send.",
        ),
        counted("stations", absent="no plan"),
        Value("heard", total("election_stations_reporting", by=())),
        Value("expected", total("election_stations_expected", by=())),
        size=(9, 8),
        link=links.to("Coverage and silence"),
    )
