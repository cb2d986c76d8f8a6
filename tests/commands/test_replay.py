"""`scrutineer replay`: tables and digest of files, and what it says about bad ones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.pack import PackError
from streams.commands.replay import command
from streams.errors import UserError
from streams.sources.simulate import Simulation, simulate
from streams.sources.simulate.output import write_day
from tests.packs import SMALL_FILES, small_pack
from tests.tables.events import visit


@cache
def _day() -> Simulation:
    return simulate(small_pack(), 3, teams=40)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A simulated day on disk."""
    write_day(_day(), SMALL_FILES, tmp_path)
    return tmp_path


def _replay(day: Path, *arguments: str) -> Result:
    files = [str(day / "observers.jsonl"), str(day / "desk.jsonl")]
    named = any(argument.endswith((".jsonl", "-")) for argument in arguments)
    result = CliRunner().invoke(
        command, [*([] if named else files), "--pack", str(day / "pack"), *arguments]
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_json_holds_every_table(day: Path) -> None:
    """The document of the tables, with the planted counts, on stdout alone."""
    found = json.loads(_replay(day, "--json").stdout)
    planted = json.loads((day / "planted.json").read_text())
    assert found["election"] == "test-2030"
    assert found["tables"]["incidents"] == planted["incidents"]
    assert len(found["tables"]["conflicts"]) == len(planted["conflicts"])
    assert found["now"] == planted["to"]


def test_order_of_files_and_lines_changes_nothing_but_the_order(day: Path) -> None:
    """The digest is that of the set of events."""
    forward = json.loads(_replay(day, "--json").stdout)
    lines = (day / "observers.jsonl").read_bytes().splitlines(keepends=True)
    (day / "back.jsonl").write_bytes(b"".join(reversed(lines)))
    back = json.loads(
        _replay(day, str(day / "desk.jsonl"), str(day / "back.jsonl"), "--json").stdout
    )
    assert back["content_digest"] == forward["content_digest"]
    assert back["tables"] == forward["tables"]


def test_one_event_less_is_another_digest(day: Path) -> None:
    """Else the test above would say nothing."""
    lines = (day / "observers.jsonl").read_bytes().splitlines(keepends=True)
    (day / "less.jsonl").write_bytes(b"".join(lines[:-1]))
    less = _replay(day, str(day / "desk.jsonl"), str(day / "less.jsonl"), "--json").stdout
    whole = _replay(day, "--json").stdout
    assert json.loads(less)["content_digest"] != json.loads(whole)["content_digest"]


def test_until_goes_by_event_time(day: Path) -> None:
    """What happened up to then, however late it arrived; views are as of then."""
    result = _replay(day, "--until", "2030-06-02T15:00:00+03:00", "--json")
    found = json.loads(result.stdout)
    assert found["now"] == "2030-06-02T12:00:00Z"
    assert "later than --until" in result.stderr
    expected = {
        event["data"]["report_id"]
        for line in (day / "observers.jsonl").read_bytes().splitlines()
        if line.endswith(b"}}")
        and not (event := json.loads(line))["id"].startswith("bad-")
        and event["type"].endswith("restriction.v1")
        and event["time"] <= "2030-06-02T12:00:00Z"
    }
    total = sum(row["total"] for row in found["tables"]["restrictions"])
    assert total == len(expected) > 0


def test_rejected_lines_are_told_with_file_and_line(day: Path) -> None:
    """Each on stderr, reason and field path included; counted by reason."""
    result = _replay(day, "--rejected")
    planted = json.loads((day / "planted.json").read_text())["invalid"]
    told = [line for line in result.stderr.splitlines() if line.startswith(str(day))]
    assert len(told) == len(planted["events"])
    number = next(
        number
        for number, line in enumerate((day / "observers.jsonl").read_bytes().splitlines(), 1)
        if b'"no-such-thing"' in line
    )
    where = f"{day / 'observers.jsonl'}:{number}: invalid_data: data."
    assert any(line.startswith(where) for line in told)
    for reason, count in planted["by_reason"].items():
        assert f"{reason} {count}" in result.stdout


def test_tables_for_people(day: Path) -> None:
    """All tables that have rows, the digest, and what could not be checked."""
    text = _replay(day, "--rows", "2").stdout
    assert "incidents: " in text
    assert "open_restrictions: " in text
    assert "more rows" in text
    digest = json.loads(_replay(day, "--json").stdout)["content_digest"]
    assert f"content digest  {digest}" in text
    assert "misrouted" in text
    assert "future_time" in text


def test_who_reports_stands_beside_every_count(day: Path) -> None:
    """In words, also where there is no row: two regions without incidents are not the same."""
    (day / "some.jsonl").write_bytes(
        visit("v", "12:00", phase="voting", station=None, commission="A").raw
    )
    arguments = (str(day / "some.jsonl"), "--until", "2030-06-02T12:30:00Z")
    text = _replay(day, *arguments, "--table", "incidents").stdout
    others = "no report from 2 of 4 regions: XX-B, XX-C"
    abroad = "no report from 1 where nobody is expected: XX-ABROAD"
    assert f"incidents: 0\n {others}; {abroad}" in text
    assert f"observers       {others}; {abroad}" in text
    quiet = _replay(day, *arguments, "--table", "incidents", "--region", "XX-B").stdout
    calm = _replay(day, *arguments, "--table", "incidents", "--region", "XX-A").stdout
    assert "incidents: 0\n no report from XX-B" in quiet
    assert "no report" not in calm
    found = json.loads(_replay(day, *arguments, "--json", "--table", "incidents").stdout)
    states = {row["region"]: row["state"] for row in found["basis"]}
    assert (states["XX-A"], states["XX-B"]) == ("reporting", "nothing_heard")
    official = _replay(day, *arguments, "--table", "official_turnout").stdout
    assert official.count("no report from 2") == 1, "in the last lines alone"


def test_one_table_of_one_region(day: Path) -> None:
    """Nothing else is in the document; the digest is still that of all."""
    found = json.loads(_replay(day, "--json", "--table", "incidents", "--region", "XX-B").stdout)
    assert set(found["tables"]) == {"incidents"}
    assert {row["region"] for row in found["tables"]["incidents"]} == {"XX-B"}
    whole = json.loads(_replay(day, "--json").stdout)
    assert found["content_digest"] == whole["content_digest"]


def test_confirmed_only_leaves_out_what_the_desk_did_not_confirm(day: Path) -> None:
    """In the document and on the screen; the digest is still that of all."""
    whole = json.loads(_replay(day, "--json").stdout)
    found = json.loads(_replay(day, "--json", "--confirmed-only").stdout)
    kept = ("confirmed", "resolved", "escalated")
    expected = [row for row in whole["tables"]["incidents"] if row["status"] in kept]
    assert 0 < len(expected) < len(whole["tables"]["incidents"])
    assert found["tables"]["incidents"] == expected
    assert found["content_digest"] == whole["content_digest"]
    text = _replay(day, "--table", "incidents", "--confirmed-only").stdout
    assert f"incidents: {len(expected)}" in [line.strip() for line in text.splitlines()]
    assert "only what the desk confirmed" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.jsonl"], "missing.jsonl: cannot be read"),
        (["--until", "noon"], "--until noon: write a time with its offset"),
        (["--until", "2030-06-02T12:00:00"], "write a time with its offset"),
        (["--until", "9999-12-31T23:59:59-10:00"], "events are of the years 1970 to 8999"),
        (["--until", "0001-01-01T00:00:00+10:00"], "events are of the years 1970 to 8999"),
        (["--region", "YY"], "has no such region"),
    ],
)
def test_mistakes_are_told(day: Path, arguments: list[str], message: str) -> None:
    """In a sentence, without a stack trace."""
    with pytest.raises(UserError, match=message):
        _replay(day, *arguments)


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_number_of_rows_is_at_least_1(day: Path, number: str) -> None:
    """Anything else is refused."""
    result = _replay(day, "--rows", number)
    assert result.exit_code == 2
    assert "--rows" in result.stderr


@pytest.mark.parametrize("until", ["1970-01-01T00:00:00+14:00", "8999-12-31T23:59:59-14:00"])
def test_until_at_the_ends_of_the_calendar(day: Path, until: str) -> None:
    """Nothing or everything has happened by then."""
    found = json.loads(_replay(day, "--until", until, "--json").stdout)
    everything = json.loads(_replay(day, "--json").stdout)
    nothing = until.startswith("1970")
    assert found["tables"]["incidents"] == ([] if nothing else everything["tables"]["incidents"])


def test_a_pack_that_is_wrong_is_told(day: Path) -> None:
    """With the file and the line."""
    (day / "pack" / "regions.csv").write_text("code,name\n")
    with pytest.raises(PackError, match=r"regions\.csv:1"):
        _replay(day)


def test_an_empty_file_is_no_event(day: Path) -> None:
    """The digest is that of nothing, and says no moment."""
    (day / "empty.jsonl").write_bytes(b"")
    text = _replay(day, str(day / "empty.jsonl")).stdout
    assert "no event" in text
    assert "0 lines" in text
