"""Asking a Prometheus."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

PATIENCE = 60
SETTLED = 3
"""Seconds after which nothing changes what is of a moment: longer than a scrape may take."""


class Series(NamedTuple):
    """A series of an answer, and its newest value."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """A running server. ``address``: host and port; ``at``: a second to ask for, else now.

    ``stay`` chooses that second. What is asked for a moment that is over is always the same: now, a
    scrape may be late, and its series are gone until the next one.
    """

    def __init__(self, address: str, at: int | None = None) -> None:
        self._address = address
        self._at = at
        self._whole: str | None = None

    def stay(self, whole: str) -> None:
        """Ask for a moment at which ``whole`` has a series, and ``until`` for later such ones."""
        self._whole = whole
        self.until(whole)

    def now(self, expression: str) -> list[Series]:
        """The series of ``expression`` at this moment; an error of the query is raised."""
        when = {} if self._at is None else {"time": self._at}
        result = self._ask("query", query=expression, **when)
        if result["resultType"] == "scalar":
            return [Series({}, float(result["result"][1]))]
        return [Series(one["metric"], float(one["value"][1])) for one in result["result"]]

    def lately(self, expression: str) -> list[Series]:
        """The series of ``expression`` over the last seconds, as a graph asks."""
        end = time.time() if self._at is None else self._at
        result = self._ask("query_range", query=expression, start=end - 10, end=end, step=1)
        return [Series(one["metric"], float(one["values"][-1][1])) for one in result["result"]]

    def values_of(self, label: str, family: str) -> list[str]:
        """What Grafana's ``label_values(family, label)`` gives."""
        found: list[str] = self._ask(f"label/{label}/values", **{"match[]": family})
        return found

    def rule_failures(self) -> float:
        """How often a rule could not be evaluated since the server started."""
        with urllib.request.urlopen(f"http://{self._address}/metrics", timeout=30) as answer:
            found: list[str] = answer.read().decode().splitlines()
        family = "prometheus_rule_evaluation_failures_total{"
        return sum(float(one.rpartition(" ")[2]) for one in found if one.startswith(family))

    def until(self, expression: str) -> None:
        """Wait until ``expression`` has a series."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if self._whole is not None:
                self._at = int(time.time()) - SETTLED
            try:
                if self.now(expression) and (self._whole is None or self.now(self._whole)):
                    return
            except urllib.error.URLError:  # not ready yet: 503
                pass
            assert time.monotonic() < deadline, f"{expression} stays empty"
            time.sleep(0.2)

    def _ask(self, what: str, **parameters: object) -> Any:
        query = urllib.parse.urlencode(parameters).encode()
        place = f"http://{self._address}/api/v1/{what}"
        if what.startswith("label/"):
            request = urllib.request.Request(f"{place}?{query.decode()}")
        else:
            request = urllib.request.Request(place, query)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                raise
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None
