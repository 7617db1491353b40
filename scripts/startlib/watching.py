"""What a start loads and asks of the system, up to the greeting."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence

from benchlib.errors import BenchError
from benchlib.servers import Command, running

DAEMON = (sys.executable, "-m", "qmp_iothreadd")
#: What is there whatever the daemon does.
BASE = "import uvloop"
_TO_FILE = ("sh", "-c", 'exec "$@" 2>"$0"')


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A module, in the order in which their imports ended. ``self_us`` is without those within."""

    name: str
    self_us: int


def loaded_by(code: str) -> list[Loaded]:
    """What a Python loads that runs this program."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    return _read(done.stderr)


def loaded_before_greeting(options: Sequence[str] = ()) -> list[Loaded]:
    """What the daemon loads before it greets. Python itself tells, on standard error.

    The second of two starts is watched: the first one may fill the schema's cache.

    Raises:
        BenchError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = pathlib.Path(folder, "imports")
        python, *module = DAEMON
        argv = (*_TO_FILE, str(file), python, "-X", "importtime", *module)
        said: list[str] = []
        for _ in range(2):
            with running(
                Command("qmp-iothreadd", argv, own=True),
                pathlib.Path(folder),
                options,
                lambda: said.append(file.read_text()),
            ):
                pass
    return _read(said[-1])


def _read(said: str) -> list[Loaded]:
    """Lines of ``import time: SELF | CUMULATIVE | NAME``."""
    rows = [line.removeprefix("import time:").split("|") for line in said.splitlines()]
    numbered = [row for row in rows if len(row) == 3 and row[0].strip().isdigit()]
    return [Loaded(name.strip(), int(own)) for own, _, name in numbered]


def calls_of(code: str) -> Counter[str]:
    """The system calls of a Python that runs this program, by name."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = pathlib.Path(folder, "calls")
        subprocess.run([*_strace(file), sys.executable, "-c", code], check=True)
        return _count(file)


def calls_before_greeting() -> Counter[str]:
    """The daemon's, up to the greeting.

    Raises:
        BenchError: it does not start, or there is no strace.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = pathlib.Path(folder, "calls")
        started = Command("qmp-iothreadd", (*_strace(file), *DAEMON), own=True)
        counted: list[Counter[str]] = []
        with running(
            started, pathlib.Path(folder), at_greeting=lambda: counted.append(_count(file))
        ):
            pass
    return counted[0]


def _strace(file: pathlib.Path) -> tuple[str, ...]:
    program = shutil.which("strace")
    if program is None:
        raise BenchError("strace is missing, which counts system calls: apt-get install strace")
    return (program, "-f", "-qq", "-o", str(file))


def _count(file: pathlib.Path) -> Counter[str]:
    """Lines of ``PID NAME(ARGUMENTS…``; one that another thread interrupts has two."""
    calls: Counter[str] = Counter()
    for line in file.read_text(errors="replace").splitlines():
        name, opened, _ = line.partition(" ")[2].strip().partition("(")
        if opened and name.isidentifier():
            calls[name] += 1
    return calls
