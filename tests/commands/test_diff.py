"""`scrutineer diff`: two moments, two archives, and what became of what."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from streams.commands.diff import _told
from streams.errors import UserError
from streams.packs import pack_directory
from tests.archive.made import build, made_log
from tests.commands.test_archive import run
from tests.worker.sample import PACK, at, encoded, incident, triage

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


@pytest.fixture
def late(tmp_path: Path) -> str:
    """Of four events of one cell, a second apart in the log; the last happened second."""
    seconds = (0, 60, 120, 30)
    events = [
        encoded(incident(number, "KZ-75", second, category="tension"), "observer")
        for number, second in enumerate(seconds)
    ]
    build(str(tmp_path / "late"), made_log(events), rounds=1)
    return str(tmp_path / "late")


def test_what_had_happened_and_was_not_known_yet(late: str) -> None:
    """Of one moment: both sides by event time, one of them only as far as the log had come."""
    early = f"{late}@2023-03-20T00:00:01Z"
    by = ("--happened-by", at(60), "--table", "incidents")
    done = run("diff", early, late, *by)
    assert done.return_value == 1
    assert "reports 2 → 3" in done.stdout
    assert "events: 1 more, 0 gone" in done.stdout
    found = json.loads(run("diff", early, late, *by, "--json").stdout)
    assert [each["id"] for each in found["events"]] == ["i3-0"]
    assert {found[side]["happened_by"] for side in "ab"} == {found["a"]["now"]}
    assert found["a"]["now"] == found["b"]["now"]


def test_each_side_may_have_its_own_event_time(late: str) -> None:
    """What happened between two moments, whenever it became known."""
    names = ("--table", "incidents", "--json")
    found = json.loads(
        run(
            *("diff", late, late, "--happened-by-a", at(20), "--happened-by-b", at(60), *names)
        ).stdout
    )
    assert [each["id"] for each in found["events"]] == ["i1-0", "i3-0"]
    one = run("diff", late, late, "--happened-by", at(60), "--happened-by-a", at(20), *names)
    assert json.loads(one.stdout) == found


def test_the_same_is_0(archive: str, tmp_path: Path) -> None:
    """An archive of the same events in another order, of other sealings, does not differ."""
    build(str(tmp_path / "b"), made_log(reversed(EVENTS)), rounds=2)
    done = run("diff", archive, tmp_path / "b")
    assert done.return_value == 0
    assert "0 rows differ; events: 0 more, 0 gone" in done.stdout


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        (("--region", "KZ-75"), 3),
        (("--region", "KZ-61"), 1),
        (("--region", "KZ"), 4),
        (("--region", "KZ-75", "--table", "openings"), 0),
        (("--region", "KZ-10"), 0),
        (("--table", "restrictions"), 0),
        (("--table", "incidents"), 4),
        (("--region", "KZ-61", "--table", "incidents"), 1),
        (("--table", "openings", "--table", "incidents", "--region", "KZ-75"), 3),
    ],
)
def test_events_and_exit_status_are_of_what_was_asked(
    archive: str, asked: tuple[str, ...], more: int
) -> None:
    """Not of other regions, nor of types that feed none of the tables."""
    done = run("diff", f"{archive}@2023-03-19T00:00:00Z", archive, *asked)
    early = f"{archive}@2023-03-19T00:00:00Z"
    done = run("diff", early, archive, *asked)
    assert f"rows differ; events: {more} more, 0 gone" in done.stdout
    if "--table" in asked:
        # Without, there are rows that the clock alone changes.
        assert done.return_value == int(more > 0)
    found = json.loads(run("diff", early, archive, *asked, "--json").stdout)
    assert len(found["events"]) == more


def test_an_archive_can_be_compared_with_files(archive: str, tmp_path: Path) -> None:
    """What was published against what arrived."""
    lines = [event.value or b"" for event in EVENTS[:3]]
    (tmp_path / "sent.jsonl").write_bytes(b"\n".join(lines))
    pack = ("--pack", "kazakhstan-2023")
    done = run("diff", tmp_path / "sent.jsonl", archive, *pack, "--table", "incidents")
    assert "+ region=KZ-61 category=secrecy" in done.stdout


def test_a_name_may_end_like_a_time(archive: str, tmp_path: Path) -> None:
    """Of a copy that is named by its day."""
    copy = shutil.copytree(archive, tmp_path / "kept@20230319")
    assert run("diff", archive, copy, "--table", "openings", "--jobs", 1).exit_code == 0


def test_mistakes_are_told(archive: str, tmp_path: Path) -> None:
    """A moment without an offset, a place with an @, another election."""
    with pytest.raises(UserError, match="write a time with its offset"):
        run("diff", f"{archive}@2023-03-20T00:00:01", archive)
    with pytest.raises(UserError, match="me@home"):
        run("diff", "me@home", archive)
    with pytest.raises(UserError, match="--happened-by-b noon: write a time with its offset"):
        run("diff", archive, archive, "--happened-by-b", "noon")
    from tests.archive.made import head

    build(str(tmp_path / "x"), {}, of=head(acceptance="0" * 64))
    with pytest.raises(UserError, match="pack"):
        run("diff", tmp_path / "x", archive, "--pack", "st-petersburg-2021")


def changed_pack(folder: Path, name: str, old: str, new: str) -> Path:
    """The built-in pack with one text in one file replaced."""
    where = shutil.copytree(pack_directory(PACK), folder)
    text = (where / name).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (where / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return Path(where)


def test_what_if_a_threshold_were_another(tmp_path: Path) -> None:
    """The rows that it changes, with its name and both values below them; no event is blamed."""
    times = [*range(0, 18_000, 3_600), *range(18_000, 18_011)]
    events = [encoded(incident(n, "KZ-75", at), "observer") for n, at in enumerate(times)]
    build(str(tmp_path / "a"), made_log(events), rounds=1)
    text = "[judgement.alarms]"
    pack = changed_pack(tmp_path / "pack", "election.toml", text, f"{text}\nsurge_reports = 50")
    done = run("diff", tmp_path / "a", tmp_path / "a", "--pack-b", pack)
    assert done.return_value == 1
    surge, cause, total, rows, *_ = done.stdout.splitlines()
    assert surge.startswith("incidents_surge: region=KZ-75 reports=11 earlier=5")
    assert surge.endswith("surge true → false")
    assert cause == "    judgement: alarms.surge_reports 5 → 50"
    assert total == "pack: judgement: alarms.surge_reports 5 → 50"
    assert rows == "1 rows differ; events: 0 more, 0 gone"


def test_what_if_the_register_and_the_taxonomy_were_others(archive: str, tmp_path: Path) -> None:
    """Events that one pack accepts and the other does not are the causes of what they change."""
    pack = changed_pack(tmp_path / "pack", "taxonomy.csv", "secrecy,", "secrets,")
    done = run("diff", archive, archive, "--pack-b", pack, "--json")
    found = json.loads(done.stdout)
    assert [(each["id"], each["gone"]) for each in found["events"]] == [("i3-0", True)]
    (gone,) = (each for each in found["changes"] if each["table"] == "incidents")
    assert (gone["before"]["region"], gone["after"]) == ("KZ-61", None)
    assert [cause["id"] for cause in gone["causes"]] == ["i3-0"]
    assert {"taxonomy.csv: secrecy listed → nothing"} <= {
        f"{each['file']}: {each['key']} {each['before']} → {each['after'] or 'nothing'}"
        for each in found["packs"]
    }
    (refused,) = (each for each in found["changes"] if each["table"] == "rejected")
    assert refused["after"]["reason"] == "invalid_data"


def test_results_that_were_saved(archive: str, tmp_path: Path) -> None:
    """Of any version of the program: rows by table and region; and against an archive itself."""
    (tmp_path / "whole.json").write_text(run("replay", archive, "--json").stdout)
    early = run("replay", archive, "--known-at", "2023-03-20T00:00:01Z", "--json").stdout
    document = json.loads(early)
    document["version"] = "9.9"
    document["judgement"]["alarms.silent_minutes"] = 3
    (tmp_path / "early.json").write_text(json.dumps(document))
    names = ("--table", "incidents", "--region", "KZ-75")
    done = run("diff", tmp_path / "early.json", tmp_path / "whole.json", *names)
    live = run("diff", f"{archive}@2023-03-20T00:00:01Z", archive, *names)
    assert done.return_value == 1
    rows = [line for line in done.stdout.splitlines() if line.startswith("incidents")]
    assert rows == [line for line in live.stdout.splitlines() if line.startswith("incidents")] != []
    assert "pack: judgement: alarms.silent_minutes 3 → 45" in done.stdout
    assert "events are not known" in done.stdout
    assert "(saved), scrutineer 9.9" in done.stdout
    assert run("diff", tmp_path / "whole.json", archive).return_value == 0


def test_what_is_no_result(archive: str, tmp_path: Path) -> None:
    """Is told; and a result cannot be judged by another pack."""
    (tmp_path / "no.json").write_text("[]")
    with pytest.raises(UserError, match=r"no\.json: is not what `scrutineer replay --json` prints"):
        run("diff", tmp_path / "no.json", archive)
    (tmp_path / "a.json").write_text(run("replay", archive, "--json").stdout)
    with pytest.raises(UserError, match="no pack judges it anew"):
        run("diff", tmp_path / "a.json", archive, "--pack-a", PACK)
    moment = "2023-03-19T12:00:00Z"
    with pytest.raises(UserError, match=r"a\.json is a result already, of the moment asked"):
        run("diff", f"{tmp_path / 'a.json'}@2023-03-20T00:10:00Z", archive)
    with pytest.raises(UserError, match=r"a\.json: is a result already, of all events"):
        run("diff", tmp_path / "a.json", archive, "--happened-by", moment)
    done = run("diff", tmp_path / "a.json", archive, "--happened-by-b", moment)
    assert "2023-03-19T12:00:00Z (happened by)" in done.stdout


def test_ages_are_not_among_what_became_what() -> None:
    """A row that changed grew older as well: that is no news."""
    before = {"region": "KZ-75", "official": 0.5, "age_seconds": 60}
    after = {"region": "KZ-75", "official": 0.6, "age_seconds": 120}
    assert _told(before, after) == "region=KZ-75: official 0.5 → 0.6"
