"""Dashboards as Grafana takes them: read from JSON, pointed at a data source, compared. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

UID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SERVERS_OWN: Final = ("id", "version", "iteration")
"""Set by Grafana at each save: whatever a file says of them is nobody's wish."""
_PROMETHEUS: Final = "prometheus"


class NotADashboardError(ValueError):
    """What a text lacks to be a dashboard."""


class Dashboard(NamedTuple):
    """A dashboard. ``model``: its JSON object, without what Grafana sets itself."""

    uid: str
    title: str
    model: Mapping[str, Any]


def parse(raw: bytes) -> Dashboard:
    """The dashboard that is written in ``raw``. NotADashboardError."""
    try:
        model = json.loads(raw, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise NotADashboardError(f"it is no JSON: {error}") from None
    except UnicodeDecodeError:
        raise NotADashboardError("it is no JSON: it is not in UTF-8") from None
    except RecursionError:
        raise NotADashboardError("it is nested too deeply") from None
    if not isinstance(model, dict):
        raise NotADashboardError("it is no JSON object")
    if "dashboard" in model and "panels" not in model:
        raise NotADashboardError("it wraps one: keep only the object below 'dashboard'")
    if "spec" in model and "panels" not in model:
        raise NotADashboardError(
            "it is a resource (apiVersion, kind, spec): export it as the classic model"
        )
    uid, title = model.get("uid"), model.get("title")
    if not isinstance(uid, str) or not UID.fullmatch(uid):
        raise NotADashboardError(
            "it has no 'uid' of 1 to 40 letters, digits, - and _, by which it would be found again"
        )
    if not isinstance(title, str) or not title.strip():
        raise NotADashboardError("it has no 'title'")
    if not isinstance(model.get("panels"), list):
        raise NotADashboardError("it has no list of 'panels'")
    return Dashboard(uid, title, _bare(model))


def with_prometheus(board: Dashboard, uid: str) -> Dashboard:
    """``board`` with the Prometheus data source ``uid``.

    References to a variable stay; variables that choose a Prometheus begin with ``uid``.
    """
    model = {name: _pointed(value, uid) for name, value in board.model.items()}
    return board._replace(model=model)


def same(board: Dashboard, theirs: Mapping[str, Any]) -> bool:
    """Whether Grafana's model of a dashboard says what ``board`` says.

    What Grafana sets itself does not count, nor whether a field is null or absent.
    """
    return bool(_without_null(board.model) == _without_null(_bare(theirs)))


def _bare(model: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if name not in _SERVERS_OWN}


def _no_number(text: str) -> NoReturn:
    raise NotADashboardError(f"it is no JSON: {text} is no number")


def _pointed(value: Any, uid: str) -> Any:
    if isinstance(value, list):
        return [_pointed(item, uid) for item in value]
    if not isinstance(value, dict):
        return value
    new = {name: _pointed(inner, uid) for name, inner in value.items()}
    if value.get("type") == "datasource" and value.get("query") == _PROMETHEUS:
        return {**new, "current": {"selected": True, "text": uid, "value": uid}}
    if value.get("type") == _PROMETHEUS and _is_fixed(value.get("uid")):
        return {**new, "uid": uid}
    return new


def _is_fixed(uid: Any) -> bool:
    """Whether a data source is named itself, by a uid or as the default, not by a variable."""
    return uid is None or (isinstance(uid, str) and not uid.startswith("$"))


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(x) for name, x in value.items() if x is not None}
    if isinstance(value, list):
        return [_without_null(item) for item in value]
    return value
