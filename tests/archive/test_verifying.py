"""Verifying an archive: whatever is done to a file is found, and named."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import fsspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.archive.manifest import MANIFEST, Lost, Manifest, Problem, parse
from streams.archive.reading import Archive, Archives, left_of, open_archive
from streams.archive.signing import signed
from streams.archive.store import Store, open_store
from streams.archive.verifying import Expected, Verdict, salvage, verify
from streams.errors import UserError
from tests.archive.made import Log, build, files, made_log, manifest_of, rewrite
from tests.worker.sample import sample

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@cache
def _log() -> Log:
    return made_log(sample(120, seed=5))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that nobody touches, of two segments for each place."""
    root = tmp_path_factory.mktemp("archive") / "a"
    build(str(root), _log())
    return root


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(original, tmp_path / "a"))


ANY = Expected()


def look(where: Path | str, expected: Expected = ANY) -> Verdict:
    """The verdict."""
    return verify(open_store(str(where)), expected, lambda _: None)


def found(where: Path | str, expected: Expected = ANY) -> list[str]:
    """The problems as texts."""
    return [f"{each.file}: {each.what}" for each in look(where, expected).problems]


def test_what_was_written_verifies(original: Path) -> None:
    """Nothing is found where nothing is wrong."""
    assert found(original) == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_byte_is_found_and_named(original: Path, data: st.DataObject) -> None:
    """In any file of the archive."""
    contents = files(original)
    name = data.draw(st.sampled_from(sorted(contents)))
    place = data.draw(st.integers(0, len(contents[name]) - 1))
    flip = data.draw(st.integers(1, 255))
    raw = bytearray(contents[name])
    raw[place] ^= flip
    with changed(original / name, bytes(raw)):
        verdict = look(original)
    assert name in {problem.file for problem in verdict.problems}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_file_cut_or_gone_is_found_and_named(original: Path, data: st.DataObject) -> None:
    """However much of it is left."""
    contents = files(original)
    name = data.draw(st.sampled_from(sorted(contents)))
    left = data.draw(st.none() | st.integers(0, len(contents[name]) - 1))
    with changed(original / name, None if left is None else contents[name][:left]):
        verdict = look(original)
    assert name in {problem.file for problem in verdict.problems}


class changed:  # noqa: N801 - reads as a verb
    """``with changed(path, raw):`` the file holds ``raw``, or is gone."""

    def __init__(self, path: Path, raw: bytes | None) -> None:
        self._path, self._raw, self._before = path, raw, path.read_bytes()

    def __enter__(self) -> None:
        if self._raw is None:
            self._path.unlink()
        else:
            self._path.write_bytes(self._raw)

    def __exit__(self, *_: object) -> None:
        self._path.write_bytes(self._before)


def test_swapped_segments_are_told_as_what_they_are(archive: Path) -> None:
    """Each holds the other's bytes."""
    first, second = sorted((archive / "segments" / "made.observer" / "00000").iterdir())
    raw = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(raw)
    names = [f"segments/made.observer/00000/{each.name}" for each in (first, second)]
    assert f"{names[0]}: holds the bytes of {names[1]}" in found(archive)
    assert f"{names[1]}: holds the bytes of {names[0]}" in found(archive)


def test_an_added_file_is_found(archive: Path) -> None:
    """Also one that looks like the next segment."""
    extra = archive / "segments" / "made.observer" / "00000" / f"{10**6:020d}.avro"
    shutil.copy(next(iter(extra.parent.iterdir())), extra)
    name = extra.relative_to(archive).as_posix()
    assert found(archive) == [f"{name}: is not listed in the manifest"]


def test_a_segment_that_an_archiver_adds_meanwhile_is_none_too_many(archive: Path) -> None:
    """The manifest that counts is the one that is there when the file was."""
    store = open_store(str(archive))
    early, old = store.read(MANIFEST), parse(store.read(MANIFEST))
    newest = old.segments[-1].segment
    with store.locked():
        store.write(MANIFEST, Manifest(head=old.head, segments=old.segments[:-1]).encoded())

    class Late:
        """Reads the shorter manifest first."""

        where = store.where
        reads = 0

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def read(self, name: str) -> bytes:
            self.reads += name == MANIFEST
            if name == MANIFEST and self.reads > 1:
                return early
            return store.read(name)

    verdict = verify(Late(), Expected(), lambda _: None)  # type: ignore[arg-type]
    assert newest.file in store.names()
    assert verdict.problems == []


@pytest.mark.parametrize("change", [lambda s: s.reverse(), lambda s: s.pop(1), lambda s: s.pop(0)])
def test_an_edited_list_is_found(archive: Path, change: Callable[[list[object]], object]) -> None:
    """Reversed, or shortened in its midst or at its start."""
    store = open_store(str(archive))
    manifest = manifest_of(store)
    change(manifest["segments"])
    rewrite(store, manifest)
    assert any(each.startswith("manifest.json: segment ") for each in found(archive))


def test_times_that_nobody_stamped_are_found(archive: Path) -> None:
    """In a list that was made anew: a later end would hide what nobody archived."""
    store = open_store(str(archive))
    manifest = parse(store.read(MANIFEST))
    segments = [link.segment for link in manifest.segments]
    later = segments[1].model_copy(update={"latest": segments[1].latest + 1})
    edited = Manifest(head=manifest.head).grown([segments[0], later, *segments[2:]])
    with store.locked():
        store.write(MANIFEST, edited.encoded())
    told = "holds records of other times than the manifest says"
    assert found(archive) == [f"{later.file}: {told}"]


def test_a_manifest_that_is_gone_is_told(archive: Path) -> None:
    """Nothing can be said of the rest; of nothing at all nothing is said."""
    (archive / MANIFEST).unlink()
    assert look(archive) == (None, [Problem(MANIFEST, "is missing")], True)
    with pytest.raises(UserError, match="there is no archive"):
        look(archive / "nowhere")


class TestSignatures:
    """Whose archive it is."""

    expected = Expected(KEY.public_key())

    def test_a_signature_verifies(self, tmp_path: Path) -> None:
        """By its key."""
        build(str(tmp_path / "a"), _log(), key=KEY)
        assert found(tmp_path / "a", self.expected) == []

    def test_none_where_one_is_asked_for(self, archive: Path) -> None:
        """Is a problem; where none is asked for it is not."""
        assert found(archive, self.expected) == ["manifest.json: is not signed"]

    def test_another_key(self, tmp_path: Path) -> None:
        """Whoever signs with his own is found out by who knows the right one."""
        other = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
        store = build(str(tmp_path / "a"), _log(), key=KEY)
        manifest = parse(store.read(MANIFEST))
        with store.locked():
            store.write(MANIFEST, signed(manifest, other).encoded())
        assert found(tmp_path / "a") == []
        assert "signed by another key" in found(tmp_path / "a", self.expected)[0]

    def test_a_list_made_anew(self, tmp_path: Path) -> None:
        """The chain can be computed by anybody; the signature of another list is wrong."""
        store = build(str(tmp_path / "a"), _log(), key=KEY)
        manifest = parse(store.read(MANIFEST))
        shorter = Manifest(head=manifest.head).grown(
            link.segment for link in manifest.segments[:-1]
        )
        with store.locked():
            store.write(
                MANIFEST, shorter.model_copy(update={"signature": manifest.signature}).encoded()
            )
        texts = found(tmp_path / "a", self.expected)
        assert "manifest.json: the signature is not of this manifest" in texts

    def test_a_cut_end_is_found_by_what_was_published(self, original: Path) -> None:
        """An archive that is shorter than the chain that was read out on the evening."""
        manifest = open_archive(str(original)).manifest
        for chain in (manifest.chain, manifest.segments[2].chain):
            assert found(original, Expected(chain=chain)) == []
        assert "was published is not in it" in found(original, Expected(chain="0" * 64))[0]


def test_salvage_keeps_what_verifies_and_lists_what_is_lost(archive: Path, tmp_path: Path) -> None:
    """As an archive that verifies, with the rest's records, that says what it lacks."""
    whole = open_archive(str(archive))
    place = ("made.observer", 1)
    first, second = whole.segments[place]
    kept = {p: list(whole.records(p)) for p in whole.ends}
    (archive / first.file).write_bytes(b"Obj")
    (archive / whole.segments["made.official", 0][1].file).unlink()
    store, target = open_store(str(archive)), open_store(str(tmp_path / "out"))
    with target.locked() as scratch:
        lost = salvage(store, look(archive), target, scratch)
    told = {(each.topic, each.partition, each.base, each.next) for each in lost}
    gone = whole.segments["made.official", 0][1]
    assert told == {(*place, 0, first.next), ("made.official", 0, gone.base, gone.next)}
    assert found(tmp_path / "out") == []
    saved = open_archive(str(tmp_path / "out"))
    for each in saved.ends:
        gaps = [range(base, end) for topic, number, base, end in told if (topic, number) == each]
        left = [r for r in kept[each] if not any(r.offset in gap for gap in gaps)]
        assert list(saved.records(each)) == left
    assert saved.ends[place] == second.next


def test_what_was_lost_stays_lost(archive: Path, tmp_path: Path) -> None:
    """Salvaged once more: also where the end of a partition was lost, or all of it."""
    whole = open_archive(str(archive))
    gone = [*whole.segments["made.observer", 1], whole.segments["made.official", 0][1]]
    for each in gone:
        (archive / each.file).unlink()
    stores = [open_store(str(archive)), *(open_store(str(tmp_path / name)) for name in "bc")]
    lost = []
    for source, target in itertools.pairwise(stores):
        with target.locked() as scratch:
            lost.append(salvage(source, look(source.where), target, scratch))
        assert found(target.where) == []
    assert lost[0] == lost[1]
    assert len(lost[0]) == 2
    assert Archives([open_archive(stores[2].where)]).lost() == lost[0]


def test_two_damaged_copies_make_a_whole(original: Path, tmp_path: Path) -> None:
    """What one was salvaged without the other has."""
    outs = []
    for number in range(2):
        damaged = Path(shutil.copytree(original, tmp_path / f"d{number}"))
        victim = open_archive(str(damaged)).segments["made.observer", number][0]
        (damaged / victim.file).unlink()
        out = open_store(str(tmp_path / f"out{number}"))
        with out.locked() as scratch:
            assert salvage(open_store(str(damaged)), look(damaged), out, scratch)
        outs.append(open_archive(out.where))
    both, whole = Archives(outs), Archives([open_archive(str(original))])
    assert both.lost() == []
    assert Archives(outs[:1]).lost() != []
    for place in whole.archives[0].ends:
        assert list(both.records(place)) == list(whole.records(place))


def test_what_a_shorter_copy_lacks_is_lost_in_any_order(original: Path, tmp_path: Path) -> None:
    """A copy of the morning beside what was salvaged of the day: of both something is lost."""
    place = ("made.observer", 1)
    half = {each: records[: len(records) // 2] for each, records in _log().items()}
    morning = build(str(tmp_path / "morning"), half)
    damaged = Path(shutil.copytree(original, tmp_path / "damaged"))
    for victim in open_archive(str(damaged)).segments[place]:
        (damaged / victim.file).unlink()
    out = open_store(str(tmp_path / "out"))
    with out.locked() as scratch:
        salvage(open_store(str(damaged)), look(damaged), out, scratch)
    copies = [open_archive(morning.where), open_archive(out.where)]
    lost = Lost(topic=place[0], partition=1, base=len(half[place]), next=len(_log()[place]))
    assert Archives(copies).lost() == Archives(copies[::-1]).lost() == [lost]


_stretches = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5)), max_size=4)


@given(_stretches, _stretches)
def test_what_is_left_of_stretches(lost: list[tuple[int, int]], had: list[tuple[int, int]]) -> None:
    """Each offset that is in one and in none of the others, once."""
    gone, there = ([(low, low + size) for low, size in each] for each in (lost, had))
    left = [number for low, high in left_of(gone, there) for number in range(low, high)]
    assert left == sorted(
        {number for low, high in gone for number in range(low, high)}
        - {number for low, high in there for number in range(low, high)}
    )


@pytest.mark.parametrize("name", [MANIFEST, "pack/regions.csv"])
def test_nothing_is_salvaged_on_trust(archive: Path, tmp_path: Path, name: str) -> None:
    """Without a manifest or a whole pack there is nothing to hold the rest against."""
    (archive / name).write_bytes(b"{}")
    target = open_store(str(tmp_path / "out"))
    with pytest.raises(UserError, match=name), target.locked() as scratch:
        salvage(open_store(str(archive)), look(archive), target, scratch)
    assert target.names() == []


def test_nothing_is_salvaged_of_a_forgery_or_onto_something(archive: Path, tmp_path: Path) -> None:
    """Both are told."""
    store, target = open_store(str(archive)), open_store(str(tmp_path / "out"))
    forged = look(archive, Expected(KEY.public_key()))
    with target.locked() as scratch:
        with pytest.raises(UserError, match="cannot be trusted"):
            salvage(store, forged, target, scratch)
        target.write("note", b"mine")
        with pytest.raises(UserError, match="there is note already"):
            salvage(store, look(archive), target, scratch)


@pytest.fixture
def memory() -> str:
    """A place in fsspec's memory."""
    where = "memory://archives/kz"
    fs, root = fsspec.core.url_to_fs(where)
    if fs.exists(root):
        fs.rm(root, recursive=True)
    return where


def test_an_object_store_holds_the_same_files(memory: str, original: Path) -> None:
    """And what is done to them there is found too."""
    store = build(memory, _log())
    assert {name: store.read(name) for name in store.names()} == files(original)
    assert found(memory) == []
    victim = open_archive(memory).segments["made.observer", 0][0].file
    store.write(victim, store.read(victim)[:-9])
    assert f"{victim}: is truncated" in found(memory)[0]
    store.remove(victim)
    assert f"{victim}: is missing" in found(memory)
    target: Store = open_store("memory://archives/kz-saved")
    with target.locked() as scratch:
        salvage(store, look(memory), target, scratch)
    assert found("memory://archives/kz-saved") == []


def test_copies_that_disagree_are_told(original: Path, tmp_path: Path) -> None:
    """By offset, with both archives; also where one has a record more."""
    place = ("made.official", 0)
    log = dict(_log())
    log[place] = [r._replace(value=b"?") if r.offset == 1 else r for r in log[place]]
    build(str(tmp_path / "other"), log)
    mine, other = open_archive(str(original)), open_archive(str(tmp_path / "other"))
    with pytest.raises(UserError, match=r"made\.official/0: offset 1 is one record in .* another"):
        list(Archives([mine, other]).records(place))
    log[place] = [r for r in _log()[place] if r.offset != 1]
    build(str(tmp_path / "holes"), log)
    holes = open_archive(str(tmp_path / "holes"))
    for copies in ([mine, holes], [holes, mine]):
        with pytest.raises(UserError, match=r"offset 1 is a record in .* and none in"):
            list(Archives(copies).records(place))


def test_copies_of_different_ends_are_one(original: Path, tmp_path: Path) -> None:
    """The shorter adds nothing and takes nothing."""
    log = {place: records[: len(records) // 2] for place, records in _log().items()}
    build(str(tmp_path / "short"), log, rounds=1)
    pair = [open_archive(str(tmp_path / "short")), open_archive(str(original))]
    for copies in itertools.permutations(pair):
        both = Archives(list(copies))
        for place, records in _log().items():
            assert list(both.records(place)) == records
            assert both.end(place) == len(records)
            assert both.count(place) == len(records)


def test_archives_of_different_logs_are_refused(original: Path, tmp_path: Path) -> None:
    """What differs is told."""
    from tests.archive.made import head

    build(str(tmp_path / "x"), {}, of=head(election="other"))
    pair: list[Archive] = [open_archive(str(original)), open_archive(str(tmp_path / "x"))]
    with pytest.raises(UserError, match="of election other, not of kz-2023-03-19"):
        Archives(pair)
