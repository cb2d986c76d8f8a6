"""What is generated from the code: `make docs` writes it, tests compare it.

The pages of the documentation, the contracts for other people's tools in schemas/json, the
functions that fill their models, and the rules for Prometheus in deploy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from docs.generate import commands, events, rules, settings
from streams.metrics import reference as metrics

DOCS: Final = Path(__file__).resolve().parent.parent

PAGES: Final[dict[str, Callable[[], str]]] = {
    "commands.md": commands.page,
    "events.md": lambda: events.page(DOCS / "examples"),
    "metrics.md": metrics.markdown,
    "rules.md": rules.page,
    "settings.md": settings.page,
}
"""File name in docs/ and what makes its text."""

ELECTION: Final = "kazakhstan-2023"
RULES: Final = DOCS.parent / "deploy" / "prometheus" / "rules"
"""Rules for Prometheus, of the built-in election."""

CONTRACTS: Final = DOCS.parent / "schemas" / "json"
"""Where the files of ``schemas.published.documents`` are kept."""

FILLING: Final = DOCS.parent / "schemas" / "filling"
"""Where the files of ``filling.modules`` are kept."""
