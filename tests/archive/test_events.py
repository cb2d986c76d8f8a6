"""`scrutineer archive events`: from an archive into topics that are new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.verdict import Rejected
from streams.archive.folding import AsOf, fold
from streams.archive.replay import LogReplay, Replay
from streams.archive.segments import Record
from streams.archive.sources import ArchivedLog
from streams.commands.archive import command
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import TopicSettings
from streams.sources.placing import place
from tests.archive.made import BEGAN, build, made_log
from tests.worker.sample import PACK, sample

NEW = TopicSettings(prefix="again", partitions=5, replication=1)
FIGURE = Path(__file__).parents[2] / "docs" / "examples" / "official-turnout.jsonl"
CLOCK = FIGURE.with_name("clock.jsonl")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Events of every authority, some of them bad; a forged figure; one over two lines; a clock."""
    log = made_log(sample(300, seed=9, bad=0.05))
    records = log["made.observer", 1]
    good = json.loads(
        next(r.value for r in records if b"restriction.v1" in (r.value or b"")) or b""
    )
    key = good["data"]["region"].encode()
    long = {**good, "id": "long", "data": {**good["data"], "report_id": "long"}}
    for number, value in (
        (1, FIGURE.read_bytes().strip()),
        (1, json.dumps(long, indent=1).replace("\n", "\r\n").encode()),
        (2, None),
    ):
        there = log["made.observer", number]
        there.append(Record(len(there), BEGAN + 900_000, 1, key, value, ()))
    desk = log["made.desk", 0]
    desk.append(Record(len(desk), BEGAN + 900_000, 1, None, CLOCK.read_bytes().strip(), ()))
    build(str(tmp_path / "a"), log)
    return tmp_path / "a"


def run(*arguments: object) -> Result:
    """The command; a mistake of the user's is raised."""
    words = ["events", *map(str, arguments)]
    result = CliRunner().invoke(command, words, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_published_anew_they_come_to_the_same_content(archive: Path, tmp_path: Path) -> None:
    """Each has a place in topics with other partitions, and the digest is the archive's."""
    done = run(archive, "-o", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines()
    pack = load_pack(PACK)
    for raw in lines:
        assert not isinstance(place(raw, pack, NEW, BEGAN + 1_000_000), Rejected), raw
    again = Replay(pack)
    again.fold((str(number), raw) for number, raw in enumerate(lines))
    log = ArchivedLog([str(archive)])
    parts = [fold(log, n, pack, AsOf(), lambda _: None, tell=True) for n in range(log.partitions)]
    before = LogReplay(pack, AsOf(), log.topics, parts, 0)
    assert again.content_digest == before.content_digest
    rejected = sum(len(part.rejections) for part in parts)
    assert rejected > 2
    assert f"{len(lines)} events; left out: {rejected} rejected" in done.stderr
    assert "left out: 1 of a player's clock" in done.stderr


def test_what_was_refused_for_its_topic_stays_out(archive: Path) -> None:
    """Publish goes by the type: an observers' login could have a figure let in by the way back."""
    lines = [json.loads(line) for line in run(archive).stdout.splitlines()]
    figure = json.loads(FIGURE.read_bytes())
    assert figure["id"] not in {line["id"] for line in lines}
    assert [line["id"] for line in lines].count("long") == 1


def test_nothing_is_written_of_a_damaged_archive(archive: Path, tmp_path: Path) -> None:
    """Nor into the archive itself."""
    with pytest.raises(UserError, match="is in the archive"):
        run(archive, "-o", archive / "out.jsonl")
    last = max((archive / "segments").rglob("*.avro"))
    last.write_bytes(last.read_bytes()[:-3])
    with pytest.raises(UserError, match="is truncated"):
        run(archive, "-o", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
