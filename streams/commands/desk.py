"""What the desk's commands share: place, send and show one event."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter, ValidationError

from schemas.fields import Timestamp, microseconds
from schemas.verdict import Rejected
from streams.errors import UserError
from streams.log.sending import sender
from streams.settings import Settings
from streams.sources.placing import place

if TYPE_CHECKING:
    from schemas.pack import Pack


def moment_of(text: str | None) -> int:
    """Microseconds since the epoch of the RFC 3339 ``text``; now without any. UserError."""
    if text is None:
        return time.time_ns() // 1000
    try:
        moment: datetime = TypeAdapter(Timestamp).validate_python(text)
    except ValidationError:
        raise UserError(
            f"--time {text!r}: it is a time with an offset, as 2023-03-19T14:00:00+06:00"
        ) from None
    return microseconds(moment)


async def send(settings: Settings, pack: Pack, *raws: bytes) -> None:
    """Check events as a worker will, then send and show them, one after the other.

    UserError: one of them would be rejected; then none is sent.
    """
    now = time.time_ns() // 1_000_000
    ready = []
    for raw in raws:
        placed = place(raw, pack, settings.topics, now)
        if isinstance(placed, Rejected):
            raise UserError(f"not sent, for it would be rejected: {placed.reason}: {placed.detail}")
        ready.append(placed)
    async with sender(settings) as out:
        for topic in {placed.topic for placed in ready}:
            await out.check(topic)
        for placed in ready:
            sent = await out.send(placed.topic, placed.key, placed.raw, placed.partition)
            click.echo(placed.raw.decode())
            click.echo(f"sent as {sent}, key {placed.key.decode()}", err=True)
