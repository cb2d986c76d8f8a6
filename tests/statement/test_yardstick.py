"""The statement says what a mission stated the day after 19 March 2023, each with its basis."""

from __future__ import annotations

from typing import Any

import pytest

from tests.statement.day import said, tables

SAMPLE = "no probability sample"
STATED = {
    "assessment.counting": (
        "The counting was assessed negatively in 58 of the 128 polling stations observed (45.3 %).",
        SAMPLE,
    ),
    "assessment.voting": (
        "The voting was assessed negatively in none of the 60 polling stations observed.",
        SAMPLE,
    ),
    "assessment.opening": (
        "The opening was assessed negatively in none of the 20 polling stations observed.",
        SAMPLE,
    ),
    "assessment.tabulation": ("No observer assessed the tabulation.", "no assessed visit"),
    "procedures.reconciliation": (
        "“Were the figures reconciled before the box was opened?” was answered no in 58 of 128 "
        "observations (45.3 %).",
        SAMPLE,
    ),
    "access.restricted": (
        "Observers were restricted in 39 cases: 6 during the voting, 21 during the counting and 12 "
        "during the tabulation.",
        "did not reject",
    ),
    "access.groups": (
        "Restricted were citizen observers (29) and international observers (10).",
        "did not reject",
    ),
    "access.lifted": ("13 of the 39 were lifted by the cut-off.", "did not reject"),
    "access.confirmed": (
        "None of the 39 were confirmed by the mission's desk by the cut-off.",
        "did not reject",
    ),
    "procedures.copies": ("Observers obtained copies of no results protocols.", "copies"),
    "incidents.confirmed": ("13 incidents were confirmed.", "desk confirmed"),
    "turnout.announced.party-list": (
        "Nationwide list contest: the official turnout announced for 2023-03-19 22:10 was 54.19 %.",
        "as published, Central Election Commission",
    ),
    "turnout.matched.party-list.country": (
        "Nationwide list contest, 2023-03-19 18:10: at 8 stations the official figures come to "
        "2,588 voters, and observers' counts to 2,028: +560.",
        "beyond the tolerance",
    ),
    "turnout.register_changed": (
        "1 official turnout figure had a register that changed.",
        "published figures held against each other",
    ),
    "results.party-list": (
        "Nationwide list contest: no disaggregated results were published: results of 0 of 10,223 "
        "polling stations were public 18 full hours after the last polls closed.",
        "protocols with votes by contestant, published by station, that are in the log",
    ),
    "complaints.filed": (
        "14 complaints are recorded: 0 decided, the decision being public, 6 decided, the decision "
        "not being public, 8 undecided for more than 120 hours, 0 not yet decided.",
        "desk knows of",
    ),
    "complaints.late": ("6 of 6 decisions took longer than 120 hours.", "desk knows of"),
    "procedures.step_free": (
        "“Could the station be entered without steps or help?” was answered no in 30 of 60 "
        "observations (50.0 %).",
        SAMPLE,
    ),
    "election.stations": (
        "There were 10,223 polling stations, of which 77 abroad.",
        "the election pack",
    ),
    "election.registered": ("12,032,550 voters were registered.", "the election pack"),
    "election.commissions": (
        "The election was administered by commissions: central (1), regional (20), territorial "
        "(220) and district (16).",
        "the election pack",
    ),
    "election.party-list": (
        "Nationwide list contest: 69 seats, a threshold of 5 %, 7 lists and 281 candidates.",
        "the election pack",
    ),
    "election.single-mandate": (
        "Single-mandate districts: 29 seats and 435 candidates. 359 of the 435 candidates "
        "nominated themselves; 54 were deregistered.",
        "the election pack",
    ),
}


@pytest.mark.parametrize("name", STATED)
def test_a_sentence_is_stated_with_its_basis(public: Any, name: str) -> None:
    """Word for word, in public."""
    text, basis = STATED[name]
    found = said(public)[name]
    assert found["text"] == text
    assert basis in found["basis"]


def test_figures_are_in_the_tables_too(public: Any) -> None:
    """The share with its n; kinds and phases with their totals; no accreditation refused."""
    visits = {row["phase"]: row for row in tables(public)["visits"]["rows"]}
    counting = visits["counting"]
    assert (counting["visits"], counting["rated"], counting["negative"]) == (128, 128, 58)
    assert counting["share"] == 58 / 128
    assert (counting["basis"], counting["low"]) == ("descriptive", None)
    kinds = {row["kind"]: row for row in tables(public)["restrictions"]["rows"]}
    assert kinds.keys() == {"view_obstructed", "protocol_copy_refused", "expelled", "total"}
    assert [kinds["total"][phase] for phase in ("voting", "counting", "tabulation")] == [6, 21, 12]
    answers = {row["question"]: row for row in tables(public)["answers"]["rows"]}
    assert (answers["voters_added"]["yes"], answers["voters_added"]["contrary"]) == (60, None)
    (country,) = tables(public)["turnout_matched_party-list"]["rows"]
    assert (country["region"], country["gap"], country["n"]) == ("KZ", 560, 8)
    assert country["verdict"] == "official_above"


def test_no_report_is_not_no_incident(public: Any) -> None:
    """Regions that nobody spoke for are named, by their names."""
    text = said(public)["coverage.regions"]["text"]
    assert text.startswith("Observers reported from 4 of 21 regions; no report came from Aktobe, ")
    assert "Stations abroad" in text


def test_known_electorates_alone_are_judged(public: Any) -> None:
    """Of 29 districts, with what the mean is: none is filled in."""
    found = said(public)["election.districts.single-mandate"]
    assert "4 of 29 districts are known; 2 of these deviate by more than 15 %" in found["text"]
    assert "the register over their number" in found["basis"]


def test_internally_nothing_is_withheld(public: Any, internal: Any) -> None:
    """The same sentences, with places and what was too small to publish."""
    assert said(internal)["assessment.counting"] == said(public)["assessment.counting"]
    unconfirmed = said(internal)["incidents.unconfirmed"]
    assert unconfirmed["figures"] == {"unconfirmed": 3}
    assert said(public)["incidents.unconfirmed"]["figures"] == {"unconfirmed": "withheld"}
    found = tables(internal)
    stations = {row["station"] for row in found["stations_matched_party-list"]["rows"]}
    assert stations == {f"P-{number}" for number in range(8)}
    assert {row["region"] for row in found["visits_by_region"]["rows"]} == {
        "KZ-10",
        "KZ-11",
        "KZ-75",
        "KZ-71",
    }
    assert found["open_restrictions"]["rows"][0]["report_id"].startswith("restriction-")
    assert not any("withheld" in row.values() for t in found.values() for row in t["rows"])
