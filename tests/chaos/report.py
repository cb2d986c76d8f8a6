"""One line about a run: what was done, what came of it, how long it took to be whole again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.run import Plan, Played

Json = dict[str, Any]


def line_of(plan: Plan, played: Played | None, problems: Sequence[str], took: float) -> Json:
    """The line, as JSON. Seconds everywhere; ``recovery``: kind → median and longest.

    Without figures if nothing was ``played``.
    """
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": plan.seed,
        "seconds": plan.seconds,
        "rate": plan.rate,
        "verdict": "red" if problems else "green",
        "problems": len(problems),
        "first_problems": list(problems[:5]),
        **(_figures(played) if played else {}),
        "took": round(took, 1),
    }


def _figures(played: Played) -> Json:
    journal = played.faults.journal
    sampler = played.sampler
    evidence = played.evidence
    skewed = {life for worker in played.workers for life in worker.skewed}
    return {
        "events": len(journal.sent),
        "rejected": sum(one.planned.reason is not None for one in journal.sent),
        "failed_sends": journal.failures,
        "unsure": len(journal.unsure),
        "letters": len(evidence.letters) if evidence else None,
        "letters_compacted": len({one.key for one in evidence.letters}) if evidence else None,
        "faults": dict(sorted(Counter(one.kind for one in played.faults.troubles).items())),
        "guessed": dict(sorted(played.faults.guessed.items())),
        "recovery": _times(played.faults.recovery.recoveries),
        "recovery_alone": _times(played.faults.recovery.alone),
        "samples": len(sampler.samples),
        "skewed_samples": sum(one.life in skewed for one in sampler.samples),
        "questions": sampler.asked,
        "longest_stall": round(max(sampler.stalls.values(), default=0.0), 3),
        "slowest_health": round(sampler.slowest_health, 3),
        "processes": sum(worker.incarnation for worker in played.workers),
    }


def _times(found: Mapping[str, Sequence[float]]) -> Json:
    return {
        kind: {"p50": round(median(times), 1), "max": round(max(times), 1)}
        for kind, times in sorted(found.items())
    }


def append(report: Path, line: Json) -> None:
    """Write a line at the end of the report."""
    report.parent.mkdir(parents=True, exist_ok=True)
    with report.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def told(line: Json) -> str:
    """The line for people."""
    if "events" not in line:
        return f"seed {line['seed']} {line['verdict'].upper()}: nothing was played"
    faults = " ".join(f"{kind}:{number}" for kind, number in line["faults"].items())
    back = " ".join(f"{k}:{v['p50']}/{v['max']}" for k, v in line["recovery"].items())
    return (
        f"seed {line['seed']} {line['verdict'].upper()}: {line['events']} events, "
        f"{line['rejected']} rejected, {line['samples']} samples; faults {faults}; "
        f"whole again after (p50/max s) {back}; loop stood still {line['longest_stall']} s at most"
    )
