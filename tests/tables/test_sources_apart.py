"""One organisation's reports are its own: what another one sends under the same ids is its own too.

Who may claim a source is not the tables' to know (docs/threat-model.md); what is done in a source's
name is listed, and its next revision mends it.
"""

from __future__ import annotations

from schemas import Rejected, read
from streams.tables.views import rows
from tests.packs import small_pack
from tests.strategies import Record
from tests.tables.events import incident, state, us

CITIZENS, PARTY = "urn:test:citizen", "urn:test:party"


def reports(*records: Record) -> int:
    """Incidents that count."""
    part = state(*records)
    found = rows("incidents", [part], part.pack, us("18:00"), None)
    return sum(int(str(row["reports"])) for row in found)


def corrections(*records: Record) -> list[tuple[object, ...]]:
    """Source, report, revision and whether it withdraws, of each correction."""
    part = state(*records)
    found = rows("corrections", [part], part.pack, us("18:00"), None)
    return [(r["source"], r["report_id"], r["revision"], r["withdrawn"]) for r in found]


def test_a_withdrawal_of_another_source_has_no_effect() -> None:
    """Same region, same report id, a higher revision: it is another report, of the other source."""
    theirs = incident("i1", source=CITIZENS)
    attack = incident("i1", source=PARTY, revision=9, withdrawn=True, observer_group="party_agent")
    assert reports(theirs) == 1
    for order in ((theirs, attack), (attack, theirs)):
        assert reports(*order) == 1
        assert corrections(*order) == []
    own = incident("i1", source=CITIZENS, revision=1, withdrawn=True)
    assert reports(theirs, attack, own) == 0


def test_what_is_forged_in_a_sources_name_is_listed_and_mended() -> None:
    """Whoever writes the topic can claim a source: the correction shows it, a revision mends it."""
    theirs = incident("i1", source=CITIZENS)
    forged = incident("i1", source=CITIZENS, revision=1, withdrawn=True)
    again = incident("i1", source=CITIZENS, revision=2)
    assert reports(theirs, forged) == 0
    assert corrections(theirs, forged) == [(CITIZENS, "i1", 1, True)]
    assert reports(theirs, forged, again) == 1
    assert corrections(theirs, forged, again) == [
        (CITIZENS, "i1", 1, True),
        (CITIZENS, "i1", 2, False),
    ]


def test_what_is_forged_at_the_highest_revision_is_mended_under_another_id() -> None:
    """No revision comes after it, and whoever takes the last event id wins at the same one."""
    last = 1_000_000_000
    theirs = incident("i1", source=CITIZENS)
    forged = incident("i1", id_="~" * 128, source=CITIZENS, revision=last, withdrawn=True)
    same = incident("i1", source=CITIZENS, revision=last)
    assert reports(theirs, forged) == 0
    assert reports(theirs, forged, same) == 0
    assert corrections(theirs, forged) == [(CITIZENS, "i1", last, True)]
    beyond = incident("i1", source=CITIZENS, revision=last + 1)
    assert isinstance(read(beyond.raw, beyond.origin, small_pack()), Rejected)
    assert reports(theirs, forged, incident("i2", source=CITIZENS)) == 1
