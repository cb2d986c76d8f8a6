"""What a report says of the turnout gap: rows of the table `turnout`, chosen and put in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.fields import microseconds, rfc3339
from schemas.pack import Pack
from streams.tables.counts import COUNT_FINDINGS

Rows = Sequence[Mapping[str, Any]]
Line = tuple[str, ...]

MEANINGS: Final[Mapping[str, str]] = {
    "no_official": "no official figure to compare with",
    "no_observation": "no observers' counts at this moment",
    "too_few": "fewer stations than a figure is shown for",
    "descriptive": "the stations watched, no probability sample: describes them and no others",
    "incomplete_sample": "too few of the drawn stations have reported: those that are fast are no "
    "random part",
    "lonely_stratum": "a stratum with one report: how far off it is, nobody can say",
    "official_above": "the official figure is higher than the sample allows, beyond the margin",
    "official_below": "the official figure is lower than the sample allows, beyond the margin",
    "within": "the whole interval is inside the margin",
    "inconclusive": "the sample is too small to tell",
}
"""What each verdict of an estimate means, for people."""

AT_STATIONS: Final[Mapping[str, str]] = {
    "official_above": "the official figure is higher than the count, beyond the tolerance",
    "official_below": "the official figure is lower than the count, beyond the tolerance",
    "within": "the two differ by no more than the tolerance",
    "no_official": MEANINGS["no_official"],
}
"""What it means of the same stations, where there is no sample: two numbers and a tolerance."""

_SILENT: Final = ("no_official", "no_observation")
_POINTS: Final = 100


class Section(NamedTuple):
    """A table: its title, the heads of its columns, lines; the columns of words from the left.

    ``words``: what the verdicts in its last column mean; none where it has no verdicts.
    """

    title: str
    head: Line
    lines: list[Line]
    left: int
    words: Mapping[str, str] = {}


class Report(NamedTuple):
    """All that is printed: what it is about, tables, and what stands below them."""

    title: str
    notes: list[str]
    sections: list[Section]
    footer: list[str]


class About(NamedTuple):
    """What a report is about: one contest, as it stood at ``now`` (µs), of events with a digest."""

    pack: Pack
    contest: str
    now: int
    digest: str


def report(
    found: Rows, findings: Rows, about: About, *, every: bool = False, stations: bool = False
) -> Report:
    """The report. ``found``: rows of `turnout`; ``findings``: rows of `official_findings`.

    Each place at its newest checkpoint that has both figures, or with ``every`` at all of them.
    """
    pack, contest = about.pack, about.contest
    mine = [row for row in found if row["contest"] == contest]
    clock = Clock(pack)
    shares = [row for row in mine if row["comparison"] == "level"]
    sections = [
        _shares("Official turnout and observers' counts", _chosen(shares, every), pack, clock)
    ]
    flows = [row for row in mine if row["comparison"] == "flow" and _seen(row)]
    if flows:
        sections.append(_flows(_chosen(flows, every), pack, clock))
    for kind, title in (
        ("matched", "The same stations: counted by observers, and published"),
        ("told", "The same stations: told by the commission, and published"),
    ):
        voters = [
            row
            for row in mine
            if row["comparison"] == kind and (stations or row["station"] is None)
        ]
        if voters:
            sections.append(_voters(title, voters, pack, clock, stations=stations))
    wrong = [row for row in findings if row["contest"] == contest]
    if wrong:
        sections.append(_findings(wrong, clock))
    return Report(
        f"{pack.name}: turnout, {pack.contests[contest].name}",
        _notes(pack, about.now, clock),
        sections,
        _meanings(sections)
        + _basis(pack)
        + [f"Election {pack.id}, content digest {about.digest}."],
    )


class Clock:
    """Moments as they are printed in the country."""

    def __init__(self, pack: Pack) -> None:
        self.zone = ZoneInfo(pack.time_zone)

    def __call__(self, moment: int | str) -> str:
        """``2023-03-19 18:10``: of microseconds, or of RFC 3339."""
        return f"{self.local(moment):%Y-%m-%d %H:%M}"

    def local(self, moment: int | str) -> datetime:
        """The moment in the country's time zone."""
        text = rfc3339(moment) if isinstance(moment, int) else moment
        return datetime.fromisoformat(text).astimezone(self.zone)


def _meanings(sections: Iterable[Section]) -> list[str]:
    """Each verdict that is printed, in the words of the comparison that it stands beside."""
    lines = []
    for words, where in ((MEANINGS, ""), (AT_STATIONS, " (the same stations)")):
        used = {
            line[-1] for section in sections if section.words is words for line in section.lines
        }
        lines += [f"{one}{where}: {text}." for one, text in words.items() if one in used]
    return lines


def _notes(pack: Pack, now: int, clock: Clock) -> list[str]:
    notes = [f"As known from events up to {clock(now)} ({pack.time_zone})."]
    if now < microseconds(pack.embargo_until):
        until = clock(microseconds(pack.embargo_until))
        notes.append(f"INTERNAL: nothing of this leaves the mission before {until}.")
    return notes


def _basis(pack: Pack) -> list[str]:
    values = pack.judgement.turnout
    return [
        f"Verdicts err with {100 * values.alpha:g} % for all comparisons of the election together; "
        f"the margin is {values.margin_points:g} points. The interval shown is that of 95 %. "
        f"Counts match a figure up to {values.match_minutes} minutes away; at one station "
        f"{values.matched_percent:g} % and {values.matched_votes} voters are tolerated."
    ]


def _seen(row: Mapping[str, Any]) -> bool:
    return row["verdict"] not in _SILENT


def _chosen(found: Iterable[Mapping[str, Any]], every: bool) -> list[Mapping[str, Any]]:
    """Each place's newest row with both figures, else its newest; or all. The country first."""
    if every:
        return list(found)
    places: dict[str, list[Mapping[str, Any]]] = {}
    for row in found:
        places.setdefault(row["region"], []).append(row)
    return [([row for row in rows if _seen(row)] or rows)[-1] for rows in places.values()]


def _name(code: str, pack: Pack) -> str:
    return pack.regions[code].name


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value * _POINTS:.2f}"


def _gap(value: float | None) -> str:
    return "" if value is None else f"{value * _POINTS:+.2f}"


def _half(value: float | None) -> str:
    return "" if value is None else f"± {value * _POINTS:.2f}"


def _minutes(offset: int | None) -> str:
    """How long after the official figure's moment the count was made; before it: negative."""
    return "" if offset is None else f"{offset / 60:+.0f}" if offset else "0"


def _shares(title: str, rows: Rows, pack: Pack, clock: Clock) -> Section:
    figures = ("official %", "observed %", "gap pp", "95 %", "stations")
    head = ("", "", "as of", "age", *figures, "verdict")
    lines: list[Line] = [
        (
            row["region"],
            _name(row["region"], pack),
            clock(row["as_of"] or row["checkpoint"]),
            _age(row["age_seconds"]),
            _percent(row["official"]),
            _percent(row["observed"]),
            _gap(row["gap"]),
            _half(row["half_width"]),
            str(row["n"]) if row["drawn"] is None else f"{row['n']} of {row['drawn']}",
            _verdict(row),
        )
        for row in rows
    ]
    return Section(title, head, lines, 3, MEANINGS)


def _age(seconds: int | None) -> str:
    """Of the official figure: how long ago its moment was."""
    if seconds is None:
        return ""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02}" if hours else f"{minutes} min"


def _verdict(row: Mapping[str, Any]) -> str:
    """With what is wrong with the counts that it rests on."""
    wrong = [kind for kind in row["findings"] if kind in COUNT_FINDINGS]
    return f"{row['verdict']} (counts: {', '.join(wrong)})" if wrong else str(row["verdict"])


def _flows(rows: Rows, pack: Pack, clock: Clock) -> Section:
    head = ("", "", "up to", "official pp", "observed pp", "ratio", "95 %", "stations", "verdict")
    lines: list[Line] = [
        (
            row["region"],
            _name(row["region"], pack),
            clock(row["checkpoint"]),
            _percent(row["official"]),
            _percent(row["observed"]),
            "" if row["ratio"] is None else f"{row['ratio']:.2f}",
            _half(row["half_width"]),
            str(row["n"]),
            row["verdict"],
        )
        for row in rows
    ]
    return Section(
        "Voters since the checkpoint before, at the stations watched", head, lines, 3, MEANINGS
    )


def _voters(title: str, rows: Rows, pack: Pack, clock: Clock, *, stations: bool) -> Section:
    second = "station" if stations else ""
    figures = ("official", "observed", "gap", "stations", "above", "below")
    minutes = ("minutes",) if stations else ()
    head = ("", second, "as of", *minutes, *figures, "conflicts", "verdict")
    lines: list[Line] = [
        (
            row["region"],
            row["station"] or _name(row["region"], pack),
            clock(row["as_of"] or row["checkpoint"]),
            *((_minutes(row["offset_seconds"]),) if stations else ()),
            *(("" if row[name] is None else f"{row[name]:,}") for name in ("official", "observed")),
            "" if row["gap"] is None else f"{row['gap']:+,}",
            "" if row["station"] else str(row["n"]),
            str(row["above"]),
            str(row["below"]),
            str(row["conflicts"]),
            row["verdict"],
        )
        for row in rows
    ]
    return Section(title, head, lines, 3, AT_STATIONS)


def _findings(rows: Rows, clock: Clock) -> Section:
    figures = ("value", "publisher", "against", "publisher")
    head = ("", "station", "as of", "finding", *figures, "state")
    lines: list[Line] = [
        (
            row["region"],
            row["station"] or "",
            clock(row["checkpoint"]),
            row["finding"],
            *(
                "" if row[name] is None else str(row[name])
                for name in ("value", "publisher", "previous_value", "previous_publisher")
            ),
            "open" if row["open"] else "past",
        )
        for row in rows
    ]
    return Section("What the official figures have wrong with themselves", head, lines, len(head))


def markdown(made: Report) -> str:
    """The report as Markdown: pipes, and numbers to the right."""
    parts = [f"## {made.title}", "", *made.notes, ""]
    for section in made.sections:
        rule = ["---" if i < section.left else "---:" for i in range(len(section.head))]
        rule[-1] = "---"
        parts += [f"### {section.title}", "", _pipes(section.head), "|" + "|".join(rule) + "|"]
        parts += [_pipes(line) for line in section.lines] + [""]
    return "\n".join([*parts, *(f"- {text}" for text in made.footer), ""])


def _pipes(cells: Line) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
