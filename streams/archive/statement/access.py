"""Restrictions on observers, and incidents that the mission's desk confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, Final

from streams.archive.statement.material import Material, Rows
from streams.archive.statement.model import WITHHELD, Cell, Column, Section, Sentence, Table
from streams.archive.statement.withholding import Key, crossed, listed
from streams.archive.statement.withholding import Table as Counts
from streams.archive.statement.words import GROUPS, KINDS, PHASES, SHORT, count, series, several
from streams.tables.incidents import CONFIRMED, DISMISSED

_CELL: Final = itemgetter("kind", "phase")
_NOBODY: Final = "no report of any kind came in, so that this says nothing"
_BASIS: Final = "reports that the mission's desk did not reject or find to be duplicates"


def rare_cases(material: Material) -> bool:
    """Whether there are fewer restrictions or incidents, though some, than are shown."""
    numbers = (
        sum(row["total"] for row in _standing(material)),
        sum(row["reports"] for row in material.rows("incidents", confirmed_only=True)),
        _unconfirmed(material),
    )
    return any(material.shown(number) is WITHHELD for number in numbers)


def _standing(material: Material) -> Rows:
    """Restrictions that the desk did not reject."""
    return [row for row in material.rows("restrictions") if row["status"] not in DISMISSED]


def _unconfirmed(material: Material) -> int:
    return sum(
        row["reports"]
        for row in material.rows("incidents")
        if row["status"] not in CONFIRMED | DISMISSED
    )


def access(material: Material) -> Section:
    """Restrictions by kind and phase, of whom, and what became of them."""
    rows = _standing(material)
    basis = _BASIS if material.heard else _NOBODY
    total = sum(row["total"] for row in rows)
    shown = material.shown(total)
    if not total or shown is WITHHELD:
        text = "No restrictions on observers were reported."
        if total:
            text = f"Observers were restricted in fewer than {material.minimum} cases."
        said = Sentence("access.restricted", text, basis, {"restrictions": shown})
        return Section("access", "Access of observers", (said,))
    sentences = (
        _restricted(material, rows, total),
        *_groups(material, rows),
        *_became(material, rows, total),
    )
    tables = list(_table(material, rows))
    if not material.public:
        tables += [_by_region(rows), _open(material)]
    return Section("access", "Access of observers", sentences, tuple(tables))


def _sums(
    rows: Rows, key: Callable[[Mapping[str, Any]], Any], what: str = "total"
) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for row in rows:
        found[key(row)] = found.get(key(row), 0) + row[what]
    return found


def _table(material: Material, rows: Rows) -> Iterator[Table]:
    table = crossed(_sums(rows, _CELL))
    gone = material.withheld(table)
    if gone is None:
        return
    kinds = [kind for kind in KINDS if (kind, "") in table.values]
    phases = [phase for phase in PHASES if ("", phase) in table.values]

    def cell(kind: str, phase: str) -> Cell:
        return WITHHELD if (kind, phase) in gone else table.values[kind, phase]

    columns = (
        Column("kind", "Kind", "code"),
        *(Column(phase, SHORT[phase], "count") for phase in phases),
        Column("total", "Total", "count"),
    )
    lines = [(kind, *(cell(kind, phase) for phase in (*phases, ""))) for kind in kinds]
    lines.append(("total", *(cell("", phase) for phase in (*phases, ""))))
    caption = "Restrictions on observers by kind and phase"
    yield Table("restrictions", caption, columns, tuple(lines))


def _restricted(material: Material, rows: Rows, total: int) -> Sentence:
    """How many there were, and in which phases as far as that is shown."""
    table = crossed(_sums(rows, _CELL))
    gone = material.withheld(table)
    numbers = {phase: table.values.get(("", phase), 0) for phase in PHASES}
    shown = {
        phase: number
        for phase, number in numbers.items()
        if number and gone is not None and ("", phase) not in gone
    }
    parts = [f"{count(number)} during {PHASES[phase]}" for phase, number in shown.items()]
    text = f"Observers were restricted in {several(total, 'case')}"
    text += f": {series(parts)}" if parts else ""
    # Never fewer than are shown anywhere: what is withheld in a line is not few together.
    rest = total - sum(shown.values())
    other = f"; the phase of {'the other ' if parts else ''}{count(rest)} is withheld"
    text += f"{other}." if rest else "."
    figures: dict[str, Cell] = {"restrictions": total, **shown}
    if gone is not None:
        figures |= {phase: WITHHELD for phase in PHASES if ("", phase) in gone}
    return Sentence("access.restricted", text, _BASIS, figures)


def _groups(material: Material, rows: Rows) -> Iterator[Sentence]:
    table = listed(_sums(rows, itemgetter("observer_group")))
    gone = material.withheld(table)
    if gone is not None:
        figures = _figures(table, gone, GROUPS)
        parts = [f"{GROUPS[code]} ({count(number)})" for code, number in figures.items()]
        yield Sentence("access.groups", f"Restricted were {series(parts)}.", _BASIS, figures)


def _figures(table: Counts, gone: frozenset[Key], codes: Iterable[str]) -> dict[str, Cell]:
    """What is shown of a list, in the order of ``codes``; no zeros."""
    return {
        code: WITHHELD if (code,) in gone else table.values[code,]
        for code in codes
        if table.values.get((code,))
    }


def _became(material: Material, rows: Rows, total: int) -> Iterator[Sentence]:
    """How many were lifted and confirmed; internally what became of the others as well.

    Not so in public: a restriction that nobody lifted is in force, or has outlasted its phase, by
    the phase that it is of. The numbers of these would tell those of the phases.
    """
    lifted = sum(row["lifted"] for row in rows)
    confirmed = sum(row["total"] for row in rows if row["status"] in CONFIRMED)
    for name, words, number in (
        ("lifted", "lifted", lifted),
        ("confirmed", "confirmed by the mission's desk", confirmed),
    ):
        part, whole = material.portion(number, total)
        if part is not WITHHELD:
            said = f"{count(part)} of the" if number else "None of the"
            text = f"{said} {count(whole)} {'was' if number == 1 else 'were'} {words} by the "
            text += "cut-off."
            yield Sentence(f"access.{name}", text, _BASIS, {name: part, "of": whole})
    if not material.public:
        force, ended = (sum(row[name] for row in rows) for name in ("open", "ended_unlifted"))
        text = f"{count(force)} were in force at the cut-off, {count(ended)} had outlasted their "
        text += "phase."
        yield Sentence("access.open", text, _BASIS, {"open": force, "ended_unlifted": ended})


def _by_region(rows: Rows) -> Table:
    columns = (
        Column("region", "Region", "code"),
        Column("kind", "Kind", "code"),
        Column("phase", "Phase", "code"),
        Column("restrictions", "Restrictions", "count"),
    )
    sums = _sums(rows, itemgetter("region", "kind", "phase"))
    lines = tuple((*key, number) for key, number in sorted(sums.items()))
    return Table("restrictions_by_region", "Restrictions by region", columns, lines)


def _open(material: Material) -> Table:
    names = ("region", "station", "commission", "kind", "phase", "status", "since", "source")
    columns = tuple(Column(name, name) for name in (*names, "report_id"))
    lines = tuple(
        tuple(row[column.id] for column in columns) for row in material.rows("open_restrictions")
    )
    return Table("open_restrictions", "Restrictions in force at the cut-off", columns, lines)


def incidents(material: Material) -> Section:
    """Incidents that the desk confirmed, by category. What is not confirmed is a number only."""
    names = material.pack.categories
    rows = material.rows("incidents", confirmed_only=True)
    table = listed(_sums(rows, itemgetter("category"), "reports"))
    gone, total = material.withheld(table), table.values[()]
    basis = "incidents that the mission's desk confirmed, escalated or saw resolved"
    if not material.heard:
        basis = _NOBODY
    shown = material.shown(total)
    if shown is WITHHELD:
        text = f"Fewer than {material.minimum} incidents were confirmed."
    else:
        verb = "was" if total == 1 else "were"
        text = f"{several(total, 'incident')} {verb} confirmed."
        text = text[:1].upper() + text[1:]
    open_ = _unconfirmed(material)
    other = material.shown(open_)
    number = f"fewer than {material.minimum}" if other is WITHHELD else count(other)
    sentences = (
        Sentence("incidents.confirmed", text, basis, {"confirmed": shown}),
        Sentence(
            "incidents.unconfirmed",
            f"Reports of incidents that were not confirmed by the cut-off: {number}.",
            "reports neither confirmed nor rejected; they are in no other figure here",
            {"unconfirmed": other},
        ),
    )
    if not total or gone is None:
        return Section("incidents", "Incidents", sentences)
    columns = (Column("category", "Category", "code"), Column("reports", "Confirmed", "count"))
    lines: list[tuple[Cell, ...]] = list(_figures(table, gone, names).items())
    lines.append(("total", total))
    note = "In categories that are not listed none was confirmed."
    caption = "Confirmed incidents by category"
    return Section(
        "incidents",
        "Incidents",
        sentences,
        (Table("incidents", caption, columns, tuple(lines), (note,)),),
    )
