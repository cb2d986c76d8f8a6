"""`scrutineer settings`: every setting, its value, where that is from and what it means."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any, Final

import click
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from streams.settings import Loaded, fields, load, variable

MASK: Final = "***"


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one object a setting.")
def command(*, as_json: bool) -> None:
    """List every setting: its value and where that is from, meaning, environment and default.

    Secrets are shown as ***. The settings file is the one of `scrutineer --config FILE` or of
    SCRUTINEER_CONFIG.
    """
    listed = rows(load())
    if as_json:
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for row in listed:
        click.echo(f"{row['name']} = {_text(row['value'])}    ({row['origin']})")
        click.echo(textwrap.indent(textwrap.fill(row["meaning"], 92), "    "))
        click.echo(f"    {row['variable']}, default {_text(row['default'])}")


def rows(loaded: Loaded) -> list[dict[str, Any]]:
    """One JSON-ready object a setting: name, variable, value, default, origin, meaning."""
    return [
        {
            "name": name,
            "variable": variable(name),
            "value": _plain(_value(loaded.settings, name)),
            "default": None if field.default is PydanticUndefined else _plain(field.default),
            "origin": loaded.origins.get(name, "default"),
            "meaning": field.description,
        }
        for name, field in fields()
    ]


def _value(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    return str(value) if isinstance(value, Path) else value


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return json.dumps(value) if isinstance(value, bool) else str(value)
