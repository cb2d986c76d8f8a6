"""What we read of Grafana's answers. Anything else in them is left aside."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, TypeAdapter

from streams.grafana.annotations import Stored


class Folder(BaseModel):
    """Of a folder."""

    title: str


class Meta(BaseModel):
    """Of what Grafana knows about a dashboard beside the dashboard itself."""

    folder: str = Field("", alias="folderUid")
    url: str
    provisioned: bool = False


class Saved(BaseModel):
    """Of a dashboard that was found. ``model``: its JSON object, of whatever schema."""

    model: dict[str, Any] = Field(alias="dashboard")
    meta: Meta

    @property
    def version(self) -> int | None:
        """The number that Grafana gave it at its last save."""
        number = self.model.get("version")
        return number if isinstance(number, int) else None


class Saving(BaseModel):
    """Of a dashboard that was just saved."""

    url: str


class Item(BaseModel):
    """Of an annotation. Times in milliseconds since the epoch."""

    id: int
    time: int
    time_end: int = Field(0, alias="timeEnd")
    tags: list[str] | None = None
    text: str = ""

    def stored(self) -> Stored:
        """The annotation as we compare it; without an end it is a moment."""
        end = self.time_end or self.time
        return Stored(self.id, self.time, end, tuple(self.tags or ()), self.text)


def items(answer: object) -> list[Stored]:
    """The annotations that were found. ValidationError."""
    return [item.stored() for item in TypeAdapter(list[Item]).validate_python(answer)]
