"""Each dashboard is one that Grafana can read, and one that an operator can work with."""

from __future__ import annotations

import json
import re
from itertools import combinations

from dashboards.console import QUESTIONS
from dashboards.consoles import all_consoles
from dashboards.links import TAG, UIDS
from dashboards.panels import DO, SURE
from dashboards.sdk import JSONEncoder, dashboard, plugins, runtime
from streams.grafana.dashboards import parse, with_prometheus
from tests.dashboards.boards import (
    FOLDER,
    GRAPHS,
    Board,
    Panel,
    boards,
    every_board,
    every_panel,
    expressions,
    links,
    used_variables,
)

SCREEN = 28
"""Lines of Grafana's grid that a wall of 1080 lines shows without menus."""


def test_there_are_seven() -> None:
    """One for each kind of question, with an address that never changes."""
    assert [board.json["title"] for board in boards()] == list(UIDS)
    assert [board.json["uid"] for board in boards()] == list(UIDS.values())


@every_board
def test_it_fits_the_sdks_model(board: Board) -> None:
    """Read into the SDK's model and written again nothing is lost: every key has its place."""
    plugins.register_default_plugins()
    read = dashboard.Dashboard.from_json(json.loads(json.dumps(board.json)))
    again = json.loads(json.dumps(read, cls=JSONEncoder))
    # What the SDK adds to every link, and the dashboards leave out: it would hide them in a menu.
    assert _without_placement(again) == board.json


@every_panel
def test_a_panel_is_of_a_kind_that_the_sdk_knows(board: Board, panel: Panel) -> None:
    """With queries for Prometheus and options of that kind."""
    plugins.register_default_plugins()
    assert runtime.panelcfg_config(panel["type"]) is not None
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    refs = [target["refId"] for target in panel["targets"]]
    assert refs == sorted(set(refs)), "two queries with one name"
    for target in panel["targets"]:
        assert target["instant"] is not target["range"]
        assert target["range"] == (panel["type"] in GRAPHS)


@every_board
def test_ids_are_unique_and_panels_do_not_overlap(board: Board) -> None:
    """And none stands outside the 24 columns."""
    everything = board.json["panels"]
    assert [panel["id"] for panel in everything] == list(range(1, len(everything) + 1))
    assert len({panel["title"] for panel in board.panels}) == len(board.panels)
    for panel in everything:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(everything, 2):
        a, b = one["gridPos"], other["gridPos"]
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or above, (one["title"], other["title"])


def test_questions_are_answered_in_an_operators_order() -> None:
    """What needs me now, where, how bad, since when, how sure; the first and the last always."""
    for console in all_consoles():
        asked = [question for question, _ in console.answers]
        assert asked == [question for question in QUESTIONS if question in asked]
        assert asked[0] == QUESTIONS[0]
        assert asked[-1] == QUESTIONS[-1]
        assert len(asked) >= 4


def test_the_wall_shows_the_operations_room_at_once() -> None:
    """Without scrolling, with a link that leaves the menus away."""
    board = boards()[0]
    assert max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board.panels) <= SCREEN
    assert any(link.get("url", "").endswith("&kiosk") for link in board.json["links"])


@every_board
def test_there_are_at_most_five_graphs(board: Board) -> None:
    """More cannot be watched."""
    assert 1 <= sum(panel["type"] in GRAPHS for panel in board.panels) <= 5


@every_board
def test_it_refreshes_and_cannot_be_edited(board: Board) -> None:
    """Every 5 seconds, as the scrapes come; changes are made here, not there."""
    assert board.json["refresh"] == "5s"
    assert board.json["editable"] is False
    assert board.json["tags"] == [TAG]
    assert "id" not in board.json
    assert "version" not in board.json


@every_board
def test_its_data_age_is_on_it(board: Board) -> None:
    """How old what it shows is, in the time of the election, in its first rows."""
    first = [panel for panel in board.panels if panel["gridPos"]["y"] <= 5]
    ages = [
        text
        for panel in first
        for text in expressions(panel)
        if "scrutineer_now_timestamp_seconds" in text
        and re.search(r"(last_report|official_as_of)_timestamp_seconds", text)
    ]
    assert ages, "no age of the data among the first panels"


@every_board
def test_a_state_of_each_region_over_time_is_on_it(board: Board) -> None:
    """A state timeline by region or, for the pipeline, by partition."""
    lines = [panel for panel in board.panels if panel["type"] == "state-timeline"]
    assert lines
    named = {target["legendFormat"] for panel in lines for target in panel["targets"]}
    assert named & {"{{region}}", "partition {{partition}}"}


@every_board
def test_no_variable_is_dead(board: Board) -> None:
    """What can be chosen changes something, and nothing is asked for that cannot be chosen."""
    names = [variable["name"] for variable in board.variables]
    assert len(set(names)) == len(names)
    text = " ".join(expr for panel in board.panels for expr in expressions(panel))
    assert used_variables(text) == set(names) - {"datasource"}
    for variable in board.variables:
        assert variable["label"]
        assert len(variable["description"]) > 20


@every_panel
def test_a_panel_explains_itself(board: Board, panel: Panel) -> None:
    """What it says, how sure that is and what to do, in sentences; and a title that is short."""
    says, _, rest = panel["description"].partition(f"\n\n{SURE}")
    sure, _, todo = rest.partition(f"\n\n{DO}")
    for text in (says, sure, todo):
        assert len(text) > 20
        assert text.endswith(".")
        assert "\n" not in text
    assert 3 < len(panel["title"]) <= 45


@every_panel
def test_a_panels_links_lead_on_with_region_and_time(board: Board, panel: Panel) -> None:
    """To a dashboard that there is; the Prometheus goes along too."""
    for address in links(panel):
        path, _, query = address.partition("?")
        assert path.removeprefix("/d/") in UIDS.values()
        assert "${__url_time_range}" in query
        assert "${datasource:queryparam}" in query
        assert "${region:queryparam}" in query or "var-region=$" in query


@every_board
def test_it_leads_on(board: Board) -> None:
    """To all the others with what is chosen; from most of its panels too; a table by its rows."""
    first = board.json["links"][0]
    assert (first["type"], first["tags"]) == ("dashboards", [TAG])
    assert first["includeVars"] is first["keepTime"] is True
    leading = [panel for panel in board.panels if list(links(panel))]
    assert len(leading) * 2 >= len(board.panels)


def _without_placement(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: _without_placement(inner)
            for name, inner in value.items()
            if (name, inner) != ("placement", "inControlsMenu")
        }
    if isinstance(value, list):
        return [_without_placement(item) for item in value]
    return value


@every_board
def test_the_push_command_takes_it(board: Board) -> None:
    """As it is, and pointed at another data source: only what is chosen at first changes."""
    found = parse((FOLDER / f"{board.uid}.json").read_bytes())
    assert (found.uid, found.title) == (board.uid, board.json["title"])
    assert found.model == board.json
    pointed = with_prometheus(found, "other").model
    changed = {name for name in board.json if pointed[name] != board.json[name]}
    assert changed == {"templating"}
