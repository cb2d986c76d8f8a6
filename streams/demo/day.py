"""What is played: the official figures of the day as published, and simulated observers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.pack import PACK_FILES, Pack
from schemas.verdict import Accepted
from streams.archive.replay import Replay
from streams.demo.others import Foreign
from streams.errors import UserError
from streams.packs import load_pack, pack_directory
from streams.settings import TopicSettings
from streams.sources.importing.load import load_mapping
from streams.sources.importing.run import Import
from streams.sources.jsonl import read_lines
from streams.sources.play import Item, schedule
from streams.sources.simulate import courses, simulate
from streams.sources.simulate.output import FILES, PACK, write_day

ELECTION: Final = "kazakhstan-2023"
OFFICIAL: Final = "official.jsonl"
OTHERS: Final = "others.jsonl"
"""Events that somebody else sent while the day was played, and that were accepted."""
TABLES: Final = "tables.json"
"""The worker's tables at the end."""
UNKNOWN_LAG: Final = 44 * 60_000_000
"""Delay of a figure whose time of publication is not known: the median of the known ones."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day ready to be played, in a directory of its own. Times are µs since the epoch."""

    directory: Path
    pack: Pack
    zone: ZoneInfo
    begins: int
    ends: int
    teams: int
    planted: Mapping[str, Any]

    @property
    def files(self) -> dict[str, Path]:
        """Authority to its file of events."""
        return {
            "official": self.directory / OFFICIAL,
            **{stream: self.directory / name for stream, name in FILES.items()},
        }

    @property
    def pack_directory(self) -> Path:
        """The pack to use these events with."""
        return self.directory / PACK

    def items(self, topics: TopicSettings) -> list[Item]:
        """Everything to publish."""
        found: list[Item] = []
        for authority, path in self.files.items():
            lines = (line.raw for line in read_lines([str(path)]))
            lag = UNKNOWN_LAG if authority == "official" else 0
            found += schedule(getattr(topics, authority), lines, lag)
        return found

    def replay(self, others: Iterable[Foreign] = ()) -> Replay:
        """The same events without a broker, and ``others`` with their places in the log."""
        replay = Replay(self.pack)
        for path in self.files.values():
            replay.fold((line.where, line.raw) for line in read_lines([str(path)]))
        for each in others:
            replay.take(each.place, each.result)
        return replay

    def keep_others(self, others: Iterable[Foreign]) -> None:
        """Put the events of others beside the day's own, for a replay of the files.

        Without those that the worker rejected: a file does not tell what was wrong with the place.
        """
        lines = b"".join(
            each.raw.replace(b"\n", b" ") + b"\n"
            for each in others
            if isinstance(each.result, Accepted)
        )
        if lines:
            (self.directory / OTHERS).write_bytes(lines)


def prepare(directory: Path, seed: int) -> Day:
    """Write the day into ``directory``: official.jsonl, observers.jsonl, desk.jsonl, pack/."""
    for left in (OTHERS, TABLES):
        (directory / left).unlink(missing_ok=True)
    source = pack_directory(ELECTION)
    real = load_pack(source)
    figures = _official(source, real)
    (directory / OFFICIAL).write_bytes(b"".join(raw + b"\n" for raw in figures))
    made = simulate(real, seed, official=courses(figures, real))
    files = {
        name: (source / name).read_text(encoding="utf-8")
        for name in PACK_FILES
        if (source / name).is_file()
    }
    write_day(made, files, directory)
    return Day(
        directory=directory,
        pack=load_pack(directory / PACK),
        zone=ZoneInfo(str(tomllib.loads(files["election.toml"])["time_zone"])),
        begins=min(place.opens for place in made.world.places),
        ends=made.world.ends,
        teams=len(made.teams),
        planted=made.planted,
    )


def _official(source: Path, pack: Pack) -> list[bytes]:
    """The figures that travel in the package, through the importer that ships with it."""
    wrong: list[str] = []
    rules = load_mapping("kazakhstan-turnout")
    events = list(Import(rules, {}, pack, wrong.append).events(source / "official_turnout.csv"))
    if wrong:
        raise UserError("the official figures do not fit their mapping:\n" + "\n".join(wrong))
    return events
