"""Which partitions count as silent."""

from __future__ import annotations

from aiokafka import TopicPartition

from streams.worker.hearing import Hearing

ONE, TWO, THREE = (TopicPartition("t", number) for number in range(3))


def test_one_that_is_silent_is_found_among_those_that_answer() -> None:
    """Each is judged by its own answers, and those silent for a while go along."""
    hearing = Hearing()
    for second in range(13):
        stamps = {ONE: float(second), TWO: 0.5, THREE: float(min(second, 4))}
        hearing.note((ONE, TWO, THREE), stamps, second)
        found = hearing.silent(10.0, 5.0)
        assert set(found) == ({TWO, THREE} if second >= 10 else set())
        assert hearing.heard_at == second
    hearing.note((ONE, TWO, THREE), {ONE: 20.0, TWO: 20.0, THREE: 4.0}, 13.0)
    assert set(hearing.silent(9.0, 5.0)) == {THREE}


def test_no_first_answer_is_silence_too() -> None:
    """One that never answered is silent, and a rebalance that forgets stamps does not hide it."""
    hearing = Hearing()
    for second in range(0, 12, 2):
        hearing.note((ONE, TWO), {ONE: float(second), TWO: 3.0 if second < 6 else None}, second)
    assert hearing.silent(10.0, 5.0) == {TWO: 10.0}
    hearing.note((ONE,), {ONE: 12.0}, 12.0)
    assert hearing.silent(10.0, 5.0) == {}


def test_what_is_not_asked_for_is_not_silent() -> None:
    """Paused, its time stands still; silence before goes on when it is asked for again."""
    hearing = Hearing()
    hearing.note((ONE,), {ONE: 1.0}, 0.0)
    hearing.note((ONE,), {ONE: 1.0}, 6.0)
    hearing.note((ONE,), {}, 600.0)
    assert hearing.silent(6.0, 5.0) == {ONE: 6.0}
    hearing.note((ONE,), {ONE: 1.0}, 605.0)
    assert hearing.silent(10.0, 5.0) == {ONE: 11.0}
    assert hearing.heard_at == 0.0
    hearing.start_anew()
    assert hearing.silent(1.0, 1.0) == {}
    hearing.note((), {}, 606.0)
    assert hearing.heard_at is None
