"""What is withheld: nobody can compute a small count from what is shown, and little else goes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.archive.statement.withholding import Key, Table, crossed, free, listed, withheld

MINIMUM = 5


def others(table: Table, hidden: frozenset[Key]) -> Iterator[dict[Key, int]]:
    """Every way to fill in what is hidden: by trying them all.

    Independent of the network: parts from 1 up, in all lines whose total is shown the right sum;
    a hidden total is what its parts make.
    """
    totals = {line.total for line in table.lines}
    cells = [key for key in table.values if key not in totals]
    unknown = [key for key in cells if key in hidden]
    most = max(table.values.values())
    bounds = []
    for key in unknown:
        shown = [
            table.values[n.total] for n in table.lines if key in n.parts and n.total not in hidden
        ]
        bounds.append(range(1, min([*shown, most + 1]) + 1))
    for tried in itertools.product(*bounds):
        filled = {key: table.values[key] for key in cells} | dict(zip(unknown, tried, strict=True))
        if all(_adds_up(table, hidden, filled, line.total) for line in table.lines):
            yield {key: _value(table, filled, key) for key in table.values}


def _value(table: Table, filled: dict[Key, int], key: Key) -> int:
    if key in filled:
        return filled[key]
    parts = next(line.parts for line in table.lines if line.total == key)
    return sum(_value(table, filled, part) for part in parts)


def _adds_up(table: Table, hidden: frozenset[Key], filled: dict[Key, int], total: Key) -> bool:
    value = _value(table, filled, total)
    return value == table.values[total] if total not in hidden else value >= 1


def check(table: Table, minimum: int) -> None:
    """All that is promised of one table."""
    hidden = withheld(table, minimum)
    values, whole = table.values, table.whole
    small = {key for key, value in values.items() if 0 < value < minimum}
    assert small <= hidden
    if not small:
        assert not hidden
        return
    if hidden >= values.keys() - {whole}:
        assert (whole in hidden) == (whole in small)
        return
    assert all(values[key] for key in hidden), "a zero is shown"
    for line in table.lines:
        gone = [values[key] for key in line.parts if key in hidden]
        if gone and line.total not in hidden:
            assert len(gone) > 1
            assert sum(gone) >= minimum
    found: dict[Key, set[int]] = {key: set() for key in small}
    for other in others(table, hidden):
        for key, seen in found.items():
            seen.add(other[key])
        if all(len(seen) > 1 for seen in found.values()):
            break
    assert all(len(seen) > 1 for seen in found.values()), (dict(values), sorted(hidden), found)


def grid(rows: int, columns: int, numbers: Iterable[int]) -> Table:
    """A table of two codes, row by row."""
    names = itertools.product("abcd"[:rows], "wxyz"[:columns])
    return crossed(dict(zip(names, numbers, strict=True)))


def test_every_small_list_is_safe() -> None:
    """All lists of up to four counts from 0 to 4, with a minimum of 3."""
    for size in (1, 2, 3, 4):
        for numbers in itertools.product(range(5), repeat=size):
            check(listed({f"p{n}": value for n, value in enumerate(numbers)}), 3)


def test_every_small_grid_is_safe() -> None:
    """All tables of two by two counts from 0 to 4, with a minimum of 3, their totals included."""
    for numbers in itertools.product(range(5), repeat=4):
        check(grid(2, 2, numbers), 3)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_larger_grids_are_safe(data: st.DataObject) -> None:
    """Up to two by three, with the minimum of a real statement."""
    rows, columns = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3))
    count = st.sampled_from([0, 0, 1, 2, 4, 5, 7])
    numbers = data.draw(st.lists(count, min_size=rows * columns, max_size=rows * columns))
    check(grid(rows, columns, numbers), MINIMUM)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_can_move_is_what_trying_finds(data: st.DataObject) -> None:
    """The network's answer about any pattern, not only those that are chosen."""
    numbers = data.draw(st.lists(st.integers(1, 3), min_size=4, max_size=4))
    table = grid(2, 2, numbers)
    names = sorted(table.values)
    hidden = frozenset(data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=6)))
    ways = list(others(table, hidden))
    for key in hidden:
        moves = len({way[key] for way in ways}) > 1
        assert free(table, hidden, key) == moves, (key, sorted(hidden), numbers)


def gone(table: Table) -> set[Key]:
    return set(withheld(table, MINIMUM))


def test_nothing_small_nothing_withheld() -> None:
    """Zeros are shown: that nothing was reported is a finding, and speaks of nobody."""
    assert gone(listed({"a": 0, "b": 5, "c": 70})) == set()
    assert gone(listed({"a": 0})) == set()
    assert gone(crossed({})) == set()


def test_a_small_count_takes_the_next_smallest_along() -> None:
    """Alone it would be the total less the others."""
    assert gone(listed({"a": 3, "b": 9, "c": 70})) == {("a",), ("b",)}
    assert gone(listed({"neg": 3, "pos": 125})) == {("neg",), ("pos",)}


def test_two_small_ones_that_are_few_together_take_a_third() -> None:
    """1 and 2 are 3 reports; three of 1 each could be nothing else."""
    assert gone(listed({"a": 1, "b": 2, "c": 9, "d": 70})) == {("a",), ("b",), ("c",)}
    ones = listed({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 30})
    assert ("f",) in gone(ones)


def test_a_small_total_takes_all_of_its_table() -> None:
    """Four parts of a total under five would each be one."""
    assert gone(listed({"a": 1, "b": 1, "c": 0})) == {("a",), ("b",), ("c",), ()}


def test_where_nothing_helps_only_the_total_is_left() -> None:
    """Five kinds of one report each: their names alone would tell it."""
    ones = listed(dict.fromkeys("abcde", 1) | {"z": 0})
    assert gone(ones) == {*((name,) for name in "abcde"), ("z",)}


def test_a_cross_needs_a_square() -> None:
    """One small cell: another in its row, another in its column, and where these cross."""
    table = crossed({("a", "x"): 2, ("a", "y"): 8, ("b", "x"): 7, ("b", "y"): 9, ("c", "x"): 50})
    assert gone(table) == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


def test_a_small_margin_is_withheld_with_another() -> None:
    """The total of a row is a count like others: the grand total less the rest of them."""
    found = gone(crossed({("a", "x"): 2, ("b", "x"): 20, ("c", "x"): 30}))
    assert {("a", "x"), ("a", ""), ("b", "x"), ("b", "")} <= found
    assert not {("c", ""), ("", ""), ("", "x")} & found


@pytest.mark.parametrize("seed", range(3))
def test_a_real_table_keeps_most_of_itself(seed: int) -> None:
    """Ten kinds in seven phases: the totals of kinds and phases mostly stand."""
    import random

    chance = random.Random(seed)
    cells = {
        (f"k{k}", f"p{p}"): chance.choice((0, 0, 0, 1, 3, 7, 20))
        for k in range(10)
        for p in range(7)
    }
    table = crossed(cells)
    hidden = withheld(table, MINIMUM)
    margins = [key for key in table.values if "" in key and table.values[key] >= MINIMUM]
    assert sum(key not in hidden for key in margins) >= 0.8 * len(margins)
