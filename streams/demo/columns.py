"""Tables whose numbers are never cut: for want of room text gives way, then whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

GAP: Final = 2
"""Cells between two columns."""
HEADER: Final = "bold grey62"


class Column(NamedTuple):
    """Between ``least`` and ``want`` cells wide, or left out.

    Columns of a low ``rank`` get room first and are left out last; those of rank 0 never are.
    """

    name: str
    want: int
    least: int
    rank: int = 0
    right: bool = False


def number(name: str, cells: Sequence[Text], rank: int = 0) -> Column:
    """A column as wide as its longest cell."""
    width = max([len(name), *(cell.cell_len for cell in cells)])
    return Column(name, width, width, rank, right=True)


def fit(columns: Sequence[Column], width: int) -> dict[int, int]:
    """The columns, by number, that ``width`` cells have room for, and how wide each is."""
    shown = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[each].least + GAP for each in shown) - GAP

    while needed() > width and any(columns[each].rank for each in shown):
        shown.remove(max(shown, key=lambda each: columns[each].rank))
    spare = max(0, width - needed())
    widths = {}
    for each in sorted(shown, key=lambda each: columns[each].rank):
        more = min(spare, columns[each].want - columns[each].least)
        widths[each] = columns[each].least + more
        spare -= more
    return {each: widths[each] for each in shown}


def table(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> Table:
    """``rows``, with a cell for each of ``columns``, in ``width`` cells."""
    widths = fit(columns, width)
    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style=HEADER)
    for each, cells in widths.items():
        made.add_column(
            columns[each].name,
            width=cells,
            justify="right" if columns[each].right else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        made.add_row(*(row[each] for each in widths))
    return made


def whole(parts: Sequence[str], width: int, before: str = "") -> str:
    """As many of ``parts`` as fit, none of them cut but a first one that is alone too long.

    Those that do not fit are counted.
    """
    for shown in range(len(parts), 0, -1):
        rest = f", +{len(parts) - shown}" if shown < len(parts) else ""
        text = before + ", ".join(parts[:shown]) + rest
        if cell_len(text) <= width:
            return text
    return parts[0] if parts else ""
