"""Counting and results: how counts were assessed, and what was published of them."""

from __future__ import annotations

from dashboards import ages, links, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import CALM, LATENT, PUBLICATION, URGENT, alarming, coded, counted, ratio
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import (
    age,
    each,
    first_of,
    share,
    some,
    spoken,
    total,
    while_heard,
)
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_VISITS = "election_visits"
_NEGATIVE = "bad|very_bad"
_COUNTING = "counting"
_PUBLISHED = "election_results_published_stations"
_COPIES = "election_protocols_observed"
_DIFFERENT = "election_protocol_differences"
_CLOSE = "election_polls_close_timestamp_seconds"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Counting and results",
        purpose="How observers assessed counting and tabulation, whether results by station are "
        "public, and whether they are what was counted. Every share stands beside its n.",
        answers=(
            (NEEDS, _numbers()),
            (WHERE, (_regions(),)),
            (BAD, (_ratings(), _findings(), _complaints())),
            (SINCE, (_states(), _progress())),
            (SURE, (_answers(), _copies())),
        ),
        chosen=(variables.region(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return (
        _negative(),
        _different(),
        _unpublished(),
        _overdue(),
        ages.observers(),
        ages.official(),
    )


def _negative() -> dashboard.Panel:
    bad = while_heard(total(_VISITS, rating=_NEGATIVE, by=(), phase=_COUNTING))
    return number(
        "Counts assessed negatively",
        Text(
            "Observed counts rated bad or very bad, and observed counts in all.",
            "Of those that were observed; not a random sample unless the plan says so, so that "
            "no interval can be given.",
            "From the pack's share and number on, CountingAssessedNegatively fires. The questions "
            "below say what went wrong.",
        ),
        counted("counts"),
        Value("negative", bad),
        Value("observed", while_heard(total(_VISITS, by=(), phase=_COUNTING))),
        link=links.to("Observer access"),
    )


def _different() -> dashboard.Panel:
    return number(
        "Copies that differ",
        Text(
            "Observers' copies that the published protocol of the same station contradicts in at "
            "least one figure.",
            "A copy can be misread: the photograph decides. `no copy yet` is no agreement.",
            "The table protocols has both figures of each. Compare with the photograph before "
            "anybody speaks of it.",
        ),
        alarming("protocols", "none differ", absent="no copy yet", step=URGENT),
        Value("differ", _with_copies(total(_DIFFERENT, by=()), "vector(-1)")),
        link=links.to("Observer access"),
    )


def _with_copies(count: str, otherwise: str) -> str:
    """``count``, whose zeros say something only where there are copies."""
    copies = f"{total(_COPIES, by=())} > 0"
    return f"({count} > 0) or ({count} and on () ({copies})) or on () {otherwise}"


def _unpublished() -> dashboard.Panel:
    return number(
        "Stations with results",
        Text(
            "Stations of which an official protocol with votes by contestant was published, and "
            "stations in all.",
            "Of the main contest; the stations are those of the pack.",
            "None of all, hours after the close: no results by station are public. Say so.",
        ),
        counted("stations", absent="not known"),
        Value("published", total(_PUBLISHED, by=())),
        Value("stations", total("election_stations", by=())),
        link=links.to("Turnout gap"),
    )


def _overdue() -> dashboard.Panel:
    return number(
        "Complaints overdue",
        Text(
            "Complaints undecided for longer than the pack allows.",
            "As the desk entered them; those that nobody told the desk of are missing.",
            "Ask the body for its decision, and note when.",
        ),
        alarming("complaints", "none overdue", absent="no worker"),
        Value("overdue", total("election_complaints", stage="overdue", by=())),
        link=links.to("Operations room"),
    )


def _publication() -> str:
    """The code of ``looks.PUBLICATION``, by region."""
    published, stations = total(_PUBLISHED), total("election_stations")
    return first_of(
        (5, some(total(_DIFFERENT))),
        (1, f"{age(_CLOSE)} < 0"),
        (4, f"{published} == 0"),
        (3, f"{published} < {stations}"),
        (2, f"{published} >= {stations}"),
        (0, each("scrutineer_region_live")),
    )


def _regions() -> dashboard.Panel:
    counts = total(_VISITS, phase=_COUNTING)
    published, stations = total(_PUBLISHED), total("election_stations")
    return rows(
        "Regions by publication",
        Text(
            "What is public of each region's results, how long its polls have been closed, and "
            "how its counts were assessed.",
            "Shares stand beside their n: counts observed, stations of the region.",
            "Copies that differ first, then regions where nothing is published long after the "
            "close.",
        ),
        Rows(labels=regions.LISTED, sort="Results", leads_to="Observer access", first=("Results",)),
        Column("Results", _publication(), coded(PUBLICATION, absent="no worker")),
        Column("Closed for", f"{age(_CLOSE)} >= 0", ages.column().look.with_absent("polls open")),
        Column("Stations published", published, counted("stations", absent="none")),
        Column("Stations", stations, counted("stations", absent="not known")),
        Column("Published", share(published, stations), ratio(absent="not known", decimals=0)),
        Column("Counts observed", spoken(counts), _NONE_OBSERVED),
        Column(
            "Negative", share(total(_VISITS, rating=_NEGATIVE, phase=_COUNTING), counts), _SHARE
        ),
        ages.column(),
        size=(24, 10),
    )


def _ratings() -> dashboard.Panel:
    phase = ("phase",)
    everything = total(_VISITS, by=phase)
    negative = total(_VISITS, rating=_NEGATIVE, by=phase)
    return rows(
        "Assessment by phase",
        Text(
            "Visits by phase: how many, how many rated bad or very bad, and their share.",
            "Visits without a rating are left out. No interval: the visits are no random sample.",
            "Counting far worse than voting is a finding of its own; say both with their n.",
        ),
        Rows(labels=(("phase", "Phase"),), sort="Share negative"),
        Column("n", while_heard(everything), counted("visits")),
        Column("Negative", while_heard(negative), counted("visits")),
        Column("Share negative", share(negative, everything), _SHARE),
        size=(9, 8),
    )


def _findings() -> dashboard.Panel:
    found = total("election_protocol_findings", by=("finding",))
    protocols = f"({total(_COPIES, by=())} + {total(_PUBLISHED, by=())} > 0)"
    return rows(
        "Protocols whose figures do not add up",
        Text(
            "Protocols, copies and published ones, that break a rule of arithmetic, by rule.",
            "Each rule by itself: one protocol may break several.",
            "One is a slip, many in a region are not: choose regions above to find them.",
        ),
        Rows(labels=(("finding", "Rule"),), sort="Protocols"),
        Column(
            "Protocols",
            f"({found} > 0) or ({found} and on () {protocols}) or ({found} * 0 - 1)",
            alarming("protocols", "none", absent="no protocol yet", step=LATENT),
        ),
        size=(8, 8),
    )


def _complaints() -> dashboard.Panel:
    return rows(
        "Complaints by stage",
        Text(
            "Complaints filed, decided, with a public decision, overdue and decided late.",
            "Stages contain each other: they are not to be added up.",
            "Decided far above published: ask for the texts.",
        ),
        Rows(labels=(("stage", "Stage"),), sort="Complaints"),
        Column(
            "Complaints",
            total("election_complaints", by=("stage",)),
            counted("complaints", absent="no worker"),
        ),
        size=(7, 8),
    )


def _states() -> dashboard.Panel:
    return timeline(
        "Regions' publication",
        Text(
            "When each region's polls closed, and when its results became public.",
            "As it was known at each moment; a gap is a time without a worker.",
            "The length of the orange part is how long nothing was public.",
        ),
        coded(PUBLICATION, absent="no worker"),
        Value("{{region}}", _publication()),
        size=(14, 10),
        link=links.to_series("Observer access"),
    )


def _progress() -> dashboard.Panel:
    return graph(
        "Published and counted",
        Text(
            "Stations with published results, and copies of protocols that observers sent.",
            "By when it reached the log, not by when it was signed.",
            "Copies stand still after the close: they are refused, see Observer access.",
        ),
        counted("protocols"),
        Value("published", total(_PUBLISHED, by=())),
        Value("copies", while_heard(total(_COPIES, by=()))),
        size=(10, 10),
        link=links.to("Observer access"),
    )


def _answers() -> dashboard.Panel:
    question = ("question",)
    everything = total("election_answers", by=question)
    no = total("election_answers", answer="no", by=question)
    return rows(
        "Procedures: answers of no",
        Text(
            "For every question of the observers' form how many answered, and the part of no.",
            "Questions are of the pack; most expect yes. Coverage has what was not observed.",
            "The procedure at the top was disregarded most: read the visits behind it.",
        ),
        Rows(labels=(("question", "Question"),), sort="No"),
        Column("n", while_heard(everything), counted("answers")),
        Column("No", share(no, everything), _SHARE),
        size=(12, 9),
    )


def _copies() -> dashboard.Panel:
    return rows(
        "Copies by region",
        Text(
            "Observers' copies of protocols by region, and those that the published one "
            "contradicts.",
            "Without copies nothing can be said of a region's results.",
            "No copies after the close: look for protocol_copy_refused in Observer access.",
        ),
        Rows(labels=regions.LISTED, sort="Differ", leads_to="Observer access"),
        Column("Copies", spoken(total(_COPIES)), alarming("copies", "none", step=CALM)),
        Column("Differ", f"{total(_DIFFERENT)} and on (region) ({total(_COPIES)} > 0)", _DIFFER),
        size=(12, 9),
    )


_SHARE = ratio(absent="none observed")
_NONE_OBSERVED = alarming("counts", "none observed", step=CALM)
_DIFFER = alarming("copies", "none differ", absent="no copy yet", step=URGENT)
