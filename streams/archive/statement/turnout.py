"""Official turnout against what observers counted: the rows of the table ``turnout``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.archive.statement.material import Material, Rows, polls_maybe_open_until
from streams.archive.statement.model import WITHHELD, Cell, Column, Section, Sentence, Table, Unit
from streams.archive.statement.withholding import listed
from streams.archive.statement.words import VERDICTS, count, local, percent, sentence, several
from streams.archive.turnout_report import AT_STATIONS, MEANINGS

_SILENT: Final = ("no_official", "no_observation")
_JUDGED: Final = ("official_above", "official_below", "within", "inconclusive")
_TITLES: Final = {
    "level": "turnout of a sample of stations",
    "flow": "voters since the checkpoint before, at the stations watched",
    "matched": "the same stations, counted by observers and published",
    "told": "the same stations, told by the commission and published",
}


def turnout(material: Material) -> Section:
    """The section. In public nothing that observers counted while a poll is or may be open."""
    until = polls_maybe_open_until(material.pack)
    sentences, tables = [], []
    if material.public and material.now < until:
        text = "Observers' counts of voters are not shown: at the cut-off polls were open, or may "
        text += f"have been, until {local(until, material.pack)}."
        basis = "the polling hours of the election, and its embargo where they are not known"
        sentences.append(Sentence("turnout.open", text, basis))
    else:
        for contest in material.pack.contests:
            for kind in _TITLES:
                said, table = _compared(material, contest, kind)
                sentences += said
                tables += table
        if not tables:
            text = "No counts of voters by observers could be compared with official turnout."
            sentences.append(Sentence("turnout.none", text, "no comparison has both figures"))
    return Section(
        "turnout",
        "Turnout: announced, and counted by observers",
        (*_announced(material), *sentences, *_findings(material)),
        (*tables, *_official(material)),
    )


def _compared(material: Material, contest: str, kind: str) -> tuple[list[Sentence], list[Table]]:
    """One comparison: the country at every checkpoint, its regions at the newest of them."""
    mine = [
        row
        for row in material.rows("turnout")
        if row["contest"] == contest and row["comparison"] == kind and row["station"] is None
    ]
    seen = [row for row in mine if row["verdict"] not in _SILENT]
    if not seen:
        return [], []
    country = material.pack.country
    newest = max(row["checkpoint"] for row in seen)
    whole = [row for row in mine if row["region"] == country and row["verdict"] not in _SILENT]
    regions = [row for row in mine if row["region"] != country and row["checkpoint"] == newest]
    voters = kind in ("matched", "told")
    stations = sum(row["n"] for row in whole if row["checkpoint"] == newest)
    gone = _gone(material, regions, stations)
    lines = [_line(material, row, withheld=_few(material, row)) for row in whole]
    shown = [_line(material, row, withheld=row["region"] in gone) for row in regions]
    meanings = AT_STATIONS if voters else MEANINGS
    # A line of which nothing is shown says nothing.
    told = [line for line in shown if not voters or line[-1] is not WITHHELD]
    used = {line[-1] for line in (*lines, *shown)}
    notes = [f"{VERDICTS[word]}: {text}" for word, text in meanings.items() if word in used]
    if few := len(shown) - len(told):
        notes.append(f"not listed, as too few stations stand behind it: {several(few, 'region')}")
    caption = f"{material.pack.contests[contest].name}: {_TITLES[kind]}"
    table = Table(
        f"turnout_{kind}_{contest}",
        caption,
        _columns(voters=voters),
        (*lines, *told),
        tuple(f"{sentence(note)}." for note in notes),
    )
    said = list(_sentences(material, kind, contest, whole, shown))
    tables = [table]
    if not material.public and voters:
        tables += _stations(material, contest, kind)
    return said, tables


def _gone(material: Material, regions: Rows, stations: int) -> set[str]:
    """Regions of which nothing that was counted is shown, as too few stations stand behind it.

    Another one goes with a single such region: the country's ``stations`` less the rest would be
    it. What is of the country and of none of its regions is like a region.
    """
    numbers = {row["region"]: row["n"] for row in regions}
    rest = max(0, stations - sum(numbers.values()))
    counts = listed({**numbers, "": rest})
    gone = material.withheld(counts)
    return {name for (name,) in counts.values.keys() - {()} if gone is None or (name,) in gone}


def _few(material: Material, row: Mapping[str, Any]) -> bool:
    return material.shown(row["n"]) is WITHHELD


def _columns(*, voters: bool) -> tuple[Column, ...]:
    value: Unit = "count" if voters else "share"
    difference: Unit = "count" if voters else "points"
    interval = () if voters else (Column("half_width", "± 95 %", "width", 2),)
    return (
        Column("region", "Place", "code"),
        Column("checkpoint", "As of", "time"),
        Column("official", "Official", value, 2),
        Column("observed", "Observed", value, 2),
        Column("gap", "Gap" if voters else "Gap, points", difference, 2),
        *interval,
        Column("n", "Stations", "count"),
        Column("findings", "Of the figures"),
        Column("verdict", "Verdict", "code"),
    )


def _line(material: Material, row: Mapping[str, Any], *, withheld: bool) -> tuple[Cell, ...]:
    voters = row["unit"] == "voters"
    names = ["official", "observed", "gap", *(() if voters else ("half_width",)), "n"]
    names += ["findings", "verdict"]
    hidden = set(names) if withheld else set()
    if withheld and not voters:
        # A region's own official turnout is public; of chosen stations it would tell which.
        hidden.discard("official")
    found = {**row, "findings": ", ".join(row["findings"]).replace("_", " ") or None}
    cells = [WITHHELD if name in hidden else found[name] for name in names]
    return (row["region"], local(row["checkpoint"], material.pack), *cells)


def _sentences(
    material: Material, kind: str, contest: str, whole: Rows, shown: list[tuple[Cell, ...]]
) -> Iterator[Sentence]:
    """About the country at the newest checkpoint, and how many regions have which verdict."""
    for row in whole[-1:]:
        # With too few stations for the pack there is no figure to speak of.
        if not _few(material, row) and row["gap"] is not None:
            yield _country(material, kind, contest, row)
    found = Counter(line[-1] for line in shown)
    judged = {verdict: found[verdict] for verdict in _JUDGED if found[verdict]}
    if judged:
        voters = kind in ("matched", "told")
        beyond = "by more than the tolerance" if voters else "beyond interval and margin"
        words = {
            "official_above": f"higher {beyond} in",
            "official_below": f"lower {beyond} in",
            "within": f"within the {'tolerance' if voters else 'margin'} in",
            "inconclusive": "and not to be told from the count in",
        }
        parts = [f"{words[verdict]} {number}" for verdict, number in judged.items()]
        number = sum(judged.values())
        text = f"{sentence(_TITLES[kind])}: of {several(number, 'region')} that could be compared "
        text += f"the official figure was {', '.join(parts)}."
        figures = {"regions": number, **judged}
        basis = f"table turnout_{kind}_{contest}, at its newest checkpoint"
        yield Sentence(f"turnout.{kind}.{contest}.regions", text, basis, figures)


def _country(material: Material, kind: str, contest: str, row: Mapping[str, Any]) -> Sentence:
    name = material.pack.contests[contest].name
    when = local(row["checkpoint"], material.pack)
    stations = several(row["n"], "station")
    figures = {key: row[key] for key in ("official", "observed", "gap", "half_width", "n")}
    verdict = row["verdict"]
    if row["unit"] == "voters":
        basis = AT_STATIONS[verdict]
        text = f"{name}, {when}: at {stations} the official figures come to "
        text += f"{count(row['official'])} voters, and {_who(kind)} to {count(row['observed'])}: "
        text += f"{row['gap']:+,}."
    else:
        basis = MEANINGS[verdict]
        text = f"{name}, {when}: official {percent(row['official'], 2)}, observed "
        text += f"{percent(row['observed'], 2)} at {stations} ({100 * row['gap']:+.2f} points"
        half = row["half_width"]
        text += ")." if half is None else f", ± {100 * half:.2f} at 95 %)."
    basis = f"{_TITLES[kind]}; {VERDICTS[verdict]}: {basis}"
    return Sentence(f"turnout.{kind}.{contest}.country", text, basis, figures)


def _who(kind: str) -> str:
    return "observers' counts" if kind == "matched" else "what commissions told observers"


def _stations(material: Material, contest: str, kind: str) -> Iterator[Table]:
    rows = [
        row
        for row in material.rows("turnout")
        if row["station"] and row["contest"] == contest and row["comparison"] == kind
    ]
    columns = (Column("station", "Station"), *_columns(voters=True))
    lines = tuple((row["station"], *_line(material, row, withheld=False)) for row in rows)
    if lines:
        yield Table(f"stations_{kind}_{contest}", f"Stations: {_TITLES[kind]}", columns, lines)


def _headlines(material: Material) -> list[Mapping[str, Any]]:
    """The newest official turnout of each region and the country, by contest."""
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in material.rows("official_turnout"):
        if row["station"] is None:
            key = row["contest"], row["region"]
            if key not in newest or row["checkpoint"] > newest[key]["checkpoint"]:
                newest[key] = row
    return [newest[key] for key in sorted(newest)]


def _announced(material: Material) -> Iterator[Sentence]:
    for row in _headlines(material):
        if row["region"] != material.pack.country:
            continue
        publisher = material.pack.publishers[row["publisher"]].name
        name = material.pack.contests[row["contest"]].name
        said = [f"{row['percent']} %"] if row["percent"] is not None else []
        said += [f"{count(row['voted'])} voters"] if row["voted"] is not None else []
        text = f"{name}: the official turnout announced for "
        text += f"{local(row['checkpoint'], material.pack)} was {', '.join(said)}."
        figures = {key: row[key] for key in ("percent", "voted", "registered")}
        yield Sentence(
            f"turnout.announced.{row['contest']}", text, f"as published, {publisher}", figures
        )


def _official(material: Material) -> Iterator[Table]:
    rows = _headlines(material)
    columns = (
        Column("contest", "Contest", "code"),
        Column("region", "Place", "code"),
        Column("checkpoint", "As of", "time"),
        Column("percent", "Percent, as printed"),
        Column("voted", "Voted", "count"),
        Column("registered", "Registered", "count"),
        Column("publisher", "Publisher", "code"),
    )
    lines = tuple(
        (
            row["contest"],
            row["region"],
            local(row["checkpoint"], material.pack),
            *(row[name] for name in ("percent", "voted", "registered", "publisher")),
        )
        for row in rows
    )
    if lines:
        yield Table(
            "official_turnout", "Official turnout as announced, newest figure", columns, lines
        )


def _findings(material: Material) -> Iterator[Sentence]:
    """What the published figures contradict among themselves: of public sources, so all of it."""
    words = {
        "fall": "fell from one checkpoint to a later one",
        "conflicting": "differed by publisher",
        "register_changed": "had a register that changed",
        "inconsistent": "did not go together with the voters and the register printed beside it",
        "impossible": "said more voters than are registered",
        "jump": "rose faster than stations can serve voters",
        "sum_mismatch": "were not the sum of the regions' figures",
    }
    found: dict[str, int] = {}
    for row in material.rows("official_findings"):
        if row["open"]:
            found[row["finding"]] = found.get(row["finding"], 0) + 1
    for kind, text in words.items():
        if kind in found:
            number = several(found[kind], "official turnout figure")
            basis = "published figures held against each other (official_findings)"
            yield Sentence(
                f"turnout.{kind}", f"{sentence(number)} {text}.", basis, {"figures": found[kind]}
            )
