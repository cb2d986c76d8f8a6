"""The configuration of the demo's Prometheus and Alertmanager: that of deploy/, with differences.

Pure. Each file says in its head what is different, and why.
"""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from schemas.pack import Pack
from streams.rules.files import files as rule_files

INTERVAL: Final = "1s"
_HURRIED: Final = f"""\
# Written by `scrutineer demo`. Not as in operation: every {INTERVAL[:-1]} s instead of every 5 s,
# since a day is played here in about a minute.
"""
_TELLS_NOBODY: Final = """\
# Written by `scrutineer demo` from deploy/alertmanager/alertmanager.yml. Routes and inhibitions are
# those of operation. The receivers are names alone, so that nobody is told.
"""


def prometheus_files(text: str, pack: Pack, *, worker: str, alertmanager: str) -> dict[str, str]:
    """File name → text. ``text``: prometheus.yml of deploy/; the others are host:port."""
    config: dict[str, Any] = yaml.safe_load(text)
    for name in ("scrape_interval", "scrape_timeout", "evaluation_interval"):
        config["global"][name] = INTERVAL
    rules = rule_files(pack, interval=INTERVAL)
    return {
        "prometheus.yml": _HURRIED + yaml.safe_dump(config, sort_keys=False),
        "targets/workers.yml": _target(worker),
        "targets/archivers.yml": "[]\n",
        "targets/alertmanagers.yml": _target(alertmanager),
        **{f"rules/{name}": _HURRIED + rule for name, rule in rules.items()},
    }


def alertmanager_file(text: str) -> str:
    """``text``, which is alertmanager.yml of deploy/, without anybody to tell and any secret."""
    config: dict[str, Any] = yaml.safe_load(text)
    kept = {name: config[name] for name in ("route", "inhibit_rules")}
    kept["receivers"] = [{"name": receiver["name"]} for receiver in config["receivers"]]
    return _TELLS_NOBODY + yaml.safe_dump(kept, sort_keys=False)


def _target(address: str) -> str:
    return f"- targets: [{json.dumps(address)}]\n"
