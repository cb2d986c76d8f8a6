"""`scrutineer dead-letters`: the rejected events, with the reason and their original bytes."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

import click

from schemas.fields import rfc3339
from streams.errors import UserError
from streams.log.dead_letter import Letter, LetterError, letter_key
from streams.log.reading import read_to_end
from streams.settings import Settings, load_settings


@click.group("dead-letters")
def command() -> None:
    """Look at rejected events. A letter's name is topic/partition/offset of its event."""


@command.command("list")
@click.option("--reason", help="Only those rejected for this reason, as in unknown_region.")
@click.option("--topic", help="Only those whose event stood in this topic.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one letter a line.")
def list_(*, reason: str | None, topic: str | None, as_json: bool) -> None:
    """List the letters: name, when, reason, type, detail. A letter written twice is shown once."""

    def wanted(letter: Letter) -> bool:
        return reason in (None, letter.reason) and topic in (None, letter.topic)

    letters = asyncio.run(_letters(load_settings()))
    chosen = [letter for letter in letters if wanted(letter)]
    for letter in chosen:
        click.echo(json.dumps(summary(letter), ensure_ascii=False) if as_json else line(letter))
    if not as_json:
        click.echo(f"{len(chosen)} of {len(letters)} dead letters", err=True)


@command.command()
@click.argument("name", metavar="TOPIC/PARTITION/OFFSET")
@click.option("--raw", is_flag=True, help="Only the event's bytes, as they are.")
def show(*, name: str, raw: bool) -> None:
    """Show one letter whole, with the original event."""
    letter = asyncio.run(_find(load_settings(), _key(name)))
    if letter is None:
        raise UserError(f"there is no dead letter {name}: see scrutineer dead-letters list")
    if raw:
        sys.stdout.buffer.write(letter.value)
        return
    for key, value in summary(letter).items():
        click.echo(f"{key}: {value}")
    # Escaped: an event may hold bytes that would drive the terminal.
    click.echo(printable(letter.value.decode("utf-8", "backslashreplace")))


def summary(letter: Letter) -> dict[str, Any]:
    """A letter without its value, JSON-ready; times RFC 3339 UTC, lengths in bytes."""
    return {
        "name": letter.name,
        "written": None if letter.timestamp is None else rfc3339(letter.timestamp * 1000),
        "reason": letter.reason,
        "type": None if letter.type is None else printable(letter.type),
        "detail": printable(letter.detail),
        "key": None if letter.key is None else printable(letter.key.decode("utf-8", "replace")),
        "bytes": letter.length,
        "sha256": letter.sha256,
        "truncated": letter.truncated,
    }


def line(letter: Letter) -> str:
    """A letter in one line for people."""
    when = summary(letter)["written"] or "-"
    kind = printable(letter.type or "-")
    return f"{letter.name}  {when}  {letter.reason}  {kind}  {printable(letter.detail)}"


def printable(text: str) -> str:
    """``text`` in one line without control characters: those are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _key(name: str) -> bytes:
    topic, _, rest = name.partition("/")
    if not (topic and re.fullmatch(r"[0-9]{1,10}/[0-9]{1,19}", rest)):
        raise UserError(f"{name!r} is no letter's name: it is topic/partition/offset")
    partition, _, offset = rest.partition("/")
    return letter_key(topic, int(partition), int(offset))


async def _parsed(settings: Settings) -> AsyncIterator[Letter]:
    async for record in read_to_end(settings.broker, settings.topics.dead_letter):
        try:
            yield Letter.parse(record)
        except LetterError as error:
            where = f"{record.topic}/{record.partition}/{record.offset}"
            click.echo(f"{where}: {error}", err=True)


async def _letters(settings: Settings) -> list[Letter]:
    """All letters without their values, each once (its latest writing), by their events' place."""
    letters = {letter.name: letter._replace(value=b"") async for letter in _parsed(settings)}
    return sorted(letters.values(), key=lambda each: (each.topic, each.partition, each.offset))


async def _find(settings: Settings, key: bytes) -> Letter | None:
    found = None
    async for letter in _parsed(settings):
        if letter.name.encode() == key:
            found = letter
    return found
