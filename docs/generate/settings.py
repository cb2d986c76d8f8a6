"""docs/settings.md, from the descriptions of the settings."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from streams.settings import fields, variable

_HEAD: Final = """\
<!-- Written by `make docs`. Change the descriptions in streams/settings.py. -->

# Settings

A setting comes from, in this order: the command line, the environment, the settings file, the
default. `scrutineer settings` lists the values in force and where each is from.

The settings file is TOML; a section is a table. Name it with `scrutineer --config FILE` or in
the environment variable `SCRUTINEER_CONFIG`:

```toml
pack = "kazakhstan-2023"

[broker]
bootstrap = "kafka-1.example.org:9093,kafka-2.example.org:9093"
security_protocol = "SASL_SSL"
sasl_username = "scrutineer"
sasl_password_file = "/run/secrets/kafka"
```
"""


def page() -> str:
    """The page's text."""
    parts = [_HEAD]
    for section, members in groupby(fields(), key=lambda item: item[0].rpartition(".")[0]):
        parts.append(f"## {'`[' + section + ']`' if section else 'Outside any section'}\n")
        for name, field in members:
            parts.append(f"### {name}\n\n{field.description}\n")
            parts.append(f"Default: {_default(field)}. Environment: `{variable(name)}`.\n")
    return "\n".join(parts)


def _default(field: Any) -> str:
    value = field.default
    if value is None:
        return "none"
    if value is PydanticUndefined or isinstance(value, SecretStr):
        return "none, it must be given"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"
