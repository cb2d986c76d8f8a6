"""A progress bar on a terminal; elsewhere lines only."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """``with Bar("sending", total) as bar:`` draws on stderr if that is a terminal."""

    def __init__(self, what: str, total: int | None) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task(what, total=total, note="")
        self._console = console

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def update(self, done: int, note: str = "", total: int | None = None) -> None:
        """Show that ``done`` are done; ``total``: if it has become another."""
        self._progress.update(self._task, total=total, completed=done, note=note)

    def say(self, line: str) -> None:
        """Write a line above the bar, without markup."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
