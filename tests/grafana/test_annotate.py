"""`scrutineer grafana annotate`: the desk's notices and the polling hours on the time axes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.fields import rfc3339
from tests.data import ROOT
from tests.grafana.conftest import Scrutineer
from tests.grafana.server import Grafana
from tests.worker.sample import envelope

EXAMPLES = ROOT / "docs" / "examples"


def notice(text: str, notice_id: str = "n-1", revision: int = 0, **data: Any) -> dict[str, Any]:
    """A notice of the desk, at 14:00 in Astana."""
    body = {"notice_id": notice_id, "revision": revision, "text": text, **data}
    return envelope(
        "election.desk.notice.v1",
        "urn:scrutineer:desk",
        f"{notice_id}-{revision}",
        "2023-03-19T14:00:00+06:00",
        body,
    )


def write(path: Path, *events: dict[str, Any]) -> Path:
    """A file of events."""
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    return path


def shown(grafana: Grafana) -> list[tuple[str, str]]:
    """Moment and text of the annotations of notices, in order."""
    found = grafana.state.annotations.values()
    ours = [each for each in found if any(tag.startswith("notice:") for tag in each["tags"])]
    return sorted((rfc3339(each["time"] * 1000), each["text"]) for each in ours)


def test_notices_and_polling_hours_are_marked(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """Each with tags to find it by; one line each, and the sum."""
    file = write(
        tmp_path / "desk.jsonl",
        notice("Turnout of 12:00 published."),
        notice("Queue outside <3 stations.", "n-2", region="KZ-75"),
    )
    done = scrutineer("grafana", "annotate", file)
    assert (done.status, done.err) == (0, "polling hours not known: KZ-ABROAD\n")
    lines = done.out.splitlines()
    assert lines[0].startswith("created       2023-03-19T01:00:00Z  Polls open in 15 of 21 regions")
    assert "created       2023-03-19T08:00:00Z  KZ-75  Queue outside <3 stations." in lines
    assert lines[-1] == "annotations: 6 created"
    assert shown(grafana) == [
        ("2023-03-19T08:00:00Z", "Queue outside &lt;3 stations."),
        ("2023-03-19T08:00:00Z", "Turnout of 12:00 published."),
    ]
    tags = {each["text"]: each["tags"] for each in grafana.state.annotations.values()}
    assert tags["Queue outside &lt;3 stations."][:2] == ["scrutineer", "election:kz-2023-03-19"]
    assert tags["Queue outside &lt;3 stations."][3] == "region:KZ-75"
    assert tags["Turnout of 12:00 published."][3] == "region:KZ"


def test_a_second_run_asks_and_does_nothing(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """Nothing doubles."""
    file = write(tmp_path / "desk.jsonl", notice("A."), notice("B.", "n-2", region="KZ-10"))
    scrutineer("grafana", "annotate", file)
    before = dict(grafana.state.annotations)
    grafana.seen.clear()
    assert scrutineer("grafana", "annotate", file).out == "annotations: 6 unchanged\n"
    assert not grafana.writes()
    assert grafana.state.annotations == before


def test_corrected_and_withdrawn_notices(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """A correction changes the annotation, a withdrawal deletes it, the others stay."""
    desk = [notice("Wrng."), notice("Mistaken.", "n-2"), notice("Right.", "n-3")]
    scrutineer("grafana", "annotate", write(tmp_path / "a.jsonl", *desk))
    known = {each["text"]: number for number, each in grafana.state.annotations.items()}
    more = [notice("Wrong.", revision=1), notice("Mistaken.", "n-2", 1, withdrawn=True)]
    done = scrutineer("grafana", "annotate", write(tmp_path / "b.jsonl", *more), "--no-polls")
    assert done.out.splitlines() == [
        "updated       2023-03-19T08:00:00Z  KZ  Wrong.",
        "deleted       2023-03-19T08:00:00Z  KZ  Mistaken.",
        "annotations: 1 updated, 1 deleted",
    ]
    assert [text for _, text in shown(grafana)] == ["Right.", "Wrong."]
    assert grafana.state.annotations[known["Wrng."]]["text"] == "Wrong."
    again = scrutineer("grafana", "annotate", tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert again.out == "annotations: 6 unchanged\n"


def test_what_a_broken_run_left_is_finished(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """A run that ended half way, and one that doubled: the next run mends both."""
    file = write(tmp_path / "desk.jsonl", notice("A."), notice("B.", "n-2"), notice("C.", "n-3"))
    scrutineer("grafana", "annotate", file)
    there = {each["text"]: number for number, each in grafana.state.annotations.items()}
    grafana.state.annotations[900] = grafana.state.annotations[there["C."]] | {"id": 900}
    del grafana.state.annotations[there["A."]]
    done = scrutineer("grafana", "annotate", file)
    assert done.out.splitlines()[-1] == "annotations: 1 created, 1 deleted, 6 unchanged"
    assert 900 not in grafana.state.annotations
    assert len(grafana.state.annotations) == 7


def test_a_dry_run_changes_nothing(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """It says what it would do, and only reads."""
    file = write(tmp_path / "desk.jsonl", notice("A."))
    done = scrutineer("grafana", "annotate", file, "--dry-run")
    assert "would create  2023-03-19T08:00:00Z  KZ  A." in done.out.splitlines()
    assert done.out.splitlines()[-1] == "annotations: 5 created; nothing was changed (--dry-run)"
    assert not grafana.writes()


def test_without_files_the_polling_hours_alone(grafana: Grafana, scrutineer: Scrutineer) -> None:
    """They are the pack's; notices that are there stay."""
    assert scrutineer("grafana", "annotate").out.endswith("annotations: 4 created\n")
    assert scrutineer("grafana", "annotate", "--no-polls").status == 2


def test_another_elections_annotations_are_left_alone(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """One Grafana may show several elections."""
    scrutineer("grafana", "annotate", "--pack", "st-petersburg-2021")
    before = dict(grafana.state.annotations)
    assert before
    scrutineer("grafana", "annotate", write(tmp_path / "desk.jsonl", notice("A.")))
    assert {number: grafana.state.annotations[number] for number in before} == before
    again = scrutineer("grafana", "annotate", "--pack", "st-petersburg-2021")
    assert again.out == f"annotations: {len(before)} unchanged\n"


def test_of_observers_reports_nothing_goes_to_grafana(
    grafana: Grafana, scrutineer: Scrutineer
) -> None:
    """Every example of every type at once: of all that is sent, only the notice is anybody's."""
    files = sorted(EXAMPLES.glob("*.jsonl"))
    assert scrutineer("grafana", "annotate", *files).status == 0
    sent = "".join(asked.path + asked.body.decode() for asked in grafana.seen)
    theirs = {
        value
        for file in files
        if file.name != "desk-notice.jsonl"
        for value in _strings(json.loads(file.read_text(encoding="utf-8"))["data"])
        if len(value) > 9
    }
    assert "The seal of the second box hung open." in theirs
    assert "manual-0001" in theirs
    assert not [value for value in theirs if value in sent]
    assert "Polls have closed in most regions" in sent


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    return [value] if isinstance(value, str) else []


def test_events_that_are_rejected_are_told(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """A note of an unknown region has no place; the others are marked."""
    file = write(tmp_path / "desk.jsonl", notice("A."), notice("B.", "n-2", region="KZ-99"))
    done = scrutineer("grafana", "annotate", file)
    assert done.status == 0
    assert "rejected events: 1 of 2" in done.err
    assert [text for _, text in shown(grafana)] == ["A."]


def test_more_annotations_than_can_be_compared(
    grafana: Grafana, scrutineer: Scrutineer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grafana gives no second page: rather nothing than a doubled notice."""
    monkeypatch.setattr("streams.grafana.client.MOST", 4)
    scrutineer("grafana", "annotate")
    grafana.seen.clear()
    done = scrutineer("grafana", "annotate")
    assert done.status == 2
    assert "has 4 annotations or more with the tags scrutineer, election:kz-2023-03-19" in done.err
    assert not grafana.writes()


@pytest.mark.parametrize("arguments", [("none.jsonl",), ("--pack", "nowhere")])
def test_mistakes_are_told_before_anything_is_asked(
    grafana: Grafana, scrutineer: Scrutineer, arguments: tuple[str, ...]
) -> None:
    """A file or a pack that is not there."""
    done = scrutineer("grafana", "annotate", *arguments)
    assert done.status == 2
    assert arguments[-1] in done.err
    assert not grafana.seen
