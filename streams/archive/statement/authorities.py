"""What authorities published or decided: results by station, complaints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from streams.archive.statement.material import Material
from streams.archive.statement.model import WITHHELD, Cell, Column, Section, Sentence, Table
from streams.archive.statement.withholding import listed
from streams.archive.statement.words import count, several

_HOUR: Final = 3600


def results(material: Material) -> Section:
    """Of how many stations results were published, by contest and where."""
    country = material.pack.country
    order = list(material.pack.contests)
    rows = [
        row
        for row in material.rows("results_published")
        if row["published"] or row["region"] == country
    ]
    columns = (
        Column("contest", "Contest", "code"),
        Column("region", "Place", "code"),
        Column("published", "Stations published", "count"),
        Column("stations", "Of", "count"),
    )
    lines = sorted(
        ((row["contest"], row["region"], row["published"], row["stations"]) for row in rows),
        key=lambda line: (order.index(line[0]), line[1] != country, line[1]),
    )
    caption, note = "Stations whose results were published", "Nowhere else was any published."
    table = Table("results", caption, columns, tuple(lines), (note,))
    whole = sorted(material.country("results_published"), key=lambda r: order.index(r["contest"]))
    said = tuple(_published(material, row) for row in whole)
    openings = tuple(_opened(material))
    return Section("results", "Publication of results", (*openings, *said), (table,))


def _published(material: Material, row: Any) -> Sentence:
    name = material.pack.contests[row["contest"]].name
    stations = "an unknown number of" if row["stations"] is None else count(row["stations"])
    waited = row["seconds_since_close"]
    when = "by the cut-off"
    if waited is not None:
        hours = several(waited // _HOUR, "full hour") if waited >= _HOUR else "less than an hour"
        when = f"{hours} after the last polls closed"
    elif material.pack.polls(material.pack.country):
        when = "before the last polls had closed"
    begin = (
        f"{name}: no disaggregated results were published:" if not row["published"] else f"{name}:"
    )
    text = f"{begin} results of {count(row['published'])} of {stations} polling stations "
    text += f"were public {when}."
    basis = "protocols with votes by contestant, published by station, that are in the log"
    if not _anything(material):
        basis += "; no official publication of any kind is in it"
    figures = {key: row[key] for key in ("published", "stations", "seconds_since_close")}
    return Sentence(f"results.{row['contest']}", text, basis, figures)


def _anything(material: Material) -> bool:
    """Whether any publication of an authority came in: without one, none of results says little."""
    known = material.rows("official_turnout") or material.rows("openings")
    return bool(known) or any(row["official"] for row in material.rows("protocols"))


def _opened(material: Material) -> Iterator[Sentence]:
    for row in material.country("openings")[-1:]:
        of = "" if row["expected"] is None else f" of {count(row['expected'])}"
        text = f"{count(row['open'])}{of} polling stations were announced to be open."
        figures = {"open": row["open"], "expected": row["expected"]}
        yield Sentence("results.openings", text, f"as published, {row['publisher']}", figures)


def complaints(material: Material) -> Section:
    """Complaints by what became of them."""
    rows = material.rows("complaints")
    sums = {
        name: sum(row[name] for row in rows)
        for name in ("filed", "decided", "published", "overdue", "late")
    }
    basis = "complaints that the mission's desk knows of"
    filed = material.shown(sums["filed"])
    hours = material.pack.judgement.alarms.complaint_hours
    if not sums["filed"]:
        said = Sentence("complaints.filed", "No complaints are recorded.", basis, {"filed": 0})
        return Section("complaints", "Complaints and appeals", (said,))
    if filed is WITHHELD:
        text = f"Fewer than {material.minimum} complaints are recorded."
        said = Sentence("complaints.filed", text, basis, {"filed": filed})
        return Section("complaints", "Complaints and appeals", (said,))
    courses = {
        "published": sums["published"],
        "unpublished": sums["decided"] - sums["published"],
        "overdue": sums["overdue"],
        "pending": sums["filed"] - sums["decided"] - sums["overdue"],
    }
    sentences = [_courses(material, courses, sums["filed"], hours, basis)]
    late = material.portion(sums["late"], sums["decided"])
    if sums["decided"] and _decided_is_shown(material, courses) and late[0] is not WITHHELD:
        text = f"{count(late[0])} of {several(sums['decided'], 'decision')} took longer than "
        text += f"{hours} hours."
        sentences.append(
            Sentence("complaints.late", text, basis, {"late": late[0], "decided": late[1]})
        )
    tables = () if material.public else (_by_region(material),)
    return Section("complaints", "Complaints and appeals", tuple(sentences), tables)


def _courses(
    material: Material, courses: dict[str, int], filed: int, hours: int, basis: str
) -> Sentence:
    words = {
        "published": "decided, the decision being public",
        "unpublished": "decided, the decision not being public",
        "overdue": f"undecided for more than {hours} hours",
        "pending": "not yet decided",
    }
    gone = material.withheld(listed(courses))
    figures: dict[str, Cell] = {"filed": filed}
    text = f"{several(filed, 'complaint')} {'is' if filed == 1 else 'are'} recorded"
    if gone is None:
        return Sentence("complaints.filed", f"{text}.", basis, figures)
    figures |= {name: WITHHELD if (name,) in gone else courses[name] for name in words}
    parts = [f"{count(figures[name])} {text}" for name, text in words.items()]
    return Sentence("complaints.filed", f"{text}: {', '.join(parts)}.", basis, figures)


def _decided_is_shown(material: Material, courses: dict[str, int]) -> bool:
    """Whether the number of decisions is there to be seen already, as both its parts are."""
    gone = material.withheld(listed(courses))
    return gone is not None and not gone & {("published",), ("unpublished",)}


def _by_region(material: Material) -> Table:
    names = ("filed", "decided", "published", "overdue", "late")
    columns = (Column("region", "Region", "code"), *(Column(name, name, "count") for name in names))
    lines = tuple(
        (row["region"], *(row[name] for name in names)) for row in material.rows("complaints")
    )
    return Table("complaints_by_region", "Complaints by region", columns, lines)
