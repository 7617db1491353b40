"""The command line's side of traces: what is on from the start, and the log that they go to."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.config import LocatedError
from qmp_iothreadd.iothread.trace_events import is_pattern, matching_events

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.iothread.trace_log import TraceLog


@contextlib.contextmanager
def tracing(config: Config, traces: TraceLog, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Open the log and turn on what the command line asks for; leaving closes the log.

    Raises:
        LocatedError: the log or a list of events cannot be opened.
    """
    traces.call_later = loop.call_later
    traces.timestamps = config.timestamp
    with contextlib.ExitStack() as stack:
        if config.log_file is not None:
            file = stack.enter_context(_open_log(config.log_file))
            traces.write = file.write
        for trace in config.traces:
            _turn(traces, trace.pattern, config, trace.location)
        for events in config.trace_files:
            _read_events(traces, events.pattern, config)
        yield


def _open_log(path: str) -> contextlib.AbstractContextManager[_Log]:
    before, percent, after = path.partition("%")
    if percent:
        if not after.startswith("d") or "%" in after:
            raise LocatedError(errors.bad_log_file_template(path))
        path = f"{before}{os.getpid()}{after[1:]}"
    try:
        return contextlib.closing(_Log(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise LocatedError(errors.log_file_failed(path, reason)) from None


class _Log:
    """A file that is complete after each write."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115 -- closed by close()

    def write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _turn(traces: TraceLog, text: str, config: Config, location: str) -> None:
    """Turn on what a name or pattern fits; off, where ``-`` stands before it."""
    name = text.removeprefix("-")
    if not is_pattern(name) and not matching_events(name):
        warning = f"warning: trace event '{name}' does not exist"
        sys.stderr.write(config.message(warning, location))
        return
    traces.set_state(name, enable=name == text)


def _read_events(traces: TraceLog, path: str, config: Config) -> None:
    """A file with a name or pattern a line; ``#`` begins a comment."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise _FileError(path, error.strerror or str(error)) from None
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("#"):
            _turn(traces, line, _about_file(config, f"{path}:{number}"), "")


class _FileError(LocatedError):
    """An error about a file: it stands where other errors have the option."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(errors.QmpError(reason))
        self._path = path

    def report(self, config: Config) -> str:
        return super().report(_about_file(config, self._path))


def _about_file(config: Config, where: str) -> Config:
    """A configuration whose messages are about a place in a file."""
    return dataclasses.replace(config, program=f"{config.program}:{where}")
