"""What a statement consists of, before it is printed in any format."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal, NamedTuple

FORMAT: Final = "scrutineer-statement/1"

Unit = Literal["text", "code", "time", "count", "share", "points", "width"]
"""Of a column. ``code``: has a name; ``share``: a part of 1; ``points``: a difference of two;

``width``: what such a difference is uncertain by.
"""


class Withheld(Enum):
    """A figure that is there and not shown."""

    WITHHELD = "withheld"


WITHHELD: Final = Withheld.WITHHELD
Cell = str | int | float | Withheld | None
"""None: not known, or there is none to speak of."""


class Column(NamedTuple):
    """``digits`` after the point, of percentages and points as they are printed."""

    id: str
    title: str
    unit: Unit = "text"
    digits: int = 1


class Table(NamedTuple):
    """Rows of cells in the order of ``columns``; the first column says what a row is about."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


class Sentence(NamedTuple):
    """``text``, ready to be quoted, with the ``basis`` that belongs to it.

    ``figures``: the numbers in it, unrounded; shares are parts of 1.
    """

    id: str
    text: str
    basis: str
    figures: Mapping[str, Cell] = {}


class Section(NamedTuple):
    """A part with its heading."""

    id: str
    title: str
    sentences: tuple[Sentence, ...]
    tables: tuple[Table, ...] = ()


class CutOff(NamedTuple):
    """Moments as RFC 3339. ``now``: of the views, ``now_is`` what it was taken from."""

    known_at: str | None
    happened_by: str | None
    now: str
    now_is: str


class Archived(NamedTuple):
    """One archive that was read. ``signed_by``: a public key in hex, None: nobody.

    ``records``: None in public. ``newest``: when its newest record became known, as RFC 3339; None:
    it has no record.
    """

    chain: str
    segments: int
    records: int | None
    signed_by: str | None
    newest: str | None


class Basis(NamedTuple):
    """What all figures can be computed from again, by anybody who has the archive.

    ``records``: read up to the cut-off; ``left_out``: in the archive, and not among them. ``lost``:
    offsets that an archive was salvaged without. ``positions``: topic → partition → next offset.
    None in public are ``positions``, as a partition of few records would tell of few reports, and
    numbers of records: less the reports that are shown, they are those that are withheld.
    """

    election: str
    program: str
    acceptance_digest: str
    judgement_digest: str
    content_digest: str
    statement_digest: str | None
    records: int | None
    left_out: int | None
    lost: int
    archives: tuple[Archived, ...]
    positions: Mapping[str, Mapping[str, int]] | None


class Statement(NamedTuple):
    """All of it. ``about``: a few lines on how to read it. ``names``: column → code → name."""

    election: str
    title: str
    internal: bool
    minimum: int
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    names: Mapping[str, Mapping[str, str]]
    cut_off: CutOff
    basis: Basis
