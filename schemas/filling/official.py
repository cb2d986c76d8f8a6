"""How models are filled with what was decoded of them: `make docs` writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Mends = dict[str, Callable[[Any], Any]]
Fill = Callable[[Any], Any]


def official_turnout(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``OfficialTurnout``."""
    new = object.__new__
    as_region = mend["region"]
    as_station = mend["station"]
    as_publisher = mend["publisher"]
    as_as_of = mend["as_of"]
    as_published = mend["published"]
    as_source_url = mend["source_url"]
    as_contest = mend["contest"]
    as_percent = mend["percent"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        made.publisher = as_publisher(found.publisher)
        made.as_of = as_as_of(found.as_of)
        published = found.published
        made.published = None if published is None else as_published(published)
        source_url = found.source_url
        made.source_url = None if source_url is None else as_source_url(source_url)
        contest = found.contest
        made.contest = None if contest is None else as_contest(contest)
        made.registered = found.registered
        made.voted = found.voted
        percent = found.percent
        made.percent = None if percent is None else as_percent(percent)
        made.revision = found.revision
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


def official_protocol(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``OfficialProtocol``."""
    new = object.__new__
    as_votes = mend["votes"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_publisher = mend["publisher"]
    as_published = mend["published"]
    as_source_url = mend["source_url"]
    as_contest = mend["contest"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.registered = found.registered
        made.received = found.received
        made.issued = found.issued
        made.unused = found.unused
        made.spoiled = found.spoiled
        made.voted = found.voted
        made.voted_at_home = found.voted_at_home
        made.in_box = found.in_box
        made.valid = found.valid
        made.invalid = found.invalid
        votes = found.votes
        made.votes = None if votes is None else as_votes(votes)
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        made.publisher = as_publisher(found.publisher)
        made.published = as_published(found.published)
        source_url = found.source_url
        made.source_url = None if source_url is None else as_source_url(source_url)
        made.contest = as_contest(found.contest)
        made.revision = found.revision
        made.__class__ = model
        return made

    return fill


def opening(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Opening``."""
    new = object.__new__
    as_region = mend["region"]
    as_publisher = mend["publisher"]
    as_as_of = mend["as_of"]
    as_published = mend["published"]
    as_source_url = mend["source_url"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.region = as_region(found.region)
        made.publisher = as_publisher(found.publisher)
        made.as_of = as_as_of(found.as_of)
        published = found.published
        made.published = None if published is None else as_published(published)
        source_url = found.source_url
        made.source_url = None if source_url is None else as_source_url(source_url)
        made.revision = found.revision
        made.open = found.open
        made.expected = found.expected
        made.__class__ = model
        return made

    return fill


FILLS: Final[dict[str, Callable[[Any, Any, Mends], Fill]]] = {
    "OfficialTurnout": official_turnout,
    "OfficialProtocol": official_protocol,
    "Opening": opening,
}
"""Name of a model, and what fills it."""
