"""The declarations: complete, well named, bounded; and the page that is written from them."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from prometheus_client import generate_latest

from streams.commands.metrics import command
from streams.errors import UserError
from streams.metrics.archiver import ARCHIVER
from streams.metrics.collector import registry
from streams.metrics.declare import LABELS, Family
from streams.metrics.families import BY_NAME, FAMILIES
from streams.metrics.page import deployment
from streams.metrics.reference import markdown
from tests.data import ROOT
from tests.metrics.worlds import TOPICS, fold, incident, new_page, official, restriction, worker
from tests.packs import small_pack
from tests.strategies import PARTITIONS

every_family = pytest.mark.parametrize(
    "family", [*FAMILIES, *ARCHIVER], ids=lambda family: family.name
)


@every_family
def test_a_family_says_what_it_means_and_what_to_do(family: Family) -> None:
    """In sentences, and with a unit."""
    assert family.unit
    for text in (family.meaning, family.remedy, family.zeros or "None."):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")
        assert "\n" not in text
    assert len(family.remedy) > 20


@every_family
def test_a_name_tells_type_and_unit(family: Family) -> None:
    """Base units at the end; `_total` for counters alone, `_info` for what is always 1."""
    assert re.fullmatch(r"(election|scrutineer)(_[a-z]+)+", family.name)
    assert family.name.endswith("_total") == (family.kind == "counter")
    assert family.name.endswith("_info") == (family.kind == "info")
    assert family.name.endswith("_ratio") == family.unit.startswith("ratio")
    assert family.name.endswith("_seconds") == family.unit.startswith("seconds")
    assert family.name.endswith("_timestamp_seconds") == ("since 1970" in family.unit)
    assert not re.search(r"_(ms|milliseconds|minutes|hours|percent|kb|mb|count|sum)\b", family.name)
    if family.name.startswith("scrutineer_events") or "_partition_lag_" in family.name:
        assert family.unit == "events"


@every_family
def test_every_label_is_declared_and_bounded(family: Family) -> None:
    """Labels come from the list, each once; ids of reports and places on one family alone."""
    assert len(set(family.labels)) == len(family.labels)
    assert set(family.labels) <= LABELS.keys()
    for label in family.labels:
        if LABELS[label].limit == "newest 500":
            assert family.name == "election_restriction_opened_timestamp_seconds"


def test_no_label_can_name_a_person_or_hold_a_text() -> None:
    """What an observer is called and what anybody wrote is no label."""
    assert not LABELS.keys() & {"observer", "observer_id", "description", "note", "text", "url"}
    used = {label for family in (*FAMILIES, *ARCHIVER) for label in family.labels}
    assert used == LABELS.keys()


def test_names_are_unique() -> None:
    """Declared once."""
    assert len(BY_NAME) == len(FAMILIES)


def test_what_is_exported_is_what_is_declared() -> None:
    """No sample without a declaration, and with exactly the declared labels."""
    view = fold(worker(), [incident(), restriction(), official(voted=1, registered=2)])
    view.freshness.observe(TOPICS[0], 1.0)
    exported = registry(deployment(small_pack(), TOPICS, PARTITIONS), view)
    for found in exported.collect():
        for sample in found.samples:
            name = re.sub(r"_(bucket|count|sum)$", "", sample.name)
            family = BY_NAME[name]
            assert set(sample.labels) - {"le"} == set(family.labels)
    assert generate_latest(exported) == new_page().render(view)


def test_the_reference_page_is_not_stale() -> None:
    """docs/metrics.md is what the declarations say; `make docs` writes it anew."""
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == markdown()


@every_family
def test_the_reference_page_has_every_family(family: Family) -> None:
    """Name, meaning, unit, remedy."""
    page = markdown()
    assert f"### {family.name}\n" in page
    for text in (family.meaning, family.unit, family.remedy):
        assert text in page


def test_the_command_lists_all() -> None:
    """`scrutineer metrics` in the terminal, `--markdown` for the page."""
    run = CliRunner().invoke(command, [])
    assert run.exit_code == 0
    assert all(family.name in run.output for family in (*FAMILIES, *ARCHIVER))
    run = CliRunner().invoke(command, ["--markdown"])
    assert run.output == markdown()


def test_the_command_narrows_by_name() -> None:
    """A part of a name is enough; what fits nothing is said."""
    run = CliRunner().invoke(command, ["turnout"])
    assert "election_turnout_ratio" in run.output
    assert "election_incidents" not in run.output
    run = CliRunner().invoke(command, ["no_such"])
    assert isinstance(run.exception, UserError)
    assert "no_such" in str(run.exception)
