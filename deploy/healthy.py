"""Ends with 0 when the worker of this container gets on, else with 1 and a line that says why."""

from __future__ import annotations

import os
import sys
import urllib.request

_PORT = os.environ.get("SCRUTINEER_WORKER__PORT", "6066")
_SECONDS = 4

try:
    with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/healthz", timeout=_SECONDS):
        pass
except OSError as error:
    sys.exit(f"/healthz on port {_PORT}: {error}")
