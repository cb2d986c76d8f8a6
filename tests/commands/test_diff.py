"""`scrutineer diff`: two moments, two archives, and what became of what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.errors import UserError
from tests.archive.made import build, made_log
from tests.commands.test_archive import run
from tests.worker.sample import encoded, incident, triage

EVENTS = [
    encoded(incident(1, "KZ-75", category="tension"), "observer"),
    encoded(incident(2, "KZ-75", category="tension"), "observer"),
    encoded(triage(1, "KZ-75", status="confirmed"), "desk"),
    encoded(incident(3, "KZ-61", category="secrecy"), "observer"),
]


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """Of four events, a second apart from midnight on."""
    build(str(tmp_path / "a"), made_log(EVENTS), rounds=1)
    return str(tmp_path / "a")


def test_two_moments(archive: str) -> None:
    """Rows with what became of them, the events below them, and what was compared."""
    done = run("diff", f"{archive}@2023-03-20T00:00:01Z", archive, "--table", "incidents")
    assert done.return_value == 1
    lines = done.stdout.splitlines()
    cell = "region=KZ-75 category=tension severity=unspecified phase=voting"
    decided = "    + election.desk.triage.v1 urn:scrutineer:desk d1"
    assert lines[:2] == [f"incidents: {cell} status=reported: reports 2 → 1", decided]
    assert f"incidents: + {cell} status=confirmed reports=1" in lines
    assert "3 rows differ; events: 2 more, 0 gone" in lines
    assert lines[-2].endswith("2023-03-20T00:00:01Z (known at)")


def test_one_document(archive: str) -> None:
    """Both states' digests, every event and every change with its causes."""
    done = run("diff", f"{archive}@2023-03-20T00:00:02Z", archive, "--json")
    found = json.loads(done.stdout)
    assert found["a"]["known_at"] == "2023-03-20T00:00:02Z"
    assert found["b"]["statement_digest"] not in (None, found["a"]["statement_digest"])
    assert [event["id"] for event in found["events"]] == ["i3-0"]
    (change,) = (each for each in found["changes"] if each["table"] == "incidents")
    assert change["before"] is None
    assert change["after"]["region"] == change["region"] == "KZ-61"
    assert change["causes"] == found["events"]


def test_the_same_is_0(archive: str, tmp_path: Path) -> None:
    """An archive of the same events in another order, of other sealings, does not differ."""
    build(str(tmp_path / "b"), made_log(reversed(EVENTS)), rounds=2)
    done = run("diff", archive, tmp_path / "b")
    assert done.return_value == 0
    assert "0 rows differ; events: 0 more, 0 gone" in done.stdout


def test_an_archive_can_be_compared_with_files(archive: str, tmp_path: Path) -> None:
    """What was published against what arrived."""
    lines = [event.value or b"" for event in EVENTS[:3]]
    (tmp_path / "sent.jsonl").write_bytes(b"\n".join(lines))
    pack = ("--pack", "kazakhstan-2023")
    done = run("diff", tmp_path / "sent.jsonl", archive, *pack, "--table", "incidents")
    assert "+ region=KZ-61 category=secrecy" in done.stdout


def test_mistakes_are_told(archive: str, tmp_path: Path) -> None:
    """A moment without an offset, a place with an @, another election."""
    with pytest.raises(UserError, match="write a time with its offset"):
        run("diff", f"{archive}@2023-03-20T00:00:01", archive)
    with pytest.raises(UserError, match="me@home"):
        run("diff", "me@home", archive)
    from tests.archive.made import head

    build(str(tmp_path / "x"), {}, of=head(acceptance="0" * 64))
    with pytest.raises(UserError, match="pack"):
        run("diff", tmp_path / "x", archive, "--pack", "st-petersburg-2021")
