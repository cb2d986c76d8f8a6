"""`python -m audit`: whether a pinned dependency has a vulnerability that is known.

Exit status 0: none, or nobody could be asked, which is said loudly; 1: there is one, or an ignored
one has to be looked at again; with --require also 1 when not every dependency could be audited.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from audit.asking import Answer, ask
from audit.ignoring import Ignored, IgnoreError, expired, read_ignored

ROOT: Final = Path(__file__).resolve().parent.parent
IGNORED: Final = ROOT / "audit" / "ignored.toml"
_SHOWN: Final = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--require", action="store_true", help="fail when it cannot be done")
    parser.add_argument("--ignored", type=Path, default=IGNORED, help=argparse.SUPPRESS)
    parser.add_argument("--osv-url", help="ask this OSV service alone, as a mirror of your own")
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "constraints.txt")
    given = parser.parse_args(arguments)
    try:
        ignored = read_ignored(given.ignored)
    except IgnoreError as error:
        print(error, file=sys.stderr)
        return 1
    options = ["--vulnerability-service", "osv", "--osv-url", given.osv_url]
    answer = ask(given.file, options if given.osv_url else ())
    today = datetime.now(UTC).date()
    return judge(answer, ignored, today, required=given.require)


def judge(answer: Answer, ignored: Sequence[Ignored], today: date, *, required: bool) -> int:
    """Say what was found; returns the exit status."""
    over = expired(ignored, today)
    for entry in over:
        _say(
            f"ignored until {entry.until}, which is over: {entry.package} {entry.id} "
            f"({entry.reason}). Look again: audit/ignored.toml"
        )
    names = {(entry.package, entry.id) for entry in ignored if entry not in over}
    bad = [
        finding
        for finding in answer.findings
        if not any((finding.package, each) in names for each in finding.ids)
    ]
    for finding in bad:
        _say(f"vulnerable: {finding}")
    if answer.missing:
        _lament(answer)
    else:
        print(f"audit: {answer.audited} dependencies, {len(bad)} with a known vulnerability")
    return int(bool(bad or over) or (required and bool(answer.missing)))


def _lament(answer: Answer) -> None:
    listed = [f"{name}: {reason}" for name, reason in answer.missing.items()]
    shown = "\n".join(f"  {line}" for line in listed[:_SHOWN])
    more = f"\n  … and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    _say(
        f"NOT AUDITED: no service of advisories told anything about these dependencies "
        f"({answer.audited} were audited):\n{shown}{more}\n"
        "  This is no statement that they are safe. Run `make audit` where the service is reached."
    )


def _say(text: str) -> None:
    print(f"audit: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
