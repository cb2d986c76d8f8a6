"""Damage and mix-ups: every command names what and where, writes nothing, and can be helped."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.archive.manifest import Head, Manifest, ManifestError, Segment, parse
from streams.archive.reading import open_archive
from streams.archive.store import open_store
from streams.archive.writing import head_of
from streams.errors import UserError
from streams.packs import load_pack, pack_directory, pack_texts
from tests.archive.made import BEGAN, TOPICS, build, files, head, made_log, manifest_of, rewrite
from tests.commands.test_archive import run
from tests.worker.sample import PACK, sample

CUT_OFF = "2023-03-21T00:00:00Z"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that nobody touches."""
    root = tmp_path_factory.mktemp("archive") / "a"
    build(str(root), made_log(sample(200, seed=5)))
    return root


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(original, tmp_path / "a"))


def last_segment(archive: Path) -> Path:
    """The file of the newest segment."""
    name = manifest_of(open_store(str(archive)))["segments"][-1]["segment"]["file"]
    return archive / str(name)


def truncated(archive: Path) -> tuple[Path, str]:
    """The last segment lost its end."""
    victim = last_segment(archive)
    victim.write_bytes(victim.read_bytes()[:-40])
    return victim, "is truncated"


def of_another_election(archive: Path) -> tuple[Path, str]:
    """A segment of another archive lies in the place of the last one."""
    other = archive.parent / "other"
    build(str(other), made_log(sample(200, seed=77)), of=head(election="xx-2030"))
    victim = last_segment(archive)
    shutil.copy(max((other / victim.parent.relative_to(archive)).iterdir()), victim)
    return victim, r"has \d+ bytes|is truncated|other bytes"


def missing(archive: Path) -> tuple[Path, str]:
    """The last segment is gone."""
    victim = last_segment(archive)
    victim.unlink()
    return victim, "is missing"


def pack_changed(archive: Path) -> tuple[Path, str]:
    """Somebody put a category into the archive's own pack."""
    victim = archive / "pack" / "taxonomy.csv"
    victim.write_text(victim.read_text() + "new,New,\n")
    return victim, "is not the file that was archived|other bytes"


def manifest_cut(archive: Path) -> tuple[Path, str]:
    """The manifest lost its end."""
    victim = archive / "manifest.json"
    victim.write_bytes(victim.read_bytes()[:-100])
    return victim, "manifest.json"


DAMAGES = (truncated, of_another_election, missing, pack_changed, manifest_cut)


def commands(archive: Path) -> list[tuple[object, ...]]:
    """Every command that reads archives and computes something from them."""
    out = archive.parent / "out"
    return [
        ("replay", archive, "--jobs", 1),
        ("diff", archive, archive, "--jobs", 1),
        ("statement", archive, "--known-at", CUT_OFF, "--output", out, "--jobs", 1),
    ]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_named_by_every_command(
    archive: Path, damage: Callable[[Path], tuple[Path, str]]
) -> None:
    """With the file and what is wrong with it; what is there already stays as it was."""
    victim, told = damage(archive)
    out = archive.parent / "out"
    out.write_text("an older statement")
    before = files(archive)
    for command in commands(archive):
        with pytest.raises(UserError, match=told) as raised:
            run(str(command[0]), *command[1:])
        assert str(victim) in str(raised.value)
        assert "archive verify" in str(raised.value)
    done = run("archive", "verify", archive)
    assert done.return_value == 1
    assert str(victim) in done.stdout
    assert files(archive) == before
    assert out.read_text() == "an older statement"


def test_copies_whose_packs_judge_otherwise_need_one(archive: Path, original: Path) -> None:
    """In either order the numbers would be those of the first; --pack chooses."""
    pack = archive / "pack"
    file = pack / "election.toml"
    text = file.read_text()
    tried = Path(shutil.copytree(pack, archive.parent / "tried"))
    for change, refused in (
        ("silent_minutes = 30", True),
        ("silent_minutes = 45 # as was", False),
    ):
        assert "silent_minutes = 45" in text
        file.write_text(text.replace("silent_minutes = 45", change))
        of = head_of(load_pack(str(pack)), pack_texts(str(pack)), TOPICS)
        other = archive.parent / f"other-{refused}"
        build(str(other), made_log(sample(200, seed=5)), of=of, texts=pack_texts(str(pack)))
        for both in ((original, other), (other, original)):
            asked = ("replay", *both, "--table", "openings", "--jobs", 1)
            if refused:
                with pytest.raises(UserError, match="different thresholds or texts: --pack names"):
                    run(*asked)
                run(*asked, "--pack", tried)
            else:
                run(*asked)


@pytest.mark.parametrize("damage", DAMAGES[:3], ids=lambda damage: damage.__name__)
def test_what_verifies_is_salvaged_and_never_taken_for_whole(
    archive: Path, damage: Callable[[Path], tuple[Path, str]]
) -> None:
    """The offsets that are lost are listed, and every command says that something is."""
    damage(archive)
    saved = archive.parent / "saved"
    done = run("archive", "verify", archive, "--salvage", saved)
    lost = manifest_of(open_store(str(saved)))["head"]["lost"]
    assert lost
    for each in lost:
        stretch = f"offsets {each['base']} to {each['next'] - 1}"
        assert f"lost: {each['topic']}/{each['partition']} {stretch}" in done.stdout
    number = sum(each["next"] - each["base"] for each in lost)
    said = f"NOT WHOLE: {number} offset"
    assert said in run("archive", "verify", saved).stdout
    alone = ("--jobs", 1)
    assert said in run("replay", saved, "--table", "openings", *alone).stdout
    assert said in run("diff", saved, saved, *alone).stdout
    assert said in run("statement", saved, "--known-at", CUT_OFF, *alone).stdout
    assert json.loads(run("replay", saved, "--json", *alone).stdout)["lost"] == number
    assert json.loads(run("diff", saved, saved, "--json", *alone).stdout)["a"]["lost"] == number


def test_a_salvage_that_is_refused_leaves_nothing(archive: Path) -> None:
    """Without a whole pack or manifest there is nothing to hold the rest against."""
    for damage in (pack_changed, manifest_cut):
        damage(archive)
        saved = archive.parent / damage.__name__
        with pytest.raises(UserError, match=r"is needed"):
            run("archive", "verify", archive, "--salvage", saved)
        assert not files(saved)


def test_nothing_is_salvaged_into_the_archive_itself(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor into a folder of it, by whichever name; an object store is elsewhere."""
    truncated(archive)
    before = files(archive)
    for place in (archive, archive / "saved", f"file://{archive}/saved"):
        with pytest.raises(UserError, match="is in the archive"):
            run("archive", "verify", archive, "--salvage", place)
    assert files(archive) == before
    monkeypatch.chdir(archive)
    done = run("archive", "verify", ".", "--salvage", f"memory://saved/{archive.parent.name}")
    assert "salvaged, not whole" in done.stdout


def test_copies_that_disagree_are_refused(original: Path, tmp_path: Path) -> None:
    """Where their offsets overlap: with the offset and both places, however many processes."""
    log = made_log(sample(200, seed=5))
    place = ("made.observer", 1)
    log[place] = [r._replace(value=b"{}") if r.offset == 2 else r for r in log[place]]
    build(str(tmp_path / "other"), log)
    other, out = tmp_path / "other", tmp_path / "out"
    for jobs in (1, 2):
        with pytest.raises(UserError, match=r"made\.observer/1: offset 2 is one record in") as told:
            run("replay", original, other, "--jobs", jobs)
        assert str(original) in str(told.value)
        assert str(other) in str(told.value)
    with pytest.raises(UserError, match=r"made\.observer/1: offset 2 is one record in"):
        run("statement", original, other, "--known-at", CUT_OFF, "-o", out, "--jobs", 1)
    assert not out.exists()


def test_archives_of_two_elections_are_refused(original: Path, tmp_path: Path) -> None:
    """As copies of one log they never are."""
    build(str(tmp_path / "x"), {}, of=head(election="xx-2030"))
    for name in ("replay", "statement"):
        with pytest.raises(UserError, match="of election xx-2030, not of kz-2023-03-19"):
            run(name, original, tmp_path / "x")


def test_a_pack_that_does_not_fit_is_refused(original: Path, tmp_path: Path) -> None:
    """Of another election, or one that accepts other events; --accept-pack takes the second."""
    other = Path(shutil.copytree(pack_directory(PACK), tmp_path / "pack"))
    (other / "taxonomy.csv").write_text("code,name,phase\nother,Other,\n")
    out = tmp_path / "out"
    for name, more in (("replay", ()), ("statement", ("-o", out, "--known-at", CUT_OFF))):
        with pytest.raises(UserError, match="the archive of kz-2023-03-19"):
            run(name, original, "--pack", "st-petersburg-2021", *more)
        with pytest.raises(UserError, match="accepts other events than the archive's own"):
            run(name, original, "--pack", other, *more)
        assert not out.exists()
        run(name, original, "--pack", other, "--accept-pack", "--jobs", 1, *more)
    assert out.exists()
    with pytest.raises(UserError, match="the archive of kz-2023-03-19"):
        run("diff", original, original, "--pack", "st-petersburg-2021")


class TestHostile:
    """Manifests whose chain somebody computed anew, which anybody can."""

    @pytest.mark.parametrize("topic", ["../../../evil", "..", "a/b", ".", "", "\x1b[31mred"])
    def test_a_topic_is_no_path(self, archive: Path, topic: str) -> None:
        """A file is called by its topic: none leads out of the archive."""
        store = open_store(str(archive))
        manifest = manifest_of(store)
        manifest["head"]["topics"]["observer"] = topic
        rewrite(store, manifest)
        with pytest.raises(ManifestError, match="topics"):
            parse(store.read("manifest.json"))
        with pytest.raises(UserError, match="topics"):
            run("replay", archive)

    def test_an_election_is_no_terminal_code(self, archive: Path) -> None:
        """What is printed of a manifest cannot forge the rest of what is printed."""
        store = open_store(str(archive))
        manifest = manifest_of(store)
        manifest["head"]["election"] = "kz\x1b[2Jall is well"
        rewrite(store, manifest)
        assert run("archive", "verify", archive).return_value == 1
        assert "\x1b" not in run("archive", "verify", archive).stdout

    @pytest.mark.parametrize("file", ["../../../etc/hostname", "a\x00b", "/dev/zero", "\x1b[2Jb"])
    def test_a_segment_is_no_path(self, archive: Path, file: str) -> None:
        """Nothing outside is opened, and what is no name is told and not traced."""
        store = open_store(str(archive))
        manifest = manifest_of(store)
        manifest["segments"][0]["segment"]["file"] = file
        rewrite(store, manifest)
        done = run("archive", "verify", archive)
        assert done.return_value == 1
        assert "manifest.json: is damaged: segments.0.segment.file" in done.stdout
        with pytest.raises(UserError, match=r"segments\.0\.segment\.file"):
            run("replay", archive)

    def test_a_file_that_was_added_forges_no_line(self, archive: Path) -> None:
        """Whatever it is called."""
        (archive / "x\n\x1b[2J\udcffa: as it was written").write_text("")
        done = run("archive", "verify", archive)
        assert done.return_value == 1
        (line,) = done.stdout.splitlines()
        assert line.endswith(
            "x\ufffd\ufffd[2J\ufffda: as it was written: is not listed in the manifest"
        )

    @pytest.mark.parametrize("change", [b"\x00" * 600, None])
    def test_made_up_bytes_with_the_right_checksum(
        self, archive: Path, change: bytes | None
    ) -> None:
        """The decoders fail in ways of their own; each is told as what it is, not as a trace."""
        found = open_archive(str(archive)).manifest
        segments = [link.segment for link in found.segments]
        first, store = segments[0], open_store(str(archive))
        for step in range(0, first.bytes, 401):
            raw = bytearray(store.read(first.file))
            raw[step : step + 3] = b"\xfe\x01\xff" if change is None else change[:3]
            bad = _resealed(first, bytes(raw))
            path = archive / first.file
            kept = path.read_bytes()
            path.write_bytes(raw)
            manifest = Manifest(head=found.head).grown([bad, *segments[1:]])
            rewrite(store, json.loads(manifest.encoded()))
            done = run("archive", "verify", archive)
            # A flip in a record's own bytes leaves a segment that reads: that is for the chain
            # that was published, or the signature, to tell.
            if done.return_value:
                assert first.file in done.stdout
                with pytest.raises(UserError, match=r"segments/.*archive verify"):
                    run("replay", archive, "--jobs", 1, "--table", "openings")
            path.write_bytes(kept)

    def test_a_forgery_is_not_laundered(self, archive: Path, tmp_path: Path) -> None:
        """Nothing is salvaged from a manifest that its own signature is not of."""
        store = open_store(str(archive))
        manifest = manifest_of(store)
        manifest["signature"] = {
            "algorithm": "ed25519",
            "public_key": "11" * 32,
            "signature": "00" * 64,
        }
        rewrite(store, manifest)
        with pytest.raises(UserError, match="cannot be trusted"):
            run("archive", "verify", archive, "--salvage", tmp_path / "saved")
        assert not files(tmp_path / "saved")


def _resealed(segment: Segment, raw: bytes) -> Segment:
    more: dict[str, Any] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    return segment.model_copy(update=more)


def test_the_first_moment_is_that_of_the_first_record(original: Path) -> None:
    """A cut-off before all records is an empty state, not an error."""
    assert BEGAN == 1_679_270_400_000
    text = run("replay", original, "--known-at", "2023-03-19T23:59:59Z").stdout
    assert "0 records" in text
    assert isinstance(open_archive(str(original)).head, Head)
