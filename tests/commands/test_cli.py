"""The `scrutineer` command as a whole: its table, its exit statuses, its silence where due."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from streams import cli, settings
from streams.cli import COMMANDS, Row, load, run
from tests.data import ROOT


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> str:
    """Puts the sample commands into the table, under their own names."""
    for name in (
        "mistaken",
        "faulty_pack",
        "interrupted",
        "failed_check",
        "defective",
        "configured",
    ):
        monkeypatch.setitem(COMMANDS, name, Row("Samples", f"tests.commands.samples:{name}", "-"))
    return "samples"


def scrutineer(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_row_of_the_table_is_a_command_with_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each row loads, bears the name it is called by, and explains itself."""
    command = load(name)
    assert command.name == name
    assert command.help
    assert run([name, "--help"]) == 0
    assert f"Usage: scrutineer {name}" in capsys.readouterr().out


def test_help_lists_every_command_in_sections(capsys: pytest.CaptureFixture[str]) -> None:
    """The first help shows all commands, the demo first."""
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    places = [out.index(f"  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert out.index("See it work") < out.index("  demo ")


def test_help_imports_no_subcommand() -> None:
    """`scrutineer --help` answers without loading Kafka, Faust or any subcommand."""
    script = (
        "import sys; from streams.cli import run; run(['--help']);"
        "print([m for m in sys.modules if m.split('.')[0] in ('faust', 'aiokafka', 'pydantic')"
        " or m.startswith('streams.commands')], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_without_arguments_it_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer who types the bare name is told what there is."""
    run([])
    captured = capsys.readouterr()
    assert "Play a real election day" in captured.out + captured.err


def test_version() -> None:
    """`--version` prints name and version, with `python -m streams` as well."""
    done = scrutineer("--version")
    assert done.returncode == 0
    assert done.stdout.split()[0] == "scrutineer"


def test_a_users_mistake_is_one_message_and_2(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the user can mend is told on stderr, without a stack trace."""
    assert run(["mistaken"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "scrutineer: no such thing: look there\n"
    assert captured.out == ""


def test_a_faulty_pack_is_a_users_mistake(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The faults of a pack are told with their file, and the status is 2."""
    assert run(["faulty_pack"]) == 2
    assert "election.toml" in capsys.readouterr().err


def test_a_failed_check_is_1(sample: str) -> None:
    """The number that a command returns is the exit status."""
    assert run(["failed_check"]) == 1


def test_a_defect_keeps_its_stack_trace(sample: str) -> None:
    """What is not the user's to mend is not dressed up as that."""
    with pytest.raises(ZeroDivisionError):
        run(["defective"])


def test_an_interruption_is_130(sample: str) -> None:
    """Ctrl-C ends a command as shells expect it."""
    assert run(["interrupted"]) == 130


def test_an_unknown_command_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt command is answered with the way to the list."""
    assert run(["dmeo"]) == 2
    assert "dmeo" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`scrutineer … | head -1` ends quietly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", "metrics", "--markdown"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()
    assert process.wait() in (1, -signal.SIGPIPE)
    assert complaints == ""


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell that begins with `scrutineer`."""
    program = f"{shlex.quote(sys.executable)} -m streams"
    return subprocess.run(
        ["sh", "-c", f"{program} {command}"], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["--version", "metrics", "settings"])
def test_a_full_disk_is_one_message_and_2(command: str) -> None:
    """Text of any length, written by any of the libraries."""
    done = shell(f"{command} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "scrutineer: cannot write: No space left on device\n"


@pytest.mark.parametrize(
    ("command", "status", "told"),
    [
        ("metrics >&-", 0, ""),
        ("settings >&- 2>&- <&-", 0, ""),
        (
            "replay - <&-",
            2,
            "scrutineer: standard input is closed: there are no lines to read\n",
        ),
    ],
)
def test_closed_streams(command: str, status: int, told: str) -> None:
    """Nothing is shown where nobody can see it; what can't be read is told."""
    done = shell(command)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", told)


def test_the_settings_file_is_named_to_the_command_and_its_children(
    sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--config` holds for the command, by its full path, and no longer."""
    monkeypatch.delenv(cli.CONFIG_VARIABLE, raising=False)
    file = tmp_path / "some.toml"
    file.write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["--config", "some.toml", "configured"]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    assert cli.CONFIG_VARIABLE not in os.environ


def test_a_settings_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt file name is the user's mistake."""
    assert run(["--config", "nowhere.toml", "settings"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err


def test_the_variable_is_the_one_that_settings_reads() -> None:
    """The command line and the settings agree on the variable's name."""
    assert cli.CONFIG_VARIABLE == settings.CONFIG_VARIABLE


def test_commands_are_click_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that names something else is a defect, said at once."""
    monkeypatch.setitem(COMMANDS, "odd", Row("Samples", "tests.data:ROOT", "-"))
    with pytest.raises(TypeError, match=r"tests\.data:ROOT"):
        load("odd")
    assert isinstance(load("metrics"), click.Command)
