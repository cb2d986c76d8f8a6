"""What a pack answers: checkpoints, polling hours, the end of phases."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import microseconds, rfc3339
from schemas.pack import Pack, Region, Source, Station, parse_pack
from tests.packs import SMALL_FILES, small_pack

DAY = datetime(2030, 6, 2, tzinfo=UTC)
MINUTE = 60_000_000


def us(text: str) -> int:
    """Microseconds of an RFC 3339 moment."""
    return microseconds(datetime.fromisoformat(text))


def with_election(*edits: tuple[str, str]) -> Pack:
    """The small pack with an edited election.toml."""
    text = SMALL_FILES["election.toml"]
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse_pack({**SMALL_FILES, "election.toml": text})


def test_the_parts_of_a_pack() -> None:
    """Codes lead to what the files say; empty cells are None."""
    pack = small_pack()
    assert pack.main_contest == "list"
    assert pack.regions["XX-A"] == Region("XX-A", "North", "XX", 4000, 3, "region")
    assert pack.regions["XX"].kind == "country"
    assert pack.regions["XX-ABROAD"].registered is None
    assert pack.stations is not None
    assert pack.stations["A-3"] == Station("A-3", "XX-A", 1000, "A-country", False, None, None)
    assert pack.stations["ABROAD-1"].urban is None
    assert pack.commissions is not None
    assert pack.commissions["CEC"].level == "central"
    assert pack.sources["urn:test:party"] == Source(
        "urn:test:party", "observer", "party_agent", "Party agents"
    )
    assert [p.rank for p in pack.publishers.values()] == [0, 1, 2]
    assert pack.deployment[0].phases == ("opening", "voting", "counting")
    assert pack.questions["present"].expected is None
    assert pack.districts["2"].electorate is None


def test_reports_are_expected_from_all_but_the_country() -> None:
    """The country's own code is a place, not a region that can be silent."""
    assert small_pack().region_codes() == ["XX-A", "XX-ABROAD", "XX-B", "XX-C"]


def test_a_pack_does_not_change() -> None:
    """It is shared by everything that runs."""
    with pytest.raises(FrozenInstanceError):
        small_pack().id = "other"  # type: ignore[misc]


def test_regions_and_strata_are_one_object_however_many_stations_name_them() -> None:
    """A million stations must not hold a million copies of a code."""
    stations = list((small_pack().stations or {}).values())
    assert stations[0].region is stations[1].region
    assert stations[0].stratum is stations[1].stratum


@pytest.mark.parametrize(
    ("as_of", "checkpoint"),
    [
        ("2030-06-02T10:00:00Z", "2030-06-02T10:00:00Z"),
        ("2030-06-02T09:45:00Z", "2030-06-02T10:00:00Z"),
        ("2030-06-02T10:15:00Z", "2030-06-02T10:00:00Z"),
        ("2030-06-02T09:44:59.999999Z", "2030-06-02T09:44:59.999999Z"),
        ("2030-06-02T10:15:00.000001Z", "2030-06-02T10:15:00.000001Z"),
        ("2030-06-02T18:10:00Z", "2030-06-02T18:00:00Z"),
        ("2030-06-03T10:00:00Z", "2030-06-03T10:00:00Z"),
    ],
)
def test_a_moment_belongs_to_the_checkpoint_within_the_tolerance(
    as_of: str, checkpoint: str
) -> None:
    """The tolerance is included; what is near no checkpoint stands as printed."""
    assert rfc3339(small_pack().checkpoint(us(as_of))) == rfc3339(us(checkpoint))


def test_the_nearest_checkpoint_counts_and_of_two_the_earlier() -> None:
    """Where the tolerances of two checkpoints overlap."""
    pack = with_election(("T14:00:00Z", "T10:20:00Z"))
    start = us("2030-06-02T10:00:00Z")
    assert pack.checkpoint(start + 9 * MINUTE) == start
    assert pack.checkpoint(start + 10 * MINUTE) == start
    assert pack.checkpoint(start + 11 * MINUTE) == start + 20 * MINUTE


@given(
    st.lists(st.integers(0, 1439), max_size=12, unique=True),
    st.integers(0, 60),
    st.integers(-(2**62), 2**62) | st.integers(-200 * MINUTE, 1700 * MINUTE),
)
def test_checkpoints_are_total_idempotent_and_nearest(
    minutes: list[int], tolerance: int, moment: int
) -> None:
    """Every moment has one; a checkpoint is its own; it is the nearest, or none is near."""
    listed = "".join(f"{(DAY + timedelta(minutes=m)).isoformat()},\n" for m in minutes)
    text = SMALL_FILES["election.toml"]
    head, _, rest = text.partition("checkpoints = [")
    text = (
        head.replace("= 15", f"= {tolerance}")
        + f"checkpoints = [{listed}"
        + rest[rest.index("]") :]
    )
    pack = parse_pack({**SMALL_FILES, "election.toml": text})
    at = microseconds(DAY) + moment
    found = pack.checkpoint(at)
    assert pack.checkpoint(found) == found
    known = [microseconds(DAY) + m * MINUTE for m in minutes]
    near = [k for k in known if abs(k - at) <= tolerance * MINUTE]
    if near:
        assert found == min(near, key=lambda k: (abs(k - at), k))
    else:
        assert found == at


def test_polling_hours_are_local_times() -> None:
    """A region's own zone decides; where hours are unknown there are none."""
    pack = small_pack()
    assert pack.polls("XX-A") == ((us("2030-06-02T07:00:00Z"), us("2030-06-02T20:00:00Z")),)
    assert pack.polls("XX-C") == ((us("2030-06-02T08:00:00Z"), us("2030-06-02T21:00:00Z")),)
    assert pack.polls("XX-ABROAD") == ()
    assert pack.polls("nowhere") == ()


def test_the_country_polls_from_the_first_opening_to_the_last_closing() -> None:
    """Over the regions whose hours are known."""
    assert small_pack().polls("XX") == ((us("2030-06-02T07:00:00Z"), us("2030-06-02T21:00:00Z")),)


def test_several_days_with_other_hours_on_one_of_them() -> None:
    """Days are in order of time; an exception holds for its regions and days alone."""
    pack = with_election(
        ("days = [2030-06-02]", "days = [2030-06-02, 2030-06-01]"),
        ("unknown = true", 'days = [2030-06-01]\nopen = "10:00"\nclose = "12:00"'),
    )
    assert pack.polls("XX-ABROAD") == (
        (us("2030-06-01T10:00:00Z"), us("2030-06-01T12:00:00Z")),
        (us("2030-06-02T07:00:00Z"), us("2030-06-02T20:00:00Z")),
    )
    assert len(pack.polls("XX-A")) == 2
    assert pack.phase_end("XX-A", "opening") == us("2030-06-02T07:00:00Z")
    assert pack.phase_end("XX-A", "pre_election") == us("2030-06-01T07:00:00Z")


def test_hours_follow_the_clocks_of_the_zone() -> None:
    """Summer time may begin or end between two days of an election."""
    pack = with_election(
        ('"Etc/UTC"', '"Europe/Berlin"'),
        ("days = [2030-06-02]", "days = [2030-03-30, 2030-03-31]"),
    )
    assert [rfc3339(opens) for opens, _ in pack.polls("XX-A")] == [
        "2030-03-30T06:00:00Z",
        "2030-03-31T05:00:00Z",
    ]


def test_daily_checkpoints_are_local_times_of_each_day() -> None:
    """They may stand beside moments, which are for one day."""
    pack = with_election(
        ('"Etc/UTC"', '"Asia/Almaty"'),
        ("days = [2030-06-02]", "days = [2030-06-01, 2030-06-02]"),
        ("_minutes = 15", '_minutes = 15\ndaily = ["12:00"]'),
    )
    assert [rfc3339(moment) for moment in pack.checkpoints] == [
        "2030-06-01T07:00:00Z",
        "2030-06-02T07:00:00Z",
        "2030-06-02T10:00:00Z",
        "2030-06-02T14:00:00Z",
        "2030-06-02T18:00:00Z",
    ]


@pytest.mark.parametrize(
    ("phase", "end"),
    [
        ("pre_election", "2030-06-02T07:00:00Z"),
        ("opening", "2030-06-02T07:00:00Z"),
        ("voting", "2030-06-02T20:00:00Z"),
        ("counting", "2030-06-03T08:00:00Z"),
        ("tabulation", "2030-06-05T20:00:00Z"),
        ("post_election", None),
        ("unknown", None),
    ],
)
def test_when_a_phase_is_over(phase: str, end: str | None) -> None:
    """Counting and tabulation end hours after the close, as the pack judges."""
    assert small_pack().phase_end("XX-A", phase) == (None if end is None else us(end))


@pytest.mark.parametrize("phase", ["pre_election", "voting", "counting"])
def test_where_hours_are_unknown_no_phase_is_ever_over(phase: str) -> None:
    """So that a restriction there stays open until somebody says otherwise."""
    assert small_pack().phase_end("XX-ABROAD", phase) is None


def test_a_phase_without_end() -> None:
    """Zero hours say that counting is never taken for finished."""
    pack = with_election(
        ('authority = "desk"', 'authority = "desk"\n[judgement.phase_hours]\ncounting = 0')
    )
    assert pack.phase_end("XX-A", "counting") is None
    assert pack.phase_end("XX-A", "tabulation") is not None


def test_tolerances_and_their_defaults() -> None:
    """Five minutes ahead of the log for events, a day for restrictions."""
    pack = small_pack()
    assert pack.future_tolerance == 5 * MINUTE
    assert pack.restriction_future_tolerance == 24 * 60 * MINUTE
    other = with_election(
        ('authority = "desk"', 'authority = "desk"\n[tolerances]\nfuture_minutes = 1')
    )
    assert other.future_tolerance == MINUTE


def test_judgement_in_the_units_of_the_tables() -> None:
    """Thresholds that tables compare with times are microseconds."""
    judgement = small_pack().judgement
    assert judgement.silent_after == 45 * MINUTE
    assert judgement.restriction_grace["voting"] == 60 * MINUTE
    assert judgement.restriction_grace["unknown"] == 0
    assert judgement.public_min_cell == 5
