"""Byte-level fuzzing of what the lab makes traces of.

    python tests/fuzz/fuzz_importers.py [--seconds N] [--random] [libFuzzer's options, a folder]

With atheris installed this is a libFuzzer target, guided by coverage; without it, or with --random,
random lines of other tools' logs are tried for the same time. A text is refused with a message that
names the file, or is a trace whose parts fit each other and that reads back as it was. Exits with a
status other than 0, and the input that did it, at the first difference.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.lab import Trace, importing, trace_files
    from qmp_iothreadd.lab.importers.reading import Choice

from tests.lab import test_importing, test_recording, test_traces

_FORMATS = (None, *importing.FORMATS)
_CHOICES = (
    *(Choice(), Choice(take="issue"), Choice(thread=4243)),
    *(Choice((("io_uring_submit_req",), ("io_uring_complete",))), Choice((("read",),))),
)
_TEXTS = (
    *(test_importing.QEMU_LOG, test_importing.DATED_LOG, test_importing.PERF),
    *(test_importing.SHORT_PERF, test_importing.BPFTRACE, test_importing.FIO),
    *(test_importing.OLD_FIO, test_traces.LOG, "100\n# nothing\n2500 # slow\n"),
)
# Two files for each input: in memory where that can be had.
_FOLDER = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)

_RECORDED = test_recording.recorded(
    Path(_FOLDER.name), [500, 17, 1], [700, 18, 0, 17, 0], [900, 18, 1, 17, 1]
).read_bytes()


def same(one: Trace, other: Trace) -> bool:
    parts = [
        (bytes(memoryview(each.intervals)), bytes(memoryview(each.events)), each.handlers)
        for each in (one, other)
    ]
    return parts[0] == parts[1]


def try_input(data: bytes) -> None:
    """The first two bytes say as what the rest is read, and what of it is chosen."""
    if len(data) < 2:
        return
    source, target = Path(_FOLDER.name, "source"), Path(_FOLDER.name, "target")
    source.write_bytes(data[2:])
    format = _FORMATS[data[0] % len(_FORMATS)]
    try:
        found = importing.import_trace(source, target, format, _CHOICES[data[1] % len(_CHOICES)])
    except ValueError as error:
        assert str(error).startswith(str(source)), error  # noqa: PT017 -- either will do
    else:
        trace = Trace.load(target)
        assert (found.steps, found.handlers) == (len(trace), trace.handlers)
        assert not max(memoryview(trace.events)) >> trace.handlers
        assert min(memoryview(trace.intervals)) >= 0
    try:
        loaded = Trace.load(source)
    except ValueError as error:
        assert str(error).startswith(str(source)), error  # noqa: PT017
    else:
        loaded.save(target)
        assert same(Trace.load(target), loaded)


def make_input(source: random.Random) -> bytes:
    """Lines of some tools, and at times a file of the lab's own."""
    choice = bytes([source.randrange(len(_FORMATS)) * source.randrange(2), source.randrange(5)])
    if source.randrange(8) == 0:
        steps = source.randrange(4)
        head = trace_files.MAGIC + b"".join(
            number.to_bytes(8, "little") for number in (steps, source.randrange(3), steps % 3)
        )
        return choice + driver.change_bytes(source, head + bytes(steps * 16), [0, 0, 0, 1])
    if source.randrange(8) == 0:
        return choice + driver.change_bytes(source, _RECORDED, [0, 1, 1, 3])
    lines = [
        source.choice(_TEXTS).splitlines(keepends=True) for _ in range(source.choice((1, 1, 3)))
    ]
    text = "".join("".join(source.choices(each, k=source.randrange(1, 8))) for each in lines)
    return choice + driver.change_bytes(source, text.encode(), [0, 0, 0, 1, 3])


if __name__ == "__main__":
    driver.run("the importers", try_input, make_input, max_len=1000)
