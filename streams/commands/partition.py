"""`scrutineer partition`: what can be rebuilt of each partition, and accepting what cannot."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from schemas.fields import rfc3339
from streams.commands.dead_letters import printable
from streams.errors import UserError
from streams.log.accepting import Acceptance, acceptance_key
from streams.log.clients import admin, kafka_options
from streams.log.looking import Bounds, Look, still_there
from streams.log.refusals import REFUSED, hidden, refusal
from streams.log.sending import sender
from streams.log.shelf import Shelf
from streams.log.snapshots import (
    SLOTS,
    Anchor,
    Header,
    RefusedError,
    check_shape,
    chunk_key,
    decoded,
    header_key,
)
from streams.settings import Settings, load_settings

_WIDTH = 150


class Found(NamedTuple):
    """What there is of a partition: of its log, its newest snapshot, and what was accepted."""

    number: int
    bounds: Bounds
    header: Header | None
    acceptance: Acceptance | None
    left: Mapping[str, Anchor]
    """Topic → the first record there is, of the topics in ``gone``."""
    accepted: bool
    """Whether all that is gone was accepted."""
    refused: str = ""
    """Why a snapshot that is newer than ``header`` would not be used."""

    @property
    def gone(self) -> dict[str, int]:
        """Topic → first offset there is, of the topics whose log does not begin at 0."""
        return _gone(self.bounds)

    @property
    def missing(self) -> dict[str, tuple[int, int]]:
        """Topic → the offsets that neither the log nor the snapshot has; the end is excluded."""
        known = {} if self.header is None else self.header.next
        return {
            topic: (known.get(topic, 0), start)
            for topic, start in self.gone.items()
            if known.get(topic, 0) < start
        }


def _gone(bounds: Bounds) -> dict[str, int]:
    return {topic: start for topic, start in bounds.starts.items() if start > 0}


@click.group("partition")
def command() -> None:
    """Show what each partition can be rebuilt from; accept that the start of a log is gone.

    A partition whose log no longer begins at offset 0 can be rebuilt from a snapshot alone. Where
    there is none, workers show nothing of it until an operator accepts that.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one partition a line.")
def list_(*, as_json: bool) -> int:
    """List the partitions: events in the log, the newest snapshot, what is missing.

    A snapshot counts if it is whole and of this version and these topics: run the version that the
    workers run. That it fits their pack and the log only workers see, and say in their log.

    Exit status 1: of some partition something is missing that was not accepted.
    """
    settings = load_settings()
    numbers = range(settings.topics.partitions)
    found = asyncio.run(_find(settings, list(numbers)))
    if as_json:
        for each in found:
            click.echo(json.dumps(summary(each)))
    else:
        _show(found)
    return int(any(each.missing and not each.accepted for each in found))


@command.command()
@click.argument("numbers", metavar="PARTITION...", nargs=-1, required=True, type=int)
@click.option(
    "--reason", required=True, help="Why the log's start is gone: kept with the acceptance."
)
@click.option(
    "--without-snapshot",
    is_flag=True,
    help="Also what a snapshot has: workers refuse that one, 'snapshot not used' in their log.",
)
def accept(*, numbers: tuple[int, ...], reason: str, without_snapshot: bool) -> None:
    """Accept that the start of these partitions' log is gone.

    Running workers that failed on it begin at the log's start within seconds. Every view, metric
    and statement says from then on what is missing. What is deleted afterwards is not accepted, nor
    is anything of a topic that is made anew.
    """
    settings = load_settings()
    if not reason.strip():
        raise UserError("--reason: say why, for whoever reads the numbers later")
    if not reason.strip().isprintable():
        raise UserError("--reason: one line, without control characters")
    for number in numbers:
        if not 0 <= number < settings.topics.partitions:
            raise UserError(
                f"there is no partition {number}: topics.partitions is "
                f"{settings.topics.partitions}, the first is 0"
            )
    found = asyncio.run(_accept(settings, sorted(set(numbers)), reason.strip(), without_snapshot))
    for each in found:
        if each.accepted and (told := each.acceptance) is not None:
            reason = printable(told.reason)
            click.echo(f"partition {each.number}: accepted already at {told.at}: {reason}")
            continue
        for topic, start in each.gone.items():
            click.echo(f"{topic}/{each.number}: accepted that offsets before {start} are gone")


def summary(found: Found) -> dict[str, Any]:
    """A partition as JSON."""
    header, acceptance = found.header, found.acceptance
    return {
        "partition": found.number,
        "starts": found.bounds.starts,
        "ends": found.bounds.ends,
        "snapshot": header and {"written": rfc3339(header.written), "positions": dict(header.next)},
        "snapshot_refused": found.refused or None,
        "missing": {
            topic: {"from": first, "to": beyond} for topic, (first, beyond) in found.missing.items()
        },
        "accepted": acceptance
        and {"starts": dict(acceptance.starts), "reason": acceptance.reason, "at": acceptance.at},
    }


def _show(found: list[Found]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    titles = ("partition", "in the log", "newest snapshot", "events in it", "missing", "accepted")
    for title in titles:
        table.add_column(title, overflow="fold")
    for each in found:
        starts, ends, header = each.bounds.starts, each.bounds.ends, each.header
        missing = ", ".join(
            f"{topic} {first} to {beyond - 1}" for topic, (first, beyond) in each.missing.items()
        )
        told = each.acceptance if each.gone else None
        table.add_row(
            str(each.number),
            str(sum(ends[topic] - starts[topic] for topic in ends)),
            _snapshot(each),
            str(sum(header.next.values())) if header else "",
            missing or "nothing",
            ("" if each.accepted else "not all: ") + printable(told.reason) if told else "",
        )
    # A pipe has no width: wide enough that names stay whole for grep.
    width = None if sys.stdout.isatty() else _WIDTH
    Console(width=width, markup=False, highlight=False).print(table)


def _snapshot(found: Found) -> str:
    refused = f"not used: {found.refused}" if found.refused else ""
    if found.header is None:
        return refused or "none"
    written = rfc3339(found.header.written // 1_000_000 * 1_000_000)
    return f"{written} (newer one {refused})" if refused else written


async def _find(settings: Settings, numbers: list[int]) -> list[Found]:
    await _ask_rights(settings)
    try:
        return [await _found(settings, number) for number in numbers]
    except REFUSED:
        raise refusal(settings, "Read", settings.topics.inputs) from None
    except KafkaError as error:
        told = str(error) or type(error).__name__
        raise UserError(f"the partitions cannot be looked at: {told}") from None


async def _ask_rights(settings: Settings) -> None:
    """UserError: no broker answers, or there is a topic that we may not even see."""
    topics = settings.topics
    async with admin(settings.broker) as client:
        for name in topics.inputs:
            if await hidden(client, settings.broker, name):
                raise refusal(settings, "Describe", [name])
        if await hidden(client, settings.broker, topics.snapshot):
            raise refusal(settings, "Read", [topics.snapshot])


async def _found(settings: Settings, number: int) -> Found:
    options = kafka_options(settings.broker)
    shelf = Shelf(settings.topics.snapshot, number)
    try:
        await shelf.read(options)
    except REFUSED:
        raise refusal(settings, "Read", [settings.topics.snapshot]) from None
    told = shelf.values.get(acceptance_key(number))
    acceptance = None if told is None else Acceptance.parse(told)
    async with Look(options, settings.topics.inputs, number) as look:
        bounds = await look.bounds()
        gone = _gone(bounds)
        left = await look.firsts(gone)
        firsts = {} if acceptance is None else still_there(acceptance.firsts, bounds)
        crcs = await look.crcs(firsts)
    accepted = acceptance is not None and all(
        acceptance.covers(topic, start, crcs) for topic, start in gone.items()
    )
    header, refused = newest(shelf.values, shelf.order, settings, number)
    return Found(number, bounds, header, acceptance, left, accepted, refused)


def newest(
    values: Mapping[bytes, bytes], order: Mapping[bytes, int], settings: Settings, number: int
) -> tuple[Header | None, str]:
    """The newest snapshot that a worker of this version could use; why not a newer one.

    ``values``, ``order``: as in ``Shelf``. Whether it fits the pack and the log only workers see.
    """
    topics, refused = settings.topics, ""
    keys = [key for slot in SLOTS if (key := header_key(number, slot)) in order]
    for key in sorted(keys, key=lambda key: -order[key]):
        try:
            header = decoded(values[key])
            check_shape(header, topics.inputs, topics.partitions, number)
        except RefusedError as error:
            refused = refused or error.reason
            continue
        if all(chunk_key(number, digest) in values for digest in header.chunks):
            return header, refused
        refused = refused or "checksum"
    return None, refused


def refuse_needless(found: Collection[Found], *, without_snapshot: bool) -> None:
    """UserError: of some partition nothing is missing, and accepting would allow a later loss."""
    whole = [str(each.number) for each in found if not each.gone]
    if whole:
        raise UserError(
            f"nothing is gone of partition {', '.join(whole)}: its log begins at offset 0. "
            "See: scrutineer partition list"
        )
    kept = [str(each.number) for each in found if not each.missing]
    if kept and not without_snapshot:
        raise UserError(
            f"nothing is missing of partition {', '.join(kept)}: its newest snapshot has what its "
            "log has lost, and accepting would allow the snapshot's loss as well. Accept it with "
            "--without-snapshot only if the workers refuse the snapshot ('snapshot not used' in "
            "their log). See: scrutineer partition list"
        )


async def _accept(
    settings: Settings, numbers: list[int], reason: str, without_snapshot: bool
) -> list[Found]:
    found = await _find(settings, numbers)
    refuse_needless(found, without_snapshot=without_snapshot)
    topic = settings.topics.snapshot
    async with admin(settings.broker) as client:
        for each in await client.describe_topics():
            if each["topic"] == topic:
                count = len(each["partitions"])
    at = rfc3339(time.time_ns() // 1000)
    async with sender(settings) as out:
        for each in found:
            if each.accepted:
                continue  # the first reason is the one that the numbers were shown for
            value = Acceptance(each.gone, each.left, reason, at).value()
            key = acceptance_key(each.number)
            await out.send(topic, key, value, partition=each.number % count)
    return found
