"""Filling the models with what was decoded of an event, without validating it again.

The functions are written by `make docs`, from the models: field by field, straight on. Going
through the fields in a loop takes twice as long, and this is done for every event. Each is given
``open_``, a subclass of the model that is not frozen, the model, and what mends its fields.
"""

from __future__ import annotations

from typing import Final

from schemas.filling import desk, envelope, observer, official

EVENT: Final = "Event"
"""Stands for every type of event, which are all filled alike."""

FILLS: Final = {**envelope.FILLS, **observer.FILLS, **official.FILLS, **desk.FILLS}
"""Name of a model, and what fills it."""
