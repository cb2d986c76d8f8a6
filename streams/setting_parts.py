"""What the sections of the settings are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from streams.errors import UserError

SECTION: Final = ConfigDict(extra="forbid", frozen=True, validate_default=True)

Seconds = Annotated[float, Field(gt=0, le=3600)]


class SnapshotSettings(BaseModel):
    """When the worker writes snapshots: a part of its section."""

    snapshot_seconds: Annotated[float, Field(ge=0, le=86_400)] = Field(
        60.0,
        description="Seconds after which a partition that has moved is written to the snapshot "
        "topic, from which a worker starts without reading the whole log; 0: not by time.",
    )
    snapshot_events: Annotated[int, Field(ge=0)] = Field(
        50_000,
        description="Events of a partition after which it is written there; 0: not by events.",
    )


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
