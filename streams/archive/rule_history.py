"""What rules would have recorded, and which alerts there would have been, over a past stretch.

promtool's own `create-blocks-from rules` evaluates no rule that reads another, and no alert. So the
expressions are asked of a Prometheus over the stretch, one level of rules after the other.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

from streams.archive.alert_course import AlertCourse, Labels
from streams.archive.openmetrics import lines, series
from streams.errors import UserError
from streams.rules.model import Alerting, Recording, Rule

_SECONDS: Final = 600.0
_PIECE: Final = 120
"""Moments asked for at once: so many values of every series are in memory."""
_CONSTANT: Final = re.compile(r"vector\(([0-9.e+-]+)\)")
_BRACE: Final = "{{ `{` }}"
"""How rules write a brace that begins no template: no label of theirs is one."""


class Level:
    """Rules that read nothing of each other. Moments are to come in order, without a gap."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [
            (rule, AlertCourse(rule) if isinstance(rule, Alerting) else None) for rule in rules
        ]

    def write(self, address: str, moments: range, out: IO[bytes]) -> None:
        """Write as OpenMetrics what Prometheus at ``address`` says of ``moments`` (seconds).

        UserError: it refuses a rule.
        """
        for start in range(0, len(moments), _PIECE):
            piece = moments[start : start + _PIECE]
            for rule, course in self._rules:
                found = _constant(rule, piece) or _asked(address, rule, piece)
                text = _recorded(rule, found) if isinstance(rule, Recording) else ""
                if isinstance(rule, Alerting) and course is not None:
                    text = "".join(_alerts(rule, course, found, piece))
                out.write(text.encode())


def _constant(rule: Rule, moments: range) -> list[Any]:
    """What Prometheus would say of ``vector(1)``, without asking; nothing of another rule."""
    value = _CONSTANT.fullmatch(rule.expr)
    return [{"metric": {}, "values": [(at, value[1]) for at in moments]}] if value else []


def _asked(address: str, rule: Rule, moments: range) -> list[Any]:
    """The matrix of a rule's expression."""
    asked = {
        "query": rule.expr,
        "start": moments[0],
        "end": moments[-1],
        "step": moments.step,
    }
    address, body = f"http://{address}/api/v1/query_range", urllib.parse.urlencode(asked).encode()
    # Whatever proxy is set: the server is our own, on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, body, timeout=_SECONDS) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        with error:
            told = json.loads(error.read()).get("error", "")
        name = rule.record if isinstance(rule, Recording) else rule.alert
        raise UserError(f"Prometheus cannot evaluate {name}: {told}") from None
    return found


def _recorded(rule: Recording, found: Sequence[Any]) -> str:
    parts = []
    for one in found:
        labels = {**one["metric"], **_plain(rule.labels)}
        labels.pop("__name__", None)
        parts.append(lines(series(rule.record, labels), one["values"]))
    return "".join(parts)


def _alerts(
    rule: Alerting, course: AlertCourse, found: Sequence[Any], moments: range
) -> Iterator[str]:
    """ALERTS and ALERTS_FOR_STATE, as Prometheus writes them about itself."""
    holding: dict[float, dict[Labels, object]] = {}
    for one in found:
        labels = tuple(sorted((k, v) for k, v in one["metric"].items() if k != "__name__"))
        for second, _ in one["values"]:
            holding.setdefault(second, {})[labels] = True
    told: dict[str, list[tuple[float, str]]] = {}
    own = {**_plain(rule.labels), "alertname": rule.alert}
    for second in moments:
        for state in course.at(second, holding.get(second, {})):
            labels_ = {**dict(state.labels), **own}
            word = "firing" if state.firing else "pending"
            alerts = series("ALERTS", {**labels_, "alertstate": word})
            since = series("ALERTS_FOR_STATE", labels_)
            told.setdefault(alerts, []).append((second, "1"))
            told.setdefault(since, []).append((second, f"{state.since:.0f}"))
    for name, samples in told.items():
        yield lines(name, samples)


def _plain(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value.replace(_BRACE, "{") for name, value in labels.items()}
