"""The recording and alerting rules, as far as the dashboards are concerned."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from tests.data import ROOT

FOLDER = ROOT / "deploy" / "prometheus" / "rules"


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule of every file."""
    found: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8")).get("groups", ()):
            found += group["rules"]
    return found


def recorded() -> set[str]:
    """The names of the series that rules record."""
    return {rule["record"] for rule in rules() if "record" in rule}


def names(expression: str) -> set[str]:
    """Everything in a query that may be the name of a series of ours."""
    return set(re.findall(r"\b(?:election|scrutineer)_[a-z0-9_]+\b", _outside_labels(expression)))


def _outside_labels(expression: str) -> str:
    return re.sub(r"\{[^}]*\}", "", expression)
