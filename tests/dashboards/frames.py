"""What Grafana makes of a table's answers: the columns after its transformations."""

from __future__ import annotations

from tests.dashboards.boards import Panel
from tests.dashboards.prometheus import Series


def columns(panel: Panel, answers: dict[str, list[Series]]) -> list[str]:
    """The columns of a table, in order. ``answers``: query → its series."""
    answered = {ref: found for ref, found in answers.items() if found}
    names = ["Time"]
    for found in answered.values():
        labels = sorted({label for one in found for label in one.labels if label != "__name__"})
        names += [label for label in labels if label not in names]
    names += [f"Value #{ref}" for ref in answered] if len(answered) > 1 else ["Value"]
    for step in panel.get("transformations", ()):
        options = step["options"]
        if step["id"] == "groupingToMatrix":
            (found,) = answered.values()
            across = sorted({one.labels[options["columnField"]] for one in found})
            names = [f"{options['rowField']}\\{options['columnField']}", *across]
        if step["id"] == "organize":
            kept = [name for name in names if not options["excludeByName"].get(name)]
            index, renamed = options["indexByName"], options["renameByName"]
            order = sorted(kept, key=lambda name: index.get(name, len(index)))
            names = [renamed.get(name, name) for name in order]
    return names
