"""`python -m benchmarks [SECTION]...`: speed and memory, as tables.

Each section runs in a process of its own, one after the other, so that none sees another's memory
or garbage. What a section needs and this machine lacks is said in a line.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
from typing import Final

from streams.errors import UserError

SECTIONS: Final = {
    "pure": "bytes to tables, without a broker; memory of the state",
    "large": "each type of event, a million reports, a million stations",
    "fuzz": "reading the worst that an event can hold, by its size",
    "scrape": "what a scrape of the metrics costs",
    "gap": "the turnout gap: cost of an event and of looking, by the number of stations",
    "turnout": "the turnout gap: coverage of intervals, false verdicts, power, by simulation",
    "archive": "archive and replay: events/s by cores, bytes an event, memory by length",
    "imports": "importing an export: records/s, memory by its length",
    "live": "a live worker on Apache Kafka: events/s and freshness (needs Java and Maven)",
    "start": "a worker's start on a million events, with and without snapshots; kill -9",
    "overload": "20,000 events/s, floods, 64 KiB events: exact, how fresh, memory (as live)",
    "alerts": "a restriction from the log to the web hook (needs Prometheus and Alertmanager too)",
}


def machine() -> str:
    """What the figures depend on: processor, cores, memory, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GiB; {platform.system()} "
        f"{platform.release()}; {platform.python_implementation()} {platform.python_version()}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def run(name: str) -> int:
    """Measure one section in this process; returns its exit status."""
    print(f"\n== {name}: {SECTIONS[name]} ==", flush=True)
    try:
        status = importlib.import_module(f"benchmarks.{name}").main()
    except UserError as error:
        print(f"not measured: {error}")
        return 0
    return status or 0


def main() -> int:
    """Measure the sections asked for, all without any; returns the first bad exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    names = parser.parse_args().sections or list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            parser.error(f"there is no section {name}; there are {', '.join(SECTIONS)}")
    print(machine(), flush=True)
    if len(names) == 1:
        return run(names[0])
    statuses = [
        subprocess.run(
            [sys.executable, "-c", f"import benchmarks.__main__ as b; exit(b.run({name!r}))"],
            check=False,
        ).returncode
        for name in names
    ]
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(main())
