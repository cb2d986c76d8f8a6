"""`scrutineer archive` and `scrutineer replay ARCHIVE`: what they say, and their exit statuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.archive.signing import keygen, private_key
from streams.cli import load
from streams.errors import UserError
from streams.packs import pack_directory
from tests.archive.made import BEGAN, build, head, made_log
from tests.worker.sample import PACK, sample


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key, its public one beside it."""
    path = tmp_path_factory.mktemp("key") / "k"
    keygen(path)
    return path


@pytest.fixture
def archive(tmp_path: Path, key: Path) -> Path:
    """A signed archive."""
    build(str(tmp_path / "a"), made_log(sample(300, seed=6, bad=0.05)), key=private_key(key))
    return tmp_path / "a"


def run(name: str, *arguments: object) -> Result:
    """A command in this process; a mistake of the user's is raised."""
    result = CliRunner().invoke(
        load(name), [str(each) for each in arguments], standalone_mode=False
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_verify_says_what_was_found_whole(archive: Path, key: Path) -> None:
    """Election, size, signer and chain; exit status 0."""
    chain = json.loads((archive / "manifest.json").read_bytes())["segments"][0]["chain"]
    given = f" {chain.upper()}"
    done = run("archive", "verify", archive, "--public-key", f"{key}.pub", "--chain", given)
    assert done.return_value == 0
    assert f"{archive}: as it was written; election kz-2023-03-19" in done.stdout
    assert "300 records in" in done.stdout
    assert "signed by  " in done.stdout


def test_verify_names_files_and_salvages(archive: Path, tmp_path: Path) -> None:
    """Exit status 1; the salvage verifies, and says that it is not whole."""
    victim = next((archive / "segments").rglob("*.avro"))
    victim.write_bytes(victim.read_bytes()[:100])
    done = run("archive", "verify", archive, "--salvage", tmp_path / "out")
    assert done.return_value == 1
    assert f"{victim}: is truncated: 100 of " in done.stdout
    assert "lost: made." in done.stdout
    again = run("archive", "verify", tmp_path / "out")
    assert again.return_value == 0
    assert "NOT WHOLE" in again.stdout
    text = run("replay", tmp_path / "out").stdout
    assert "NOT WHOLE" in text
    assert "\nstatement " not in text
    assert json.loads(run("replay", tmp_path / "out", "--json").stdout)["statement_digest"] is None


def test_keygen_tells_the_files(tmp_path: Path) -> None:
    """And the key itself."""
    text = run("archive", "keygen", tmp_path / "k").stdout
    for part in (f"private key  {tmp_path}/k\n", f"public key   {tmp_path}/k.pub\n", "key   "):
        assert part in text


def test_a_place_is_short_for_copy(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything but a subcommand is where to copy to, options before or after."""
    monkeypatch.setenv("SCRUTINEER_TOPICS__PREFIX", "made")
    monkeypatch.setenv("SCRUTINEER_TOPICS__PARTITIONS", "3")
    for arguments in (["--once", archive], [archive, "--once"], ["copy", archive, "--once"]):
        with pytest.raises(UserError, match="is signed: go on with --sign"):
            run("archive", *arguments, "--pack", PACK)


def test_replay_of_an_archive_needs_no_settings_and_no_pack(archive: Path) -> None:
    """It brings its own; the summary has both digests and the positions."""
    text = run("replay", archive, "--table", "incidents").stdout
    found = json.loads(run("replay", archive, "--json").stdout)
    assert f"content digest  {found['content_digest']}" in text
    assert f"statement       {found['statement_digest']}" in text
    assert "300 records" in text
    assert "made.observer up to  0:" in text
    assert "not checked without the log" not in text.lower()
    assert found["positions"].keys() == {"made.observer", "made.official", "made.desk"}
    assert found["known_at"] is found["happened_by"] is None


def test_replay_tells_rejected_records_by_their_offsets(archive: Path) -> None:
    """Topic, partition and offset: where the dead letter has it from."""
    done = run("replay", archive, "--rejected", "--table", "rejected")
    told = [line for line in done.stderr.splitlines() if line.startswith("made.")]
    rejected = json.loads(run("replay", archive, "--json").stdout)["tables"]["rejected"]
    assert len(told) == sum(row["count"] for row in rejected) > 0
    assert told[0].partition(": ")[0].count("/") == 2


def test_moments(archive: Path) -> None:
    """The document says what it is of; --until is --happened-by."""
    known, happened = "2023-03-20T00:02:00Z", "2023-03-19T12:00:00+06:00"
    found = json.loads(run("replay", archive, "--json", "--known-at", known).stdout)
    assert BEGAN == 1_679_270_400_000
    assert found["known_at"] == found["now"] == known
    assert sum(sum(offsets.values()) for offsets in found["positions"].values()) == 121
    by = run("replay", archive, "--json", "--happened-by", happened)
    until = run("replay", archive, "--json", "--until", happened)
    assert by.stdout == until.stdout
    assert json.loads(by.stdout)["now"] == "2023-03-19T06:00:00Z"
    assert json.loads(by.stdout)["statement_digest"] is None


def test_mistakes_are_told(archive: Path, tmp_path: Path) -> None:
    """In a sentence that says what to do."""
    other = Path(shutil.copytree(pack_directory(PACK), tmp_path / "pack"))
    (other / "taxonomy.csv").write_text("code,name,phase\nother,Other,\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.jsonl").write_text("{}\n")
    for arguments, told in (
        ([tmp_path / "empty"], "is no archive"),
        ([archive, tmp_path / "x.jsonl"], "is an archive, others are files"),
        ([tmp_path / "x.jsonl", "--known-at", "2023-03-19T12:00:00Z"], "files do not say when"),
        ([archive, "--known-at", "noon"], "--known-at noon: write a time"),
        ([archive, "--happened-by", "noon"], "--happened-by noon: write a time"),
        ([archive, "--until", "x", "--happened-by", "y"], "are the same: give one"),
        ([archive, "--pack", "st-petersburg-2021"], "the archive of kz-2023-03-19"),
        ([archive, "--pack", other], "accepts other events than the archive's own"),
        ([archive, "--region", "XX"], "has no such region"),
        (["nosuch://x/y"], "cannot be opened"),
    ):
        with pytest.raises(UserError, match=told):
            run("replay", *arguments)
    text = run("replay", archive, "--pack", other, "--accept-pack", "--table", "openings").stdout
    assert "invalid_data" in text


def test_a_pack_that_is_read_otherwise_today_is_told(tmp_path: Path) -> None:
    """Years later another version may understand it in another way: not silently."""
    build(str(tmp_path / "a"), made_log(sample(30)), of=head(acceptance="0" * 64))
    with pytest.raises(UserError, match="reads the archive's pack otherwise"):
        run("replay", tmp_path / "a")
    assert "30 records" in run("replay", tmp_path / "a", "--accept-pack").stdout


def test_a_segment_of_another_election_is_refused(archive: Path, tmp_path: Path) -> None:
    """By its bytes: it is not the one that was archived here."""
    build(str(tmp_path / "b"), made_log(sample(300, seed=99)))
    victim = next((archive / "segments").rglob("*.avro"))
    shutil.copy(tmp_path / "b" / victim.relative_to(archive), victim)
    with pytest.raises(UserError, match=str(victim)):
        run("replay", archive)
