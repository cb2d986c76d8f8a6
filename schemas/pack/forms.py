"""What observers report on, and who: taxonomy.csv, questions.csv, deployment.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, cast, get_args

from schemas.fields import Phase
from schemas.pack.csvfile import CODE, PLACE, SOURCE, Columns, CsvFile, Row
from schemas.pack.models import Category, Deployment, Question, Source, Station
from schemas.pack.problems import Problems

TAXONOMY: Final = Columns(("code", "name"), ("phase",))
QUESTIONS: Final = Columns(("code", "phase", "text", "expected"))
DEPLOYMENT: Final = Columns(("station", "source", "sample"), ("stratum", "phases"))

_PHASES: Final = get_args(Phase)


def _phase(row: Row) -> Phase | None:
    return cast("Phase | None", row.choice("phase", _PHASES, optional=True))


def read_taxonomy(text: str, problems: Problems) -> dict[str, Category]:
    """Categories of incidents by code."""
    categories: dict[str, Category] = {}
    for row in CsvFile("taxonomy.csv", text, TAXONOMY, problems).rows():
        code = row.key("code", CODE, categories)
        categories.setdefault(code, Category(code, row.text("name"), _phase(row)))
    return categories


def read_questions(text: str, problems: Problems) -> dict[str, Question]:
    """Questions of the observers' form by code."""
    questions: dict[str, Question] = {}
    for row in CsvFile("questions.csv", text, QUESTIONS, problems).rows():
        code = row.key("code", CODE, questions)
        answer = row.choice("expected", ("yes", "no"), optional=True)
        expected = cast("Literal['yes', 'no'] | None", answer)
        questions.setdefault(code, Question(code, _phase(row), row.text("text"), expected))
    return questions


def read_deployment(
    text: str,
    stations: Mapping[str, Station] | None,
    sources: Mapping[str, Source] | None,
    problems: Problems,
) -> tuple[Deployment, ...]:
    """Who is to report from where; one row for each station and source."""
    file = CsvFile("deployment.csv", text, DEPLOYMENT, problems)
    if stations is None:
        problems.add(file.name, 1, "needs stations.csv, which this pack has not")
        return ()
    deployment: dict[tuple[str, str], Deployment] = {}
    for row in file.rows():
        station = row.known("station", stations, "station")
        source = row.code("source", SOURCE)
        if sources is not None and row.ok:
            _check_source(row, source, sources)
        if (station, source) in deployment:
            line = file.first_line(("station", "source"), (station, source))
            row.fault("station", f"'{station}' has this source already, on line {line}")
        sample = row.choice("sample", ("yes", "no"))
        stratum = row.code("stratum", PLACE) if row.raw("stratum") else None
        if sample == "yes" and stratum is not None and row.ok:
            _check_stratum(row, stratum, stations[station].stratum)
        phases = _phases(row)
        entry = Deployment(station, source, sample == "yes", stratum, phases)
        deployment.setdefault((station, source), entry)
    return tuple(deployment.values())


def _check_source(row: Row, uri: str, sources: Mapping[str, Source]) -> None:
    source = sources.get(uri)
    if source is None:
        row.fault("source", f"'{uri}' is no source of this pack")
    elif source.authority != "observer":
        row.fault("source", f"'{uri}' is a source of {source.authority}, not of observers")


def _check_stratum(row: Row, stratum: str, listed: str | None) -> None:
    """The stratum of a drawn station is the list's, which tells how many stations it has."""
    if stratum != listed:
        has = "none" if listed is None else f"'{listed}'"
        row.fault("stratum", f"'{stratum}' is not the station's in stations.csv, which has {has}")


def _phases(row: Row) -> tuple[Phase, ...]:
    """Phases, separated by ``|``; an empty cell expects none in particular."""
    phases = [part for part in row.raw("phases").split("|") if part]
    for phase in phases:
        if phase not in _PHASES:
            row.fault("phases", f"{phase!r} is none of {', '.join(_PHASES)}")
    return cast("tuple[Phase, ...]", tuple(phases))
