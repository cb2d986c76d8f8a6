"""Which counts a public table must not show, so that no small one can be read or computed from it.

Pure. The method is cell suppression, as for frequency tables in the Handbook on Statistical
Disclosure Control of Eurostat's ESSnet (Hundepool et al.): counts below a minimum are withheld
(primary), and others with them (secondary) until no sum that is shown gives one away. A zero is
shown: it speaks of nobody, and "none was reported" is a finding. A total below the minimum takes
its whole table along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Key = tuple[str, ...]
"""Names a count of a table."""


class Line(NamedTuple):
    """``total`` is the sum of ``parts``.

    ``sign`` is 1 or -1: a count that two lines have as a part, or as the total, has it once each;
    one that is a part of one line and the total of another has the same twice. Then the counts are
    flows of a network.
    """

    total: Key
    parts: tuple[Key, ...]
    sign: int = 1


class Table(NamedTuple):
    """Counts that add up along ``lines``; all of them to the count ``whole``."""

    values: Mapping[Key, int]
    lines: tuple[Line, ...]
    whole: Key


def listed(parts: Mapping[str, int]) -> Table:
    """Counts and their total, which is the key ``()``."""
    values: dict[Key, int] = {(name,): value for name, value in parts.items()}
    line = Line((), tuple(values))
    return Table({**values, (): sum(parts.values())}, (line,), ())


def crossed(cells: Mapping[tuple[str, str], int]) -> Table:
    """Counts by two codes; totals are ``(row, "")`` and ``("", column)``, of all ``("", "")``.

    A pair that is not there is a zero.
    """
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    values: dict[Key, int] = {
        (row, column): cells.get((row, column), 0) for row in rows for column in columns
    }
    for row in rows:
        values[row, ""] = sum(values[row, column] for column in columns)
    for column in columns:
        values["", column] = sum(values[row, column] for row in rows)
    values["", ""] = sum(cells.values())
    lines = [Line((row, ""), tuple((row, column) for column in columns), 1) for row in rows]
    lines += [Line(("", column), tuple((row, column) for row in rows), -1) for column in columns]
    lines.append(Line(("", ""), tuple((row, "") for row in rows), 1))
    lines.append(Line(("", ""), tuple(("", column) for column in columns), -1))
    return Table(values, tuple(lines), ("", ""))


def withheld(table: Table, minimum: int) -> frozenset[Key]:
    """The counts that are not to be shown.

    Of what is left nobody can tell the value of any count from 1 to ``minimum`` - 1, nor, in a
    line whose total is shown, that those withheld there are together fewer than ``minimum``. Where
    that is not to be had by withholding counts above zero, all but the whole is withheld.
    """
    values, whole = table.values, table.whole
    small = [key for key, value in values.items() if 0 < value < minimum]
    if not small:
        return frozenset()
    if 0 < values[whole] < minimum:
        return frozenset(values)
    hidden = set(small)
    while True:
        more = _thin(table, hidden, minimum)
        if more is None:
            more = _bare(table, hidden, small)
        if more is None:
            return frozenset(hidden)
        if more == whole:
            return frozenset(values) - {whole}
        hidden.add(more)


def _thin(table: Table, hidden: set[Key], minimum: int) -> Key | None:
    """What to withhold as well, where a line's shown total leaves too little for the hidden."""
    values = table.values
    for line in table.lines:
        if line.total in hidden:
            continue
        gone = [values[key] for key in line.parts if key in hidden]
        if gone and (len(gone) == 1 or sum(gone) < minimum):
            shown = [key for key in line.parts if key not in hidden and values[key]]
            return _least(table, shown) if shown else line.total
    return None


def _bare(table: Table, hidden: set[Key], small: list[Key]) -> Key | None:
    """What to withhold as well for a small count that can have no other value."""
    for key in small:
        if free(table, hidden, key):
            continue
        shown = [one for one in table.values if one not in hidden and table.values[one]]
        shown = [one for one in shown if one != table.whole]
        helping = [one for one in shown if free(table, hidden | {one}, key)]
        return _least(table, helping or shown) if shown else table.whole
    return None


def _least(table: Table, keys: Sequence[Key]) -> Key:
    """The smallest count, of equal ones the first."""
    return min(keys, key=lambda key: (table.values[key], key))


def free(table: Table, hidden: set[Key] | frozenset[Key], key: Key) -> bool:
    """Whether the hidden count ``key`` can have another value, given all that is shown.

    The reader knows the sums, and that what is hidden is at least 1. The counts are flows of a
    network (each is in at most two lines), whose whole-numbered solutions differ by steps of 1
    around circles: so there is another value just if such a circle runs through ``key``.
    """
    ends = {one: _ends(table, one) for one in hidden}
    steps: dict[int, list[tuple[Key, int]]] = {}
    for one, (low, high) in ends.items():
        steps.setdefault(low, []).append((one, high))
        if table.values[one] > 1:
            steps.setdefault(high, []).append((one, low))
    low, high = ends[key]
    if _leads(steps, high, low, key):
        return True
    return table.values[key] > 1 and _leads(steps, low, high, key)


def _ends(table: Table, key: Key) -> tuple[int, int]:
    """(from, to): the lines that a step of 1 makes too small and too large; -1 is none."""
    low = high = -1
    for number, line in enumerate(table.lines):
        if key in line.parts or key == line.total:
            if (key in line.parts) == (line.sign > 0):
                high = number
            else:
                low = number
    return low, high


def _leads(steps: Mapping[int, list[tuple[Key, int]]], start: int, goal: int, without: Key) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for key, end in steps.get(waiting.pop(), ()):
            if key != without and end not in seen:
                seen.add(end)
                waiting.append(end)
    return goal in seen
