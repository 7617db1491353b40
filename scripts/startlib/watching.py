"""What a start loads and asks of the system, up to the greeting."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

from benchlib.errors import BenchError
from benchlib.servers import Command, running

DAEMON = (sys.executable, "-m", "qmp_iothreadd")
#: What is there whatever the daemon does.
BASE = "import uvloop"
_TO_FILE = ("sh", "-c", 'exec "$@" 2>"$0"')


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A module, in the order in which their imports began.

    ``self_us`` is without those that it imports; None where Python's clock does not see it, since
    it is imported by its name (``import_module``).
    """

    name: str
    self_us: int | None


def loaded_by(code: str) -> set[str]:
    """The modules that a Python loads that runs this program."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def loaded_before_greeting() -> list[Loaded]:
    """What the daemon loads before it greets, and a Python that does ``BASE`` does not.

    Raises:
        BenchError: it does not start.
    """
    names = [
        line.split("'")[1]
        for line in _said_before_greeting("-v").splitlines()
        if line.startswith("import '")
    ]
    times: dict[str, int] = {}
    for line in _said_before_greeting("-X", "importtime").splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if own.strip().isdigit():
            times[rest.rpartition("|")[2].strip()] = int(own)
    known = loaded_by(BASE)
    return [Loaded(name, times.get(name)) for name in names if name not in known]


def _said_before_greeting(*options: str) -> str:
    """What Python says of its imports on standard error, with these options.

    The second of two starts is watched: the first one may fill the schema's cache.
    """
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = pathlib.Path(folder, "said")
        python, *module = DAEMON
        argv = (*_TO_FILE, str(file), python, *options, *module)
        for _ in range(2):
            with running(
                Command("qmp-iothreadd", argv, own=True),
                pathlib.Path(folder),
                at_greeting=lambda: said.append(file.read_text(errors="replace")),
            ):
                pass
    return said[-1]


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
