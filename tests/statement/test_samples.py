"""What may be said of a random sample, and of a region that few stations speak for."""

from __future__ import annotations

from collections.abc import Iterator

from schemas import Accepted, read
from streams.archive.statement.fieldwork import assessment
from streams.archive.statement.material import Material
from streams.archive.statement.model import WITHHELD
from streams.archive.statement.turnout import turnout
from streams.tables.partition import Partition
from tests.statement.test_public import AFTER
from tests.strategies import Record
from tests.tables.events import counted, figure, visit
from tests.test_mission import drawn

SOURCE = "urn:test:international"


def material(records: Iterator[Record], *, public: bool = True) -> Material:
    """Of 128 stations drawn at random in two regions."""
    pack = drawn()
    part = Partition(pack)
    for one in records:
        result = read(one.raw, None, pack)
        assert isinstance(result, Accepted), result
        part.apply(result)
    return Material(pack, (part,), AFTER, public)


def visits() -> Iterator[Record]:
    """58 of 128 counts bad, each station visited once."""
    for number in range(128):
        region = ("XX-A", "XX-B")[number % 2]
        where = {"region": region, "station": f"{region}-{number}"}
        rating = "bad" if number < 58 else "good"
        yield visit(f"c{number}", "21:00", source=SOURCE, rating=rating, **where)


def counts(few: int) -> Iterator[Record]:
    """Of all stations of XX-B and so many of XX-A, with both regions' and the country's figure."""
    for number in range(128):
        region = ("XX-A", "XX-B")[number % 2]
        if number % 2 or number < 2 * few:
            more = {"region": region, "observer_group": "international", "registered": 1000}
            voters = 400 + number
            yield counted(f"t{number}", "14:00", voters, f"{region}-{number}", SOURCE, **more)
    for region in ("XX-A", "XX-B", "XX"):
        yield figure("14:00", "52.5", region=region)


def test_an_interval_stands_beside_the_share_of_a_random_sample() -> None:
    """In the sentence's basis, its figures, and the table."""
    section = assessment(material(visits()))
    said = next(one for one in section.sentences if one.id == "assessment.counting")
    assert said.text == (
        "The counting was assessed negatively in 58 of the 128 polling stations observed (45.3 %)."
    )
    assert said.basis.endswith("the interval is Wilson's, of 95 %: 37.0 % to 53.9 %")
    counting = next(row for row in section.tables[0].rows if row[0] == "counting")
    assert [round(100 * float(str(cell)), 2) for cell in counting[6:8]] == [36.95, 53.95]
    assert counting[8] == "probability_sample"


def test_visits_that_are_not_one_to_a_station_are_observations() -> None:
    """A station visited twice is no second station."""
    twice = [*visits(), visit("c-again", "22:00", source=SOURCE, rating="good", station="XX-A-0")]
    said = assessment(material(iter(twice))).sentences[2]
    assert said.text == (
        "The counting was assessed negatively in 58 of the 129 observations (45.0 %)."
    )
    assert "no probability sample" in said.basis


def test_a_region_of_few_stations_takes_the_other_along() -> None:
    """Its own official turnout is public, what was counted in either is not."""
    section = turnout(material(counts(few=3)))
    table = next(one for one in section.tables if one.id == "turnout_level_list")
    names = [column.id for column in table.columns]
    rows = {str(row[0]): dict(zip(names, row, strict=True)) for row in table.rows}
    assert rows["XX"]["n"] == 67
    for region in ("XX-A", "XX-B"):
        assert rows[region]["official"] == 0.525
        hidden = ("observed", "gap", "half_width", "n", "verdict")
        assert all(rows[region][name] is WITHHELD for name in hidden)
    inside = turnout(material(counts(few=3), public=False)).tables[0]
    assert [row[names.index("n")] for row in inside.rows] == [67, 3, 64]


def test_too_few_stations_for_a_figure_are_a_number_alone() -> None:
    """By the pack's own minimum, which may be higher; internally n is told."""
    few = (one for number, one in enumerate(counts(few=0)) if number in (0, 1, 2, 64, 65, 66))
    section = turnout(material(few, public=False))
    lines = [row for row in section.tables[0].rows if row[0] == "XX"]
    assert [(row[6], row[-1], row[3]) for row in lines] == [(3, "too_few", None)]
    assert not [one for one in section.sentences if "level" in one.id]


def test_verdicts_are_counted_by_region() -> None:
    """Each with its interval, or the word why there is none."""
    section = turnout(material(counts(few=64)))
    table = next(one for one in section.tables if one.id == "turnout_level_list")
    assert [row[0] for row in table.rows] == ["XX", "XX-A", "XX-B"]
    assert all(isinstance(row[5], float) for row in table.rows[1:])
    said = next(one for one in section.sentences if one.id == "turnout.level.list.regions")
    assert said.figures["regions"] == 2
    assert said.text.startswith("Turnout of a sample of stations: of 2 regions that could be")
    country = next(one for one in section.sentences if one.id == "turnout.level.list.country")
    assert "official 52.50 %, observed " in country.text
    assert "at 128 stations" in country.text
