"""Tables and progress, for all measuring scripts."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich import box, progress
from rich.console import Console
from rich.table import Table

# Cells are never folded: a table is as wide as what it says, in a file as in a terminal.
_WIDTH = 10_000


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> str:
    """The first column to the left, all others to the right; for Markdown or for a terminal."""
    if markdown:
        rule = ["---", *("---:" for _ in head[1:])]
        return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, title in enumerate(head):
        drawn.add_column(title, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*row)
    console = Console(width=_WIDTH, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


class Progress:
    """A bar with the time left, on standard error where that is a terminal; gone at the end.

    ``total`` counts the calls of `step`, each of which says what is begun. It is drawn there alone:
    a thread that draws would show in what is measured.
    """

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self._bar = progress.Progress(
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)
        self._begun = 0

    def step(self, text: str) -> None:
        """What came before is done, and ``text`` is begun."""
        self._bar.update(self._task, description=text, completed=self._begun, refresh=True)
        self._begun += 1

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()
