"""`scrutineer partition`: mistakes that need no broker to be told."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from streams.commands.partition import Found, command, newest, refuse_needless
from streams.embedded import free_port
from streams.errors import UserError
from streams.log.looking import Bounds
from streams.log.snapshots import chunk_key, decoded, header_key
from streams.settings import Settings, TopicSettings
from tests.log.test_snapshots import many, written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["accept", "12", "--reason", "x"], "there is no partition 12"),
        (["accept", "-1", "--reason", "x"], "No such option"),
        (["accept", "3", "--reason", " "], "say why"),
        (["accept", "3", "--reason", "retention\x1b[2J"], "control characters"),
        (["accept", "3"], "Missing option '--reason'"),
        (["accept", "--reason", "x"], "Missing argument"),
    ],
)
def test_mistakes_are_told(arguments: list[str], said: str) -> None:
    """Before anything is asked or written."""
    run = CliRunner().invoke(command, arguments)
    assert run.exit_code != 0
    assert said in run.output + str(run.exception)


def test_no_broker_is_told() -> None:
    """With the address."""
    port = free_port()
    env = {"SCRUTINEER_BROKER__BOOTSTRAP": f"127.0.0.1:{port}"}
    run = CliRunner().invoke(command, ["list"], env=env)
    assert isinstance(run.exception, UserError)
    assert str(port) in str(run.exception)


def test_only_a_snapshot_that_could_be_used_counts() -> None:
    """After an update none of before can: what only they have is missing, and is to be told so."""
    settings = Settings(topics=TopicSettings(prefix="t", partitions=12))
    old, new = header_key(3, "A"), header_key(3, "B")
    values, order = {}, {old: 1, new: 2}
    for key, count in ((old, 3), (new, 5)):
        values[key], chunks = written(many(count))
        for digest, each in zip(decoded(values[key]).chunks, chunks, strict=True):
            values[chunk_key(3, digest)] = each

    def found() -> tuple[int, str]:
        header, refused = newest(values, order, settings, 3)
        return header.entries if header else 0, refused

    assert found() == (5, "")
    whole = dict(values)
    del values[chunk_key(3, decoded(values[new]).chunks[0])]
    assert found() == (3, "checksum")
    values = {**whole, new: written(many(5), schema="x")[0]}
    assert found() == (3, "schema")
    values[old] = written(many(3), partitions=6)[0]
    assert found() == (0, "schema")
    assert newest({}, {}, settings, 3) == (None, "")


def test_what_a_snapshot_has_is_not_accepted_unasked() -> None:
    """It would allow a later loss. That the snapshot is of no use workers alone may know."""
    header = decoded(written(many(3))[0])
    (topic,) = header.next
    position = header.next[topic]

    def found(start: int) -> Found:
        return Found(3, Bounds({topic: start}, {topic: 99}), header, None, {}, accepted=False)

    refuse_needless([found(position + 1)], without_snapshot=False)
    with pytest.raises(UserError, match=r"nothing is missing of partition 3.*--without-snapshot"):
        refuse_needless([found(position + 1), found(position)], without_snapshot=False)
    refuse_needless([found(position)], without_snapshot=True)
    with pytest.raises(UserError, match="nothing is gone of partition 3"):
        refuse_needless([found(0)], without_snapshot=True)
