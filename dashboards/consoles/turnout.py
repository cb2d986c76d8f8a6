"""Turnout gap: official turnout against what observers counted, and against itself."""

from __future__ import annotations

from collections.abc import Callable

from dashboards import ages, links, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import CALM, LATENT, URGENT, VERDICT, VERDICTS, alarming, counted, ratio
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import (
    age,
    code_of,
    each,
    furthest,
    recorded,
    series,
    share,
    spoken_all,
    total,
)
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, matrix, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_CHOSEN = {"contest": "$contest", "comparison": "$comparison"}
_VERDICT = "election_turnout_verdict"
_OFFICIAL = "election_official_findings"
_HALF_WIDTH = "election_turnout_gap_half_width_ratio"
_OBSERVED = "election_observed_turnout_findings"
_STRATUM = "election_turnout_stratum_"
_COMPARED = "!no_official|no_observation|too_few"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Turnout gap",
        purpose="Where official turnout parts from what observers counted, and where official "
        "figures contradict themselves. Observed turnout stays in the room while any poll is "
        "open.",
        answers=(
            (NEEDS, _numbers()),
            (WHERE, (_country(), _regions())),
            (BAD, (_matched(), _findings())),
            (SINCE, (_states(), _gap(), _turnout(), _checkpoints())),
            (SURE, (_sample(), _own())),
        ),
        chosen=(
            variables.region(),
            variables.contest(),
            variables.comparison(),
            variables.checkpoint(),
        ),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return _differing(), _repeated(), _contradictions(), ages.official((5, 4)), ages.observers()


def _differing() -> dashboard.Panel:
    differ = each(_VERDICT, verdict="official_above|official_below", **_CHOSEN)
    return number(
        "Regions that differ",
        Text(
            "Regions whose official turnout lies above or below what observers counted, and how "
            "many could be compared.",
            "Beyond the interval that holds for all regions and checkpoints at once, and beyond "
            "the margin; see Verdict in the table.",
            "Read each region's row: interval, stations, checkpoints in a row. Then have an "
            "analyst look before it is said aloud.",
        ),
        counted("regions", absent="not compared"),
        Value("differ", f"sum({differ})"),
        Value("compared", f"sum({each(_VERDICT, verdict=_COMPARED, **_CHOSEN)})"),
        size=(5, 4),
        link=links.to("Coverage and silence"),
    )


def _repeated() -> dashboard.Panel:
    row = each("election_turnout_gap_checkpoints", **_CHOSEN)
    repeated = f"sum(abs({row}) >= bool 2)"
    return number(
        "Differ twice in a row",
        Text(
            "Regions that differ in the same direction at two compared checkpoints or more.",
            "Twice is what the alert waits for: once can be a late or a wrong figure.",
            "These are the ones to work on; the row of the region says how many in a row.",
        ),
        alarming("regions", "none", absent="not compared", step=URGENT),
        Value(
            "in a row",
            f"({repeated} and on () (count({_compared()}) > 0)) or on () vector(-1)",
        ),
        size=(5, 4),
        link=links.to("Operations room"),
    )


def _compared() -> str:
    """The regions that could be compared."""
    return f"{each(_VERDICT, verdict=_COMPARED, **_CHOSEN)} == 1"


def _contradictions() -> dashboard.Panel:
    contradictions = total(_OFFICIAL, finding="!overdue", by=())
    return number(
        "Official figures that contradict",
        Text(
            "Findings on the published series alone that are true now.",
            "Falls, conflicts between publishers, changed registers, impossible figures; what is "
            "only overdue is not among them. Some are misprints.",
            "See By finding below, look up both publications, ask the publisher.",
        ),
        alarming("findings", "none", absent="no figure yet", step=LATENT),
        Value("findings", f"({contradictions} {_PUBLISHED}) or on () vector(-1)"),
        size=(5, 4),
        link=links.to("Operations room"),
    )


_PUBLISHED = f"and on () (count({each('election_official_as_of_timestamp_seconds')}) > 0)"


def _country() -> dashboard.Panel:
    def level(what: str, **wanted: str) -> str:
        named = recorded(f"country:election_turnout_{what}", contest="$contest", **wanted)
        return f"max by (checkpoint) ({named})"

    codes = {name: code for name, (code, _) in VERDICTS.items()}
    named = "country:election_turnout_verdict:level"
    verdict = f"max by (checkpoint) {code_of(named, 'verdict', codes, contest='$contest')}"
    return rows(
        "The whole country, by checkpoint",
        Text(
            "Official less observed turnout of the country, all regions of the sample together, "
            "at each checkpoint; always by level.",
            "Combined from the sums of every stratum by recording rules; a region that no worker "
            "shows is missing from it, so look at Pipeline health first.",
            "The newest checkpoint is on top. Nothing is said of the country before its regions "
            "below have been read.",
        ),
        Rows(
            labels=(("checkpoint", "Checkpoint, UTC"),), sort="Checkpoint, UTC", first=("Verdict",)
        ),
        Column("Verdict", verdict, VERDICT),
        Column("Official", level("official_ratio:furthest"), ratio(absent="none published")),
        Column("Observed", level("observed_ratio:level"), ratio(absent="not observed")),
        Column("Gap", level("gap_ratio:level"), _GAP),
        Column("± 95 %", level("gap_half_width_ratio:level", level="95"), _HALF),
        Column("± all", level("gap_half_width_ratio:level", level="family"), _HALF),
        Column("Stations", level("stations:sum"), _STATIONS),
        size=(24, 6),
        absent="no sample in any region, or no worker",
    )


def _regions() -> dashboard.Panel:
    row = furthest(series("election_turnout_gap_checkpoints", **_CHOSEN))
    row = f"{row} and on (region) ({_compared()})"
    return rows(
        "Regions by verdict",
        Text(
            "For the newest checkpoint compared: official less observed turnout, its intervals, "
            "the stations it rests on, and the verdict in words.",
            "± 95 % holds for one region alone, ± all for every region and checkpoint at once; "
            "where there is none, the verdict says why.",
            "official above or below, twice in a row: the sentence of the evening. inconclusive "
            "is not within: nothing is shown, nothing is excluded.",
        ),
        Rows(
            labels=regions.LISTED,
            sort="Verdict",
            leads_to="Coverage and silence",
            first=("Verdict",),
        ),
        Column("Verdict", regions.verdict("$comparison"), VERDICT),
        Column("Official", _ratio(source="official"), ratio(absent="none published")),
        Column("Observed", _ratio(source="observed"), ratio(absent="not observed")),
        Column("Gap", furthest(series("election_turnout_gap_ratio", **_CHOSEN)), _GAP),
        Column("± 95 %", furthest(series(_HALF_WIDTH, level="95", **_CHOSEN)), _HALF),
        Column("± all", furthest(series(_HALF_WIDTH, level="family", **_CHOSEN)), _HALF),
        Column("Stations", furthest(series("election_turnout_stations", **_CHOSEN)), _STATIONS),
        Column("In a row, + above", row, counted("checkpoints", absent="not compared")),
        Column(
            "Official as of", age("election_official_as_of_timestamp_seconds"), ages.column().look
        ),
        size=(24, 10),
    )


def _ratio(**wanted: str) -> str:
    return furthest(series("election_turnout_ratio", contest="$contest", **wanted))


def _matched() -> dashboard.Panel:
    matched = "election_turnout_matched"

    def count(comparison: str, verdict: str) -> str:
        """−1 for a zero where no station could be compared."""
        found = total(matched, contest="$contest", comparison=comparison, verdict=verdict)
        every = total(matched, contest="$contest", comparison=comparison)
        return f"({found} > 0) or ({found} and on (region) ({every} > 0)) or ({found} * 0 - 1)"

    return rows(
        "The same station, counted and published",
        Text(
            "Where an observer's count, or what the commission announced at the station, meets a "
            "published figure of that station and checkpoint: how many lie apart.",
            "The same people at the same door: no sampling error, only the pack's tolerance. "
            "Told is what the commission said there, another kind of evidence.",
            "One above is enough to act: the table turnout of the worker has the station, both "
            "figures and the minutes between them.",
        ),
        Rows(labels=regions.LISTED, sort="Above", leads_to="Incidents"),
        Column("Above", count("matched", "official_above"), _APART),
        Column("Below", count("matched", "official_below"), _APART),
        Column("Within", count("matched", "within"), _WITHIN),
        Column("Told: above", count("told", "official_above"), _APART),
        Column("Told: below", count("told", "official_below"), _APART),
        Column("Told: within", count("told", "within"), _WITHIN),
        size=(14, 9),
        absent="no station compared",
    )


def _findings() -> dashboard.Panel:
    return rows(
        "By finding",
        Text(
            "What is wrong with the published series by itself, by kind, true of it now.",
            "From the publications alone. register_changed can be voters added on the day.",
            "fall and conflicting first: compare the sources in the table official_findings.",
        ),
        Rows(labels=(("finding", "Finding"),), sort="Open"),
        Column(
            "Open",
            f"({total(_OFFICIAL, by=('finding',))} {_PUBLISHED})",
            alarming("findings", "none", step=LATENT),
        ),
        Column(
            "Regions",
            f"count by (finding) ({total(_OFFICIAL, by=('region', 'finding'))} > 0)",
            counted("regions", absent="none"),
        ),
        size=(10, 9),
        absent="no official figure yet",
    )


def _states() -> dashboard.Panel:
    return timeline(
        "Regions' verdicts",
        Text(
            "How the verdict of each region changed as figures and reports came in.",
            "As it was known at each moment, not as it is known now about then.",
            "A verdict that flips at each checkpoint: look at the number of stations.",
        ),
        VERDICT,
        Value("{{region}}", regions.verdict("$comparison")),
        size=(12, 10),
        link=links.to_series("Coverage and silence"),
    )


def _turnout() -> dashboard.Panel:
    return graph(
        "Official turnout, by region",
        Text(
            "Newest published turnout of each chosen region, and of the country where it is "
            "published.",
            "The figure of the publisher that counts most.",
            "A line that falls: see By finding. One that jumps: compare with the observers.",
        ),
        ratio(absent="not published"),
        Value("{{region}}", _ratio(source="official")),
        size=(10, 9),
        link=links.to_series("Coverage and silence"),
    )


def _gap() -> dashboard.Panel:
    gap = furthest(series("election_turnout_gap_ratio", **_CHOSEN))
    half = furthest(series(_HALF_WIDTH, level="family", **_CHOSEN))
    return graph(
        "Gap and its interval, by region",
        Text(
            "Official less observed turnout of each chosen region, with the interval that holds "
            "for all regions and checkpoints at once. Choose one region to read it.",
            "Only gap without from and to: there is no interval, the verdict beside says why.",
            "From and to on one side of 0, at two checkpoints: the gap is no accident.",
        ),
        _GAP,
        Value("{{region}} gap", gap),
        Value("{{region}} from", f"{gap} - {half}"),
        Value("{{region}} to", f"{gap} + {half}"),
        size=(12, 10),
        link=links.to_series("Coverage and silence"),
    )


def _checkpoints() -> dashboard.Panel:
    return matrix(
        "Official turnout by checkpoint",
        Text(
            "What was published for each checkpoint, by region; the newest on the right, in UTC.",
            "The figure of the publisher that counts most. It is not corrected by us.",
            "Read along a row: it may never fall. An empty place was not published.",
        ),
        ratio(absent="not published"),
        each("election_turnout_official_ratio", contest="$contest"),
        across="checkpoint",
        size=(14, 9),
    )


def _sample() -> dashboard.Panel:
    def stratum(what: str) -> str:
        wanted = {"contest": "$contest", "checkpoint": "$checkpoint"}
        return furthest(series(f"{_STRATUM}{what}", **wanted), "stratum")

    return rows(
        "The sample, by stratum",
        Text(
            "Stations of each stratum of the sample: in all, drawn, reported, without a register; "
            "and turnout at those that reported.",
            "At the checkpoint chosen above. Turnout here is of the reporting stations alone, "
            "not weighted: the table of regions has the estimate. Spread: standard deviation of "
            "the stations around it, as part of their mean register; a wide one needs more "
            "stations.",
            "Reported far below drawn: call those teams. The fast ones are no random part.",
        ),
        Rows(
            labels=(("region", "Region"), ("stratum", "Stratum")),
            sort="Reported of drawn",
            leads_to="Coverage and silence",
            descending=False,
        ),
        Column("Stations", stratum("stations"), _STATIONS),
        Column("Drawn", stratum("drawn"), _STATIONS),
        Column("Reported", stratum("reported"), _STATIONS),
        Column("Reported of drawn", share(stratum("reported"), stratum("drawn")), _PART),
        Column("No register", stratum("no_register"), _STATIONS),
        Column("Turnout there", share(stratum("voters"), stratum("registered")), ratio()),
        Column("Spread", _spread(stratum), ratio(absent="fewer than 2")),
        size=(15, 9),
        absent="no random sample",
    )


def _spread(stratum: Callable[[str], str]) -> str:
    """Σ(a − p·m)² by its sums, p = Σa/Σm: its root mean, as part of the mean register."""
    a, m, k = stratum("voters"), stratum("registered"), stratum("reported")
    p = f"({a} / ({m} > 0))"
    squares = (
        f"{stratum('voters_squared')} - 2 * {p} * {stratum('voters_registered')} "
        f"+ {p} * {p} * {stratum('registered_squared')}"
    )
    return f"sqrt(clamp_min({squares}, 0) / ({k} - 1 > 0)) / ({m} / {k})"


def _own() -> dashboard.Panel:
    return rows(
        "Observers' own counts that are wrong",
        Text(
            "What is wrong with observers' own counts, by kind.",
            "Counts above the register, that fall, that last too long, or that contradict.",
            "Mend these before anybody else finds them: call the team, send a correction.",
        ),
        Rows(labels=(("finding", "Finding"),), sort="Counts"),
        Column(
            "Counts",
            spoken_all(total(_OBSERVED, by=("finding",))),
            alarming("findings", "none", step=LATENT),
        ),
        size=(9, 9),
    )


_GAP = ratio(absent="no figure")
_HALF = ratio(absent="no interval")
_PART = ratio(absent="none drawn", decimals=0)
_STATIONS = counted("stations", absent="none")
_APART = alarming("comparisons", "none", absent="none compared")
_WITHIN = alarming("comparisons", "none", absent="none compared", step=CALM)
