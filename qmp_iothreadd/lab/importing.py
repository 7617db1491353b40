"""Logs and traces of other tools as one format: which they are, and their way to a file."""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
from array import array
from typing import TYPE_CHECKING, Any, BinaryIO

from qmp_iothreadd.lab import trace_files
from qmp_iothreadd.lab.buffers import check_handlers
from qmp_iothreadd.lab.importers.reading import Choice, Lines, Steps, Target

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Each with what it is. The first that a text looks like is taken. The module has the name, with _.
FORMATS = {
    "binary-trace": "what x-record-iothread wrote: iterations of an iothread",
    "adjust-log": "a log of x_aio_adjust: iterations of an iothread",
    "fio-log": "fio's latency logs: latencies, or times between requests",
    "qemu-log": "QEMU's log of trace events, with times: times between requests",
    "perf-script": "what perf script prints: times between events",
    "bpftrace": "what a script of bpftrace prints: times between events",
    "plain": "a number of ns per line",
}

_LOOKED_AT = 1 << 18


@dataclasses.dataclass(frozen=True)
class Imported:
    """What became of a source: how many steps and handlers, of which format, and what to know."""

    steps: int
    handlers: int
    format: str
    warning: str


def import_trace(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    format: str | None = None,
    choice: Choice | None = None,
) -> Imported:
    """Make a trace file of something else, however large it is.

    Args:
        format: one of FORMATS; found out where it is None.
        choice: which events, and of what.

    Raises:
        OSError: one of the files cannot be used. ValueError: the source is none, says where; or it
            is the target.
    """
    if os.path.isfile(target) and os.path.samefile(source, target):
        raise ValueError(f"{os.fspath(target)} would be written over: choose another name")
    with open(source, "rb") as file, trace_files.writing(target) as writer:
        return _read(file, os.fspath(source), writer, format, choice or Choice())


def loaded(file: BinaryIO, name: str) -> tuple[array[int], array[int], int]:
    """Intervals, words of events and how many handlers an open file has; like `import_trace`."""
    memory = _Memory()
    _read(file, name, memory, None, Choice())
    return memory.intervals, memory.events, memory.handlers


class _Memory:
    def __init__(self) -> None:
        self.intervals, self.events = array("q"), array("Q")
        self.handlers = 1

    def add(self, intervals: Buffer, events: Buffer | None = None) -> None:
        added = memoryview(intervals)
        self.intervals.extend(added)
        self.events.extend(array("Q", [1]) * len(added) if events is None else memoryview(events))


def _read(
    file: BinaryIO, name: str, target: Target, format: str | None, choice: Choice
) -> Imported:
    check_handlers(max(len(choice.events), 1))
    steps = Steps(target)
    lines = Lines(file)
    found = format or _format_of(lines.head, name)
    module = _module(found)
    try:
        _check_choice(choice, module.CHOICES, found)
        module.read(lines, choice, steps)
        steps.flush()
        if not steps.count:
            raise ValueError(f"no intervals in it, read as {found}: is it another format?")
    except ValueError as error:
        place = f":{lines.number}" if lines.number and not lines.ended else ""
        raise ValueError(f"{name}{place}: {error}") from None
    return Imported(steps.count, target.handlers, found, module.WARNING)


def _check_choice(choice: Choice, heeded: tuple[str, ...], format: str) -> None:
    for field in dataclasses.fields(choice):
        if field.name not in heeded and getattr(choice, field.name) != field.default:
            raise ValueError(f"{field.name} cannot be chosen of the format {format}: leave it out")


def _format_of(head: bytes, name: str) -> str:
    for format in FORMATS:
        if re.search(_module(format).LOOKS, head[:_LOOKED_AT], re.MULTILINE):
            return format
    raise ValueError(f"{name}: none of these: {'; '.join(FORMATS.values())}")


def _module(format: str) -> Any:
    return importlib.import_module(f"qmp_iothreadd.lab.importers.{format.replace('-', '_')}")
