"""The audit of the dependencies: it bites, it says when it could not, and ignoring ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from audit.__main__ import IGNORED, judge, main
from audit.asking import SERVICES, Answer, Finding, ask
from audit.ignoring import Ignored, IgnoreError, read_ignored

HASH = "0" * 64
VULNERABLE = f"jinja2==2.10 --hash=sha256:{HASH}\n"
HARMLESS = f"six==1.17.0 --hash=sha256:{HASH}\n"
ADVISORY = {
    "schema_version": "1.7.0",
    "id": "PYSEC-2019-217",
    "aliases": ["CVE-2019-10906"],
    "details": "str.format_map allows a sandbox escape.",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
            "versions": ["2.9", "2.10"],
        }
    ],
}
TODAY = date(2026, 3, 1)
FINDING = Finding("jinja2", "2.10", ("PYSEC-2019-217", "CVE-2019-10906"), ("2.10.1",))


class _Service(BaseHTTPRequestHandler):
    """Speaks OSV's protocol, and knows one advisory."""

    def do_POST(self) -> None:
        """Answer a query about one version of one package."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        hit = (asked["package"]["name"], asked["version"]) == ("jinja2", "2.10")
        body = json.dumps({"vulns": [ADVISORY]} if hit else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def service() -> Iterator[str]:
    """The address of a service of advisories on this machine."""
    with HTTPServer(("127.0.0.1", 0), _Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A file with one pin that has a known vulnerability, and one that has none."""
    path = tmp_path / "constraints.txt"
    path.write_text(VULNERABLE + HARMLESS, encoding="utf-8")
    return path


def ignoring(folder: Path, until: str, id_: str = "CVE-2019-10906") -> Path:
    """A file that ignores the finding, by its alias."""
    path = folder / "ignored.toml"
    path.write_text(
        f'[[ignored]]\nid = "{id_}"\npackage = "jinja2"\nreason = "a test"\nuntil = {until}\n',
        encoding="utf-8",
    )
    return path


def test_a_vulnerable_pin_is_found_and_may_be_ignored_until_a_day(
    requirements: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """pip-audit finds it, in one file with a harmless pin; an entry silences it."""
    with service() as url:
        arguments = [str(requirements), "--osv-url", url, "--require"]
        assert main(arguments) == 1
        assert (
            "jinja2 2.10: PYSEC-2019-217, CVE-2019-10906 (fixed in 2.10.1)"
            in capfd.readouterr().err
        )
        assert main([*arguments, "--ignored", str(ignoring(tmp_path, "9999-12-31"))]) == 0
        assert "2 dependencies, 0 with a known vulnerability" in capfd.readouterr().out


def test_a_service_that_is_away_is_told_and_is_no_clean_bill(
    requirements: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens there. `make check` goes on; `make audit` would not: see the next test."""
    arguments = [str(requirements), "--osv-url", "http://127.0.0.1:9/v1/query"]
    assert main(arguments) == 0
    said = capfd.readouterr()
    assert "NOT AUDITED" in said.err
    assert "no statement that they are safe" in said.err
    assert said.out == ""


def test_a_package_that_the_service_does_not_know_was_not_audited(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mirror without advisories answers so of every package, and pip-audit ends well."""
    partly = Answer(1, (), {"six": "Dependency not found"})
    assert judge(partly, [], TODAY, required=False) == 0
    assert judge(partly, [], TODAY, required=True) == 1
    assert "six: Dependency not found" in capsys.readouterr().err


def test_the_real_service_knows_a_known_vulnerability(requirements: Path) -> None:
    """Where one is reached. pip-audit's own services are asked, as `make check` does."""
    answer = ask(requirements)
    if answer.missing:
        pytest.skip(f"no service of advisories is reached: {min(answer.missing.values())}")
    assert any("CVE-2019-10906" in finding.ids for finding in answer.findings), SERVICES


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (Ignored("CVE-2019-10906", "jinja2", "r", date(2026, 3, 2)), 0),
        (Ignored("CVE-2019-10906", "jinja2", "r", date(2026, 3, 1)), 1),
        (Ignored("CVE-2019-10906", "django", "r", date(2026, 3, 2)), 1),
        (Ignored("CVE-2019-9999", "jinja2", "r", date(2026, 3, 2)), 1),
    ],
)
def test_an_entry_ignores_one_finding_of_one_package(entry: Ignored, status: int) -> None:
    """The day it names is the first on which the finding counts again."""
    assert judge(Answer(2, (FINDING,), {}), [entry], TODAY, required=True) == status


def test_an_entry_that_is_over_fails_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Also when nobody can be asked: whoever wrote it meant to look again."""
    entry = Ignored("CVE-2019-10906", "jinja2", "a test", date(2020, 1, 1))
    away = Answer(0, (), {"all of them": "no answer"})
    assert judge(away, [entry], TODAY, required=False) == 1
    assert "ignored until 2020-01-01, which is over: jinja2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing but the array"),
        ("ignored = 3", "nothing but the array"),
        ('[[ignored]]\nid = "x"', "entry 1: needs exactly id, package, reason, until"),
        ('[[ignored]]\nid = "x"\npackage = "p"\nreason = " "\nuntil = 2026-01-01', "reason"),
        ('[[ignored]]\nid = "x"\npackage = "p"\nreason = "r"\nuntil = "2026-01-01"', "until"),
        ("[[ignored", "ignored.toml"),
    ],
)
def test_an_entry_needs_a_reason_and_a_day(tmp_path: Path, text: str, told: str) -> None:
    """What is wrong is told with its place."""
    path = tmp_path / "ignored.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IgnoreError, match=told):
        read_ignored(path)


def test_the_projects_own_entries_are_right() -> None:
    """Each has a reason and a day; that the day is to come is the audit's to check."""
    read_ignored(IGNORED)
