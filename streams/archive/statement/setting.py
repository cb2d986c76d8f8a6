"""The election itself, and who observed it: what all other figures stand on."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.pack.report import Districts, districts
from streams.archive.statement.access import rare_cases
from streams.archive.statement.fieldwork import accounted, rare_copies, rare_visits
from streams.archive.statement.material import Material, Rows
from streams.archive.statement.model import WITHHELD, Cell, Column, Section, Sentence, Table
from streams.archive.statement.words import PHASES, count, percent, sentence, series, several
from streams.tables.stations import station_counts, stations_of_country

_PACK = "the election pack"


def election(material: Material) -> Section:
    """Administration, contests, districts: the pack's own figures."""
    sentences = [*_administration(material), *_contests(material)]
    sentences += [_equality(material, one) for one in districts(material.pack)]
    return Section("election", "The election", tuple(sentences))


def _administration(material: Material) -> Iterator[Sentence]:
    pack = material.pack
    stations, country = stations_of_country(pack), pack.regions[pack.country]
    abroad = [
        station_counts(pack).get(code)
        for code, region in pack.regions.items()
        if region.kind == "out_of_country"
    ]
    known = [number for number in abroad if number is not None]
    if stations is not None:
        text = f"There were {count(stations)} polling stations"
        text += f", of which {count(sum(known))} abroad." if known else "."
        figures = {"stations": stations, "abroad": sum(known) if known else None}
        yield Sentence("election.stations", text, _PACK, figures)
    if country.registered is not None:
        text = f"{count(country.registered)} voters were registered."
        yield Sentence("election.registered", text, _PACK, {"registered": country.registered})
    if pack.commission_counts:
        levels = dict(pack.commission_counts)
        parts = [f"{level} ({count(number)})" for level, number in levels.items()]
        text = f"The election was administered by commissions: {series(parts)}."
        yield Sentence("election.commissions", text, _PACK, levels)


def _contests(material: Material) -> Iterator[Sentence]:
    for code, contest in material.pack.contests.items():
        said = [several(contest.seats, "seat")] if contest.seats is not None else []
        if contest.threshold_percent is not None:
            said.append(f"a threshold of {contest.threshold_percent:g} %")
        said += [several(contest.lists, "list")] if contest.lists is not None else []
        if contest.candidates is not None:
            said.append(several(contest.candidates, "candidate"))
        if not said:
            continue
        text = f"{contest.name}: {series(said)}."
        text += f" {contest.note}" if contest.note else ""
        figures = {
            "seats": contest.seats,
            "threshold_percent": contest.threshold_percent,
            "lists": contest.lists,
            "candidates": contest.candidates,
        }
        yield Sentence(f"election.{code}", text, _PACK, figures)


def _equality(material: Material, found: Districts) -> Sentence:
    over = found.count("above_limit")
    name = material.pack.contests[found.contest].name
    text = f"{name}: the electorates of {found.known} of {found.number} districts are known"
    figures: dict[str, Cell] = {"districts": found.number, "known": found.known}
    basis = (
        "the districts' mean" if found.basis == "districts" else "the register over their number"
    )
    if found.mean is not None and found.known:
        text += f"; {over} of these deviate by more than 15 % from the mean"
        figures["above_limit"] = over
        shares = [each.share for each in found.deviations if each.share is not None]
        widest = max(shares, key=abs)
        text += f", the widest by {percent(float(abs(widest)))}"
        figures["widest"] = float(widest)
    return Sentence(f"election.districts.{found.contest}", f"{text}.", f"{_PACK}; {basis}", figures)


def coverage(material: Material) -> Section:
    """Who was expected and who was heard from; and what the figures may yet become."""
    sentences = [*_heard(material), *_versions(material), *_not_counted(material)]
    tables = [_phases(material)]
    if not material.public:
        tables += [_regions(material), _silent(material), *_rejected(material)]
    title = "Coverage and basis of the observation"
    return Section("coverage", title, tuple(sentences), tuple(tables))


def _heard(material: Material) -> Iterator[Sentence]:
    rows = material.hearings()
    heard = [row for row in rows if row["state"] in ("reporting", "silent")]
    text = f"Observers reported from {len(heard)} of {several(len(rows), 'region')}"
    known = material.pack.regions
    missing = [known[str(row["region"])].name for row in rows if row not in heard]
    text += f"; no report came from {series(missing)}." if missing else "."
    figures: dict[str, Cell] = {"regions": len(rows), "heard": len(heard)}
    yield Sentence("coverage.regions", text, "reports of any kind", figures)


def _versions(material: Material) -> Iterator[Sentence]:
    types = [row["type"] for row in material.rows("corrections")]
    reports = sum(name.startswith("election.observer.") for name in types)
    number = material.shown(reports)
    text = "Corrections of observers' reports up to the cut-off, all of which are taken into "
    text += f"account: {_few(material, reports)}."
    basis = "every figure is of the newest revision; later ones may change it"
    yield Sentence("coverage.corrections", text, basis, {"corrections": number})
    official = sum(name.startswith("election.official.") for name in types)
    if official:
        text = f"{sentence(several(official, 'official figure'))} "
        text += f"{'was' if official == 1 else 'were'} corrected by the publisher."
        yield Sentence(
            "coverage.official", text, "revisions that publishers issued", {"corrected": official}
        )


def _not_counted(material: Material) -> Iterator[Sentence]:
    """What came in and is in no figure: a share is of what was accepted alone."""
    rejected = sum(row["count"] for row in material.rows("rejected"))
    text = f"Records that were rejected as wrong: {_few(material, rejected)}."
    basis = "whatever they reported is in no figure; replay says why each was rejected"
    figures = {"rejected": material.shown(rejected)}
    yield Sentence("coverage.rejected", text, basis, figures)
    conflicts = len(material.rows("conflicts"))
    if conflicts:
        text = "Reports and figures that contradict another one of the same number: "
        text += f"{_few(material, conflicts)}."
        basis = "one of each is counted, the same whatever their order"
        figures = {"conflicts": material.shown(conflicts)}
        yield Sentence("coverage.conflicts", text, basis, figures)


def _few(material: Material, number: int) -> str:
    shown = material.shown(number)
    return f"fewer than {material.minimum}" if shown is WITHHELD else count(shown)


def _rejected(material: Material) -> Iterator[Table]:
    columns = (
        Column("topic", "Topic"),
        Column("type", "Type"),
        Column("reason", "Reason"),
        Column("count", "Records", "count"),
    )
    lines = tuple(tuple(row[column.id] for column in columns) for row in material.rows("rejected"))
    if lines:
        yield Table("rejected", "Records rejected, by reason", columns, lines)


def _phases(material: Material) -> Table:
    """Stations over the whole day, and by phase.

    In public over the day alone: who reports in a phase at all may have reported a restriction.
    """
    planned = bool(material.pack.deployment)
    columns = (
        Column("phase", "Phase", "code"),
        Column("expected", "Stations expected", "count"),
        Column("reporting", "Reporting", "count"),
        Column("silent", "Silent at the cut-off", "count"),
    )
    rows = material.rows("coverage")
    lines: list[tuple[Cell, ...]] = []
    for phase in (None, *(() if material.public else PHASES)):
        mine = [row for row in rows if row["phase"] == phase]
        if not mine and phase is not None:
            continue
        reporting = sum(row["reporting"] for row in mine)
        tells = material.public and _tells_of_few(material, reporting)
        if not planned:
            lines.append(
                (phase or "day", None, WITHHELD if tells else material.shown(reporting), None)
            )
            continue
        expected = sum(row["expected"] or 0 for row in mine)
        part, whole = material.portion(reporting, expected)
        silent = _silent_stations(material, mine)
        if tells:
            part = silent = WITHHELD
        lines.append((phase or "day", whole, part, silent))
    notes = () if planned else ("The pack has no deployment plan: nobody was expected anywhere.",)
    return Table(
        "coverage", "Polling stations expected and reporting", columns, tuple(lines), notes
    )


def _tells_of_few(material: Material, reporting: int) -> bool:
    """Whether more stations are ``reporting`` than were visited, and some reports are withheld.

    64 of which 60 were visited, and fewer than 5 restrictions besides: there were 4.
    """
    rare = rare_cases(material) or rare_visits(material) or rare_copies(material)
    return rare and reporting > accounted(material)


def _silent_stations(material: Material, rows: Rows) -> Cell:
    """Those never heard from are among them: neither they nor the others are few."""
    silent = sum(row["silent"] or 0 for row in rows)
    never = sum((row["expected"] or 0) - row["reporting"] for row in rows)
    parts = (material.shown(number) for number in (silent, never, abs(silent - never)))
    return WITHHELD if WITHHELD in parts else silent


def _regions(material: Material) -> Table:
    names = ("state", "reports", "expected", "reporting", "last_report")
    columns = (
        Column("region", "Region", "code"),
        Column("state", "State"),
        *(Column(name, name, "count") for name in names[1:4]),
        Column("last_report", "Last report", "time"),
    )
    lines = tuple((row["region"], *(row[name] for name in names)) for row in material.hearings())
    return Table("coverage_by_region", "Coverage by region", columns, lines)


def _silent(material: Material) -> Table:
    names = ("region", "station", "source", "phase", "last_report")
    columns = tuple(Column(name, name.replace("_", " ")) for name in names)
    lines = tuple(tuple(row[name] for name in names) for row in material.rows("silent"))
    return Table("silent", "Teams that are silent", columns, lines)
