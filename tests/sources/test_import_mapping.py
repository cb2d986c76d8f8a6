"""Mapping files: what is wrong in them is told by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import UserError
from streams.sources.importing.load import BUILT_IN, built_in, load_mapping, parse_mapping
from tests.sources.importing import REPORTS, TURNOUT


def complaint(text: str) -> str:
    """What is said of a mapping."""
    with pytest.raises(UserError) as caught:
        parse_mapping(text, "m.toml")
    return str(caught.value)


def with_field(line: str) -> str:
    """The mapping of reports with one more field, on line 14."""
    return f"{REPORTS}{line}\n"


@pytest.mark.parametrize("name", built_in())
def test_shipped_mappings_are_right(name: str) -> None:
    """By name, and as files."""
    assert load_mapping(name) == load_mapping(str(BUILT_IN / f"{name}.toml"))
    assert load_mapping(name).about


def test_four_mappings_ship() -> None:
    """For both data sets."""
    assert len([n for n in built_in() if n.startswith(("kazakhstan", "st-petersburg"))]) == 4


def test_not_toml_is_told_with_its_line() -> None:
    """As tomllib says it."""
    assert "m.toml: not TOML" in complaint("[event\n")
    assert "line 2" in complaint("[event]\ntype = \n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = { colum = 'a' }", "m.toml:14: fields.x.colum: unknown key"),
        ("x = { type = 'int' }", "give exactly one of 'column', 'const', 'template' and 'lookup'"),
        ("x = { column = 'a', const = 1 }", "give exactly one of"),
        ("x = { lookup = 'other', column = 'a' }", "'lookup' needs 'key'"),
        ("x = { column = 'a', key = 'b' }", "'key' goes with 'lookup' only"),
        ("x = { lookup = 'other', key = 'a', column = 'b' }", "m.toml:14: fields.x: no [lookups"),
        ("x = { template = '{a' }", "a brace without its partner"),
        ("x = { column = 'a', default = 'b' }", "there is no 'map'"),
        ("x = { column = 'a', type = 'float' }", "m.toml:14: fields.x.type: "),
        ("x = { column = 'a', format = '%d' }", "'format' goes with"),
        ("x = { column = 'a', decimals = 2 }", "'decimals' and 'decimal_comma' go with"),
        ("x = { column = 'a', finer = 'omit' }", "'finer' and 'given' need 'decimals'"),
        ("x = { column = 'a', only_for = ['incident'] }", "unknown event type 'incident'"),
        ("x = { template = 'a{@revision}' }", "{@revision} is for the id only"),
        ("x = { column = 'a', since = 'b' }", "'since' and type = \"seconds\" or"),
        ("x = { column = 'a', type = 'seconds' }", "'since' and type = \"seconds\" or"),
        ("x = { template = 'a{@index}' }", "@index is for mappings with a [repeat]"),
        ("x = { column = '@index' }", "@index is for mappings with a [repeat]"),
        ("x = { const = 1.5 }", "m.toml:14: fields.x.const"),
    ],
)
def test_a_wrong_field_is_told_with_its_line(line: str, message: str) -> None:
    """With its path."""
    assert message in complaint(with_field(line))
    assert complaint(with_field(line)).startswith("m.toml:14: fields.x")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("incident.v1", "incident.v9", "m.toml:2: event.type: unknown event type"),
        ("election.observer.incident.v1", "election.clock.v1", "m.toml:2: event.type: unknown"),
        ('time = "time"', "", "m.toml:1: event.time: "),
        ("[fields]", "[field]", "unknown key"),
        ("[event]", '[file]\ntimezone = "Europe/Petersburg"\n[event]', "m.toml:2: file.timezone"),
        ("[event]", "[split]\ncolumn='c'\npattern='('\n[event]", "m.toml:3: split.pattern"),
        ("[event]", "[split]\ncolumn='c'\nempty={a='b'}\n[event]", "'empty' must give part"),
        ("[event]", "[[filter]]\ncolumn='c'\nreason='x'\n[event]", "either 'keep' or 'drop'"),
        ("[event]", "[revision]\norder_of=['report_id']\n[event]", "[fields.revision] as well"),
        ("[event]", "[repeat]\npath='p'\n[event]", 'm.toml:1: repeat: for format = "json" only'),
        ("[event]", "[keyed]\na='b'\n[event]", 'm.toml:1: keyed: for format = "json" only'),
        ("[event]", "[file]\nformat='ods'\n[event]", "m.toml:2: file.format: "),
    ],
)
def test_a_wrong_section_is_told_with_its_line(before: str, after: str, message: str) -> None:
    """Where there is one."""
    said = complaint(REPORTS.replace(before, after, 1))
    assert message in said
    assert said.startswith("m.toml:")


def test_revisions_of_official_figures_are_never_invented() -> None:
    """A publisher issues a revision or there is none; order of appearance is no evidence."""
    rule = '[revision]\norder_of = ["region"]\n'
    assert "m.toml:1: revision: an official figure has a revision only where" in complaint(
        rule + TURNOUT
    )
    mixed = REPORTS.replace(
        'type = "election.observer.incident.v1"',
        'type = { column = "k", map = { a = "election.official.turnout.v1" }, '
        'default = "election.observer.incident.v1" }',
    ).replace("revision = { const = 0 }\n", "")
    assert "an official figure has a revision only where" in complaint(rule + mixed)


def test_versions_need_ids_of_their_own() -> None:
    """An id without the revision would be that of another version."""
    rule = "[revision]\norder_of = ['report_id']\n"
    said = complaint(rule + REPORTS.replace("revision = { const = 0 }\n", ""))
    assert said == "m.toml:6: event.id: versions need ids of their own: put {@revision} in"


def test_every_problem_is_told_at_once() -> None:
    """One line for each."""
    said = complaint(with_field("x = { colum = 'a' }") + "y = { type = 'int' }\n")
    assert "fields.x" in said
    assert "m.toml:15: fields.y" in said


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    """The shipped ones are named."""
    for name in (str(tmp_path / "none.toml"), "x" * 300):
        with pytest.raises(UserError, match="kazakhstan-turnout"):
            load_mapping(name)
