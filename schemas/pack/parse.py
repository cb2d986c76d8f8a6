"""From the texts of a pack's files to the pack, or to everything that is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from schemas.fields import microseconds, rfc3339
from schemas.pack import digests
from schemas.pack.election import ELECTION_FILE, ElectionText, read_election
from schemas.pack.forms import read_deployment, read_questions, read_taxonomy
from schemas.pack.hours import checkpoints, polling_hours
from schemas.pack.models import Contest, Deployment, Publisher, Region, Source
from schemas.pack.pack import Pack
from schemas.pack.places import read_commissions, read_districts, read_regions, read_stations
from schemas.pack.problems import PackError, Problems

REQUIRED_FILES: Final = (ELECTION_FILE, "regions.csv", "taxonomy.csv")
OPTIONAL_FILES: Final = (
    "stations.csv",
    "commissions.csv",
    "districts.csv",
    "questions.csv",
    "deployment.csv",
)
PACK_FILES: Final = (*REQUIRED_FILES, *OPTIONAL_FILES)

_MINUTE: Final = 60_000_000


def parse_pack(files: Mapping[str, str]) -> Pack:
    """The pack in ``files`` (file name → text); raises PackError with all that is wrong.

    Names that are no file of a pack are left alone, unless they look like a misspelt one.
    """
    problems = Problems()
    _check_names(files, problems)
    texts = {name: files[name].removeprefix("\ufeff") for name in PACK_FILES if name in files}
    election = None
    if ELECTION_FILE in texts:
        election = read_election(texts[ELECTION_FILE], problems)
    parts = _codes(election) if election else {}
    parts |= _tables(texts, election, parts, problems)
    if election is not None:
        parts["checkpoints"] = checkpoints(election, problems)
        if parts["regions"]:
            parts["polling"] = polling_hours(election, parts["regions"], problems)
    if problems.found or election is None:
        raise PackError(problems.found)
    return _assemble(election, parts)


def _check_names(files: Mapping[str, str], problems: Problems) -> None:
    for name in REQUIRED_FILES:
        if name not in files:
            problems.add(name, 1, "is missing")
    for name in files:
        if name in PACK_FILES or not name.lower().endswith((".csv", ".toml")):
            continue
        near = difflib.get_close_matches(name.lower(), PACK_FILES, n=1, cutoff=0.85)
        if near and near[0] not in files:
            problems.add(name, 1, f"is no file of a pack; should it be {near[0]}?")


def _tables(
    texts: Mapping[str, str],
    election: ElectionText | None,
    codes: Mapping[str, Any],
    problems: Problems,
) -> dict[str, Any]:
    """What the CSV files hold, by its name in Pack. References to what is broken go unchecked."""
    regions: dict[str, Region] = {}
    stations = commissions = None
    categories, districts, questions = {}, {}, {}
    deployment: tuple[Deployment, ...] = ()
    if (text := texts.get("regions.csv")) is not None:
        regions = read_regions(text, election, problems)
    if (text := texts.get("taxonomy.csv")) is not None:
        categories = read_taxonomy(text, problems)
    known = regions or None
    if (text := texts.get("stations.csv")) is not None:
        stations = read_stations(text, known, problems)
    if (text := texts.get("commissions.csv")) is not None:
        commissions = read_commissions(text, known, problems)
    if (text := texts.get("districts.csv")) is not None:
        districts = read_districts(text, known, codes.get("contests"), problems)
    if (text := texts.get("questions.csv")) is not None:
        questions = read_questions(text, problems)
    if (text := texts.get("deployment.csv")) is not None:
        deployment = read_deployment(text, stations, codes.get("sources"), problems)
    return {
        "regions": regions,
        "categories": categories,
        "stations": stations,
        "commissions": commissions,
        "districts": districts,
        "questions": questions,
        "deployment": deployment,
    }


def _codes(election: ElectionText) -> dict[str, Any]:
    values = election.values
    return {
        "contests": {
            code: Contest(code=code, **entry.model_dump())
            for code, entry in values.contests.items()
        },
        "commission_counts": dict(values.commission_counts),
        "publishers": {
            entry.code: Publisher(entry.code, rank, entry.name)
            for rank, entry in enumerate(values.publishers)
        },
        "sources": {
            entry.uri: Source(entry.uri, entry.authority, entry.observer_group, entry.name)
            for entry in values.sources
        },
    }


def _assemble(election: ElectionText, parts: dict[str, Any]) -> Pack:
    values = election.values
    parts |= {
        "id": values.id,
        "country": values.country,
        "main_contest": next(code for code, entry in values.contests.items() if entry.main),
        "checkpoint_tolerance": values.turnout.tolerance_minutes * _MINUTE,
        "future_tolerance": values.tolerances.future_minutes * _MINUTE,
        "restriction_future_tolerance": values.tolerances.restriction_future_hours * 60 * _MINUTE,
    }
    parts["name"] = values.name
    parts["time_zone"] = values.time_zone
    parts["days"] = tuple(sorted(values.days))
    parts["embargo_until"] = values.embargo_until
    parts["judgement"] = values.judgement
    return Pack(**parts, acceptance_digest=_acceptance(parts), judgement_digest=_judgement(parts))


def _acceptance(parts: Mapping[str, Any]) -> str:
    """Over everything that decides whether an event is accepted, or which figure it is."""
    stations, commissions = parts["stations"], parts["commissions"]
    return digests.whole(
        {
            "id": parts["id"],
            "country": parts["country"],
            "contests": sorted(parts["contests"]),
            "main_contest": parts["main_contest"],
            "regions": digests.table((r.code, r.parent, r.kind) for r in parts["regions"].values()),
            "stations": stations
            if stations is None
            else digests.table((s.id, s.region) for s in stations.values()),
            "commissions": commissions
            if commissions is None
            else digests.table((c.id, c.region) for c in commissions.values()),
            "categories": sorted(parts["categories"]),
            "questions": sorted(parts["questions"]),
            "sources": digests.table(s[:3] for s in parts["sources"].values()),
            "publishers": digests.table(p[:2] for p in parts["publishers"].values()),
            "checkpoints": list(parts["checkpoints"]),
            "checkpoint_tolerance": parts["checkpoint_tolerance"],
            "future_tolerance": parts["future_tolerance"],
            "restriction_future_tolerance": parts["restriction_future_tolerance"],
        }
    )


def _judgement(parts: Mapping[str, Any]) -> str:
    """Over thresholds, texts, and all that only views read."""
    tables = ("contests", "regions", "districts", "categories", "questions", "sources")
    content: dict[str, object] = {
        name: digests.table(parts[name].values()) for name in (*tables, "publishers")
    }
    for name in ("stations", "commissions"):
        rows = parts[name]
        content[name] = None if rows is None else digests.table(rows.values())
    content["deployment"] = digests.table(parts["deployment"], keys=2)
    content["name"] = parts["name"]
    content["time_zone"] = parts["time_zone"]
    content["commission_counts"] = parts["commission_counts"]
    content["days"] = [day.isoformat() for day in parts["days"]]
    content["polling"] = parts["polling"]
    content["embargo_until"] = rfc3339(microseconds(parts["embargo_until"]))
    content["judgement"] = parts["judgement"].model_dump()
    return digests.whole(content)
