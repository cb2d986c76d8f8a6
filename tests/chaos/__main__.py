"""`python -m tests.chaos`: a run in a sandbox, its verdict, and a line about it in a report."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any, Final

import pytest

from streams.errors import UserError
from tests.chaos import sandbox
from tests.chaos.flatness import flatness
from tests.chaos.judge import judge
from tests.chaos.ownership import ownership_problems
from tests.chaos.report import append, line_of, told
from tests.chaos.run import Plan, Played, broke, play
from tests.chaos.schedule import PAUSE, Fault, dumped, parsed, schedule
from tests.kafka.jars import class_path

RARELY: Final = (20.0, 50.0)
"""Seconds between two faults of a lane in a soak."""
VERSIONS: Final = 60_000
"""Different events of a soak: after them the tables grow no more."""
FULL: Final = 1.5
"""Times what it takes to send them once, after which nothing may grow."""
NO_KAFKA: Final = (pytest.skip.Exception, pytest.fail.Exception)
"""How the tests say that Java or Maven is missing."""
LEAST: Final = {"seed": 0, "seconds": 1, "rate": 1, "versions": 1, "megabytes": 64}
"""Figure of a plan → the smallest that makes sense."""
REPORT: Final = Path("var/chaos/report.jsonl")
RATE: Final = 300.0


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, default=None, help="of traffic and schedule; default: the clock's")
    add("--minutes", type=float, default=3.0, help="of traffic (default: 3)")
    add("--rate", type=float, default=RATE, help="events per second (default: 300)")
    add("--soak", action="store_true", help="finite events, rarer faults, memory judged too")
    add("--schedule", type=Path, help="what an earlier run wrote: it alone decides")
    add("--versions", type=int, help="different events; then repeats alone (default: no limit)")
    add("--disk", type=int, default=256, help="MB of each broker's disk (default: 256)")
    add("--report", type=Path, default=REPORT, help=f"a line a run (default: {REPORT})")
    add("--keep", type=Path, help="folder to keep all logs in, of a green run too")
    return parser.parse_args(given)


def main() -> int:
    """0: green. 1: something differs. 2: it cannot be run here."""
    try:
        if not sandbox.is_inside():
            chosen_by(arguments())  # what is wrong with them is told at once
            class_path()  # fetched now: there is no network inside
            return sandbox.run_inside(sys.executable, "-m", "tests.chaos", *sys.argv[1:])
        return _inside(arguments())
    except (UserError, sandbox.NoSandboxError, *NO_KAFKA) as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _inside(chosen: argparse.Namespace) -> int:
    plan = _plan(chosen)
    # What clients say while brokers go fills a terminal.
    logging.basicConfig(filename=plan.folder / "clients.log", level=logging.WARNING)
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:7.1f}  {what}", flush=True)

    say(f"seed {plan.seed}: {plan.seconds:.0f} s at {plan.rate:.0f}/s, {len(plan.faults)} faults")
    played: Played | None = None
    problems: list[str] = []
    flat: dict[str, object] = {}
    try:
        played = play(plan, say)
        problems += played.problems
        flat = _judged(plan, played, problems, say)
    except Exception as error:
        # Whatever it is, a run is never without a line in the report.
        problems.append(broke(error, plan.folder))
    line = line_of(plan, played, problems, time.monotonic() - began) | {"flatness": flat}
    append(chosen.report, line)
    say(told(line))
    return _leave(plan, problems, say, keep=chosen.keep is not None)


def _judged(
    plan: Plan, played: Played, problems: list[str], say: Callable[[str], None]
) -> dict[str, object]:
    """Add what differs to the ``problems``; returns the memory's flatness, of a soak."""
    if played.evidence is not None:
        say("judging")
        problems += judge(played.evidence)
    else:
        # Who shows what it has lost may be why there was no end.
        sampler = played.sampler
        problems += ownership_problems(sampler.history, sampler.samples, played.faults.troubles)
    if not plan.soak:
        return {}
    assert plan.versions is not None
    full = played.began + plan.versions / plan.rate * FULL
    flat, grown = flatness(played.sampler.memory, full)
    problems += grown
    say(f"memory and files: {flat}")
    return flat


def _plan(chosen: argparse.Namespace) -> Plan:
    """What is to be done, written down where its logs will be."""
    about, faults = chosen_by(chosen)
    kept = chosen.keep or chosen.report.parent / f"seed-{about['seed']}-{time.strftime('%H%M%S')}"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "schedule.json").write_text(dumped(faults, **about), encoding="utf-8")
    return Plan(**about, faults=faults, folder=kept.resolve())


def chosen_by(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[Fault]]:
    """What a plan is made of: from a schedule if one is given, else from the command line.

    UserError: the schedule is none.
    """
    if chosen.schedule is None:
        seed = int(time.time()) % 1_000_000 if chosen.seed is None else chosen.seed
        seconds = chosen.minutes * 60
        about = {
            "seed": seed,
            "seconds": seconds,
            "rate": chosen.rate,
            "versions": chosen.versions or (VERSIONS if chosen.soak else None),
            "megabytes": chosen.disk,
            "soak": chosen.soak,
        }
        _check("--minutes, --rate, --versions, --disk", about)
        faults = schedule(seed, seconds, RARELY if chosen.soak else PAUSE)
        if not faults:
            raise UserError(f"--minutes {chosen.minutes}: too short for any fault; 0.7 has six")
        return about, faults
    try:
        text = chosen.schedule.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(f"--schedule {chosen.schedule}: {error}") from None
    faults, about = parsed(text)
    if missing := set(Plan._fields) - {"faults", "folder"} - about.keys():
        raise UserError(f"--schedule {chosen.schedule}: {', '.join(sorted(missing))} is missing")
    about = {name: value for name, value in about.items() if name in Plan._fields}
    _check(f"--schedule {chosen.schedule}", about)
    return about, faults


def _check(where: str, about: Mapping[str, Any]) -> None:
    """UserError: a figure of the plan is none."""
    for name, least in LEAST.items():
        value = about[name]
        if name == "versions" and value is None:
            continue
        if type(value) not in (int, float) or not least <= value < inf:
            raise UserError(f"{where}: {name} is {value!r}, it must be a number from {least} on")


def _leave(plan: Plan, problems: Sequence[str], say: Callable[[str], None], *, keep: bool) -> int:
    """Keep what helps to understand a red run, nothing but the schedule of a green one."""
    if problems:
        (plan.folder / "problems.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
        for problem in problems[:20]:
            print(f"  {problem}", flush=True)
        say(f"{len(problems)} problems; logs and schedule are in {plan.folder}")
        return 1
    for path in () if keep else plan.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "schedule.json":
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
