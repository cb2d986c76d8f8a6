"""A dear page is made at most a fifth of the time, and nobody waits long for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from streams.worker.breath import Breath
from streams.worker.pacing import CHEAP_SECONDS, REST, Made, Paced


class Pages:
    """Makes numbered pages that cost ``seconds`` each, once ``open`` is set."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.begun = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None
        self.holds = True
        self.paced: Paced[int] = Paced(self.make, lambda: self.now, wait=0.05)

    async def make(self) -> Made[int]:
        """The next page, or the error."""
        self.begun += 1
        number = self.begun
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return Made(number, self.seconds, lambda: self.holds)


async def test_a_cheap_page_is_made_for_each_who_asks() -> None:
    pages = Pages(CHEAP_SECONDS)
    assert [await pages.paced.get() for _ in range(3)] == [1, 2, 3]


async def test_a_dear_page_is_handed_out_again_until_it_has_rested() -> None:
    pages = Pages(2.0)
    assert [await pages.paced.get() for _ in range(3)] == [1, 1, 1]
    pages.now = 2.0 * REST - 0.01
    assert await pages.paced.get() == 1
    pages.now = 2.0 * REST
    assert await pages.paced.get() == 2


async def test_all_who_ask_meanwhile_wait_for_the_same_page() -> None:
    pages = Pages(0.1)
    pages.open.clear()
    asked = [asyncio.create_task(pages.paced.get()) for _ in range(5)]
    await asyncio.sleep(0.15)  # longer than anybody waits who could get an older page
    assert not any(task.done() for task in asked)
    pages.open.set()
    assert await asyncio.gather(*asked) == [1] * 5
    assert pages.begun == 1


async def test_nobody_waits_longer_than_a_while_if_there_is_an_older_page() -> None:
    """The new one goes on being made, and is whole when it is handed out."""
    pages = Pages(0.1)
    assert await pages.paced.get() == 1
    pages.open.clear()
    assert await pages.paced.get() == 1
    assert await pages.paced.get() == 1
    assert pages.begun == 2
    pages.open.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await pages.paced.get() in (2, 3)


async def test_an_error_is_raised_to_those_who_wait_and_the_next_is_made_anew() -> None:
    pages = Pages(0.1)
    pages.error = ValueError("no such family")
    for _ in range(2):
        with pytest.raises(ValueError, match="no such family"):
            await pages.paced.get()
    pages.error = None
    assert await pages.paced.get() == 3


async def test_an_error_is_not_hidden_behind_the_last_page() -> None:
    """Else a page that takes longer than anybody waits, and fails, stays as it was for good."""
    pages = Pages(0.1)
    assert await pages.paced.get() == 1
    pages.open.clear()
    assert await pages.paced.get() == 1  # waited in vain
    failing = asyncio.create_task(pages.paced.get())
    pages.error = ValueError("no such family")
    await asyncio.sleep(0)
    pages.open.set()
    with pytest.raises(ValueError, match="no such family"):
        await failing
    pages.open.clear()
    asked = asyncio.create_task(pages.paced.get())
    await asyncio.sleep(0.1)  # longer than anybody waits who could get an older page
    assert not asked.done()
    pages.open.set()
    with pytest.raises(ValueError, match="no such family"):
        await asked
    pages.error = None
    assert await pages.paced.get() == 4


async def test_a_page_that_no_longer_holds_is_not_handed_out() -> None:
    """Of a partition that went to another worker, however dear the page was."""
    pages = Pages(2.0)
    assert [await pages.paced.get() for _ in range(2)] == [1, 1]
    pages.holds = False
    assert await pages.paced.get() == 2
    pages.holds = True
    assert await pages.paced.get() == 2


async def test_a_page_that_ceases_to_hold_while_a_new_one_is_made() -> None:
    """Whoever waits then waits for the new one, however long."""
    pages = Pages(0.1)
    assert await pages.paced.get() == 1
    pages.open.clear()
    asked = asyncio.create_task(pages.paced.get())
    await asyncio.sleep(0)
    pages.holds = False
    await asyncio.sleep(0.1)  # longer than anybody waits who could get an older page
    assert not asked.done()
    pages.holds = True
    pages.open.set()
    assert await asked == 2


async def test_an_end_while_a_page_is_made() -> None:
    pages = Pages(0.1)
    await pages.paced.get()
    pages.open.clear()
    await pages.paced.get()
    await pages.paced.end()
    await pages.paced.end()


async def test_a_breath_counts_the_work_and_not_what_others_do_meanwhile() -> None:
    breath = Breath()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(5):
        until = time.thread_time() + 0.006
        while time.thread_time() < until:
            pass
        await breath.take()
    passed = loop.time() - began
    task.cancel()
    assert turns > 5
    assert 0.03 <= breath.worked < passed


def _stop() -> None:
    """What SIGSTOP is to the clock."""
    time.sleep(0.2)


async def test_a_process_that_was_stopped_has_not_worked_for_it() -> None:
    """Else its page would rest for four times as long, with partitions that others have now."""
    breath = Breath()
    _stop()
    await breath.take()
    assert breath.worked < 0.1
