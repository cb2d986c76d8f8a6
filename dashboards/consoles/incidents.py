"""Incidents: what is reported, where it escalates, and what the desk has made of it."""

from __future__ import annotations

from dashboards import ages, links, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import ESCALATION, LATENT, alarming, coded, counted, ratio
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import (
    each,
    first_of,
    heard,
    share,
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
_ALL = "election_incidents"
_RECENT = "election_incidents_recent"
_STATUS = "election_incidents_by_status"
_CRITICAL = "election_critical_incidents_open"
_SURGE = "election_incident_surge"
_WAITING = "reported|under_review"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Incidents",
        purpose="What observers report beside restrictions: where it escalates, of what category, "
        "and what the desk decided. A count is as good as the stations heard beside it.",
        answers=(
            (NEEDS, (*_numbers(),)),
            (WHERE, (_regions(),)),
            (BAD, (_by_category(), _by_severity())),
            (SINCE, (_states(), _recent())),
            (SURE, (_by_status(), _decided())),
        ),
        chosen=(variables.region(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return _surges(), _critical(), _last_hour(), _waiting(), ages.observers()


def _surges() -> dashboard.Panel:
    return number(
        "Regions with a surge",
        Text(
            "Regions with clearly more incidents of late than before, for the stations heard.",
            "Poisson test against the region's own earlier rate; numbers and threshold are the "
            "pack's.",
            "Open the region: one category or all? Call the teams there, ask what changed.",
        ),
        alarming("regions", "in none"),
        Value("surges", spoken_total(f"sum({each(_SURGE)})")),
        size=(5, 4),
        link=links.to("Coverage and silence"),
    )


def _critical() -> dashboard.Panel:
    return number(
        "Critical, open",
        Text(
            "Incidents of severity critical that the desk has neither resolved nor dismissed.",
            "The desk's severity where it set one, else the observer's.",
            "Decide about each; what is resolved, rejected or downgraded is no longer counted.",
        ),
        alarming("incidents", "none open"),
        Value("critical", spoken_total(total(_CRITICAL, by=()))),
        size=(5, 4),
        link=links.to("Observer access"),
    )


def _last_hour() -> dashboard.Panel:
    return number(
        "Last hour",
        Text(
            "Standing incidents that happened within the hour before now.",
            "By event time in steps of 5 minutes; late reports can still raise it.",
            "More than in the hours before, in the graph below: see which region and category.",
        ),
        alarming("incidents", "none reported", step=LATENT),
        Value("last hour", spoken_total(total(_RECENT, window="1h", by=()))),
        size=(5, 4),
        link=links.to("Coverage and silence"),
    )


def _waiting() -> dashboard.Panel:
    return number(
        "Waiting for the desk",
        Text(
            "Incidents that nobody decided on: reported, or under review.",
            "Counts of reports, two of one event included until the desk says duplicate.",
            "Growing all the time: the desk does not keep up. Critical ones first.",
        ),
        alarming("incidents", "none waiting", step=LATENT),
        Value("waiting", spoken_total(total(_STATUS, status=_WAITING, by=()))),
        size=(5, 4),
        link=links.to("Pipeline health"),
    )


def _escalation() -> str:
    """The code of ``looks.ESCALATION``, by region."""
    return first_of(
        (4, some(each(_SURGE))),
        (3, heard("silent|nothing_heard")),
        (2, some(total(_CRITICAL))),
        (1, heard()),
        (0, each("scrutineer_region_live")),
    )


def _regions() -> dashboard.Panel:
    per_station = share(total(_RECENT, window="1h"), total("election_stations_reporting"))
    return rows(
        "Regions by escalation",
        Text(
            "Incidents by region: of late, over the day, the grave ones, and for each station "
            "that was heard from.",
            "The rate for each station has the stations heard as its n, beside it.",
            "Surges first, then the silent ones: a zero there is not calm.",
        ),
        Rows(labels=regions.LISTED, sort="State", leads_to="Observer access", first=("State",)),
        Column("State", _escalation(), coded(ESCALATION, absent="no worker")),
        *(
            Column(f"Last {name}", spoken(total(_RECENT, window=window)), _NONE)
            for name, window in (("15 min", "15m"), ("hour", "1h"), ("6 hours", "6h"))
        ),
        Column("All", spoken(total(_ALL)), _NONE),
        Column("High", spoken(total(_ALL, severity="high")), _NONE),
        Column("Critical", spoken(total(_ALL, severity="critical")), _NONE),
        Column("Per station, 1 h", f"{per_station} > 0", _RATE),
        *regions.reporting(),
        ages.column(),
        size=(24, 9),
    )


def _by_category() -> dashboard.Panel:
    return rows(
        "By category",
        Text(
            "Incidents by the category of the pack's taxonomy.",
            "As observers chose it; the desk can correct it by a correction of the report.",
            "Sort by the last hour to see what begins.",
        ),
        Rows(labels=(("category", "Category"),), sort="Last hour"),
        Column("All", spoken_all(total(_ALL, by=("category",))), _NONE),
        Column("Last hour", spoken_all(total(_RECENT, window="1h", by=("category",))), _NONE),
        Column("Last 6 hours", spoken_all(total(_RECENT, window="6h", by=("category",))), _NONE),
        size=(14, 9),
    )


def _by_severity() -> dashboard.Panel:
    return rows(
        "By severity",
        Text(
            "Incidents by severity, over the day.",
            "unspecified: neither the observer nor the desk gave one.",
            "Many unspecified: let the desk grade them, else critical ones hide there.",
        ),
        Rows(labels=(("severity", "Severity"),), sort="All"),
        Column("All", spoken_all(total(_ALL, by=("severity",))), _NONE),
        size=(10, 9),
    )


def _states() -> dashboard.Panel:
    return timeline(
        "Regions' escalation",
        Text(
            "When a region surged, had a critical incident or fell silent.",
            "As it was known at each moment; a gap is a time without a worker.",
            "Silence right after a surge: the teams may be kept from reporting. Call them.",
        ),
        coded(ESCALATION, absent="no worker"),
        Value("{{region}}", _escalation()),
        size=(14, 10),
        link=links.to_series("Observer access"),
    )


def _recent() -> dashboard.Panel:
    return graph(
        "The hour before, by category",
        Text(
            "Incidents that happened within the hour before each moment, by category.",
            "Lines break off while no region reports, they do not fall to 0.",
            "One category rising alone: read its reports, warn the other regions.",
        ),
        counted("incidents"),
        Value("{{category}}", while_heard(total(_RECENT, window="1h", by=("category",)))),
        size=(10, 10),
        link=links.to("Coverage and silence"),
    )


def _by_status() -> dashboard.Panel:
    return rows(
        "By decision of the desk",
        Text(
            "All incidents ever reported, by what the desk decided; withdrawn ones as well.",
            "Only confirmed ones were checked by somebody who was not there.",
            "Say confirmed and reported apart in anything that leaves the room.",
        ),
        Rows(labels=(("status", "Status"),), sort="Incidents"),
        Column("Incidents", spoken_all(total(_STATUS, by=("status",))), _NONE),
        size=(12, 8),
    )


def _decided() -> dashboard.Panel:
    everything = total(_STATUS, status="!withdrawn")
    return rows(
        "Confirmed share by region",
        Text(
            "The part of the incidents of each region that the desk confirmed, with how many "
            "there are.",
            "A share of few says little: n stands beside it.",
            "A region with many and none confirmed: nobody on the desk looks at it.",
        ),
        Rows(labels=regions.LISTED, sort="n", leads_to="Coverage and silence"),
        Column("n", spoken(everything), _NONE),
        Column("Confirmed", share(total(_STATUS, status="confirmed"), everything), _SHARE),
        Column("Waiting", share(total(_STATUS, status=_WAITING), everything), _SHARE),
        size=(12, 8),
    )


_NONE = alarming("incidents", "none", step=LATENT)
_SHARE = ratio(absent="no report", decimals=0)
_RATE = counted("incidents per station").with_decimals(2)
