"""The demo's result, JSON-ready, and the same in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.fields import rfc3339
from streams.archive.replay import Replay
from streams.demo.board import Board
from streams.demo.day import Day
from streams.demo.feed import Feed
from streams.demo.handle import FILE
from streams.demo.scene import clock
from streams.sources.play import Progress


def summary(
    day: Day,
    feed: Feed,
    progress: Progress,
    *,
    seed: int,
    digest: str,
    replay: Replay,
    seconds: float,
    monitoring: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Counts, both digests, where to look. ``digest``: the worker's; ``seconds``: played in.

    ``monitoring``: alerts by name, and where they are; None: nobody watched for them.
    """
    board = feed.board
    return {
        "election": day.pack.id,
        "official_figures": "real",
        "observers": "simulated",
        "seed": seed,
        "played": {
            "from": rfc3339(day.begins),
            "to": rfc3339(day.ends),
            "seconds": round(seconds, 1),
        },
        "events": _events(day, progress, replay),
        "rejected": dict(board.rejected),
        "incidents": {"last_hour": board.hour},
        "regions_heard": _heard(board),
        "restrictions": _restrictions(day, board),
        "official_turnout": {
            "country_percent": board.country and board.country.percent,
            "regions": sum(region.official is not None for region in board.regions),
            "findings": len(board.findings),
        },
        "monitoring": monitoring,
        "content_digest": digest,
        "replay_digest": replay.content_digest,
        "equal": digest == replay.content_digest,
        "addresses": {
            "tables": f"{feed.address}/tables",
            "open_restrictions": f"{feed.address}/tables/open_restrictions",
            "metrics": f"{feed.address}/metrics",
            "state": f"{feed.address}/state",
        },
        "files": str(day.directory),
    }


def _heard(board: Board) -> dict[str, int]:
    """How many regions there are of each word, so that 0 incidents are not read as calm."""
    return dict(sorted(Counter(region.heard or "unknown" for region in board.regions).items()))


def _restrictions(day: Day, board: Board) -> dict[str, Any]:
    """Open ones, and how many of each planted cluster are among them."""
    standing = {each.report_id for each in board.restrictions}
    return {
        "open": len(board.restrictions),
        "by_group": dict(sorted(Counter(each.group for each in board.restrictions).items())),
        "planted_clusters": [
            {
                "region": cluster["region"],
                "phase": cluster["phase"],
                "reports": len(cluster["reports"]),
                "open": len(standing & set(cluster["reports"])),
            }
            for cluster in day.planted["clusters"]
        ],
    }


def _events(day: Day, progress: Progress, replay: Replay) -> dict[str, Any]:
    """Events published, clock ticks apart, and what became of them."""
    planted = day.planted["events"]
    return {
        "published": progress.events,
        "official": progress.events - planted["observer"] - planted["desk"],
        "others": replay.read - progress.events,
        "observer": planted["observer"],
        "desk": planted["desk"],
        "clock": sum(progress.sent.values()) - progress.events,
        "outcomes": replay.outcomes,
    }


def in_words(result: Mapping[str, Any], day: Day) -> Iterator[str]:
    """The summary for people, a paragraph each."""
    events = result["events"]
    outcomes = ", ".join(f"{number:,} {name}" for name, number in events["outcomes"].items())
    begin, end = clock(day.begins, day.zone), clock(day.ends, day.zone)
    yield (
        f"{begin} to {end} in {result['played']['seconds']:.0f} s, "
        f"{events['published']:,} events: {outcomes}."
    )
    verdict = "EQUAL to" if result["equal"] else "DIFFERENT from"
    yield f"Content digest {result['content_digest'][:16]}: {verdict} a replay without a broker."
    monitoring = result["monitoring"]
    if monitoring is not None:
        yield _alerts(monitoring["alerts"])


def to_try(result: Mapping[str, Any]) -> Iterator[str]:
    """What can be done while the worker stays up, a line each: addresses and commands to copy."""
    monitoring = result["monitoring"]
    if monitoring is not None:
        yield f"Alerts: {monitoring['prometheus']}/alerts, {monitoring['alertmanager']}"
    pages = result["addresses"]
    yield f"The worker stays up: {pages['tables']}, {pages['metrics']}"
    files = result["files"]
    yield f"Send it an event: scrutineer --config {files}/{FILE} publish FILE.jsonl"
    yield f"Without a broker: scrutineer replay {files}/*.jsonl --pack {files}/pack"
    yield "Ctrl-C to stop."


def _alerts(alerts: Mapping[str, Mapping[str, int]] | None) -> str:
    if alerts is None:
        return "Alerts that fired are not known: Prometheus did not answer."
    fired = ", ".join(f"{name} {number:,}" for name, number in alerts["fired"].items())
    return (
        f"Alerts that fired: {fired or 'none'}; {sum(alerts['firing'].values()):,} of "
        f"{sum(alerts['fired'].values()):,} still do."
    )
