"""How models are filled with what was decoded of them: `make docs` writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Mends = dict[str, Callable[[Any], Any]]
Fill = Callable[[Any], Any]


def event(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Event``."""
    new = object.__new__
    as_id = mend["id"]
    as_source = mend["source"]
    as_time = mend["time"]
    as_subject = mend["subject"]
    as_election = mend["election"]
    as_data = mend["data"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.specversion = found.specversion
        made.id = as_id(found.id)
        made.source = as_source(found.source)
        made.time = as_time(found.time)
        subject = found.subject
        made.subject = None if subject is None else as_subject(subject)
        made.datacontenttype = found.datacontenttype
        made.election = as_election(found.election)
        made.type = found.type
        made.data = as_data(found.data)
        made.__class__ = model
        return made

    return fill


FILLS: Final[dict[str, Callable[[Any, Any, Mends], Fill]]] = {
    "Event": event,
}
"""Name of a model, and what fills it."""
