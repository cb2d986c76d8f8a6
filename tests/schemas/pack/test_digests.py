"""The digests: the same for the same election however it is written, another for another."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.pack import parse_pack
from tests.packs import SMALL_FILES, small_pack

TOML = "election.toml"
TABLES = [name for name in SMALL_FILES if name.endswith(".csv")]


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(chance: random.Random) -> None:
    """Nor do blank lines between rows."""
    files = dict(SMALL_FILES)
    for name in TABLES:
        rows = [line.split(",") for line in files[name].splitlines()]
        columns = chance.sample(range(len(rows[0])), len(rows[0]))
        header, *body = [[row[column] for column in columns] for row in rows]
        chance.shuffle(body)
        text = [",".join(header), *(",".join(row) for row in body)]
        files[name] = chance.choice(["\n", "\n\n", "\r\n"]).join(text)
    pack = parse_pack(files)
    assert pack.acceptance_digest == small_pack().acceptance_digest
    assert pack.judgement_digest == small_pack().judgement_digest


def test_comments_and_the_order_of_sources_days_and_checkpoints_do_not_matter() -> None:
    """What is said is the same."""
    text = SMALL_FILES[TOML]
    start = text.index("[[sources]]")
    sources = text[start:].split("[[sources]]")[1:]
    text = "# comment\n" + text[:start] + "".join(f"[[sources]]{s}\n" for s in reversed(sources))
    first, last = "    2030-06-02T10:00:00Z,\n", "    2030-06-02T18:00:00Z,\n"
    text = text.replace(first, "").replace(last, last + "2030-06-02T12:00:00+02:00,\n")
    pack = parse_pack({**SMALL_FILES, TOML: text})
    assert pack.acceptance_digest == small_pack().acceptance_digest
    assert pack.judgement_digest == small_pack().judgement_digest


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TOML, 'id = "test-2030"', 'id = "test-2031"'),
        (TOML, "[polling]", '[contests.senate]\nname = "Senate"\n[polling]'),
        (TOML, "main = true\n\n[contests.district]", "[contests.district]\nmain = true"),
        (TOML, "tolerance_minutes = 15", "tolerance_minutes = 16"),
        (TOML, "T14:00:00Z", "T14:00:01Z"),
        (TOML, "    2030-06-02T14:00:00Z,\n", ""),
        (TOML, 'code = "agency"', 'code = "agency2"'),
        (TOML, 'code = "gazette"\nname = "Gazette"', 'code = "zine"\nname = "Gazette"'),
        (TOML, "urn:test:official", "urn:test:officials"),
        (TOML, 'group = "citizen"', 'group = "media"'),
        (TOML, 'authority = "official"', 'authority = "desk"'),
        (TOML, 'authority = "desk"\n', 'authority = "desk"\n[tolerances]\nfuture_minutes = 6\n'),
        (
            TOML,
            'authority = "desk"\n',
            'authority = "desk"\n[tolerances]\nrestriction_future_hours = 2\n',
        ),
        ("regions.csv", "XX-B,South,XX,,3000,2\n", "XX-B,South,,,3000,2\n"),
        ("regions.csv", "out_of_country", ""),
        ("regions.csv", "XX-C,West,XX,,2900,2\n", "XX-C,West,XX,,2900,2\nXX-D,East,XX,,,\n"),
        ("stations.csv", "ABROAD-1,", "ABROAD-2,"),
        ("stations.csv", "B-2,XX-B", "B-2,XX-C"),
        ("commissions.csv", "B,XX-B", "B,XX-C"),
        ("commissions.csv", "CEC,", "KEC,"),
        ("taxonomy.csv", "tampering,", "forgery,"),
        ("questions.csv", "present,", "agents,"),
    ],
)
def test_what_decides_acceptance_or_identity_changes_the_acceptance_digest(
    file: str, old: str, new: str
) -> None:
    """A worker must not go on with such a pack as if nothing had happened."""
    assert SMALL_FILES[file].count(old) == 1
    pack = parse_pack({**SMALL_FILES, file: SMALL_FILES[file].replace(old, new)})
    assert pack.acceptance_digest != small_pack().acceptance_digest


def test_the_rank_of_publishers_is_part_of_the_acceptance_digest() -> None:
    """It decides which figure is the headline, from which findings follow."""
    swapped = SMALL_FILES[TOML].replace("gazette", "X").replace("agency", "gazette")
    pack = parse_pack({**SMALL_FILES, TOML: swapped.replace('"X"', '"agency"')})
    assert set(pack.publishers) == set(small_pack().publishers)
    assert pack.acceptance_digest != small_pack().acceptance_digest


def test_listing_no_stations_is_not_listing_none() -> None:
    """Without the file any station is accepted, with an empty one none."""
    files = {name: SMALL_FILES[name] for name in SMALL_FILES if name != "deployment.csv"}
    empty = {**files, "stations.csv": "id,region\n"}
    without = {name: text for name, text in files.items() if name != "stations.csv"}
    assert parse_pack(empty).stations == {}
    assert parse_pack(without).stations is None
    assert parse_pack(empty).acceptance_digest != parse_pack(without).acceptance_digest


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TOML, 'name = "Test election"', 'name = "Other"'),
        (TOML, 'name = "Nationwide list"', 'name = "Other"'),
        (TOML, "main = true", "main = true\nseats = 69"),
        (TOML, "[polling]", "[commission_counts]\nregional = 3\n[polling]"),
        (TOML, 'close = "20:00"', 'close = "20:30"'),
        (TOML, "unknown = true", 'open = "06:00"'),
        (TOML, "06-03T12:00:00Z", "06-03T12:00:01Z"),
        (TOML, 'name = "News agency"', 'name = "Other"'),
        (TOML, 'name = "Party agents"', 'name = "Other"'),
        (TOML, 'authority = "desk"\n', 'authority = "desk"\n[judgement.turnout]\nalpha = 0.02\n'),
        (
            TOML,
            'authority = "desk"\n',
            'authority = "desk"\n[judgement.alerts]\nTurnoutGap = "Look at it"\n',
        ),
        ("regions.csv", "North,XX,,4000", "North,XX,,4001"),
        ("regions.csv", "North", "Far north"),
        ("stations.csv", "51.10", "51.11"),
        ("stations.csv", "A-3,XX-A,1000", "A-3,XX-A,"),
        ("commissions.csv", "central", ""),
        ("districts.csv", "4000", "4001"),
        ("taxonomy.csv", "stuffing,voting", "stuffing,"),
        ("questions.csv", "sealed?,yes", "sealed?,no"),
        ("deployment.csv", "B-1,urn:test:citizen,no", "B-1,urn:test:citizen,yes"),
    ],
)
def test_what_only_views_read_changes_the_judgement_digest_alone(
    file: str, old: str, new: str
) -> None:
    """It may be changed on the day itself, without another acceptance."""
    assert SMALL_FILES[file].count(old) == 1
    pack = parse_pack({**SMALL_FILES, file: SMALL_FILES[file].replace(old, new)})
    assert pack.acceptance_digest == small_pack().acceptance_digest
    assert pack.judgement_digest != small_pack().judgement_digest


def test_digests_of_many_rows() -> None:
    """Rows are spelt in batches: order does not matter beyond one either, and every row counts."""
    rows = [f"S-{number},XX-A" for number in range(12_500)]
    files = {name: SMALL_FILES[name] for name in SMALL_FILES if name != "deployment.csv"}

    def digest(lines: list[str]) -> str:
        text = "\n".join(["id,region", *lines])
        return parse_pack({**files, "stations.csv": text}).acceptance_digest

    assert digest(rows) == digest(rows[::-1])
    assert digest(rows) != digest(rows[:-1])
    assert digest(rows) != digest([*rows[:11_345], "S-11345,XX-B", *rows[11_346:]])
