"""The parts of Grafana's SDK that the dashboards are made of.

The classic model, which every Grafana since version 10 reads from a file. The SDK warns at import
that a newer one exists, which older servers do not know.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog import plugins, runtime
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import (
        common,
        dashboard,
        prometheus,
        stat,
        statetimeline,
        table,
        timeseries,
    )

__all__ = [
    "JSONEncoder",
    "common",
    "dashboard",
    "plugins",
    "prometheus",
    "runtime",
    "stat",
    "statetimeline",
    "table",
    "timeseries",
]
