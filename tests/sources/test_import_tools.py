"""The shipped mappings for other tools' exports, on the samples that the documentation carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from schemas import Accepted, read
from streams.cli import run
from streams.packs import load_pack
from tests.data import ROOT

SAMPLES = ROOT / "docs" / "examples" / "import"
PACK = "kazakhstan-2023"
INCIDENT, RESTRICTION, VISIT = (
    f"election.observer.{kind}.v1" for kind in ("incident", "restriction", "visit")
)
TOOLS = {
    "odk-central-visits": ("odk-central.json", [VISIT] * 3),
    "odk-central-problems": ("odk-central.json", [RESTRICTION, INCIDENT, RESTRICTION]),
    "odk-central-visits-csv": ("station_visit.csv", [VISIT] * 3),
    "odk-central-problems-csv": (
        "station_visit-problems.csv",
        [RESTRICTION, INCIDENT, RESTRICTION],
    ),
    "kobotoolbox-visits": ("kobotoolbox.json", [VISIT] * 3),
    "kobotoolbox-problems": ("kobotoolbox.json", [INCIDENT, RESTRICTION, RESTRICTION]),
    "apollo-checklist": ("apollo-checklist.csv", [VISIT] * 3),
    "apollo-incidents": ("apollo-incidents.json", [INCIDENT, INCIDENT, RESTRICTION, INCIDENT]),
    "vote-monitor-forms": ("vote-monitor-forms.json", [VISIT] * 2),
    "vote-monitor-quick-reports": (
        "vote-monitor-quick-reports.xlsx",
        [RESTRICTION, INCIDENT, INCIDENT],
    ),
}
"""The sample of each mapping, and the types of the events that it gives."""

Event = dict[str, Any]


class Files:
    """Imports into files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def bring(self, mapping: str, file: Path | str, *more: str, to: str = "out.jsonl") -> Path:
        """Import a sample, or a file; the path of the events."""
        out = self.folder / to
        path = str(SAMPLES / file)
        assert run(["import", mapping, path, "--pack", PACK, "-o", str(out), *more]) == 0
        return out

    def events(self, mapping: str, file: Path | str, *more: str) -> list[Event]:
        """The events themselves."""
        return [
            json.loads(line) for line in self.bring(mapping, file, *more).read_bytes().splitlines()
        ]

    def edited(self, name: str, *changes: tuple[str, str]) -> Path:
        """A sample with texts replaced."""
        text = (SAMPLES / name).read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = self.folder / f"edited-{name}"
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder to import into."""
    return Files(tmp_path)


@pytest.mark.parametrize("mapping", TOOLS)
def test_a_sample_gives_its_events(files: Files, mapping: str) -> None:
    """A reader of the log accepts all of them, and nothing that names a person is in them."""
    file, types = TOOLS[mapping]
    raw = files.bring(mapping, file).read_bytes()
    pack = load_pack(PACK)
    assert all(isinstance(read(line, None, pack), Accepted) for line in raw.splitlines())
    assert [json.loads(line)["type"] for line in raw.splitlines()] == types
    for personal in (b"Tablet", b"Observer 1", b"desk", b"https://", b"signature", b".jpg"):
        assert personal not in raw


@pytest.mark.parametrize("mapping", TOOLS)
def test_the_same_export_again_is_nothing_new(files: Files, mapping: str) -> None:
    """The same bytes, hence the same ids; beside what was imported before, no event at all."""
    file, _ = TOOLS[mapping]
    first = files.bring(mapping, file, to="first.jsonl")
    assert files.bring(mapping, file, to="second.jsonl").read_bytes() == first.read_bytes()
    before = ["--previous", str(first), "--complete"]
    assert files.bring(mapping, file, *before, to="third.jsonl").read_bytes() == b""


def test_a_visit_of_odk_central(files: Files) -> None:
    """Choices become answers, the device's offset stays, what was not asked is left out."""
    counting, voting, opening = files.events("odk-central-visits", "odk-central.json")
    assert voting["time"] == "2023-03-19T11:05:00+06:00"
    assert voting["data"] == {
        "report_id": "uuid:7e570000-0000-4000-8000-000000000001",
        "region": "KZ-75",
        "station": "75-0331",
        "observer": "odk-17",
        "observer_group": "citizen",
        "phase": "voting",
        "arrived": "2023-03-19T11:05:00+06:00",
        "left": "2023-03-19T11:50:00+06:00",
        "rating": "bad",
        "answers": {
            "identity_checked": "yes",
            "secrecy_ensured": "yes",
            "view_unobstructed": "no",
            "step_free": "no",
        },
        "revision": 0,
    }
    assert counting["data"]["answers"] == {"step_free": "yes"}
    assert opening["data"]["answers"]["step_free"] == "not_observed"
    assert "left" not in opening["data"]


def test_both_tools_give_the_same_reports(files: Files) -> None:
    """The form is one, and so is what it says; only Central knows the app user."""
    for kind in ("visits", "problems"):
        odk = files.events(f"odk-central-{kind}", "odk-central.json")
        kobo = files.events(f"kobotoolbox-{kind}", "kobotoolbox.json")
        for event in odk:
            del event["data"]["observer"]
        assert sorted(odk, key=lambda e: e["id"]) == sorted(kobo, key=lambda e: e["id"])


def test_the_csv_export_of_odk_central_says_what_its_feed_does(files: Files) -> None:
    """The same reports with the same ids; the file of a repeat does not know the app user."""
    assert files.events("odk-central-visits", "odk-central.json") == files.events(
        "odk-central-visits-csv", "station_visit.csv"
    )
    feed = files.events("odk-central-problems", "odk-central.json")
    for event in feed:
        del event["data"]["observer"]
    assert feed == files.events("odk-central-problems-csv", "station_visit-problems.csv")


def test_an_edit_a_rejection_and_a_deletion_of_odk_central(files: Files) -> None:
    """Each is a higher revision of the same report, counted from the submission."""
    later = files.edited(
        "odk-central-later.json",
        ('"deletedAt": null', '"deletedAt": "2023-03-19T23:00:00.000Z"'),
        ('"reviewState": "rejected"', '"reviewState": null'),
    )
    edited = files.events("odk-central-visits", "odk-central-later.json")
    deleted = files.events("odk-central-visits", later)
    revisions = {e["data"]["report_id"][-1]: e["data"]["revision"] for e in edited}
    assert revisions == {"4": 0, "2": 6_599, "1": 4_697, "3": 0}
    assert [e["data"]["report_id"][-1] for e in edited if e["data"].get("withdrawn")] == ["2"]
    assert all(e["data"]["withdrawn"] for e in deleted)
    assert all(
        one["data"]["revision"] > other["data"]["revision"]
        for one, other in zip(deleted, edited, strict=True)
    )


def tables(capfd: pytest.CaptureFixture[str], *events: Path) -> dict[str, Any]:
    """What a replay of the files shows, but for its record of what came in and was corrected."""
    capfd.readouterr()
    assert run(["replay", "--pack", PACK, "--json", *map(str, events)]) == 0
    shown: dict[str, Any] = json.loads(capfd.readouterr().out)["tables"]
    return {name: rows for name, rows in shown.items() if name not in ("corrections", "rejected")}


def test_the_last_export_alone_gives_what_all_of_them_do(
    files: Files, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of visits at Central: no export in between had to be seen, in whatever order they come."""
    first = files.bring("odk-central-visits", "odk-central.json", to="1.jsonl")
    later = files.bring("odk-central-visits", "odk-central-later.json", to="2.jsonl")
    last = tables(capfd, later)
    assert last["visits"]
    assert tables(capfd, first, later) == tables(capfd, later, first) == last


def test_revisions_of_kobotoolbox_go_on_from_what_was_imported(files: Files) -> None:
    """By one; what did not change is no event; a rejection withdraws."""
    first = files.bring("kobotoolbox-visits", "kobotoolbox.json", to="first.jsonl")
    before = ["--previous", str(first), "--complete"]
    later = files.events("kobotoolbox-visits", "kobotoolbox-later.json", *before)
    assert [
        (e["data"]["report_id"][-1], e["data"]["revision"], e["data"].get("withdrawn", False))
        for e in later
    ] == [("1", 1, False), ("2", 1, True), ("4", 0, False)]
    assert later[0]["data"]["answers"]["step_free"] == "yes"


@pytest.mark.parametrize("tool", ["odk-central", "kobotoolbox"])
def test_what_is_gone_is_withdrawn_when_the_export_is_complete(files: Files, tool: str) -> None:
    """An instance of a repeat that an edit took out; without --complete nothing is."""
    mapping = f"{tool}-problems"
    first = files.bring(mapping, f"{tool}.json", to="first.jsonl")
    before = ["--previous", str(first)]
    later = files.events(mapping, f"{tool}-later.json", *before, "--complete")
    assert [e["id"].rpartition("-")[2] for e in later][-1] == "gone"
    assert later[-1]["type"] == RESTRICTION
    assert later[-1]["data"]["report_id"].endswith("0001-2")
    assert (later[-1]["data"]["revision"], later[-1]["data"]["withdrawn"]) == (1, True)
    assert files.events(mapping, f"{tool}-later.json", *before) == later[:-1]


def test_incidents_of_apollo(files: Files) -> None:
    """One for each choice, its place looked up; what the desk rejected is withdrawn."""
    events = files.events("apollo-incidents", "apollo-incidents.json")
    assert [
        (d["report_id"], d.get("category", d.get("kind")), d["station"], d["revision"])
        for d in (event["data"] for event in events)
    ] == [
        ("5012-1", "late_opening", "75-0331", 0),
        ("5012-2", "overcrowding", "75-0331", 0),
        ("5013-7", "entry_denied", "11-0102", 2_400),
        ("5014-3", "vote_buying", "11-0102", 7_200),
    ]
    assert [e["data"].get("withdrawn", False) for e in events] == [False, False, False, True]
    assert events[0]["time"] == "2023-03-19T02:10:11Z"


def test_a_checklist_of_apollo(files: Files) -> None:
    """Numbers of choices become answers; a submission that nobody filled in is none."""
    bad, begun, quarantined = files.events("apollo-checklist", "apollo-checklist.csv")
    assert bad["data"]["answers"] == {
        "identity_checked": "yes",
        "secrecy_ensured": "no",
        "view_unobstructed": "yes",
        "step_free": "no",
    }
    assert (bad["data"]["rating"], bad["time"]) == ("bad", "2023-03-19T01:05:00Z")
    assert "rating" not in begun["data"]
    assert begun["data"]["answers"] == {}
    assert quarantined["data"]["withdrawn"]


def test_answers_of_vote_monitor(files: Files) -> None:
    """Wherever in the list an answer stands."""
    first, second = files.events("vote-monitor-forms", "vote-monitor-forms.json")
    assert first["data"]["answers"] == {
        "identity_checked": "yes",
        "secrecy_ensured": "yes",
        "step_free": "no",
    }
    assert first["data"]["rating"] == "bad"
    assert first["data"]["revision"] == 899
    assert second["data"]["answers"] == {"identity_checked": "no", "secrecy_ensured": "yes"}
    assert second["time"] == "2023-03-19T06:00:00Z"


def test_quick_reports_of_vote_monitor(files: Files) -> None:
    """What is not about a station counts for the country; the last change is the revision."""
    events = files.events("vote-monitor-quick-reports", "vote-monitor-quick-reports.xlsx")
    assert [
        (d["region"], d.get("station"), d.get("category", d.get("kind")), d["description"])
        for d in (event["data"] for event in events)
    ] == [
        ("KZ-75", "75-0331", "other", "Asked to stand outside."),
        ("KZ-11", "11-0102", "ballot_stuffing", "A bundle of ballots in the box."),
        ("KZ", None, "other", "Messages about closed stations."),
    ]
    assert [e["data"]["revision"] for e in events] == [103_200, 105_150, 108_000]


def test_a_visited_station_without_its_region_is_not_the_countrys(files: Files) -> None:
    """As where cells were merged by hand: only the first of them has a text."""
    book = load_workbook(SAMPLES / "vote-monitor-quick-reports.xlsx")
    book["quick-reports"]["K3"] = None
    book["quick-reports"]["J4"] = "OtherPollingStation"
    path, bad = files.folder / "merged.xlsx", files.folder / "bad.txt"
    book.save(path)
    events = files.events("vote-monitor-quick-reports", path, "--skip-invalid", str(bad))
    assert [event["data"]["region"] for event in events] == ["KZ-75", "KZ"]
    assert "region: column 'Level1': 'VisitedPollingStation' is not in the" in bad.read_text()


def test_a_checklist_whose_message_on_arrival_got_lost(files: Files) -> None:
    """What came later is a visit all the same, and never 'nothing reported yet'."""
    path = files.edited("apollo-checklist.csv", ("2023-03-19 01:05:00,7,", ",,"))
    first, *_ = files.events("apollo-checklist", path)
    assert first["data"]["report_id"] == "voting-100204-75-0331"
    assert first["time"] == first["data"]["arrived"] == "2023-03-19T06:30:00Z"
    assert first["data"]["rating"] == "bad"
    path = files.edited(
        "apollo-checklist.csv", ("2023-03-19 01:05:00,7,2023-03-19 06:30:00", ",7,")
    )
    bad = files.folder / "bad.txt"
    assert len(files.events("apollo-checklist", path, "--skip-invalid", str(bad))) == 2
    assert ":2: column 'Arrival updated': is empty" in bad.read_text()


def test_a_time_of_vote_monitor_without_offset_is_of_no_zone(files: Files) -> None:
    """Its times say that they are UTC."""
    path = files.edited("vote-monitor-forms.json", ("T05:05:00Z", "T05:05:00"))
    bad = files.folder / "bad.txt"
    files.events("vote-monitor-forms", path, "--skip-invalid", str(bad))
    assert "'2023-03-19T05:05:00' has no offset" in bad.read_text()


@pytest.mark.parametrize("tool", ["odk-central", "kobotoolbox"])
def test_a_questions_time_without_offset_is_of_no_zone(files: Files, tool: str) -> None:
    """It is told, whichever tool it is from: some hours off, it may be of another phase."""
    for kind, at in (("visits", "11:05:00"), ("problems", "11:45:00")):
        path = files.edited(f"{tool}.json", (f"{at}.000+06:00", at))
        bad = files.folder / "bad.txt"
        files.events(f"{tool}-{kind}", path, "--skip-invalid", str(bad))
        assert f"'2023-03-19T{at}' has no offset" in bad.read_text()


@pytest.mark.parametrize("tool", ["odk-central", "kobotoolbox"])
def test_a_repeat_that_is_no_list_is_told(files: Files, tool: str) -> None:
    """A text, or an object of one instance, is not a form without problems; an empty list is."""
    name = "value" if tool == "odk-central" else "results"
    export = json.loads((SAMPLES / f"{tool}.json").read_text())
    for problems in ("crowd", {"kind": "crowd"}, 1):
        export[name][0]["problems"] = problems
        path, bad = files.folder / "odd.json", files.folder / "bad.txt"
        path.write_text(json.dumps(export))
        files.events(f"{tool}-problems", path, "--skip-invalid", str(bad))
        assert "record 1: 'problems' is no list" in bad.read_text()
    export[name][0]["problems"] = []
    path.write_text(json.dumps(export))
    there = sum(len(record.get("problems", [])) for record in export[name])
    assert len(files.events(f"{tool}-problems", path)) == there > 0


WRONG = [
    ("2023031901", "2024", "record 1: column '__system/formVersion': '2024': the mapping was not"),
    ('"status": null', '"status": "notDecrypted"', "record 1: column '__system/status': 'notDec"),
    ('"reviewState": null', '"reviewState": "odd"', "'odd': an unknown review state"),
    ('"rating": "bad"', '"rating": "odd"', "record 2: rating: column 'visit/rating': 'odd' is not"),
    (
        '"station": "75-0331"',
        '"station": null',
        "record 2: station: column 'place/station': is empty",
    ),
    ('"region": "KZ-10"', '"region": "KZ-99"', "record 3: unknown_region: data.region: 'KZ-99'"),
    ('11:05:00.000+06:00"', '11:05:00"', "record 2: column 'visit/arrived': '2023-03-19T11:05:00'"),
]


@pytest.mark.parametrize(("before", "after", "message"), WRONG)
def test_a_wrong_record_is_told_and_stops_no_other(
    files: Files, before: str, after: str, message: str
) -> None:
    """With file, record and path."""
    path = files.edited("odk-central.json", (before, after))
    bad = files.folder / "bad.txt"
    events = files.events("odk-central-visits", path, "--skip-invalid", str(bad))
    told = bad.read_text().splitlines()
    assert told[0].startswith(f"{path}:record ")
    assert message in bad.read_text()
    assert len(events) + len(told) == 3


def test_a_wrong_instance_of_a_repeat_is_told_by_its_number(files: Files) -> None:
    """Its whole record is left out: half a submission would be another one."""
    path = files.edited("odk-central.json", ('"kind": "sent_away"', '"kind": "odd"'))
    bad = files.folder / "bad.txt"
    events = files.events("odk-central-problems", path, "--skip-invalid", str(bad))
    assert len(events) == 1
    assert bad.read_text() == (
        f"{path}:record 2: problems 2: category: column 'problems/kind': 'odd' is not in the "
        "mapping's 'map', which has no 'default'\n"
    )


def test_a_submission_that_is_there_twice(files: Files, capfd: pytest.CaptureFixture[str]) -> None:
    """Alike it is one, whatever page it is on; with another content which of the two is unknown."""
    sample = str(SAMPLES / "odk-central.json")
    once = files.bring("odk-central-visits", sample, to="once.jsonl").read_bytes()
    assert files.bring("odk-central-visits", sample, sample).read_bytes() == once
    assert "3 rows or parts skipped: repeats an earlier row" in capfd.readouterr().err
    other = files.edited("odk-central.json", ('"rating": "bad"', '"rating": "good"'))
    more = [str(other), "--skip-invalid", str(files.folder / "bad.txt")]
    assert files.bring("odk-central-visits", sample, *more).read_bytes() == once
    assert (files.folder / "bad.txt").read_text() == (
        f"{other}:record 2: id 'uuid:7e570000-0000-4000-8000-000000000001-0' is that of record 2 "
        f"of {sample} too, which differs\n"
    )


def test_a_feed_that_was_not_expanded_is_told(
    files: Files, capfd: pytest.CaptureFixture[str]
) -> None:
    """Otherwise its problems would be lost without a word."""
    feed = json.loads((SAMPLES / "odk-central.json").read_text())
    for record in feed["value"]:
        record.pop("problems", None)
    path = files.folder / "flat.json"
    path.write_text(json.dumps(feed))
    assert run(["import", "odk-central-problems", str(path), "--pack", PACK]) == 1
    said = capfd.readouterr().err
    assert f"{path}:record 1: 'problems' is only linked to: export with $expand=*" in said


def test_pages_of_an_export_are_given_together(
    files: Files, capfd: pytest.CaptureFixture[str]
) -> None:
    """One page of several is told, and withdraws nothing that may be on another."""
    first = files.bring("kobotoolbox-visits", "kobotoolbox.json", to="first.jsonl")
    export = json.loads((SAMPLES / "kobotoolbox.json").read_text())
    one, *others = export["results"]
    pages = [files.folder / "1.json", files.folder / "2.json"]
    pages[0].write_text(json.dumps({**export, "results": [one]}))
    pages[1].write_text(json.dumps({**export, "results": others}))
    before = ["--previous", str(first), "--complete"]
    assert files.bring("kobotoolbox-visits", pages[0], *before).read_bytes() == b""
    said = capfd.readouterr().err
    assert "there are other pages: the export has 3 records; give all pages together" in said
    assert "nothing was withdrawn: what is missing may be in the other pages" in said
    assert files.bring("kobotoolbox-visits", pages[0], str(pages[1]), *before).read_bytes() == b""
    assert "pages" not in capfd.readouterr().err
    counted = {"next": "https://x/?start=1", "count": 1, "results": [one]}
    pages[0].write_text(json.dumps(counted))
    assert files.bring("kobotoolbox-visits", pages[0], *before).read_bytes() == b""
    said = capfd.readouterr().err
    assert "another page: 'next' is filled" in said
    assert "nothing was withdrawn: what is missing may be in the other pages" in said
    pages[0].write_text(json.dumps({"results": [one]}))
    assert files.bring("kobotoolbox-visits", pages[0], *before).read_bytes() == b""
    assert "may be other pages: no 'count' says how many" in capfd.readouterr().err
    feed = json.loads((SAMPLES / "odk-central.json").read_text())
    pages[0].write_text(json.dumps({**feed, "@odata.nextLink": "https://x/?$skiptoken=1"}))
    files.bring("odk-central-visits", pages[0])
    assert "another page: '@odata.nextLink' is filled" in capfd.readouterr().err
    pages[1].write_text(json.dumps({**feed, "value": []}))
    files.bring("odk-central-visits", pages[0], str(pages[1]))
    assert "another page" not in capfd.readouterr().err


def test_nothing_is_withdrawn_by_mistakes_with_files(
    files: Files, capfd: pytest.CaptureFixture[str]
) -> None:
    """A page that was given twice is not all there is, nor is an export of nothing."""
    first = files.bring("kobotoolbox-visits", "kobotoolbox.json", to="first.jsonl")
    export = json.loads((SAMPLES / "kobotoolbox.json").read_text())
    before = ["--previous", str(first), "--complete"]
    page, again, empty = (files.folder / name for name in ("1.json", "again.json", "empty.json"))
    for path in (page, again):
        path.write_text(json.dumps({**export, "results": export["results"][:2]}))
    assert files.bring("kobotoolbox-visits", page, str(again), *before).read_bytes() == b""
    assert "nothing was withdrawn: what is missing may be in the other" in capfd.readouterr().err
    empty.write_text(json.dumps({**export, "count": 0, "results": []}))
    assert files.bring("kobotoolbox-visits", empty, *before).read_bytes() == b""
    assert "nothing was withdrawn: an export without any record" in capfd.readouterr().err


def test_a_path_that_no_record_has_is_told(files: Files, capfd: pytest.CaptureFixture[str]) -> None:
    """A slip in the mapping, or a question that nobody has answered yet."""
    mapping = files.folder / "m.toml"
    shipped = ROOT / "streams" / "reference" / "mappings" / "odk-central-visits.toml"
    mapping.write_text(shipped.read_text().replace("visit/left", "visit/departed"))
    files.bring(str(mapping), "odk-central.json")
    assert "no record has 'visit/departed'" in capfd.readouterr().err
    files.bring("kobotoolbox-visits", "kobotoolbox.json")
    assert "no record has" not in capfd.readouterr().err


def test_half_a_character_is_told(files: Files) -> None:
    """JSON can write one, UTF-8 can't."""
    path = files.edited("odk-central.json", ("The corridor is full.", "\\ud800"))
    bad = files.folder / "bad.txt"
    assert len(files.events("odk-central-problems", path, "--skip-invalid", str(bad))) == 1
    assert "record 2: problems 1: holds half a character" in bad.read_text()
