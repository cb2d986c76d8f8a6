"""What Prometheus scraped, step by step, and which alerts it must and must not make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args

from schemas.pack.judgement import Alert
from tests.packs import small_pack
from tests.rules.promtool import STEP, WORKER, run, series
from tests.tables.events import us

GONE: Final = "stale"
"""What Prometheus notes of a series that a scrape does not show any more, or of a dead worker."""

Kind = Literal["fires", "quiet", "resolves"]
CASES: Final[set[tuple[str, str]]] = set()
"""(alert, kind) of every case there is."""

Test = TypeVar("Test", bound=Callable[..., None])


def case(alert: Alert, *kinds: Kind) -> Callable[[Test], Test]:
    """Marks a test as a case of an alert: that it fires, that it does not, that it resolves."""

    def mark(test: Test) -> Test:
        CASES.update((alert, kind) for kind in kinds)
        return test

    return mark


def span(*parts: tuple[object, int]) -> str:
    """Values over the steps: each value with how many steps it stays."""
    return " ".join(str(value) for value, steps in parts for _ in range(steps))


def at(clock: str) -> int:
    """``"12:30"`` on election day, in seconds."""
    return us(clock) // 1_000_000


class World:
    """A test of promtool, put together."""

    def __init__(self, rules: list[Path], folder: Path) -> None:
        self.step = STEP
        self._rules = rules
        self._folder = folder
        self._inputs: list[dict[str, str]] = []
        self._alerts: list[dict[str, Any]] = []
        self._checks: list[dict[str, Any]] = []

    def put(self, name: str, values: object, worker: str | None = WORKER, **labels: str) -> None:
        """A series; a number stays for an hour."""
        text = values if isinstance(values, str) else span((values, 720))
        self._inputs.append({"series": series(name, worker, **labels), "values": text})

    def raw(self, name: str, alive: str, value: str) -> None:
        """A series by its full name: ``value`` wherever ``alive`` is 1, or always."""
        values = [value if one == "1" else one for one in alive.split()]
        text = " ".join(values) if GONE in values else span((value, 720))
        self._inputs.append({"series": name, "values": text})

    def live(
        self,
        *regions: str,
        worker: str = WORKER,
        alive: str = span((1, 720)),
        position: object = 100,
    ) -> None:
        """A worker that shows these regions, or all of the pack's."""
        for region in regions or small_pack().regions:
            self.put("scrutineer_region_live", alive, worker, region=region)
            steps = [GONE if one == GONE else position for one in alive.split()]
            where = span(*((one, 1) for one in steps)) if isinstance(position, int) else position
            self.put("scrutineer_region_position", where, worker, region=region)

    def now(self, *clocks: tuple[str, int]) -> None:
        """What time it is for the workers: each time of day with how many steps it stays."""
        values = span(*((at(clock), steps) for clock, steps in clocks))
        self.put("scrutineer_now_timestamp_seconds", values)

    def firing(self, step: int, alert: str, number: int, **labels: str) -> None:
        """So many alerts with these labels fire at a step."""
        assert alert in get_args(Alert)
        wanted = {"alertname": alert, "alertstate": "firing", **labels}
        pairs = ", ".join(f'{name}="{value}"' for name, value in wanted.items())
        self.value(step, f"count(ALERTS{{{pairs}}}) or vector(0)", number)

    def always(self, steps: range, alert: str, number: int, **labels: str) -> None:
        """The same at each of these steps."""
        for step in steps:
            self.firing(step, alert, number, **labels)

    def value(self, step: int, expr: str, value: float) -> None:
        """A query gives one sample without labels."""
        samples = [{"labels": "{}", "value": value}]
        time = f"{step * self.step}s"
        self._checks.append({"expr": expr, "eval_time": time, "exp_samples": samples})

    def texts(self, step: int, alert: str, *expected: dict[str, Any]) -> None:
        """Exactly these alerts of a name fire, with all their labels and texts."""
        time = f"{step * self.step}s"
        self._alerts.append({"eval_time": time, "alertname": alert, "exp_alerts": list(expected)})

    def check(self) -> None:
        """Promtool agrees."""
        test = {
            "input_series": self._inputs,
            "alert_rule_test": self._alerts,
            "promql_expr_test": self._checks,
        }
        problems = run(self._rules, [test], self._folder, self.step)
        assert not problems, problems


def told(
    alert: str,
    summary: str,
    description: str,
    severity: str,
    team: str,
    dashboard: str,
    **labels: str,
) -> dict[str, Any]:
    """An alert as somebody gets it."""
    region = f"?var-region={labels['region']}" if "region" in labels else ""
    return {
        "exp_labels": {"election": "test-2030", "severity": severity, "team": team, **labels},
        "exp_annotations": {
            "summary": summary,
            "description": description,
            "runbook_url": f"docs/runbooks/{alert}.md",
            "dashboard_url": f"/d/{dashboard}{region}",
        },
    }
