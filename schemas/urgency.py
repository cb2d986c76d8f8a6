"""Which rejected events somebody must look at now: restrictions and critical incidents."""

from __future__ import annotations

import re
from typing import Final

_RESTRICTION: Final = "election.observer.restriction"
_INCIDENT: Final = "election.observer.incident"
_CRITICAL: Final = re.compile(rb'"severity"\s*:\s*"critical"')


def is_urgent(raw: bytes, type_: str | None) -> bool:
    """Whether a rejected event tells of a restriction on observers or a critical incident.

    By its type, of any version. Where none could be read (``type_`` None) the bytes are searched
    for the names: a report that was cut off on its way is no less urgent.
    """
    if type_ is None:
        restriction, incident = _RESTRICTION.encode() in raw, _INCIDENT.encode() in raw
    else:
        restriction, incident = type_.startswith(_RESTRICTION), type_.startswith(_INCIDENT)
    return restriction or (incident and _CRITICAL.search(raw) is not None)
