"""The `scrutineer` command: loads the subcommand that is asked for, runs it, reports errors."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import click

from streams.errors import UserError

CONFIG_VARIABLE: Final = "SCRUTINEER_CONFIG"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of writing that no code can mend: the disk, or what of it is ours, is full."""


class Row(NamedTuple):
    """A subcommand: the section of the help it stands in, where it is, what it does."""

    section: str
    target: str
    summary: str


_SEE, _FEED, _RUN, _LOOK = "See it work", "Get data in", "Run it", "Look things up"
_DECIDE = "Work with reports"

COMMANDS: Final[dict[str, Row]] = {
    "demo": Row(_SEE, "streams.commands.demo:command", "Play a real election day in a minute."),
    "replay": Row(
        _SEE, "streams.commands.replay:command", "Compute the tables from files or an archive."
    ),
    "diff": Row(
        _SEE, "streams.commands.diff:command", "Show what changed between two moments or archives."
    ),
    "statement": Row(
        _SEE, "streams.commands.statement:command", "Write the figures of a preliminary statement."
    ),
    "play": Row(_SEE, "streams.commands.play:command", "Play an archived day again, on a Kafka."),
    "turnout": Row(
        _SEE, "streams.commands.turnout:command", "Compare official and observed turnout."
    ),
    "import": Row(_FEED, "streams.commands.import_:command", "Turn an export into events."),
    "publish": Row(_FEED, "streams.commands.publish:command", "Check events and send them."),
    "simulate": Row(_FEED, "streams.commands.simulate:command", "Make up observers' reports."),
    "triage": Row(_DECIDE, "streams.commands.triage:command", "Decide about a report."),
    "notice": Row(_DECIDE, "streams.commands.notice:command", "Put a note on the timeline."),
    "dead-letters": Row(
        _DECIDE, "streams.commands.dead_letters:command", "Work off rejected events."
    ),
    "topics": Row(_RUN, "streams.commands.topics:command", "Create or check the Kafka topics."),
    "partition": Row(
        _RUN, "streams.commands.partition:command", "Show or accept what is gone of a partition."
    ),
    "acls": Row(_RUN, "streams.commands.acls:command", "Print who may do what at the brokers."),
    "worker": Row(_RUN, "streams.commands.worker:command", "Run a live worker."),
    "archive": Row(
        _RUN, "streams.commands.archive:command", "Copy the log into files, verify the copy."
    ),
    "backfill": Row(_RUN, "streams.commands.backfill:command", "Write a past day for Prometheus."),
    "grafana": Row(
        _RUN, "streams.commands.grafana:command", "Bring dashboards and annotations to Grafana."
    ),
    "rules": Row(_RUN, "streams.commands.rules:command", "Write rules for Prometheus."),
    "pack": Row(_LOOK, "streams.commands.pack:command", "Check a description of an election."),
    "settings": Row(_LOOK, "streams.commands.settings:command", "List the settings."),
    "metrics": Row(_LOOK, "streams.commands.metrics:command", "List the metrics."),
}
"""Every subcommand, in the order of the help. Modules are imported only when they are used."""


def load(name: str) -> click.Command:
    """The subcommand ``name``, imported now."""
    module, _, attribute = COMMANDS[name].target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{COMMANDS[name].target} is no click command")
    return command


class LazyGroup(click.Group):
    """A group whose help is a literal table, so that `--help` imports no subcommand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """The subcommand, imported now; None for a name that is not in the table."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table, a section at a time."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, row in COMMANDS.items():
            sections.setdefault(row.section, []).append((name, row.summary))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl(rows)


@contextmanager
def _configured(config: Path) -> Iterator[None]:
    """Name the settings file in the environment: processes started from here read it too."""
    before = os.environ.get(CONFIG_VARIABLE)
    os.environ[CONFIG_VARIABLE] = str(config)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CONFIG_VARIABLE]
        else:
            os.environ[CONFIG_VARIABLE] = before


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `scrutineer demo`. Every command explains itself with --help.",
)
@click.version_option(package_name="scrutineer", message="%(prog)s %(version)s")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="Settings file (TOML). Default: the one that SCRUTINEER_CONFIG names.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Watch an election day live: from Kafka to tables, metrics and alerts."""
    if config is not None:
        ctx.with_resource(_configured(config))


def _is_mistake(error: Exception) -> bool:
    """Whether ``error`` is the user's to mend, so that its message says all there is to say."""
    if isinstance(error, UserError):
        return True
    if isinstance(error, OSError):
        return error.errno in _FULL
    from schemas.pack import PackError

    return isinstance(error, PackError)


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}cannot write: {error.strerror}"
    return str(error)


def run(arguments: Sequence[str]) -> int:
    """Run `scrutineer` with ``arguments``; returns the exit status.

    0: done. 1: a check failed, or the reader of the output went away. 2: the user's mistake, told
    on stderr. 130: interrupted. Anything else is a defect and keeps its stack trace.
    """
    try:
        result = cli.main(list(arguments), prog_name="scrutineer", standalone_mode=False)
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if not _is_mistake(error):
            raise
        click.echo(f"scrutineer: {_told(error)}", err=True)
        return 2
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the `scrutineer` script."""
    _open_closed_streams()
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError) and status != 2:
            click.echo(f"scrutineer: {_told(error)}", err=True)
            status = 2
        # Python flushes once more at exit: give it a place where that succeeds.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or 1
    sys.exit(status)


def _open_closed_streams() -> None:
    """Put the null device where the caller closed a standard stream (`>&-`).

    Else the next file that is opened gets the stream's number, and what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            if number:
                setattr(sys, name, os.fdopen(number, "w", closefd=False))
