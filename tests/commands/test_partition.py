"""`scrutineer partition`: mistakes that need no broker to be told."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from streams.commands.partition import command
from streams.embedded import free_port
from streams.errors import UserError


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["accept", "12", "--reason", "x"], "there is no partition 12"),
        (["accept", "-1", "--reason", "x"], "No such option"),
        (["accept", "3", "--reason", " "], "say why"),
        (["accept", "3"], "Missing option '--reason'"),
        (["accept", "--reason", "x"], "Missing argument"),
    ],
)
def test_mistakes_are_told(arguments: list[str], said: str) -> None:
    """Before anything is asked or written."""
    run = CliRunner().invoke(command, arguments)
    assert run.exit_code != 0
    assert said in run.output + str(run.exception)


def test_no_broker_is_told() -> None:
    """With the address."""
    port = free_port()
    env = {"SCRUTINEER_BROKER__BOOTSTRAP": f"127.0.0.1:{port}"}
    run = CliRunner().invoke(command, ["list"], env=env)
    assert isinstance(run.exception, UserError)
    assert str(port) in str(run.exception)
