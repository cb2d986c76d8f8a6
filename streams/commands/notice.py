"""`scrutineer notice`: put a note on the operations room's timeline."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import click

from streams.commands.desk import moment_of, send
from streams.packs import load_pack
from streams.settings import Settings, load_settings
from streams.sources.desk import event, next_notice, own_source

if TYPE_CHECKING:
    from schemas.pack import Pack

TYPE = "election.desk.notice.v1"


@click.command("notice")
@click.argument("text")
@click.option("--region", metavar="CODE", help="Where it belongs. Default: the whole country.")
@click.option("--id", "notice_id", metavar="ID", help="Correct the note of this id.")
@click.option("--withdraw", is_flag=True, help="Take the note of --id back.")
@click.option("--as", "desk", metavar="URI", help="Default: the pack's first desk source.")
@click.option("--time", "when", metavar="TIME", help="When it happened. Default: now.")
def command(
    *,
    text: str,
    region: str | None,
    notice_id: str | None,
    withdraw: bool,
    desk: str | None,
    when: str | None,
) -> None:
    """Put TEXT on the timeline. It is shown as it is: no personal data.

    Prints the event, with the note's id, by which it can be corrected or withdrawn.
    """
    if withdraw and notice_id is None:
        raise click.UsageError("--withdraw needs the --id of the note")
    settings = load_settings()
    pack = load_pack(settings.pack)
    data: dict[str, object] = {"notice_id": notice_id, "region": region, "text": text}
    if withdraw:
        data["withdrawn"] = True
    source, at = own_source(pack, desk), moment_of(when)
    asyncio.run(_note(settings, pack, data, source, at))


async def _note(
    settings: Settings, pack: Pack, data: dict[str, object], source: str, at: int
) -> None:
    known, region = data["notice_id"], data["region"] or pack.country
    if known is None:
        data |= {"notice_id": uuid.uuid4().hex, "revision": 0}
    else:
        revision = await next_notice(settings, pack, source, str(known), str(region))
        data["revision"] = revision
    await send(settings, pack, event(TYPE, source, at, pack, data))
