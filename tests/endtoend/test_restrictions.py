"""A restriction on observers, from the event in Kafka to whoever must know."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.endtoend.chain import DESK, HALF_PAST_TEN, PHONE, Chain, line, place

pytestmark = pytest.mark.asyncio(loop_scope="package")

HOUR = 3_600_000_000
DAY = 24 * HOUR
CLOCK = "scrutineer_now_timestamp_seconds"


def expect(chain: Chain, region: str, *told: tuple[str, str]) -> None:
    """Phone and desk were told exactly this of the region: (NOW or OVER, kind), each once."""
    for receiver in (PHONE, DESK):
        assert chain.lines(receiver, region) == Counter(line(s, region, k) for s, k in told)


def texts(chain: Chain, receiver: str, number: int) -> list[str]:
    """Messages that name the place of a restriction."""
    return [text for text in chain.inbox.of(receiver) if place(number) in text]


async def test_a_restriction_is_told_when_it_comes_and_when_it_is_over(chain: Chain) -> None:
    """Region and kind to the phone, the station to the desk alone; a second one by itself."""
    region = "KZ-10"
    await chain.restrict(11, region, "entry_denied")
    await chain.told("NOW", region, "entry_denied")
    (text,) = texts(chain, DESK, 11)
    assert f"Place: {place(11)}\nObservers: citizen\nSince " in text
    assert "/d/observer-access?var-region=KZ-10" in text
    # A second one while the first is open.
    await chain.restrict(12, region, "expelled")
    await chain.told("NOW", region, "expelled")
    await chain.lift(11, region, "entry_denied")
    await chain.told("OVER", region, "entry_denied")
    await chain.sentinel()
    expect(chain, region, ("NOW", "entry_denied"), ("NOW", "expelled"), ("OVER", "entry_denied"))
    for message in chain.inbox.messages:
        if message.receiver != DESK:
            assert not [w for w in ("station-", "r11", "citizen") if w in message.raw]


async def test_a_workers_death_neither_ends_a_restriction_nor_tells_it_again(chain: Chain) -> None:
    """Not while nobody watches, not when another worker takes over, not when the first is back.

    What comes and what ends while nobody watches is told once somebody does.
    """
    region = "KZ-61"
    stays, ends, comes = "entry_denied", "expelled", "view_obstructed"
    await chain.restrict(21, region, stays)
    await chain.restrict(22, region, ends)
    await chain.told("NOW", region, stays)
    await chain.told("NOW", region, ends)
    dead = await chain.holder(region)
    (heir,) = (worker for worker in chain.workers if worker is not dead)
    dead.kill()
    # Nobody shows the region, and the alert stands all the same: it is really held.
    unseen = (
        f'ALERTS{{region="{region}",alertstate="firing"}} unless on (region) scrutineer_region_live'
    )
    await chain.until(f"count_over_time(({unseen})[10m:1s]) >= 3")
    await chain.lift(22, region, ends)
    await chain.restrict(23, region, comes)
    await heir.until_ready()
    seen = f'scrutineer_region_live{{region="{region}",instance="127.0.0.1:{heir.port}"}}'
    await chain.until(f"count_over_time({seen}[10m]) >= 5")
    await chain.told("OVER", region, ends)
    await chain.told("NOW", region, comes)
    told = [("NOW", stays), ("NOW", ends), ("NOW", comes), ("OVER", ends)]
    expect(chain, region, *told)
    dead.start()
    await chain.all_watched()
    await chain.sentinel()
    expect(chain, region, *told)
    await chain.lift(21, region, stays)
    await chain.told("OVER", region, stays)
    await chain.sentinel()
    expect(chain, region, *told, ("OVER", stays))
    # Of a worker that starts: the day that is played is not over because nobody told it the time.
    assert not chain.prometheus.now(f"max_over_time({CLOCK}[1h]) * 1e6 > {HALF_PAST_TEN + DAY}")
    assert chain.prometheus.rule_failures() == 0


async def test_a_cluster_is_paged_in_place_of_its_restrictions(chain: Chain) -> None:
    """While it lasts, the region's next goes to the desk; then the phone hears what is open."""
    region = "KZ-35"
    kinds = ("entry_denied", "asked_to_leave", "expelled", "view_obstructed")
    for number, kind in enumerate(kinds, 31):
        await chain.restrict(number, region, kind)
    for kind in kinds:
        await chain.told("NOW", region, kind)
    await chain.restrict(35, region, "intimidated")
    cluster = f"Many restrictions on observers: {region}"
    for receiver in (PHONE, DESK):
        await chain.hears(receiver, f"NOW {cluster}")
    await chain.restrict(36, region, "recording_forbidden")
    await chain.told("NOW", region, "recording_forbidden", DESK)
    await chain.sentinel()
    muted = line("NOW", region, "recording_forbidden")
    assert not chain.lines(PHONE, region)[muted]
    await chain.set_clock(HALF_PAST_TEN + 2 * HOUR)
    await chain.hears(PHONE, f"OVER {cluster}")
    await chain.told("NOW", region, "recording_forbidden", PHONE)
    await chain.sentinel()
    all_ = (*kinds, "intimidated", "recording_forbidden")
    expect(chain, region, *(("NOW", kind) for kind in all_))
    assert chain.inbox.lines(PHONE).count(f"NOW {cluster}") == 1


async def test_a_restriction_that_no_table_shows_is_told_all_the_same(chain: Chain) -> None:
    """Rejected for a station that is none: a page to the room, which must read the dead letters."""
    await chain.restrict(41, "KZ-59", "entry_denied", station="no station of this name")
    for receiver in ("room-phone", "room"):
        await chain.hears(receiver, "NOW Urgent report rejected, invalid data")
    assert not chain.lines(DESK, "KZ-59")
