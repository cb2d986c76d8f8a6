"""`scrutineer notice`: put a note on the operations room's timeline."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from streams.commands.desk import moment_of, send
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import Settings, load_settings
from streams.sources.desk import event, notes, own_source
from streams.tables.partition import Partition
from streams.tables.versions import Version

if TYPE_CHECKING:
    from schemas.pack import Pack

TYPE = "election.desk.notice.v1"


@dataclass(slots=True, frozen=True, kw_only=True)
class Asked:
    """What the operator asked for. ``when``: µs since the epoch, None: not said."""

    text: str | None
    region: str | None
    notice_id: str | None
    moved_from: str | None
    withdraw: bool
    source: str
    when: int | None


@click.command("notice")
@click.argument("text", required=False)
@click.option("--region", metavar="CODE", help="Where it belongs. Default: the whole country.")
@click.option("--id", "notice_id", metavar="ID", help="Correct the note of this id, where it is.")
@click.option("--withdraw", is_flag=True, help="Take the note of --id back.")
@click.option(
    "--moved-from",
    metavar="CODE",
    help="Move the note of --id from this region to --region: it is withdrawn there.",
)
@click.option("--as", "desk", metavar="URI", help="Default: the pack's first desk source.")
@click.option(
    "--time",
    "when",
    metavar="TIME",
    help="When it happened. Default: now; of a correction, as was.",
)
def command(
    *,
    text: str | None,
    region: str | None,
    notice_id: str | None,
    withdraw: bool,
    moved_from: str | None,
    desk: str | None,
    when: str | None,
) -> None:
    """Put TEXT on the timeline. It is shown as it is: no personal data.

    Prints the event, with the note's id, by which it can be corrected, moved or withdrawn. A note
    is known by its source, region and id: one that is corrected stays in its region, and one that
    belongs to another is moved. What is moved or withdrawn keeps its text without TEXT.
    """
    _check_usage(text, notice_id, moved_from, withdraw)
    settings = load_settings()
    pack = load_pack(settings.pack)
    asked = Asked(
        text=text,
        region=region,
        notice_id=notice_id,
        moved_from=moved_from,
        withdraw=withdraw,
        source=own_source(pack, desk),
        when=None if when is None else moment_of(when),
    )
    asyncio.run(_note(settings, pack, asked))


def _check_usage(
    text: str | None, notice_id: str | None, moved_from: str | None, withdraw: bool
) -> None:
    if withdraw and notice_id is None:
        raise click.UsageError("--withdraw needs the --id of the note")
    if moved_from is not None and notice_id is None:
        raise click.UsageError("--moved-from needs the --id of the note")
    if moved_from is not None and withdraw:
        raise click.UsageError("--moved-from withdraws by itself: leave --withdraw out")
    if text is None and not withdraw and moved_from is None:
        raise click.UsageError("TEXT is missing: what the note says")


async def _note(settings: Settings, pack: Pack, asked: Asked) -> None:
    if asked.notice_id is None:
        data = {"notice_id": uuid.uuid4().hex, "region": asked.region, "text": asked.text}
        at = moment_of(None) if asked.when is None else asked.when
        await send(settings, pack, event(TYPE, asked.source, at, pack, {**data, "revision": 0}))
        return
    part = Partition(pack)
    async for version in notes(settings, pack, asked.source, asked.notice_id):
        part.apply(version)
    known = {
        code: tables.notices.heads[asked.source, asked.notice_id]
        for code, tables in part.regions.items()
    }
    if not known:
        raise UserError(
            f"there is no note {asked.notice_id!r} of {asked.source} in {settings.topics.desk}: "
            "leave --id out to make a new one"
        )
    if asked.moved_from is None:
        versions = [(_home(asked, known), asked.withdraw)]
    else:
        # Here first: what fails in between leaves it in both, which `conflicts` lists and the
        # same command mends; the other way round it would be in neither.
        versions = [(_goal(pack, asked, known), False), (asked.moved_from, True)]
    await send(
        settings, pack, *(_version(pack, asked, known, code, gone) for code, gone in versions)
    )


def _version(
    pack: Pack, asked: Asked, known: Mapping[str, Version], code: str, gone: bool
) -> bytes:
    """The next version in the region ``code``: what was asked for, the rest as it was."""
    before, base = known.get(code), known[asked.moved_from or code]
    data = {
        "notice_id": asked.notice_id,
        "region": None if code == pack.country else code,
        "text": base.data.text if asked.text is None else asked.text,
        "withdrawn": True if gone else None,
        "revision": 0 if before is None else before.data.revision + 1,
    }
    at = base.time if asked.when is None else asked.when
    return event(TYPE, asked.source, at, pack, data)


def _alive(known: Mapping[str, Version]) -> list[str]:
    return sorted(code for code, head in known.items() if not head.data.withdrawn)


def _goal(pack: Pack, asked: Asked, known: Mapping[str, Version]) -> str:
    """Where a note is moved to. UserError: it is not where it is said to be, or stays there."""
    to, alive = asked.region or pack.country, _alive(known)
    if asked.moved_from not in alive:
        raise UserError(
            f"--moved-from {asked.moved_from}: the note {asked.notice_id!r} is not there, but in "
            f"{', '.join(alive) or 'no region: it is withdrawn'}"
        )
    if to == asked.moved_from:
        raise UserError(f"--moved-from {to}: it is there; say with --region where it belongs")
    return to


def _home(asked: Asked, known: Mapping[str, Version]) -> str:
    """The region of the note that is corrected or withdrawn. UserError: not clear, or not there."""
    alive = _alive(known)
    candidates = alive or sorted(known)
    named, places = f"the note {asked.notice_id!r}", ", ".join(candidates)
    if asked.withdraw and not alive:
        raise UserError(f"{named} is withdrawn already, in {places}")
    if asked.region is None and len(candidates) > 1:
        raise UserError(f"{named} is in several regions, {places}: say which with --region")
    where = candidates[0] if asked.region is None else asked.region
    if where in candidates:
        return where
    if not alive:
        raise UserError(f"{named} was in {places} and is withdrawn: leave --id out for a new one")
    raise UserError(
        f"{named} is in {places}, not in {where}: a correction stays where the note is. To move "
        f"it: --region {where} --moved-from {candidates[0]}. Leave --id out for another note"
    )
