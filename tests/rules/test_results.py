"""Counts assessed negatively, and results that nobody can check."""

from __future__ import annotations

from tests.rules.promtool import OTHER
from tests.rules.world import GONE, World, at, case, span, told

FILES = ("pack.yml", "results.yml")
TEAM = ("room", "counting-results")
VISITS = "election_visits"
PUBLISHED = "election_results_published_stations"
CLOSE = "election_polls_close_timestamp_seconds"


def counts(world: World, region: str, **ratings: object) -> None:
    """Visits to counts in a region, by rating."""
    for rating in ("very_good", "good", "bad", "very_bad"):
        value = ratings.get(rating, 0)
        world.put(VISITS, value, region=region, phase="counting", rating=rating)
        world.put(VISITS, 50, region=region, phase="voting", rating=rating)


def negative(place: str, share: str, n: int, **labels: str) -> dict[str, object]:
    """The alert."""
    return told(
        "CountingAssessedNegatively",
        f"Counting assessed negatively: {share} in {place}",
        f"{share} of {n} counts observed in {place} were assessed bad or very bad. Say the number "
        "with the share, and no interval: teams that chose where to go are no random sample.",
        "warning",
        *TEAM,
        **labels,
    )


@case("CountingAssessedNegatively", "fires", "resolves")
def test_a_fifth_of_ten_counts(world: World) -> None:
    """From the share and the number on that the pack says; a better count may end it."""
    world.live()
    counts(world, "XX-A", bad=1, very_bad=span((0, 2), (1, 9)), good=span((7, 2), (8, 2), (9, 9)))
    name = "CountingAssessedNegatively"
    world.always(range(2), name, 0)
    here = negative("North (XX-A)", "20%", 10, region="XX-A", scope="region")
    country = negative("the whole country", "20%", 10, region="XX", scope="country")
    world.texts(2, name, country, here)
    world.always(range(4, 6), name, 0)
    world.check()


@case("CountingAssessedNegatively", "fires")
def test_the_country_has_enough_where_no_region_has(world: World) -> None:
    """Nine in each of two regions, one in a third: no share of nine, but one of nineteen."""
    world.live()
    for region in ("XX-A", "XX-B"):
        counts(world, region, very_bad=9)
    counts(world, "XX-C", good=1)
    name = "CountingAssessedNegatively"
    share = negative("the whole country", "94.74%", 19, region="XX", scope="country")
    world.texts(1, name, share)
    world.check()


@case("CountingAssessedNegatively", "quiet")
def test_few_counts_or_few_bad_ones(world: World) -> None:
    """Nine that were all bad say too little; and how voting was assessed is another matter."""
    world.live()
    counts(world, "XX-A", very_bad=9)
    counts(world, "XX-B", bad=19, good=141)
    world.put(VISITS, 30, region="XX-C", phase="voting", rating="very_bad")
    world.always(range(5), "CountingAssessedNegatively", 0)
    world.check()


def test_a_dead_worker_changes_no_share(world: World) -> None:
    """Neither its region's nor the country's."""
    world.live("XX-A", alive=span((1, 4), (GONE, 1)))
    world.live("XX-B", worker=OTHER)
    cell = {"phase": "counting"}
    world.put(VISITS, span((10, 4), (GONE, 1)), region="XX-A", rating="bad", **cell)
    world.put(VISITS, 40, OTHER, region="XX-B", rating="good", **cell)
    world.always(range(30), "CountingAssessedNegatively", 1, scope="country")
    world.always(range(30), "CountingAssessedNegatively", 1, scope="region")
    world.check()


def unpublished(place: str, hours: str, severity: str, **labels: str) -> dict[str, object]:
    """The alert."""
    return told(
        "ResultsNotDisaggregated",
        f"No results by station published: {place}",
        f"{hours} after the polls closed, no results of any single station have been published in "
        f"{place}. Nobody can check the totals.",
        severity,
        *TEAM,
        **labels,
    )


DAY = 24 * 3600


@case("ResultsNotDisaggregated", "fires")
def test_a_day_after_the_close(world: World) -> None:
    """By region for information, and of the country once for all: when its last region is late."""
    world.live()
    close = at("20:00")
    late, later = close + DAY + 60, close + DAY + 3660
    values = span((close + DAY, 2), (late, 3), (later, 9))
    world.put("scrutineer_now_timestamp_seconds", values)
    for region, hour in (("XX-A", 0), ("XX-B", 3600), ("XX-C", 3600)):
        world.put(CLOSE, close + hour, region=region)
        world.put(PUBLISHED, 0, region=region)
    name = "ResultsNotDisaggregated"
    world.always(range(2), name, 0)
    time = "1d 0h 1m 0s"
    world.texts(2, name, unpublished("North (XX-A)", time, "info", region="XX-A", scope="region"))
    world.texts(
        6,
        name,
        unpublished("North (XX-A)", "1d 1h 1m 0s", "info", region="XX-A", scope="region"),
        unpublished("South (XX-B)", time, "info", region="XX-B", scope="region"),
        unpublished("West (XX-C)", time, "info", region="XX-C", scope="region"),
        unpublished("the whole country", time, "warning", region="XX", scope="country"),
    )
    world.check()


@case("ResultsNotDisaggregated", "quiet", "resolves")
def test_results_of_one_station_end_it(world: World) -> None:
    """In its region; and the country's with the first anywhere. Before the time is up: nothing."""
    world.live()
    close = at("20:00")
    now = span((close + DAY - 60, 2), (close + DAY + 60, 9))
    world.put("scrutineer_now_timestamp_seconds", now)
    for region in ("XX-A", "XX-B", "XX-C"):
        world.put(CLOSE, close, region=region)
        world.put(PUBLISHED, span((0, 4), (1, 9)) if region == "XX-A" else 0, region=region)
    name = "ResultsNotDisaggregated"
    world.always(range(2), name, 0)
    world.firing(3, name, 3, scope="region")
    world.firing(3, name, 1, scope="country")
    world.firing(4, name, 0, region="XX-A")
    world.firing(4, name, 2)
    world.check()


def test_a_dead_worker_publishes_nothing(world: World) -> None:
    """And hides nothing that was published."""
    world.live("XX-A", alive=span((1, 4), (GONE, 1)))
    world.live("XX-B", worker=OTHER)
    world.put("scrutineer_now_timestamp_seconds", at("20:00") + 2 * DAY)
    for region, worker, values in (
        ("XX-A", "10.0.0.1:6066", span((1, 4), (GONE, 1))),
        ("XX-B", OTHER, span((0, 40))),
    ):
        text = span(*((GONE if v == GONE else at("20:00"), 1) for v in values.split()))
        world.put(CLOSE, text, worker, region=region)
        world.put(PUBLISHED, values, worker, region=region)
    world.always(range(30), "ResultsNotDisaggregated", 0, scope="country")
    world.always(range(30), "ResultsNotDisaggregated", 1, scope="region")
    world.check()
