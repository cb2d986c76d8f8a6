"""Who is told of which alert: by Alertmanager's own reading of its configuration."""

from __future__ import annotations

import re
from itertools import product

import pytest
import yaml

from tests.data import ROOT
from tests.deploy.alerting import ALERTS, CONFIG, FOLDER, SECRETS, amtool

SEVERITIES = ("page", "warning", "info")
TEAMS = {
    "access": ("access-phone", "access-desk"),
    "turnout": ("analysts-phone", "analysts"),
    "room": ("room-phone", "room"),
    "engineers": ("engineers-phone", "engineers"),
}


def routed(**labels: str) -> list[str]:
    """The receivers of an alert with these labels."""
    run = amtool(
        *("config", "routes", "test", f"--config.file={CONFIG}"),
        *(f"{name}={value}" for name, value in labels.items()),
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip().split(",")


def test_amtool_accepts_the_configuration() -> None:
    """It finds the templates too."""
    run = amtool("check-config", CONFIG)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 templates" in run.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_reaches_its_team(alert: str) -> None:
    """A page rings a phone and is in the team's channel; all else is in the channel alone."""
    for severity, (team, (phone, desk)) in product(SEVERITIES, TEAMS.items()):
        found = routed(alertname=alert, severity=severity, team=team, region="KZ-10")
        assert found == ([phone, desk] if severity == "page" else [desk]), (severity, team)


def test_an_alert_of_no_known_team_reaches_the_engineers() -> None:
    """A rule without a team, or with a wrong one, is a mistake that must not be silent."""
    assert routed(alertname="WorkerDown", severity="page") == ["engineers"]
    assert routed(alertname="WorkerDown", severity="page", team="acess") == ["engineers"]


def test_the_copies_of_a_restriction_go_apart() -> None:
    """One to the phone, one to the desk's channel; one alone to both."""
    alert = {"alertname": "ObserverRestrictionOpen", "severity": "page", "team": "access"}
    assert routed(**alert, channel="page") == ["access-phone"]
    assert routed(**alert, channel="chat") == ["access-desk"]
    assert routed(**alert) == ["access-phone", "access-desk"]


def test_the_rules_labels_are_those_that_routes_go_by() -> None:
    """Team and severity are known; whoever is paged about a restriction finds it in chat too."""
    files = sorted((ROOT / "deploy" / "prometheus").glob("rules/*.yml"))
    if not files:
        pytest.skip("there are no rules in deploy/prometheus/rules")
    groups = [
        group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
    ]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert {rule["alert"] for rule in alerts} <= set(ALERTS)
    assert {rule["labels"]["team"] for rule in alerts} <= TEAMS.keys()
    assert {rule["labels"]["severity"] for rule in alerts} <= set(SEVERITIES)
    expressions: dict[str | None, set[str]] = {"page": set(), "chat": set(), None: set()}
    for rule in alerts:
        expressions[rule["labels"].get("channel")].add(rule["expr"])
    assert expressions["page"] == expressions["chat"]


def test_restrictions_wait_for_nothing() -> None:
    """No grouping, no waiting, and the end is told."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    access = next(r for r in config["route"]["routes"] if r["matchers"] == ['team="access"'])
    assert (access["group_by"], access["group_wait"]) == (["..."], "0s")
    assert (access["group_interval"], access["repeat_interval"]) == ("5s", "1h")
    assert not {"group_by", "group_wait", "group_interval", "repeat_interval"} & {
        key for route in access["routes"] for key in route
    }


def test_every_receiver_says_what_we_wrote_and_when_it_is_over() -> None:
    """Only kinds whose whole text is a template: a plain web hook sends every label."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    for receiver in config["receivers"]:
        kinds = receiver.keys() - {"name"}
        assert kinds <= {"slack_configs", "email_configs"}, receiver["name"]
        assert all(each["send_resolved"] for kind in kinds for each in receiver[kind])


def test_addresses_and_passwords_are_files() -> None:
    """Nothing in the configuration is a secret."""
    text = CONFIG.read_text(encoding="utf-8")
    for line in re.findall(r"^.*(?:api_url|password|url).*: .*$", text, re.MULTILINE):
        assert re.search(rf"_file: {SECRETS}\w+$", line), line


def test_every_alert_has_words() -> None:
    """A phone shows no name of a rule."""
    calls = "\n".join(f'{{{{ template "scrutineer.what" "{alert}" }}}}' for alert in ALERTS)
    run = amtool(
        *("template", "render", f"--template.glob={FOLDER}/*.tmpl", f"--template.text={calls}")
    )
    words = run.stdout.splitlines()
    assert len(words) == len(set(words)) == len(ALERTS), run.stderr
    assert all(re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+", phrase) for phrase in words), words
