"""`scrutineer statement`: cut-offs, the same bytes again, its basis, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import fsspec
import pytest

from streams.archive.manifest import MANIFEST
from streams.archive.store import open_store
from streams.errors import UserError
from tests.archive.made import build, made_log, manifest_of, rewrite
from tests.commands.test_archive import run as scrutineer
from tests.statement.day import CUT_OFF, archived, late, observed, run, said, stated, tables
from tests.worker.sample import encoded, incident


def test_the_same_archive_gives_the_same_bytes(archive: str, key: Path, tmp_path: Path) -> None:
    """From another place, by another number of processes, to a file."""
    other = archived(tmp_path / "elsewhere", key, tuple(late()))
    for form, jobs in (("markdown", 2), ("html", 1), ("json", 1)):
        asked = ("--format", form, "--known-at", CUT_OFF)
        first = run(archive, *asked, "--jobs", 1).stdout_bytes
        run(other, *asked, "--jobs", jobs, "--output", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == first


def test_an_object_store_gives_the_same_bytes(archive: str) -> None:
    """Of the same files."""
    where = "memory://statements/kz"
    fs, root = fsspec.core.url_to_fs(where)
    fs.put(archive, root, recursive=True)
    first, other = (
        run(each, "--known-at", CUT_OFF, "--jobs", 1).stdout_bytes for each in (archive, where)
    )
    assert first == other


def test_a_cut_off_by_what_was_known(archive: str, internal: Any) -> None:
    """A prefix of the log, with the digests that a replay up to then has."""
    known = "2023-03-20T00:05:00Z"
    found = stated(archive, "--known-at", known, "--internal")
    replay = scrutineer("replay", archive, "--json", "--known-at", known)
    digests = json.loads(replay.stdout)
    basis = found["basis"]
    assert (basis["records"], basis["left_out"]) == (301, 9)
    assert basis["content_digest"] == digests["content_digest"]
    assert basis["statement_digest"] == digests["statement_digest"] is not None
    assert (internal["basis"]["records"], internal["basis"]["left_out"]) == (310, 0)


def test_a_cut_off_by_what_had_happened(archive: str) -> None:
    """The counts of the night are not among what had happened by noon; no statement digest."""
    noon = ("--happened-by", "2023-03-19T13:00:00+06:00")
    found = stated(archive, *noon)
    assert said(found)["assessment.counting"]["text"] == "No observer assessed the counting."
    assert "60 polling stations" in said(found)["assessment.voting"]["text"]
    assert found["basis"]["statement_digest"] is None
    assert found["cut_off"]["now"] == "2023-03-19T07:00:00Z"
    assert "turnout.open" in said(found)


def test_its_basis_is_the_archive(archive: str, internal: Any) -> None:
    """Its chain, its size, and whose signature was verified."""
    manifest = manifest_of(open_store(archive))
    (told,) = internal["basis"]["archives"]
    assert told == {
        "chain": manifest["segments"][-1]["chain"],
        "segments": len(manifest["segments"]),
        "records": 310,
        "signed_by": manifest["signature"]["public_key"],
        "newest": "2023-03-20T00:05:09Z",
    }
    assert internal["basis"]["acceptance_digest"] == manifest["head"]["acceptance"]


def test_a_forged_signature_is_refused(archive: str, tmp_path: Path) -> None:
    """Even where nobody asked whose it is."""
    copy = Path(shutil.copytree(archive, tmp_path / "a"))
    store = open_store(str(copy))
    manifest = manifest_of(store)
    manifest["signature"]["signature"] = "00" * 64
    rewrite(store, manifest)
    with pytest.raises(UserError, match=f"{MANIFEST}: the signature is not of this manifest"):
        run(copy)


def test_a_record_of_no_calendar_is_told(tmp_path: Path) -> None:
    """As a producer may stamp it, or a forger: what is wrong, without a trace."""
    log = made_log([encoded(incident(1, "KZ-75"), "observer")])
    (place,) = (each for each, records in log.items() if records)
    log[place] = [log[place][0]._replace(timestamp=10**17)]
    build(str(tmp_path / "a"), log, rounds=1)
    with pytest.raises(UserError, match=rf"{MANIFEST}: its newest record is of {10**17} ms"):
        run(tmp_path / "a", "--internal")
    with pytest.raises(UserError, match="a time that no calendar has: --from"):
        scrutineer("backfill", tmp_path / "a", "--prometheus", tmp_path / "data")
    assert scrutineer("replay", tmp_path / "a", "--table", "incidents").return_value in (0, None)


def test_of_two_copies_each_is_named(archive: str, tmp_path: Path) -> None:
    """With its own chain; the figures are those of one."""
    copy = shutil.copytree(archive, tmp_path / "copy")
    both = stated(archive, copy, "--internal")
    assert len(both["basis"]["archives"]) == 2
    assert both["sections"] == stated(archive, "--internal")["sections"]
    assert both["basis"]["left_out"] == 0


def test_what_two_halves_hold_is_counted_once(archive: str, tmp_path: Path, internal: Any) -> None:
    """Copies damaged in different places make a whole one, of which nothing is left out."""
    places = []
    for number in range(2):
        copy = Path(shutil.copytree(archive, tmp_path / f"a{number}"))
        sorted((copy / "segments" / "made.observer" / "00001").iterdir())[number].unlink()
        places.append(tmp_path / f"saved{number}")
        scrutineer("archive", "verify", copy, "--salvage", places[-1])
    both = stated(str(places[0]), places[1], "--internal")
    assert both["sections"] == internal["sections"]
    for name in ("content_digest", "records", "left_out", "lost"):
        assert both["basis"][name] == internal["basis"][name]


def test_a_cut_off_after_the_newest_record_is_told(archive: str) -> None:
    """So that "nothing was published" is not said of hours that nobody archived."""
    told = "The newest record archived is of 2023-03-20 06:05"
    for known, there in (("2023-03-20T00:05:09Z", False), ("2023-04-30T12:00:00Z", True)):
        found = stated(archive, "--known-at", known)
        assert any(line.startswith(told) for line in found["about"]) == there


def test_a_moment_after_the_newest_record_is_told_as_well(archive: str) -> None:
    """Of what had happened: hours after the close that nobody archived are no hours of silence."""
    told = "The newest record archived is of 2023-03-20 06:05"
    for happened, there in (("2023-03-20T00:05:09Z", False), ("2023-04-30T12:00:00Z", True)):
        found = json.loads(run(archive, "--format", "json", "--happened-by", happened).stdout)
        assert any(line.startswith(told) for line in found["about"]) == there


def test_what_was_rejected_is_told(tmp_path: Path, public: Any) -> None:
    """A share of what was accepted says nothing of what was not."""
    assert said(public)["coverage.rejected"]["figures"] == {"rejected": 0}
    assert "coverage.conflicts" not in said(public)
    wrong = [
        observed("visit", 400 + n, "21:00", phase="counting", answers={"no-question": "yes"})
        for n in range(6)
    ]
    twice = [
        observed("restriction", 500 + n, "22:00", phase="counting", kind=kind)
        for n in range(2)
        for kind in ("expelled", "other")
    ]
    where = archived(tmp_path / "a", more=(*wrong, *twice))
    found = said(stated(where))
    assert found["coverage.rejected"]["text"] == "Records that were rejected as wrong: 6."
    assert found["coverage.conflicts"]["text"].endswith(": fewer than 5.")
    (line,) = tables(stated(where, "--internal"))["rejected"]["rows"]
    assert (line["reason"], line["count"]) == ("invalid_data", 6)


def test_what_was_lost_is_said_first(archive: str, tmp_path: Path) -> None:
    """A statement of a salvaged archive says so above all figures, and has no statement digest."""
    copy = Path(shutil.copytree(archive, tmp_path / "a"))
    next((copy / "segments" / "made.desk").rglob("*.avro")).unlink()
    scrutineer("archive", "verify", copy, "--salvage", tmp_path / "saved")
    found = stated(str(tmp_path / "saved"))
    assert found["basis"]["lost"] > 0
    assert found["basis"]["statement_digest"] is None
    assert found["about"][-1].startswith("NOT WHOLE: ")
    text = run(tmp_path / "saved", "--known-at", CUT_OFF).stdout
    assert text.index("NOT WHOLE") < text.index("## ")


def test_of_no_event_nothing_is_stated(tmp_path: Path) -> None:
    """As of 1970 there is nothing to say; as of a moment that was asked for, there is."""
    where = str(tmp_path / "a")
    build(where, {})
    with pytest.raises(UserError, match="holds no event"):
        run(where)
    assert stated(where)["cut_off"]["now"] == "2023-03-20T09:00:00Z"


def test_mistakes_are_told(archive: str, tmp_path: Path) -> None:
    """What is wrong, where, what to do; and nothing is written."""
    (tmp_path / "x.jsonl").write_text("{}\n")
    inside = Path(archive) / "statement.md"
    for arguments, told in (
        ([tmp_path / "x.jsonl"], "x.jsonl: a statement is made from an archive"),
        (["kafka"], "kafka: a statement is made from an archive"),
        ([tmp_path], "is no archive"),
        ([archive, "--known-at", "noon"], "--known-at noon: write a time"),
        ([archive, "--known-at", "2999-01-01T00:00:00Z"], "is still to come"),
        ([archive, "--happened-by", "noon"], "--happened-by noon: write a time"),
        ([archive, "--happened-by", "2999-01-01T00:00:00Z"], "--happened-by 2999.*still to come"),
        ([archive, "--pack", "st-petersburg-2021"], "the archive of kz-2023-03-19"),
        ([archive, "-o", inside], "is in the archive"),
        ([archive, "-o", tmp_path / "no" / "such"], "cannot be written"),
    ):
        with pytest.raises(UserError, match=told):
            run(*arguments)
    assert not inside.exists()
