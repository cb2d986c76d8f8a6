"""`scrutineer triage`: publish the operations room's decision about a report."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import click

from schemas.desk import TriageStatus
from schemas.fields import Severity
from streams.commands.desk import moment_of, send
from streams.packs import load_pack
from streams.settings import Settings, load_settings
from streams.sources.desk import ReportId, event, identify, next_revision, own_source

if TYPE_CHECKING:
    from schemas.pack import Pack

TYPE = "election.desk.triage.v1"


@dataclass(slots=True, frozen=True)
class Decision:
    """What the operator asked for."""

    report: str
    status: str
    note: str | None
    region: str | None
    source: str | None
    severity: str | None
    duplicate_of: str | None
    by: str | None
    revision: int | None


@click.command("triage")
@click.argument("report", metavar="REPORT")
@click.argument("status", type=click.Choice(get_args(TriageStatus)))
@click.option("--note", metavar="TEXT", help="Why. It stays in the log; tables hold its hash.")
@click.option("--region", metavar="CODE", help="The report's region.")
@click.option("--source", metavar="URI", help="The report's source.")
@click.option("--severity", type=click.Choice(get_args(Severity)), help="Instead of the report's.")
@click.option("--duplicate-of", metavar="REPORT", help="The report that this one repeats.")
@click.option("--by", metavar="ID", help="Opaque id of who decided.")
@click.option(
    "--revision",
    type=click.IntRange(0, 1_000_000),
    help="Default: one more than the newest decision about the report in the log.",
)
@click.option("--as", "desk", metavar="URI", help="Default: the pack's first desk source.")
@click.option("--time", "when", metavar="TIME", help="When it was decided. Default: now.")
def command(*, desk: str | None, when: str | None, **asked: str | None) -> None:
    """Decide about REPORT: under_review, confirmed, rejected, resolved, escalated or duplicate.

    REPORT is a report's id, or SOURCE|REGION|ID. An id alone is looked up in the log and must be
    of one report only; with --source and --region it need not have come yet. A later decision
    takes the place of an earlier one; the report itself is never altered.
    """
    settings = load_settings()
    pack = load_pack(settings.pack)
    decision = Decision(**asked)  # type: ignore[arg-type]
    source, at = own_source(pack, desk), moment_of(when)
    asyncio.run(_decide(settings, pack, decision, source, at))


async def _decide(settings: Settings, pack: Pack, asked: Decision, source: str, at: int) -> None:
    about = await identify(settings, pack, asked.report, asked.source, asked.region)
    first: ReportId | None = None
    if asked.duplicate_of is not None:
        first = await identify(settings, pack, asked.duplicate_of, asked.source, asked.region)
    revision = asked.revision
    if revision is None:
        revision = await next_revision(settings, pack, about)
    data = {
        "about": about.ref,
        "revision": revision,
        "status": asked.status,
        "duplicate_of": first and first.ref,
        "severity": asked.severity,
        "note": asked.note,
        "decided_by": asked.by,
    }
    await send(settings, pack, event(TYPE, source, at, pack, data))
