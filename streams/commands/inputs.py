"""What `scrutineer replay` is given: files, archives, or the word kafka."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from schemas.pack import Pack, parse_pack
from streams.archive.folding import AsOf
from streams.archive.replay import LogReplay, Numbers, Replay
from streams.errors import UserError
from streams.packs import load_pack, pack_texts
from streams.settings import load_settings

if TYPE_CHECKING:
    from schemas.verdict import Rejected
    from streams.archive.folding import Log
    from streams.archive.sources import ArchivedLog

KAFKA: Final = "kafka"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The command's arguments. ``where``: of the pack, None for the one that goes with the input.

    ``tell``: list rejected events on stderr. ``jobs``: processes, None for the number of cores.
    """

    inputs: tuple[str, ...]
    where: str | None
    as_of: AsOf
    jobs: int | None
    tell: bool
    accept_pack: bool


def replayed(chosen: Chosen, region: str | None) -> Numbers:
    """The state that the input comes to.

    UserError: the input cannot be read, does not fit together, or does not fit the pack.
    """
    archives = [each for each in chosen.inputs if is_archive(each)]
    if chosen.inputs == (KAFKA,):
        return _from_kafka(chosen, region)
    if archives and len(archives) < len(chosen.inputs):
        raise UserError(f"{archives[0]} is an archive, others are files: replay one or the other")
    if archives:
        return _from_archives(chosen, region)
    if chosen.as_of.known_at is not None:
        raise UserError("--known-at: files do not say when their events became known; archives do")
    return _from_files(chosen, region)


def texts_of(chosen: Chosen) -> dict[str, str]:
    """The texts of the pack that judged what ``replayed`` gave."""
    if chosen.where is not None:
        return pack_texts(chosen.where)
    if is_archive(chosen.inputs[0]):
        from streams.archive.reading import open_archive

        return open_archive(chosen.inputs[0]).pack_texts()
    return pack_texts(load_settings().pack)


def is_archive(where: str) -> bool:
    """Whether an argument means an archive: a directory, or a URL."""
    return "://" in where or os.path.isdir(where)


def _from_files(chosen: Chosen, region: str | None) -> Numbers:
    from streams.sources.jsonl import read_lines

    pack = load_pack(chosen.where if chosen.where is not None else load_settings().pack)
    _check_region(pack, region)
    replay = Replay(pack, chosen.as_of.happened_by, _tell if chosen.tell else None)
    replay.fold((line.where, line.raw) for line in read_lines(chosen.inputs))
    return replay


def _from_archives(chosen: Chosen, region: str | None) -> Numbers:
    from streams.archive.sources import ArchivedLog

    log = ArchivedLog(chosen.inputs)
    pack, texts = pack_for(log, chosen.inputs[0], chosen.where, accept=chosen.accept_pack)
    return _fold(log, pack, texts, chosen, region)


def pack_for(
    log: ArchivedLog, archive: str, where: str | None, *, accept: bool
) -> tuple[Pack, dict[str, str]]:
    """The pack to judge an archive by, and its texts: the one at ``where``, else its own.

    UserError: it is of another election, or, unless ``accept``, takes other events; or of several
    archives each has another.
    """
    head = log.archives.head
    if where is None:
        texts = log.archives.archives[0].pack_texts()
        pack = parse_pack(texts)
        _check_one_judgement(log, pack)
        if pack.acceptance_digest != head.acceptance and not accept:
            raise UserError(
                f"{archive}: this scrutineer reads the archive's pack otherwise than the "
                "one that archived it, so that the numbers might not be those of the day; "
                "--accept-pack, if that is meant"
            )
        return pack, texts
    pack = load_pack(where)
    if pack.id != head.election:
        raise UserError(f"--pack {where}: is of election {pack.id}, the archive of {head.election}")
    if pack.acceptance_digest != head.acceptance and not accept:
        raise UserError(
            f"--pack {where}: accepts other events than the archive's own pack "
            f"({pack.acceptance_digest[:12]}, not {head.acceptance[:12]}), so that the numbers "
            "would not be those of the day; --accept-pack, if that is meant"
        )
    return pack, pack_texts(where)


def _check_one_judgement(log: ArchivedLog, pack: Pack) -> None:
    """UserError: copies have packs of other thresholds, so that their order would make numbers."""
    first, *others = log.archives.archives
    for other in others:
        if other.head.pack == first.head.pack:
            continue
        if parse_pack(other.pack_texts()).judgement_digest != pack.judgement_digest:
            raise UserError(
                f"{first.where} and {other.where} have packs of different thresholds or texts: "
                "--pack names the one to judge by"
            )


def _from_kafka(chosen: Chosen, region: str | None) -> Numbers:
    from streams.archive.sources import kafka_log

    settings = load_settings()
    where = chosen.where if chosen.where is not None else settings.pack
    pack = load_pack(where)
    log = asyncio.run(kafka_log(settings, _say))
    return _fold(log, pack, pack_texts(where), chosen, region)


def _fold(
    log: Log, pack: Pack, texts: dict[str, str], chosen: Chosen, region: str | None
) -> LogReplay:
    from streams.archive.parallel import Work, fold_all
    from streams.commands.progress import Bar

    _check_region(pack, region)
    total = sum(log.count((topic, n)) for topic in log.topics for n in range(log.partitions))
    work = Work(log, texts, chosen.as_of, chosen.tell)
    with Bar("replaying", total) as bar:
        folded = fold_all(work, pack, chosen.jobs, bar.update)
    for each in folded:
        for place, verdict in each.rejections:
            _tell(place, verdict)
    return LogReplay(pack, chosen.as_of, log.topics, folded, log.lost())


def _check_region(pack: Pack, region: str | None) -> None:
    if region is not None and region not in pack.regions:
        raise UserError(f"--region {region}: the pack {pack.id} has no such region")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _tell(place: str, verdict: Rejected) -> None:
    click.echo(f"{place}: {verdict.reason}: {verdict.detail}", err=True)
