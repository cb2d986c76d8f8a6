"""The recording and alerting rules, as far as the dashboards are concerned."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from streams.rules.files import files
from tests.dashboards.day import pack
from tests.data import ROOT

FOLDER = ROOT / "deploy" / "prometheus" / "rules"


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule that is committed or loaded here."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))]
    groups = [yaml.safe_load(text)["groups"] for text in (*texts, *of_the_day().values())]
    return [rule for several in groups for group in several for rule in group["rules"]]


@cache
def of_the_day() -> dict[str, str]:
    """File → rules for the day's own pack, evaluated every second."""
    made = files(pack())
    return {name: re.sub(r"interval: \w+", "interval: 1s", text) for name, text in made.items()}


def recorded() -> set[str]:
    """The names of the series that rules record."""
    return {rule["record"] for rule in rules() if "record" in rule}


def names(expression: str) -> set[str]:
    """Everything in a query that may be the name of a series of ours; recorded ones have colons."""
    bare = re.sub(r"\{[^}]*\}", "", expression)
    return set(re.findall(r"(?<![\w:])(?:\w+:)?(?:election|scrutineer)_[a-z0-9_]+(?::\w+)?", bare))
