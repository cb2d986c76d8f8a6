"""`schemas/filling/`: the functions that fill each model, written from the models."""

from __future__ import annotations

import re
from typing import Any, Final, get_args, get_type_hints

from schemas.decoding import Kind, kinds_of
from schemas.envelope import EVENTS, IncidentEvent
from schemas.filling import EVENT

_HEAD: Final = '''\
"""How models are filled with what was decoded of them: `make docs` writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Mends = dict[str, Callable[[Any], Any]]
Fill = Callable[[Any], Any]
'''


def modules() -> dict[str, str]:
    """File name to text: one for each module of models."""
    models: dict[str, Any] = {EVENT: IncidentEvent}
    for model, _ in EVENTS.values():
        _collect(get_type_hints(model)["data"], models)
    places = {name: model.__module__.rpartition(".")[2] for name, model in models.items()}
    return {
        f"{place}.py": _module({name: models[name] for name in models if places[name] == place})
        for place in sorted(set(places.values()))
    }


def _module(models: dict[str, Any]) -> str:
    table = "".join(f'    "{name}": {_snake(name)},\n' for name in models)
    return "".join(
        (
            _HEAD,
            *(_function(name, model) for name, model in models.items()),
            "\n\nFILLS: Final[dict[str, Callable[[Any, Any, Mends], Fill]]] = {\n",
            table,
            '}\n"""Name of a model, and what fills it."""\n',
        )
    )


def _collect(annotation: Any, models: dict[str, Any]) -> None:
    """The models in an annotation, inner ones first."""
    for inner in get_args(annotation):
        _collect(inner, models)
    for field in getattr(annotation, "__pydantic_fields__", {}).values():
        _collect(field.annotation, models)
    if hasattr(annotation, "__pydantic_fields__"):
        models[annotation.__name__] = annotation


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _function(name: str, model: Any) -> str:
    kinds = kinds_of(model)
    if name == EVENT:
        kinds["type"] = Kind(None)
    mended = [key for key, kind in kinds.items() if kind.mend is not None]
    lines = [
        f"\n\ndef {_snake(name)}(open_: Any, model: Any, mend: Mends) -> Fill:",
        f'    """Fills ``{name}``."""',
        "    new = object.__new__",
        *(f'    as_{key} = mend["{key}"]' for key in mended),
        "",
        "    def fill(found: Any) -> Any:",
        "        made = new(open_)",
        *(line for key, kind in kinds.items() for line in _field(key, kind)),
        "        made.__class__ = model",
    ]
    if hasattr(model, "__post_init__"):
        lines.append("        made.__post_init__()")
    return "\n".join([*lines, "        return made", "", "    return fill", ""])


def _field(key: str, kind: Kind) -> list[str]:
    if kind.mend is None:
        return [f"        made.{key} = found.{key}"]
    if not kind.optional:
        return [f"        made.{key} = as_{key}(found.{key})"]
    return [
        f"        {key} = found.{key}",
        f"        made.{key} = None if {key} is None else as_{key}({key})",
    ]
