"""Writing an archive: going on where it ended, and refusing what is not its own."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.archive.manifest import MANIFEST, Lost
from streams.archive.reading import open_archive
from streams.archive.segments import Record, SegmentWriter
from streams.archive.signing import keygen, private_key, public_key
from streams.archive.store import ObjectStore, open_store
from streams.archive.verifying import Expected, verify
from streams.archive.writing import ArchiveWriter, Policy
from streams.errors import UserError
from streams.packs import pack_texts
from tests.archive.made import Log, build, head, made_log, manifest_of, rewrite, writing
from tests.worker.sample import PACK, sample

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PLACE = ("made.observer", 0)


@cache
def _log() -> Log:
    return made_log(sample(60, seed=2))


def record(offset: int) -> Record:
    """A record."""
    return Record(offset, 1_000 + offset, 1, b"KZ-75", b"{}", ())


class Halted(BaseException):
    """The process is killed: nothing after it is done."""


@pytest.mark.parametrize("where", ["{folder}/a", "memory://writing/{folder}"])
@pytest.mark.parametrize("writes", range(12))
def test_cut_off_anywhere_and_gone_on_with_it_is_whole(
    tmp_path: Path, where: str, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of steps; the next run has every record once."""
    place = where.format(folder=tmp_path)
    store = open_store(place)
    left = writes

    def counted(name: str) -> None:
        nonlocal left
        put = getattr(type(store), name)

        def step(*arguments: object) -> None:
            nonlocal left
            if not left:
                raise Halted
            left -= 1
            put(store, *arguments)

        monkeypatch.setattr(store, name, step)

    for name in ("put", "write"):
        counted(name)
    records = [record(n) for n in range(6)]
    try:
        with writing(store) as writer:
            for each in records[:4]:
                writer.append(PLACE, each)
                if each.offset % 2:
                    writer.seal([PLACE], writer.next)
    except Halted:
        pass
    build(place, {PLACE: records}, rounds=1)
    assert verify(open_store(place), Expected(), lambda _: None).problems == []
    assert list(open_archive(place).records(PLACE)) == records


def test_a_leftover_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    """A segment that no manifest lists is made again, and said to be."""
    store = build(str(tmp_path / "a"), _log())
    with store.locked() as scratch:
        (scratch / "half").write_bytes(b"x")
        store.write("segments/made.observer/00000/00000000000000099999.avro", b"Obj")
    with writing(store) as writer:
        assert writer.removed == ["segments/made.observer/00000/00000000000000099999.avro"]
    assert verify(store, Expected(), lambda _: None).problems == []


def test_what_somebody_keeps_beside_the_archive_stays(tmp_path: Path) -> None:
    """Only leftovers of an archiver are removed: no key, no page, no archive in a folder of it."""
    store = build(str(tmp_path / "a"), _log())
    build(str(tmp_path / "a" / "second"), _log())
    kept = ("mission.key", "statement.html", "segments/made.observer/notes.txt", "segments/x.avro")
    for name in kept:
        (tmp_path / "a" / name).write_text("kept")
    before = set(store.names())
    with writing(store) as writer:
        assert writer.removed == []
    assert set(store.names()) == before >= {*kept, "second/manifest.json"}
    found = {each.file for each in verify(store, Expected(), lambda _: None).problems}
    assert found >= set(kept)


def test_positions_may_be_beyond_the_last_record(tmp_path: Path) -> None:
    """Marks of transactions take offsets: they are holes, not gaps."""
    store = open_store(str(tmp_path / "a"))
    with writing(store) as writer:
        writer.append(PLACE, record(2))
        (segment,) = writer.seal([PLACE], {PLACE: 5})
        assert (segment.base, segment.next, segment.holes) == (0, 5, 4)
        writer.append(PLACE, record(7))
        writer.seal([PLACE], {PLACE: 8})
    assert verify(store, Expected(), lambda _: None).problems == []


def test_a_segment_is_sealed_by_size_and_by_age(tmp_path: Path) -> None:
    """Whichever comes first."""
    now = 0.0
    store = open_store(str(tmp_path / "a"))
    with store.locked() as scratch:
        writer = ArchiveWriter(store, scratch, Policy(200_000, 60), None, lambda: now)
        writer.begin(head(), pack_texts(PACK))
        writer.append(PLACE, record(0))
        writer.append(("made.desk", 1), record(0))
        assert writer.due() == []
        for number in range(1, 400):
            value = os.urandom(1_000)
            writer.append(PLACE, Record(number, 1, 1, None, value, ()))
        assert writer.due() == [PLACE]
        now = 60.0
        assert set(writer.due()) == {PLACE, ("made.desk", 1)}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"election": "xx-2030"}, "of election kz-2023-03-19, not of xx-2030"),
        ({"partitions": 12}, "of 3 partitions, not of 12"),
        ({"acceptance": "0" * 64}, "pack that accepts other events"),
        (
            {"topics": {"observer": "x.observer", "official": "x.official", "desk": "x.desk"}},
            "not of x.observer",
        ),
    ],
)
def test_another_log_is_not_archived_into_it(
    tmp_path: Path, other: dict[str, object], told: str
) -> None:
    """What differs is told; the archive stays as it is."""
    store = build(str(tmp_path / "a"), _log())
    before = store.read(MANIFEST)
    with pytest.raises(UserError, match=told), writing(store, of=head(**other)):
        pass
    assert store.read(MANIFEST) == before


def test_a_damaged_or_salvaged_archive_is_not_gone_on_with(tmp_path: Path) -> None:
    """Its chain must hold before anything is added."""
    store = build(str(tmp_path / "a"), _log())
    manifest = manifest_of(store)
    manifest["segments"].reverse()
    rewrite(store, manifest)
    with pytest.raises(UserError, match="the chain breaks"), writing(store):
        pass
    lost = Lost(topic="made.desk", partition=0, base=0, next=5)
    other = build(str(tmp_path / "b"), {}, rounds=1, of=head(lost=(lost,)))
    with pytest.raises(UserError, match="salvaged"), writing(other):
        pass
    with store.locked():
        store.write(MANIFEST, b"{")
    with pytest.raises(UserError, match=r"manifest\.json"), writing(store):
        pass


def test_a_place_with_other_things_is_refused(tmp_path: Path) -> None:
    """Nothing of them is touched."""
    (tmp_path / "letter.txt").write_text("dear all")
    store = open_store(str(tmp_path))
    with pytest.raises(UserError, match=r"letter\.txt"), writing(store):
        pass
    assert store.names() == ["letter.txt"]


def test_two_writers_are_kept_apart(tmp_path: Path) -> None:
    """In a directory by a lock, in an object store when the second finds the first's work."""
    store = open_store(str(tmp_path / "a"))
    with (
        store.locked(),
        pytest.raises(UserError, match="another process archives"),
        open_store(str(tmp_path / "a")).locked(),
    ):
        pass
    shared = f"memory://writing/{tmp_path}/two"
    with writing(open_store(shared)) as first, writing(open_store(shared)) as second:
        first.append(PLACE, record(0))
        first.seal([PLACE], {PLACE: 1})
        second.append(PLACE, record(0))
        with pytest.raises(UserError, match="another process archives"):
            second.seal([PLACE], {PLACE: 1})


class TestKeys:
    """Key files, and signatures while an archive grows."""

    def test_a_key_signs_every_manifest(self, tmp_path: Path) -> None:
        """From the first one on; without it the archive is not gone on with."""
        store = build(str(tmp_path / "a"), _log(), rounds=2, key=KEY)
        expected = Expected(KEY.public_key())
        assert verify(store, expected, lambda _: None).problems == []
        with pytest.raises(UserError, match="go on with --sign"), writing(store):
            pass

    def test_an_archive_can_be_signed_later(self, tmp_path: Path) -> None:
        """Though nothing is added."""
        store = build(str(tmp_path / "a"), _log())
        with writing(store, KEY) as writer:
            writer.sign()
        assert verify(store, Expected(KEY.public_key()), lambda _: None).problems == []

    def test_keygen(self, tmp_path: Path) -> None:
        """The private key is for its owner's eyes; neither file is ever overwritten."""
        public, text = keygen(tmp_path / "k")
        assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
        assert public == tmp_path / "k.pub"
        raw = private_key(tmp_path / "k").public_key().public_bytes_raw()
        assert raw == public_key(public).public_bytes_raw() == bytes.fromhex(text)
        before = (tmp_path / "k").read_bytes()
        with pytest.raises(UserError, match="no key is written: File exists"):
            keygen(tmp_path / "k")
        assert (tmp_path / "k").read_bytes() == before

    def test_what_is_no_key_is_told(self, tmp_path: Path) -> None:
        """By what it is."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
            PublicFormat,
        )

        (tmp_path / "x").write_text("no key")
        other = X25519PrivateKey.generate()
        plain = NoEncryption()
        pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, plain)
        (tmp_path / "y").write_bytes(pem)
        spki = PublicFormat.SubjectPublicKeyInfo
        (tmp_path / "y.pub").write_bytes(other.public_key().public_bytes(Encoding.PEM, spki))
        for read, file, told in (
            (private_key, "x", "no private key"),
            (private_key, "y", "no Ed25519 key"),
            (private_key, "z", "cannot be read"),
            (public_key, "x", "no public key"),
            (public_key, "y.pub", "no Ed25519 key"),
            (public_key, "z", "cannot be read"),
        ):
            with pytest.raises(UserError, match=told):
                read(tmp_path / file)


class TestStores:
    """Where archives are kept."""

    def test_a_store_that_nothing_can_open(self) -> None:
        """Is told, with what is missing where fsspec says so."""
        with pytest.raises(UserError, match="nosuch"):
            open_store("nosuch://bucket/x")

    def test_a_file_url_is_a_directory(self, tmp_path: Path) -> None:
        """With its lock."""
        store = build(f"file://{tmp_path}/a", _log())
        assert store.where == f"{tmp_path}/a"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_directory_that_may_not_be_written(self, tmp_path: Path) -> None:
        """Is the user's to mend."""
        tmp_path.chmod(0o500)
        with (
            pytest.raises(UserError, match="Permission denied"),
            writing(open_store(str(tmp_path))),
        ):
            pass

    def test_a_file_in_the_way(self, tmp_path: Path) -> None:
        """Is told by its name."""
        (tmp_path / "f").write_text("x")
        with pytest.raises(UserError, match="f"), writing(open_store(str(tmp_path / "f"))):
            pass

    def test_a_full_disk_is_told_with_its_file(self, tmp_path: Path) -> None:
        """The system's error about a write names none."""
        store = open_store(str(tmp_path / "a"))
        with store.locked() as scratch:
            (scratch / "manifest.json").symlink_to("/dev/full")
            with pytest.raises(UserError, match=r"/manifest\.json: No space left"):
                store.write("manifest.json", b"{}")
        full = tmp_path / "x.avro"
        full.symlink_to("/dev/full")
        writer = SegmentWriter(full, *PLACE, 0)
        writer.add(record(0))
        with pytest.raises(UserError, match=r"/x\.avro: No space left"):
            writer.finish(1)

    def test_a_store_that_fails_for_a_moment_is_tried_again(self, tmp_path: Path) -> None:
        """With growing pauses, five times in all; then it is told."""
        waited: list[float] = []
        store = ObjectStore(f"memory://stores/{tmp_path}", waited.append)
        failures = 4
        pipe = store._fs.pipe_file

        def flaky(path: str, data: bytes) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise ConnectionResetError("reset")
            pipe(path, data)

        store._fs = _Instead(store._fs, flaky)
        store.write("a", b"x")
        assert store.read("a") == b"x"
        assert waited == [1.0, 2.0, 4.0, 8.0]
        failures = 5
        with pytest.raises(UserError, match="ConnectionResetError: reset"):
            store.write("b", b"x")
        assert store.names() == ["a"]


class _Instead:
    """A file system with another ``pipe_file``."""

    def __init__(self, fs: object, pipe_file: object) -> None:
        self._fs, self.pipe_file = fs, pipe_file

    def __getattr__(self, name: str) -> object:
        return getattr(self._fs, name)
