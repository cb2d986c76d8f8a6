"""A settings file of the running demo, for whoever wants to send it events or read its topics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from streams.settings import Settings

FILE: Final = "scrutineer.toml"


def write_handle(settings: Settings, pack: Path, directory: Path) -> Path:
    """Write ``directory``/scrutineer.toml: other commands meet the demo with --config."""
    values = settings.model_dump(mode="json", exclude_defaults=True)
    values["pack"] = str(pack.resolve())
    text = "\n".join(["# The demo that is running, or was. Written anew by each.", *_toml(values)])
    path = directory.resolve() / FILE
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _toml(values: Mapping[str, Any]) -> Iterator[str]:
    """TOML of one level of sections. JSON writes text, numbers and truth just as TOML does."""
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    yield from (f"{name} = {json.dumps(value)}" for name, value in plain.items())
    for name in sorted(values.keys() - plain.keys()):
        yield f"\n[{name}]"
        yield from (f"{key} = {json.dumps(value)}" for key, value in values[name].items())
