"""Coverage and silence: who is heard from, who is not, and what observers could see."""

from __future__ import annotations

from dashboards import ages, links, queries, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import AGE, HEARD, alarming, coded, counted, ratio
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import age, each, share, total, while_heard
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_EXPECTED = "election_stations_expected"
_REPORTING = "election_stations_reporting"
_SILENT = "election_stations_silent"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Coverage and silence",
        purpose="Who is heard from and who is not, against the deployment plan. Silence is not "
        "calm: what the other dashboards say is as good as what stands here.",
        answers=(
            (NEEDS, _numbers()),
            (WHERE, (_regions(),)),
            (BAD, (_by_phase(), _teams())),
            (SINCE, (_states(), _silence())),
            (SURE, (_visits(), _answers())),
        ),
        chosen=(variables.region(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return _unheard(), _silent(), _covered(), _closed(), ages.observers(), ages.official()


def _unheard() -> dashboard.Panel:
    return number(
        "Regions not heard",
        Text(
            "Regions that are silent or that nothing was heard from, where somebody is expected.",
            "By the pack's minutes of silence, while polls are open.",
            "Call the coordinator of the region. No answer there is an incident of its own.",
        ),
        alarming("regions", "all are heard", absent="no worker"),
        Value("not heard", f"sum({each('election_region_heard', state='silent|nothing_heard')})"),
        link=links.to("Incidents"),
    )


def _silent() -> dashboard.Panel:
    return number(
        "Stations silent",
        Text(
            "Stations of the plan that were never heard from though it is time, or fell silent.",
            "Over the whole day, each station once.",
            "The table silent of the workers' HTTP service names whom to call.",
        ),
        alarming("stations", "none silent", absent="no plan"),
        Value("silent", total(_SILENT, phase="day", by=())),
        link=links.to("Observer access"),
    )


def _covered() -> dashboard.Panel:
    return number(
        "Stations heard",
        Text(
            "Stations of the plan that were heard from today, and those expected.",
            "Heard once counts for the day; without a plan, all stations heard from.",
            "Low after the opening: teams did not arrive, were not let in, or cannot send.",
        ),
        counted("stations", absent="no plan"),
        Value("heard", total(_REPORTING, by=())),
        Value("expected", total(_EXPECTED, by=())),
        link=links.to("Operations room"),
    )


def _closed() -> dashboard.Panel:
    opened = queries.by_region_only(total("election_stations_opened"))
    return number(
        "Stations open, official",
        Text(
            "Stations that the authorities say are open, and stations of those regions.",
            "Newest official figure of each region; regions without one are left out of both.",
            "Fewer open than there are: ask which are closed, and why.",
        ),
        counted("stations", absent="none published"),
        Value("open", f"sum({opened})"),
        Value("of", f"sum({total('election_stations')} and on (region) ({opened}))"),
        link=links.to("Incidents"),
    )


_HEARD = coded(dict(HEARD.values()), absent="no worker")


def _regions() -> dashboard.Panel:
    silent = total(_SILENT, phase="day")
    return rows(
        "Regions by silence",
        Text(
            "What is heard of each region, how many stations and teams, and how long ago.",
            "Against the deployment plan; without one only what was heard is known.",
            "From the top: call. A region with stations heard and an old report fell silent "
            "together: think of the network, or of an order.",
        ),
        Rows(labels=regions.LISTED, sort="Heard", leads_to="Incidents", first=("Heard",)),
        Column("Heard", regions.hearing(), _HEARD),
        Column("Newest report", ages.column().expression, AGE),
        Column("Stations expected", total(_EXPECTED), counted("stations", absent="no plan")),
        Column("Stations heard", total(_REPORTING), counted("stations")),
        Column("Share heard", regions.covered(), ratio(absent="no plan", decimals=0)),
        Column("Stations silent", silent, _NONE_SILENT),
        Column("Teams silent", total("election_teams_silent"), _NO_TEAM_SILENT),
        Column(
            "Official report",
            age("election_last_report_timestamp_seconds", authority="official"),
            AGE.with_absent("none published"),
        ),
        size=(24, 10),
    )


def _by_phase() -> dashboard.Panel:
    phase = ("phase",)
    expected = total(f"{_EXPECTED}_by_phase", by=phase)
    heard = total(f"{_REPORTING}_by_phase", by=phase)
    return rows(
        "By phase of the day",
        Text(
            "Stations expected, heard from and silent in each phase.",
            "A station may be in several phases: the rows are not to be added up.",
            "The counting silent: nobody sees it. Call before the protocols are signed.",
        ),
        Rows(labels=(("phase", "Phase"),), sort="Silent"),
        Column("Expected", expected, counted("stations", absent="no plan")),
        Column("Heard", heard, counted("stations", absent="no plan")),
        Column("Share heard", share(heard, expected), ratio(absent="none expected", decimals=0)),
        Column("Silent", total(_SILENT, phase="!day", by=phase), _NONE_SILENT),
        size=(14, 8),
        absent="no plan",
    )


def _teams() -> dashboard.Panel:
    return number(
        "Teams",
        Text(
            "Teams of the plan, and those that are silent over the day.",
            "A source at a station is one team; a silent one beside one that reports counts here, "
            "not among silent stations.",
            "More silent teams than stations: some stations hang on one team alone.",
        ),
        counted("teams", absent="no plan"),
        Value("expected", total("election_teams_expected", by=())),
        Value("silent", total("election_teams_silent", by=())),
        size=(10, 8),
        link=links.to("Operations room"),
    )


def _states() -> dashboard.Panel:
    return timeline(
        "Regions' silence",
        Text(
            "When each region was heard from, and when not.",
            "As it was known at each moment; a gap is a time without a worker, see Pipeline "
            "health.",
            "Many that end at one moment: the network or the worker, not the teams.",
        ),
        _HEARD,
        Value("{{region}}", regions.hearing()),
        size=(14, 10),
        link=links.to_series("Incidents"),
    )


def _silence() -> dashboard.Panel:
    return graph(
        "Stations heard and silent",
        Text(
            "Stations heard from so far, and stations silent at each moment.",
            "Over the whole day, each station once.",
            "Silent rising while heard stands still: nobody reports any more.",
        ),
        counted("stations", absent="no plan"),
        Value("heard", total(_REPORTING, by=())),
        Value("silent", total(_SILENT, phase="day", by=())),
        size=(10, 10),
        link=links.to("Operations room"),
    )


def _visits() -> dashboard.Panel:
    visits = while_heard(total("election_visits", by=("phase",)))
    return rows(
        "Visits by phase",
        Text(
            "Assessed visits by phase: the n of everything that is said of voting or counting.",
            "Visits without a rating are left out.",
            "Few visits to the count by midnight: say so in every sentence about it.",
        ),
        Rows(labels=(("phase", "Phase"),), sort="Visits"),
        Column("Visits", visits, counted("visits")),
        size=(8, 9),
    )


def _answers() -> dashboard.Panel:
    question = ("question",)
    answers = total("election_answers", by=question)
    return rows(
        "Answers of the form, and what could be seen",
        Text(
            "Every question of the observers' form, access for voters with disabilities among "
            "them: answers, and the parts that said yes, no or not observed.",
            "n stands beside each share; the visits are not a random sample.",
            "Many not observed are a finding: observers were not placed where they could see.",
        ),
        Rows(labels=(("question", "Question"),), sort="Not observed"),
        Column("n", while_heard(answers), counted("answers")),
        *(
            Column(
                title,
                share(total("election_answers", answer=answer, by=question), answers),
                ratio(absent="none", decimals=0),
            )
            for title, answer in (("Yes", "yes"), ("No", "no"), ("Not observed", "not_observed"))
        ),
        size=(16, 9),
    )


_NONE_SILENT = alarming("stations", "none silent", absent="no plan")
_NO_TEAM_SILENT = alarming("teams", "none silent", absent="no plan")
