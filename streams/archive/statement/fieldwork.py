"""What observers assessed and answered: visits, questions of the form, copies of protocols."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from schemas.pack import Pack
from streams.archive.statement.material import Material, Rows
from streams.archive.statement.model import WITHHELD, Cell, Column, Section, Sentence, Table
from streams.archive.statement.words import PHASES, count, percent, sentence, several
from streams.tables.arithmetic import FAULTS

_MAIN: Final = ("opening", "voting", "counting", "tabulation")
_BASES: Final = {
    "probability_sample": "a simple random sample of stations; the interval is Wilson's, of 95 %",
    "incomplete_sample": "a random sample of which too few stations have reported: no interval",
    "descriptive": "no probability sample: this describes what was observed, and nothing else",
}
_FAULT_WORDS: Final = {
    "ballots_unaccounted": "ballots issued and unused are not those received",
    "box_above_issued": "more ballots in the box than issued",
    "box_not_counted_out": "valid and invalid ballots are not those in the box",
    "votes_not_valid": "votes do not add up to the valid ballots",
    "voted_above_registered": "more voted than are registered",
    "home_voting_high": "a large part voted at home",
}


def assessment(material: Material) -> Section:
    """Visits by phase, with the share assessed negatively."""
    found = {row["phase"]: row for row in material.country("assessment")}
    phases = [phase for phase in PHASES if phase in found or phase in _MAIN]
    lines = [(phase, found.get(phase)) for phase in phases]
    sentences = tuple(_assessed(material, phase, row) for phase, row in lines)
    columns = (
        Column("phase", "Phase", "code"),
        Column("visits", "Visits", "count"),
        Column("stations", "Stations visited", "count"),
        Column("rated", "Assessed", "count"),
        Column("negative", "Negatively", "count"),
        Column("share", "Share", "share"),
        Column("low", "95 % from", "share"),
        Column("high", "to", "share"),
        Column("basis", "Basis", "code"),
    )
    table = Table(
        "visits",
        "Visits by phase, and the share assessed negatively (bad or very bad)",
        columns,
        tuple(_visits(material, phase, row) for phase, row in lines),
    )
    tables = (table,) if material.public else (table, _by_region(material))
    return Section("assessment", "How observers assessed the process", sentences, tables)


def _visits(material: Material, phase: str, row: Any) -> tuple[Cell, ...]:
    if row is None:
        return (phase, 0, 0, 0, 0, None, None, None, None)
    negative, rated, share = _negative(material, row)
    seen = negative is not WITHHELD
    # What was visited and not assessed is a count of reports as well.
    visits = material.shown(row["visits"])
    if material.shown(row["visits"] - row["rated"]) is WITHHELD or rated is WITHHELD:
        visits = WITHHELD
    interval = (row["low"], row["high"]) if seen else (None, None)
    stations = material.shown(row["stations"])
    if visits is WITHHELD and (rated is WITHHELD or row["stations"] > row["rated"]):
        stations = WITHHELD  # 64 stations and 60 assessed visits: 4 were not assessed
    return (phase, visits, stations, rated, negative, share, *interval, row["basis"])


def accounted(material: Material) -> int:
    """At most so many stations were visited, as far as the figures shown tell."""
    number = 0
    for row in material.country("assessment"):
        _, _, stations, rated, *_ = _visits(material, row["phase"], row)
        known = rated if stations is WITHHELD else stations
        number += known if isinstance(known, int) else 0
    return number


def rare_visits(material: Material) -> bool:
    """Whether a phase has fewer visits, or visits that were not assessed, than are shown."""
    rows = material.country("assessment")
    return any(
        material.shown(number) is WITHHELD
        for row in rows
        for number in (row["visits"], row["rated"], row["visits"] - row["rated"])
    )


def _negative(material: Material, row: Any) -> tuple[Cell, Cell, Cell]:
    negative, rated = material.portion(row["negative"], row["rated"])
    if row["share"] is None:
        return negative, rated, None
    return negative, rated, WITHHELD if negative is WITHHELD else float(Fraction(row["share"]))


def _assessed(material: Material, phase: str, row: Any) -> Sentence:
    words = PHASES[phase]
    if row is None or not row["rated"]:
        text = f"No observer assessed {words}."
        return Sentence(f"assessment.{phase}", text, "no assessed visit", {"rated": 0})
    negative, rated, share = _negative(material, row)
    figures = {"negative": negative, "rated": rated, "share": share}
    basis = _BASES[row["basis"]]
    if rated is WITHHELD:
        text = f"{words} was assessed in fewer than {material.minimum} observations."
    elif negative is WITHHELD:
        text = f"{words} was assessed in {count(rated)} observations; how many of these were "
        text += "negative is withheld, as too few were of one kind."
    else:
        assert isinstance(share, float)
        # One visit to each: then stations are what was counted.
        each = row["rated"] == row["visits"] == row["stations"]
        what = "polling stations observed" if each else "observations"
        of = "none" if negative == 0 else count(negative)
        text = f"{words} was assessed negatively in {of} of the {count(rated)} {what}"
        text += f" ({percent(share)})." if negative else "."
        if row["low"] is not None:
            figures |= {"low": row["low"], "high": row["high"]}
            basis += f": {percent(row['low'])} to {percent(row['high'])}"
    return Sentence(f"assessment.{phase}", sentence(text), f"visits: {basis}", figures)


def _by_region(material: Material) -> Table:
    columns = (
        Column("region", "Region", "code"),
        Column("phase", "Phase", "code"),
        Column("visits", "Visits", "count"),
        Column("rated", "Assessed", "count"),
        Column("negative", "Negatively", "count"),
        Column("share", "Share", "share"),
        Column("basis", "Basis", "code"),
    )
    lines: list[tuple[Cell, ...]] = []
    for row in material.rows("assessment"):
        if row["region"] != material.pack.country:
            negative, rated, share = _negative(material, row)
            shown = (row["visits"], rated, negative, share, row["basis"])
            lines.append((row["region"], row["phase"], *shown))
    return Table("visits_by_region", "Visits by region and phase", columns, tuple(lines))


def procedures(material: Material) -> Section:
    """The questions of the form, and what observers' copies of protocols show."""
    lines = list(_answers(material))
    columns = (
        Column("question", "Question", "code"),
        Column("answered", "Answered", "count"),
        Column("yes", "Yes", "count"),
        Column("no", "No", "count"),
        Column("expected", "Expected"),
        Column("contrary", "Otherwise", "share"),
    )
    table = Table(
        "answers",
        "Answers to the questions of the observers' form",
        columns,
        tuple(lines),
        (
            "Answered: yes or no; what could not be observed is left out. Otherwise: the share of "
            "answers that is not the expected one.",
        ),
    )
    sentences = [one for line in lines if (one := _answered(material, line)) is not None]
    return Section(
        "procedures",
        "Procedures",
        (*sentences, *_protocols(material)),
        (table,) if lines else (),
    )


def _answers(material: Material) -> Iterator[tuple[Cell, ...]]:
    pack: Pack = material.pack
    sums: dict[str, list[int]] = {}
    for row in material.rows("answers"):
        cell = sums.setdefault(row["question"], [0, 0])
        cell[0] += row["yes"]
        cell[1] += row["no"]
    for code, question in pack.questions.items():
        yes, no = sums.get(code, (0, 0))
        if not yes + no:
            continue
        shown, answered = material.portion(yes, yes + no)
        gone = shown is WITHHELD
        contrary = None
        if question.expected is not None and not gone:
            contrary = (no if question.expected == "yes" else yes) / (yes + no)
        yield (
            code,
            answered,
            shown,
            WITHHELD if gone else no,
            question.expected,
            WITHHELD if gone and question.expected else contrary,
        )


def _answered(material: Material, line: tuple[Cell, ...]) -> Sentence | None:
    """Only of answers that are not the expected ones."""
    code, answered, yes, no, expected, contrary = line
    if not isinstance(contrary, float) or not contrary:
        return None
    said, number = ("no", no) if expected == "yes" else ("yes", yes)
    text = material.pack.questions[str(code)].text
    words = f"“{text}” was answered {said} in {count(number)} of {count(answered)} observations "
    figures = {said: number, "answered": answered, "share": contrary}
    basis = "answers to the form: no probability sample"
    return Sentence(f"procedures.{code}", f"{words}({percent(contrary)}).", basis, figures)


def rare_copies(material: Material) -> bool:
    """Whether there are copies of fewer protocols than are shown."""
    return material.shown(len(_copies(material))) is WITHHELD


def _copies(material: Material) -> Rows:
    return [row for row in material.rows("protocols") if row["observed"]]


def _protocols(material: Material) -> Iterator[Sentence]:
    """Of how many places there are copies, and where figures do not go together."""
    copies = _copies(material)
    number = material.shown(len(copies))
    basis = "observers' copies, one protocol for each place and contest"
    told = f"fewer than {material.minimum} results protocols"
    if number is not WITHHELD:
        told = several(len(copies), "results protocol")
    text = f"Observers obtained copies of {told}."
    yield Sentence("procedures.copies", text, basis, {"copies": number})
    for kind in FAULTS:
        wrong = sum(
            any(one["kind"] == kind and one["open"] and one["source"] for one in row["findings"])
            for row in copies
        )
        part, whole = material.portion(wrong, len(copies))
        if wrong and part is not WITHHELD:
            text = f"In copies of {count(part)} of {count(whole)} protocols: {_FAULT_WORDS[kind]}."
            figures = {"copies": part, "of": whole}
            yield Sentence(f"procedures.{kind}", text, basis, figures)
    both = [row for row in copies if row["official"] is not None]
    differing = sum(any(one["official"] is not None for one in row["differences"]) for row in both)
    part, whole = material.portion(differing, len(both))
    # Those without published figures are what is left of the copies.
    rest = material.shown(len(copies) - len(both))
    if both and WITHHELD not in (part, rest):
        text = f"Of {several(len(both), 'protocol')} of which there are copies and published "
        text += f"figures, {differing or 'none'} differ."
        yield Sentence("procedures.differ", text, basis, {"differ": part, "of": whole})
