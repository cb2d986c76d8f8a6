"""What the screen says of alerts, from what Prometheus and Alertmanager say. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

from schemas.pack import Pack
from schemas.pack.judgement import Alert

Labels = frozenset[tuple[str, str]]
"""All labels of an alert, by which Prometheus and Alertmanager both know it."""

ORDER: Final[tuple[str, ...]] = get_args(Alert)
"""Alerts of the same severity, the most urgent first."""
SEVERITIES: Final = ("page", "warning", "info")
COPIES: Final = ("channel", "severity")
"""Labels that two copies of one alert differ in."""
_ELSEWHERE: Final = ("topic", "reason", "cause", "partition", "instance")
"""Labels that tell where, of an alert that is about no region."""


class Firing(NamedTuple):
    """All firing alerts of one name. Times are µs since the epoch."""

    name: str
    severity: str
    """The highest of them; a copy that is muted does not count."""
    number: int
    since: int | None
    """When the newest began, by the log's clock; None: not known."""
    where: tuple[str, ...]
    """Places in words, each once, that of the newest first."""


class Alerts(NamedTuple):
    """What fires now."""

    firing: tuple[Firing, ...] = ()
    """The most urgent first."""
    muted: int = 0
    """Alerts that nobody would be told of, since another one stands for them."""
    problem: str = ""
    """Why these are old, in words; empty when they are not."""

    @property
    def number(self) -> int:
        """How many alerts fire and are not muted."""
        return sum(each.number for each in self.firing)


class _One(NamedTuple):
    since: int | None
    where: str
    severity: str


def labels_of(alert: Mapping[str, Any]) -> Labels:
    """What identifies it."""
    return frozenset(alert["labels"].items())


def firing(alerts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of Prometheus' /api/v1/alerts that do not only wait for their time."""
    return [alert for alert in alerts if alert["state"] == "firing"]


def by_name(alerts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Alert's name → number, where the copies of one alert count once."""
    found = {(alert["labels"]["alertname"], _identity(alert)) for alert in alerts}
    return dict(sorted(Counter(name for name, _ in found).items()))


def gather(
    pack: Pack,
    alerts: Sequence[Mapping[str, Any]],
    muted: frozenset[Labels],
    log_time: Callable[[str], int | None],
) -> Alerts:
    """The picture of ``alerts``, firing ones as Prometheus tells them.

    ``muted``: those that Alertmanager does not tell. ``log_time``: what the log's clock said at a
    moment of Prometheus' (RFC 3339), in µs.
    """
    told = [alert for alert in alerts if labels_of(alert) not in muted]
    copies: dict[str, dict[Labels, list[Mapping[str, Any]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for alert in told:
        copies[alert["labels"]["alertname"]][_identity(alert)].append(alert)
    found = [
        _together(name, [_one(pack, same, log_time) for same in each.values()])
        for name, each in copies.items()
    ]
    silent = {_identity(alert) for alert in alerts} - {_identity(alert) for alert in told}
    return Alerts(tuple(sorted(found, key=_urgency)), len(silent))


def _identity(alert: Mapping[str, Any]) -> Labels:
    return frozenset(pair for pair in alert["labels"].items() if pair[0] not in COPIES)


def _one(
    pack: Pack, copies: Sequence[Mapping[str, Any]], log_time: Callable[[str], int | None]
) -> _One:
    labels: Mapping[str, str] = copies[0]["labels"]
    severities = [copy["labels"].get("severity", "") for copy in copies]
    return _One(
        since=_since(copies[0], log_time),
        where=_where(pack, labels),
        severity=min(severities, key=_rank),
    )


def _since(alert: Mapping[str, Any], log_time: Callable[[str], int | None]) -> int | None:
    """An open restriction's value is when it began; of others it counts when the alert did."""
    if alert["labels"].get("report_id"):
        return round(float(alert["value"]) * 1_000_000)
    return log_time(alert["activeAt"])


def _where(pack: Pack, labels: Mapping[str, str]) -> str:
    """A station's code first: it survives a narrow column."""
    code, place = labels.get("region", ""), labels.get("place", "").removeprefix("SIM-")
    if code:
        name = pack.regions[code].name if code in pack.regions else code
        return f"{place} {name}".strip()
    return " ".join(labels[name].replace("_", " ") for name in _ELSEWHERE if labels.get(name))


def _together(name: str, alerts: list[_One]) -> Firing:
    alerts.sort(key=lambda one: (-(one.since or 0), one.where))
    return Firing(
        name=name,
        severity=min((one.severity for one in alerts), key=_rank),
        number=len(alerts),
        since=alerts[0].since,
        where=tuple(dict.fromkeys(one.where for one in alerts)),
    )


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _urgency(found: Firing) -> tuple[int, int, str]:
    order = ORDER.index(found.name) if found.name in ORDER else len(ORDER)
    return (_rank(found.severity), order, found.name)
