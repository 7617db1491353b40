"""The command line's side of traces: what is on from the start, and the log that they go to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.errors import LocatedError, QmpError
from qmp_iothreadd.iothread.log_file import open_log_file
from qmp_iothreadd.iothread.trace_events import is_pattern, matching_events

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.config import TracePattern
    from qmp_iothreadd.daemon.reporter import Reporter
    from qmp_iothreadd.iothread.trace_log import TraceLog


@contextlib.contextmanager
def tracing(
    log: TraceLog,
    reporter: Reporter,
    path: str | None,
    patterns: Iterable[TracePattern],
    event_files: Iterable[str],
) -> Iterator[None]:
    """Open the log and turn on what the command line asks for; leaving closes the file.

    ``path`` is the log's file, None for standard error; a ``%d`` in it stands for the process id.
    ``event_files`` list patterns, one per line. Events that do not exist are warned of.

    Raises:
        QmpError: the log cannot be written.
        LocatedError: a list of events cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        if path is not None:
            file = stack.enter_context(contextlib.closing(open_log_file(path)))
            log.write = file.write
        for pattern in patterns:
            _turn(log, pattern.text, reporter, pattern.location)
        for event_file in event_files:
            _read_events(log, event_file, reporter)
        yield


def _turn(log: TraceLog, text: str, reporter: Reporter, location: str = "") -> None:
    """Turn on what a name or pattern fits; off, where ``-`` stands before it."""
    name = text.removeprefix("-")
    if not is_pattern(name) and not matching_events(name):
        reporter.say(f"warning: trace event '{name}' does not exist", location)
        return
    log.set_state(name, enable=name == text)


def _read_events(log: TraceLog, path: str, reporter: Reporter) -> None:
    """A file with one name or pattern per line; ``#`` begins a comment."""
    try:
        text = read_bounded(path, regular=False).decode(errors="replace")
    except OSError as error:
        raise LocatedError(QmpError(error.strerror or str(error)), file=path) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line and not line.startswith("#"):
            _turn(log, line, reporter.about_file(f"{path}:{number}"))
