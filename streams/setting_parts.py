"""What the sections of the settings are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field, SecretStr

from streams.errors import UserError

SECTION: Final = ConfigDict(extra="forbid", frozen=True, validate_default=True)

Seconds = Annotated[float, Field(gt=0, le=3600)]


def read_secret(name: str, value: SecretStr | None, path: Path | None) -> str | None:
    """The secret ``name``, given itself or in a file. UserError: the file is unreadable."""
    if value is not None:
        return value.get_secret_value()
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{name}_file: cannot read {path}: {error}") from None
