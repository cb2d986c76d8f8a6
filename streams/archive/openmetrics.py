"""The pages of past moments as OpenMetrics text with timestamps, for promtool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from streams.metrics.families import FAMILIES
from streams.metrics.page import MetricsPage
from streams.metrics.text import escape
from streams.metrics.view import WorkerView

END: Final = b"# EOF\n"
JOB: Final = "scrutineer"
INSTANCE: Final = "backfill"
_SCRAPED: Final = f'instance="{INSTANCE}",job="{JOB}"'.encode()
_NAME: Final = re.compile(rb"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{?)", re.MULTILINE)
_UP: Final = b"up{%s} 1.0\n" % _SCRAPED


def heads() -> bytes:
    """TYPE and HELP of every family. They stand once, before all samples of all moments."""
    lines = []
    for family in FAMILIES:
        name = family.name.removesuffix("_total").removesuffix("_info")
        lines.append(f"# TYPE {name} {family.kind}\n# HELP {name} {escape(family.meaning)}\n")
    return "".join(lines).encode()


class Scrapes:
    """What a scrape of ``page`` would have stored, moment by moment."""

    def __init__(self, page: MetricsPage) -> None:
        self._page = page
        self._known: dict[bytes, bytes] = {}

    def text(self, view: WorkerView, second: int) -> bytes:
        """Every sample, with the labels of a scrape and the timestamp ``second``."""
        known, self._known = self._known, {}
        lines = [_UP]
        for _, texts in self._page.samples(view):
            for text in texts:
                # Most texts are those of the moment before: only new ones are labelled.
                labelled = self._known[text] = known.get(text) or _labelled(text)
                lines.append(labelled)
        return b"".join(lines).replace(b"\n", b" %d\n" % second)


def _labelled(text: bytes) -> bytes:
    def put(match: re.Match[bytes]) -> bytes:
        name, brace = match.groups()
        return b"%s{%s%s" % (name, _SCRAPED, b"," if brace else b"}")

    return _NAME.sub(put, text)


def series(name: str, labels: Mapping[str, str]) -> str:
    """A series as it begins a line."""
    inside = ",".join(f'{key}="{escape(value)}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}"


def lines(series: str, samples: Iterable[tuple[float, str]]) -> str:
    """The samples (second, value) of one series."""
    return "".join([f"{series} {value} {second:.0f}\n" for second, value in samples])
