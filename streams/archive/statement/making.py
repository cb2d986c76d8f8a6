"""A statement made from a replay: gate, sections, basis."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from schemas.fields import microseconds, rfc3339
from schemas.pack import Pack
from streams.archive.replay import LogReplay
from streams.archive.statement.access import access, incidents
from streams.archive.statement.authorities import complaints, results
from streams.archive.statement.fieldwork import assessment, procedures
from streams.archive.statement.material import Material
from streams.archive.statement.model import Archived, Basis, CutOff, Statement
from streams.archive.statement.setting import coverage, election
from streams.archive.statement.turnout import turnout
from streams.archive.statement.words import MARK, local, names, several, utc
from streams.errors import UserError
from streams.tables.digest import positions_of


def refuse_embargoed(pack: Pack, clock: int) -> None:
    """Raise ``UserError`` where ``clock``, the wall clock in µs, is before the embargo's end."""
    until = microseconds(pack.embargo_until)
    if clock < until:
        raise UserError(
            f"nothing of election {pack.id} is public before {local(until, pack)} "
            f"({pack.time_zone}), as the pack's embargo_until says; --internal writes a statement "
            "for the mission itself"
        )


def made(
    replay: LogReplay,
    archives: tuple[Archived, ...],
    total: int,
    *,
    public: bool,
    at_least: int = 1,
) -> Statement:
    """The statement of what ``replay`` came to. ``total``: records in the archives.

    ``at_least``: the smallest count that may be shown, whatever the pack of the replay says.
    """
    pack = replay.pack
    material = Material(pack, tuple(replay.parts), replay.now, public, at_least=at_least)
    sections = (
        election(material),
        assessment(material),
        procedures(material),
        access(material),
        incidents(material),
        turnout(material),
        results(material),
        complaints(material),
        coverage(material),
    )
    return Statement(
        pack.id,
        f"{pack.name}: figures for a preliminary statement",
        not public,
        material.minimum,
        tuple(_about(replay, archives, material)),
        sections,
        names(pack),
        CutOff(
            utc(replay.as_of.known_at),
            utc(replay.as_of.happened_by),
            rfc3339(replay.now),
            replay.now_is,
        ),
        _basis(replay, archives, total, public=public),
    )


def _about(replay: LogReplay, archives: tuple[Archived, ...], material: Material) -> list[str]:
    pack = replay.pack
    lines = [f"As of {local(replay.now, pack)} ({pack.time_zone}; {replay.now_is})."]
    if (known := replay.as_of.known_at) is not None:
        lines.append(f"Only what the mission knew at {local(known, pack)}.")
    if (happened := replay.as_of.happened_by) is not None:
        lines.append(f"Only what had happened by {local(happened, pack)}.")
    newest = max((one.newest for one in archives if one.newest), default=None)
    # By what happened: who knew of it later, knew of it in time.
    cut = happened if known is None else known
    if newest and cut is not None and microseconds(datetime.fromisoformat(newest)) < cut:
        lines.append(
            f"The newest record archived is of {local(newest, pack)}: whatever was published "
            "or reported from then to the cut-off is in no figure."
        )
    lines.append(
        "Preliminary figures of observers' reports and of what authorities published, without "
        "findings or conclusions. Beside each stands its basis. A share without an interval "
        "describes what was observed; it is no estimate for the country."
    )
    if material.public:
        lines.append(
            f"{MARK}: withheld, so that no figure of fewer than {material.minimum} reports can be "
            "read or computed. A zero is shown. No place below a region is named."
        )
    if replay.lost:
        lines.append(
            f"NOT WHOLE: {several(replay.lost, 'offset')} of the log are lost; what they held is "
            "in no figure."
        )
    return lines


def _basis(replay: LogReplay, archives: tuple[Archived, ...], total: int, *, public: bool) -> Basis:
    pack = replay.pack
    records = replay.read - replay.later
    return Basis(
        pack.id,
        f"scrutineer {version('scrutineer')}",
        pack.acceptance_digest,
        pack.judgement_digest,
        replay.content_digest,
        replay.statement_digest,
        None if public else records,
        None if public else total - records,
        replay.lost,
        tuple(one._replace(records=None) for one in archives) if public else archives,
        None if public else positions_of(replay.parts, replay.topics),
    )
