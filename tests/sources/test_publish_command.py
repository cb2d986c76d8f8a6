"""`scrutineer publish` as it is typed."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.envelope import MAX_EVENT_BYTES
from streams.cli import run
from streams.embedded import EmbeddedBroker
from streams.settings import Settings
from tests.sources.publishing import (
    CLOCK,
    REGIONS,
    embedded,
    figure,
    incident,
    stored,
    topics,
    write_pack,
)

GOOD = [incident(1), figure(2, "XX-B"), incident(3, "XX-C")]
WRONG = {
    b"{": "not_json: ",
    b"[]": "bad_envelope: the event is not a JSON object",
    incident(4, "XX-Z"): "unknown_region: data.region: 'XX-Z'",
    incident(5, revision="x"): "invalid_data: data.revision: ",
    incident(6, station="B-1"): "unknown_station: data.station: 'B-1' is in XX-B",
    CLOCK: "clock: type: only a player writes the log's clock",
    b"\xff": "not_json: ",
    b"[" * 60_000: "not_json: ",
    incident(7, revision=10**400): "invalid_data: data.revision: ",
    incident(8, revision=float("nan")): "not_json: ",
    b"x" * (MAX_EVENT_BYTES + 5): "too_large: ",
}


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Settings]:
    """Those of an embedded broker with topics, and of the small pack, in the environment."""
    async with EmbeddedBroker() as broker:
        made = embedded(broker.bootstrap)
        await topics(made)
        for name, value in {
            "BROKER__BOOTSTRAP": broker.bootstrap,
            "BROKER__IDEMPOTENT": "false",
            "TOPICS__PARTITIONS": "6",
            "PACK": write_pack(tmp_path),
        }.items():
            monkeypatch.setenv(f"SCRUTINEER_{name}", value)
        yield made


def write(tmp_path: Path, name: str, *lines: bytes) -> str:
    """A file of these lines."""
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    return str(path)


async def publish(*arguments: str) -> int:
    """Run the command beside the test's own loop."""
    return await asyncio.to_thread(run, ["publish", *arguments])


async def test_all_files_are_sent(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With counts per topic at the end."""
    files = [write(tmp_path, "a.jsonl", *GOOD), write(tmp_path, "b.jsonl", incident(9))]
    assert await publish(*files) == 0
    out = capsys.readouterr().out
    assert out.startswith("4 events acknowledged in ")
    assert "  3 election.observer\n  1 election.official\n" in out
    assert {record.value for record in await stored(settings)} == {*GOOD, incident(9)}


async def test_wrong_lines_are_refused_before_anything_is_sent(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with file, line, reason and field; the status is 1."""
    first = write(tmp_path, "a.jsonl", *GOOD)
    second = write(tmp_path, "b.jsonl", b"", *WRONG)
    assert await publish(first, second) == 1
    out, err = capsys.readouterr()
    assert out == f"wrong lines: {len(WRONG)} of {len(WRONG) + 3}; nothing was sent\n"
    for number, (line, told) in enumerate(zip(err.splitlines(), WRONG.values(), strict=True)):
        assert line.startswith(f"{second}:{number + 2}: {told}")
    assert await stored(settings) == []


async def test_wrong_lines_can_be_put_aside(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The right ones are sent; the others are kept with place, reason and their bytes."""
    aside = tmp_path / "aside.jsonl"
    lines = [GOOD[0], *WRONG, *GOOD[1:]]
    file = write(tmp_path, "a.jsonl", *lines)
    assert await publish(file, "--skip-invalid", str(aside)) == 0
    assert sorted(record.value for record in await stored(settings)) == sorted(GOOD)
    rows = [json.loads(line) for line in aside.read_bytes().splitlines()]
    assert [(row["file"], row["line"]) for row in rows] == [
        (file, number) for number in range(2, 2 + len(WRONG))
    ]
    for row, (raw, told) in zip(rows, WRONG.items(), strict=True):
        assert f"{row['reason']}: {row['detail']}".startswith(told)
        kept = row["raw"].encode() if "raw" in row else base64.b64decode(row["raw_base64"])
        assert kept == raw[: MAX_EVENT_BYTES + 1]
    assert f"wrong lines, not sent: {len(WRONG)}" in capsys.readouterr().out


async def test_speed_puts_all_files_in_the_order_of_time(
    settings: Settings, tmp_path: Path
) -> None:
    """Each region's events arrive in the order in which they happened."""
    minutes = [50, 10, 40, 20, 0, 30]
    events = {minute: incident(minute, "XX-B", minute) for minute in minutes}
    first = write(tmp_path, "a.jsonl", *(events[minute] for minute in minutes[:3]))
    second = write(tmp_path, "b.jsonl", *(events[minute] for minute in minutes[3:]))
    assert await publish(first, second, "--speed", "100000") == 0
    assert [r.value for r in await stored(settings)] == [events[m] for m in sorted(minutes)]


def feed(monkeypatch: pytest.MonkeyPatch, *lines: bytes) -> None:
    """Give these lines on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(lines))))


async def test_standard_input_is_sent_up_to_the_first_wrong_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is told, with how many went out before it."""
    feed(monkeypatch, *GOOD, b"{", incident(9))
    assert await publish("-") == 1
    out, err = capsys.readouterr()
    assert err.startswith("<stdin>:4: not_json: ")
    assert out.startswith("3 events acknowledged in ")
    assert sorted(record.value for record in await stored(settings)) == sorted(GOOD)


async def test_standard_input_goes_on_when_wrong_lines_are_put_aside(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To its end."""
    feed(monkeypatch, *GOOD, b"{", incident(9))
    aside = tmp_path / "aside.jsonl"
    assert await publish("-", "--skip-invalid", str(aside)) == 0
    assert sorted(r.value for r in await stored(settings)) == sorted([*GOOD, incident(9)])
    assert len(aside.read_bytes().splitlines()) == 1


def test_a_dry_run_needs_no_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It checks and counts."""
    monkeypatch.setenv("SCRUTINEER_BROKER__BOOTSTRAP", "127.0.0.1:1")
    pack = write_pack(tmp_path)
    events = [incident(number, region) for number, region in enumerate(REGIONS)]
    arguments = ["publish", write(tmp_path, "a.jsonl", *events, figure(1)), "--pack", pack]
    assert run([*arguments, "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "6 events are right; nothing was sent\n  5 election.observer\n  1 election.official\n"
    )
    assert run([*arguments, write(tmp_path, "b.jsonl", *WRONG), "--dry-run"]) == 1


def test_many_wrong_lines_do_not_flood_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty are shown, all are counted."""
    pack = write_pack(tmp_path)
    file = write(tmp_path, "a.jsonl", *[b"{"] * 50)
    assert run(["publish", file, "--pack", pack]) == 1
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 21
    assert out == "wrong lines: 50 of 50; nothing was sent\n"


@pytest.mark.parametrize("name", ["a.jsonl", "link.jsonl"])
def test_what_is_read_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A file that is named twice keeps its content, by whatever name."""
    file = write(tmp_path, "a.jsonl", *GOOD, b"{")
    (tmp_path / "link.jsonl").symlink_to("a.jsonl")
    before = Path(file).read_bytes()
    aside = str(tmp_path / name)
    arguments = ["--pack", write_pack(tmp_path), "--dry-run", "--skip-invalid", aside]
    assert run(["publish", file, *arguments]) == 2
    assert f"--skip-invalid {aside}: this file is read as {file}" in capsys.readouterr().err
    assert Path(file).read_bytes() == before


def test_standard_input_from_a_file_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`publish - < F --skip-invalid F`."""
    file = write(tmp_path, "a.jsonl", *GOOD)
    with Path(file).open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert run(["publish", "-", "--pack", write_pack(tmp_path), "--skip-invalid", file]) == 2
    assert "this file is read as -" in capsys.readouterr().err
    assert Path(file).read_bytes() == b"\n".join(GOOD) + b"\n"


def test_a_list_of_before_outlives_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """The list is written when all lines have been checked."""
    aside = write(tmp_path, "aside.jsonl", b"before")
    files = [write(tmp_path, "a.jsonl", b"{"), str(tmp_path / "missing.jsonl")]
    pack = write_pack(tmp_path)
    assert run(["publish", *files, "--pack", pack, "--skip-invalid", aside]) == 2
    assert Path(aside).read_bytes() == b"before\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.jsonl"], "missing.jsonl: cannot be read"),
        (["-", "other.jsonl"], "'-' (standard input) goes alone"),
        (["a.jsonl", "--rate", "0"], "--rate"),
        (["a.jsonl", "--rate", "nan"], "nan is not a finite number"),
        (["a.jsonl", "--speed", "inf"], "inf is not a finite number"),
        (["a.jsonl", "--timeout", "nan"], "nan is not a finite number"),
        (["a.jsonl", "--timeout", "1e9"], "--timeout"),
        (["/dev/null", "--skip-invalid", "none/aside"], "cannot be written"),
    ],
)
def test_mistakes_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """And a message."""
    assert run(["publish", *arguments, "--pack", write_pack(tmp_path)]) == 2
    assert message in capsys.readouterr().err
