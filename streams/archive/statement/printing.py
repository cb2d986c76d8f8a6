"""What Markdown and HTML print alike: the statement's basis as lines of two cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streams.archive.statement.model import Statement
from streams.archive.statement.words import count

INTERNAL: Final = "INTERNAL — not for publication"
BASIS: Final = "Basis: how to compute these figures again"
FORWARD: Final = (
    "Whoever has the archive comes to the same figures, byte for byte, with the same version of "
    "the program: scrutineer archive verify, then scrutineer statement with the same cut-off."
)


def basis_lines(statement: Statement) -> Iterator[tuple[str, str]]:
    """(what, value) of the cut-off and all digests."""
    cut_off, basis = statement.cut_off, statement.basis
    yield "Election", basis.election
    yield "Known at", cut_off.known_at or "no limit: all that is archived"
    yield "Happened by", cut_off.happened_by or "no limit"
    yield "Moment of the figures", f"{cut_off.now} ({cut_off.now_is})"
    if basis.records is not None:
        yield "Records read", count(basis.records)
        yield "Records archived and left out", count(basis.left_out)
    if basis.lost:
        yield "Offsets lost", count(basis.lost)
    for one in basis.archives:
        yield "Archive, chain of its manifest", one.chain
        yield "Archive, segments", count(one.segments)
        if one.records is not None:
            yield "Archive, records", count(one.records)
        yield "Archive, signed by", one.signed_by or "nobody"
        yield "Archive, newest record", one.newest or "none"
    yield "Content digest", basis.content_digest
    none = "none: a choice by event time, or an archive that is not whole, has none"
    yield "Statement digest", basis.statement_digest or none
    yield "Pack, what it accepts", basis.acceptance_digest
    yield "Pack, its thresholds and texts", basis.judgement_digest
    for topic, offsets in (basis.positions or {}).items():
        yield f"{topic} up to", " ".join(f"{number}:{offset}" for number, offset in offsets.items())
    yield "Program", basis.program
