"""`scrutineer dead-letters`: the rejected events, looked at and worked off."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from typing import Any, NamedTuple

import click

from schemas.fields import rfc3339
from schemas.verdict import Rejected
from streams.errors import UserError
from streams.log.dead_letter import Done, Letter, LetterError, is_mark, letter_key
from streams.log.reading import read_to_end
from streams.log.sending import Sent, sender
from streams.packs import load_pack
from streams.settings import Settings, load_settings
from streams.sources.placing import Placed, place
from streams.sources.retry import Edits, edited, read_edits


class Box(NamedTuple):
    """What the topic holds: letters and marks by the letter's name, each its latest writing."""

    letters: dict[str, Letter]
    marks: dict[str, Done]


@click.group("dead-letters")
def command() -> None:
    """Look at rejected events, and send them again.

    A letter's name is topic/partition/offset of its event.
    """


@command.command("list")
@click.option("--reason", help="Only those rejected for this reason, as in unknown_region.")
@click.option("--topic", help="Only those whose event stood in this topic.")
@click.option("--open", "only_open", is_flag=True, help="Only those that were not sent again.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one letter a line.")
def list_(*, reason: str | None, topic: str | None, only_open: bool, as_json: bool) -> None:
    """List the letters: name, when, reason, type, detail, and where it was sent again.

    A letter written twice is shown once.
    """
    box = asyncio.run(_open(load_settings(), None))
    letters = sorted(box.letters.values(), key=lambda each: (each.topic, *each[1:3]))
    chosen = [
        letter
        for letter in letters
        if reason in {None, letter.reason}
        and topic in {None, letter.topic}
        and not (only_open and letter.name in box.marks)
    ]
    for letter in chosen:
        mark = box.marks.get(letter.name)
        row = summary(letter, mark)
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else line(letter, mark))
    if not as_json:
        done = sum(name in box.marks for name in box.letters)
        click.echo(f"{len(chosen)} of {len(letters)} dead letters, {done} done", err=True)


@command.command()
@click.argument("name", metavar="TOPIC/PARTITION/OFFSET")
@click.option("--raw", is_flag=True, help="Only the event's bytes, as they are.")
def show(*, name: str, raw: bool) -> None:
    """Show one letter whole, with the original event."""
    letter, mark = _find(load_settings(), name)
    if raw:
        sys.stdout.buffer.write(letter.value)
        return
    for key, value in summary(letter, mark).items():
        click.echo(f"{key}: {value}")
    # Escaped: an event may hold bytes that would drive the terminal.
    click.echo(printable(letter.value.decode("utf-8", "backslashreplace")))


@command.command()
@click.argument("name", metavar="TOPIC/PARTITION/OFFSET")
@click.option(
    "--edit",
    "mapping",
    metavar="PATH=VALUE|FILE.toml",
    multiple=True,
    help="Change a field first, as in --edit data.region=KZ-61; may be given several times. The "
    "value is JSON where it reads as JSON (12, true), else text; null takes the field away. A "
    "TOML file holds the same as keys and values.",
)
@click.option("--force", is_flag=True, help="Send it although it was sent again before.")
@click.option("--dry-run", is_flag=True, help="Check, and show what would be sent.")
def retry(*, name: str, mapping: tuple[str, ...], force: bool, dry_run: bool) -> None:
    """Send a letter's event again: the original bytes, or with fields changed.

    It is checked first, exactly as a worker will check it: what is still wrong is not sent. It
    goes to its type's topic with its region's key, and the letter is marked as done. A letter is
    sent again once; to do it twice takes --force.
    """
    settings = load_settings()
    edits = read_edits(mapping)
    letter, mark = _find(settings, name)
    if mark is not None and not force:
        raise UserError(f"{name} was sent again already, as {mark.sent}: --force sends it twice")
    placed = prepared(letter, edits, settings)
    if dry_run:
        click.echo(f"{placed.topic}, partition {placed.partition}, key {placed.key.decode()}:")
        click.echo(printable(placed.raw.decode()))
        return
    sent = asyncio.run(_send(settings, letter, placed))
    click.echo(f"{name}: sent again as {sent}, key {placed.key.decode()}")


def prepared(letter: Letter, edits: Edits, settings: Settings) -> Placed:
    """The event of ``letter`` with ``edits``, in its place. UserError: it would be rejected."""
    if letter.truncated:
        raise UserError(
            f"{letter.name} holds only a part of its event's {letter.length:,} bytes, too many to "
            "be accepted: its source must send it again"
        )
    raw = edited(letter.value, edits)
    placed = place(raw, load_pack(settings.pack), settings.topics, time.time_ns() // 1_000_000)
    if isinstance(placed, Rejected):
        raise UserError(
            f"{letter.name} would be rejected again, so it was not sent: "
            f"{placed.reason}: {placed.detail}. Change it with --edit PATH=VALUE; the value null "
            "takes a field away"
        )
    return placed


async def _send(settings: Settings, letter: Letter, placed: Placed) -> Sent:
    """Send, then mark: broken off in between it can be sent twice, which counts once."""
    async with sender(settings) as out:
        await out.check(placed.topic)
        sent = await out.send(placed.topic, placed.key, placed.raw, placed.partition)
        digest = hashlib.sha256(placed.raw).hexdigest()
        mark = Done(letter.name, str(sent), digest, placed.raw != letter.value)
        await out.send(settings.topics.dead_letter, *mark.record())
    return sent


def summary(letter: Letter, mark: Done | None) -> dict[str, Any]:
    """A letter without its value, JSON-ready; times RFC 3339 UTC, lengths in bytes.

    ``done``: where the event was sent again, and when; None when it was not.
    """
    return {
        "name": letter.name,
        "written": _when(letter),
        "reason": letter.reason,
        "type": None if letter.type is None else printable(letter.type),
        "detail": printable(letter.detail),
        "key": None if letter.key is None else printable(letter.key.decode("utf-8", "replace")),
        "bytes": letter.length,
        "sha256": letter.sha256,
        "truncated": letter.truncated,
        "done": mark and {"sent": printable(mark.sent), "edited": mark.edited, "at": _when(mark)},
    }


def _when(record: Letter | Done) -> str | None:
    return None if record.timestamp is None else rfc3339(record.timestamp * 1000)


def line(letter: Letter, mark: Done | None) -> str:
    """A letter in one line for people."""
    kind = printable(letter.type or "-")
    text = f"{letter.name}  {_when(letter) or '-'}  {letter.reason}  {kind}"
    text += f"  {printable(letter.detail)}"
    return text if mark is None else f"{text}  done: {printable(mark.sent)}"


def printable(text: str) -> str:
    """``text`` in one line without control characters: those are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _key(name: str) -> bytes:
    topic, _, rest = name.partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]+/[0-9]{1,10}/[0-9]{1,19}", name):
        raise UserError(f"{name!r} is no letter's name: it is topic/partition/offset")
    partition, _, offset = rest.partition("/")
    return letter_key(topic, int(partition), int(offset))


async def _open(settings: Settings, wanted: str | None) -> Box:
    """Everything in the topic; only the letter ``wanted`` comes with its event's bytes."""
    box = Box({}, {})
    async for record in read_to_end(settings.broker, settings.topics.dead_letter):
        try:
            if is_mark(record.key):
                mark = Done.parse(record)
                box.marks[mark.letter] = mark
            else:
                letter = Letter.parse(record)
                whole = letter.name == wanted
                box.letters[letter.name] = letter if whole else letter._replace(value=b"")
        except LetterError as error:
            where = f"{record.topic}/{record.partition}/{record.offset}"
            click.echo(f"{where}: {error}", err=True)
    return box


def _find(settings: Settings, name: str) -> tuple[Letter, Done | None]:
    key = _key(name).decode()
    box = asyncio.run(_open(settings, key))
    letter = box.letters.get(key)
    if letter is None:
        raise UserError(f"there is no dead letter {name}: see scrutineer dead-letters list")
    return letter, box.marks.get(letter.name)
