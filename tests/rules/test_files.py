"""The rule files: what is committed, what promtool says, and what the house asks of every rule."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner

from schemas.pack import parse_pack
from schemas.pack.judgement import Alert
from streams.commands.rules import command
from streams.errors import UserError
from streams.metrics.families import DECLARED
from streams.packs import built_in, load_pack
from streams.rules import access, archive, clocks
from streams.rules.alert import Links
from streams.rules.files import files, groups
from streams.rules.model import Alerting, Recording, Rule
from streams.tables.buckets import BUCKET, WINDOWS
from tests.data import ROOT
from tests.packs import SMALL_FILES, small_pack
from tests.rules.promtool import promtool, write
from tests.rules.world import CASES

COMMITTED = ROOT / "deploy" / "prometheus" / "rules"
GROUPS = groups(small_pack())
RULES = [(group, rule) for group in GROUPS for rule in group.rules]
ALERTS = [rule for _, rule in RULES if isinstance(rule, Alerting)]
NAMES = list(get_args(Alert))
PIPELINE = {
    "UrgentReportRejected",
    "EventsRejected",
    "PartitionRebuilding",
    "PartitionFailed",
    "PartitionIncomplete",
    "PipelineBehind",
    "SourceFloods",
    "RegionUnwatched",
    "WorkerDown",
    "ArchiverDown",
    "ArchiveBehind",
    "PackMismatch",
    "ClockDiffers",
}
"""Alerts that are not about the day that may be played in a minute."""

KINDS = ("fires", "quiet", "resolves")
every_alert = pytest.mark.parametrize("name", NAMES)
MODULES = (
    "access",
    "archive",
    "clocks",
    "incidents",
    "flood",
    "pipeline",
    "results",
    "turnout",
)


def test_what_is_committed_is_what_the_command_writes(tmp_path: Path) -> None:
    """The rules of deploy/ are those of the built-in election, no file more and none less."""
    run = CliRunner().invoke(command, ["--pack", "kazakhstan-2023", "--to", str(tmp_path / "new")])
    assert run.exit_code == 0, run.output
    new, old = ({p.name: p.read_text() for p in d.iterdir()} for d in (tmp_path / "new", COMMITTED))
    assert new.keys() == old.keys(), "write them anew: make docs"
    stale = [name for name, text in new.items() if old[name] != text]
    assert not stale, f"{stale} out of date: make docs"


@pytest.mark.parametrize("where", built_in())
def test_promtool_finds_nothing_wrong(where: str, tmp_path: Path) -> None:
    """Of every pack that comes along."""
    run = CliRunner().invoke(command, ["--pack", where, "--to", str(tmp_path)])
    assert run.exit_code == 0, run.output
    check = subprocess.run(
        [promtool(), "check", "rules", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr
    assert check.stderr == ""


@pytest.mark.parametrize(
    "changes",
    [
        {'"test-2030"': """'it"s-{{.}}-\\d'"""},
        {
            "[2030-06-02]": "[2030-06-02, 2030-06-03]",
            '"Etc/UTC"': '"Asia/Singapore"',
            "\n[turnout]\n": '\n[[polling.exceptions]]\nregions = ["XX-A"]\ndays = [2030-06-02]\n'
            'open = "08:00"\n\n[turnout]\n',
        },
    ],
    ids=["quotes in the id", "two openings on one date in UTC"],
)
def test_promtool_finds_nothing_wrong_with_an_odd_pack(
    changes: dict[str, str], tmp_path: Path
) -> None:
    """What the pack's own check lets through must not come out as rules that do not load."""
    election = SMALL_FILES["election.toml"]
    for old, new in changes.items():
        assert old in election
        election = election.replace(old, new)
    pack = parse_pack({**SMALL_FILES, "election.toml": election})
    paths = write(tmp_path, files(pack))
    check = subprocess.run(
        [promtool(), "check", "rules", *paths], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_command_says_what_there_is_and_writes_nothing_unasked() -> None:
    """A line a file."""
    run = CliRunner().invoke(command, [])
    assert run.exit_code == 0
    assert "access.yml" in run.output
    assert len(run.output.splitlines()) == len(files(small_pack()))


def test_the_command_tells_what_it_cannot_write(tmp_path: Path) -> None:
    """The folder's name is a file's."""
    (tmp_path / "file").write_text("")
    run = CliRunner().invoke(command, ["--to", str(tmp_path / "file" / "rules")])
    assert isinstance(run.exception, UserError)
    assert "cannot be written" in str(run.exception)


@every_alert
def test_every_alert_of_the_list_has_a_rule(name: str) -> None:
    """And no rule is of another."""
    assert name in {rule.alert for rule in ALERTS}
    assert {rule.alert for rule in ALERTS} <= set(NAMES)


@every_alert
def test_every_alert_has_its_cases(name: str) -> None:
    """One in which it fires, one in which it does not, one in which it resolves."""
    for module in MODULES:
        importlib.import_module(f"tests.rules.test_{module}")
    missing = [kind for kind in KINDS if (name, kind) not in CASES]
    assert not missing


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.alert)
def test_an_alert_says_who_where_and_what_to_do(rule: Alerting) -> None:
    """Labels that routes need, and texts; a summary fits on a phone."""
    assert rule.labels["severity"] in {"page", "warning", "info"}
    assert rule.labels["team"] in {"access", "turnout", "room", "engineers"}
    assert rule.labels["election"] == small_pack().id
    assert rule.annotations.keys() == {
        "summary",
        "description",
        "runbook_url",
        "dashboard_url",
    }
    assert rule.annotations["runbook_url"] == f"docs/runbooks/{rule.alert}.md"
    template = re.compile(r"\{\{.*?\}\}")
    summary = template.sub("", rule.annotations["summary"])
    assert 10 < len(summary) < 90
    assert "observer_group" not in summary
    assert "$labels.place" not in rule.annotations["summary"]


def test_rules_about_the_election_know_no_wall_clock() -> None:
    """No ``time()``, no range over a minute, no waiting at all: a day may be played in a minute.

    The pipeline's rules may wait up to two minutes, and go on after what was rejected. Whether an
    archiver was there is no matter of the day that is played, so a day back is asked for it. One
    rule compares the clocks: it is about workers that play no day.
    """
    for _, rule in RULES:
        assert "time()" not in rule.expr, rule
        compares = isinstance(rule, Recording) and rule.record == clocks.AHEAD
        assert ("timestamp(" in rule.expr) == compares
        assert ('clock="wall"' in rule.expr) == compares
        seen = f"last_over_time(scrutineer_archive_segments[{archive.SEEN}])"
        assert (seen in rule.expr) == (isinstance(rule, Alerting) and rule.alert == "ArchiverDown")
        found = re.findall(r"\[(\w+)\]", rule.expr.replace(seen, ""))
        assert all(_seconds(each) <= 60 for each in found), rule
    for rule in ALERTS:
        assert bool(rule.keep) <= (rule.alert in {"UrgentReportRejected", "EventsRejected"})
        assert _seconds(rule.wait or "0s") <= (120 if rule.alert in PIPELINE else 0)


def _seconds(duration: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600}
    return int(duration[:-1]) * units[duration[-1]]


def used(rule: Rule) -> Iterator[tuple[str, str]]:
    """(series, its selector) in an expression."""
    yield from re.findall(r"([a-z_0-9]+(?::\w+)*:?\w*)(?:\{([^}]*)\})?", _without_text(rule.expr))


def _without_text(expr: str) -> str:
    """The expression with the values of its selectors emptied."""
    return re.sub(r'"[^"]*"', '""', expr)


def test_a_group_reads_its_own_series_and_constants_alone() -> None:
    """Groups are evaluated at different moments: what another records may be of before."""
    constant = {one.record for one in GROUPS[0].rules if isinstance(one, Recording)}
    for group, rule in RULES:
        own = {one.record for one in group.rules if isinstance(one, Recording)}
        read = {name for name, _ in used(rule) if ":" in name}
        assert read <= own | constant, rule


def test_metrics_that_rules_read_are_declared_with_their_labels() -> None:
    """A name or label that no worker exports would leave a rule silent for ever."""
    names = set()
    for _, rule in RULES:
        for name, selector in used(rule):
            if ":" in name or not re.match(r"(election|scrutineer)_", name):
                continue
            if name == "election_t_quantile":
                continue
            names.add(name)
            family = DECLARED[name.removesuffix("_bucket")]
            assert set(re.findall(r"(\w+)(?:=|!)", selector)) <= set(family.labels), rule
    assert len(names) > 30


def test_thresholds_are_the_packs() -> None:
    """Each number of the judgement changes the rule that it is about, and no other."""
    plain = _by_name(SMALL_FILES["election.toml"])
    changes = {
        "silent_minutes = 7": ("> 420", {"region:election_silence_seconds:held"}),
        "cluster_reports = 8": (">= 8", {"RestrictionsCluster"}),
        "cluster_regions = 4": (">= 4", {"RestrictionsCluster"}),
        "cluster_minutes = 61": ('window="6h"', {"region:election_restrictions_recent:held"}),
        "counting_negative_percent = 33.3": (">= 0.333", {"CountingAssessedNegatively"}),
        "counting_minimum = 30": (">= 30", {"CountingAssessedNegatively"}),
        "results_hours = 2": ("> 7200", {"region:election_results_unpublished_seconds:held"}),
    }
    for line, (text, names) in changes.items():
        other = _by_name(f"{SMALL_FILES['election.toml']}\n[judgement.alarms]\n{line}\n")
        changed = {name for name in plain if plain[name] != other[name]}
        assert changed - {"PackMismatch"} == names, line
        assert any(text in expr for name in names for expr in other[name])


def _by_name(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group in groups(parse_pack({**SMALL_FILES, "election.toml": text})):
        for rule in group.rules:
            name = rule.alert if isinstance(rule, Alerting) else rule.record
            found.setdefault(name, []).append(rule.expr)
    return found


@pytest.mark.parametrize(
    ("minutes", "window"), [(1, "15m"), (15, "15m"), (16, "1h"), (60, "1h"), (360, "6h")]
)
def test_a_clusters_time_is_rounded_up_to_a_window(minutes: int, window: str) -> None:
    """The longest that a pack may ask for is the longest there is."""
    assert max(WINDOWS.values()) * BUCKET == 360 * 60_000_000
    text = f"{SMALL_FILES['election.toml']}\n[judgement.alarms]\ncluster_minutes = {minutes}\n"
    assert access.window_of(parse_pack({**SMALL_FILES, "election.toml": text})) == window


def summaries(alert: str, text: str) -> list[str]:
    """The summaries of an alert's rules, where the pack has its own."""
    judged = f"\n[judgement.alerts]\n{alert} = '{text}'\n"
    pack = parse_pack({**SMALL_FILES, "election.toml": SMALL_FILES["election.toml"] + judged})
    return [
        rule.annotations["summary"]
        for group in groups(pack)
        for rule in group.rules
        if isinstance(rule, Alerting) and rule.alert == alert
    ]


def test_a_pack_may_have_its_own_summaries() -> None:
    """``{region}`` and other labels are filled in, also where the rule knows them beforehand."""
    (own,) = summaries("RegionSilent", "Call {region}!")
    assert own == summaries("RegionSilent", "Call {region}!")[0]
    assert own.startswith("Call {{")
    assert own.endswith("({{ $labels.region }})!")
    here, everywhere = summaries("RestrictionsCluster", "Many in {region}")
    assert "$labels.region" in here
    assert everywhere == "Many in Testland (XX)"


def test_an_own_summary_is_no_program() -> None:
    """What looks like a template is shown as it is written."""
    (own,) = summaries("RegionSilent", '{{ query "up" }} {x y} 100 %')
    assert own == '{{ `{` }}{{ `{` }} query "up" }} {{ `{` }}x y} 100 %'


def test_an_own_summary_with_a_label_that_is_not_there_is_refused() -> None:
    """With the labels that there are."""
    with pytest.raises(UserError, match=r"RegionSilent: \{category\}.*it has: \{region\}"):
        summaries("RegionSilent", "{category}")


def test_links_lead_where_the_option_says() -> None:
    """A runbook on a server, a Grafana somewhere."""
    links = Links("https://runbooks.example.org", "https://grafana.example.org/d")
    text = files(small_pack(), links)["incidents.yml"]
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    found = next(one["annotations"] for one in rules if one.get("alert") == "RegionSilent")
    assert found["runbook_url"] == "https://runbooks.example.org/RegionSilent.md"
    base = "https://grafana.example.org/d/coverage"
    assert found["dashboard_url"] == base + "?var-region={{ $labels.region }}"
    run = CliRunner().invoke(command, ["--runbooks", "{{ x }}"])
    assert isinstance(run.exception, UserError)


def test_prometheus_loads_the_rules() -> None:
    """The configuration of deploy/ names them."""
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["rule_files"] == ["rules/*.yml"]
    assert {path.suffix for path in COMMITTED.iterdir()} == {".yml"}
    assert load_pack("kazakhstan-2023").id in (COMMITTED / "access.yml").read_text("utf-8")
