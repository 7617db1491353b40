"""Start a server, wait for its greeting, read its memory, stop it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

from benchlib.client import Connection, request
from benchlib.errors import BenchError

ROOT = pathlib.Path(__file__).resolve().parents[2]
Blame = Callable[[str], BenchError]

START_TIMEOUT_S = 30
_CONNECT_INTERVAL_S = 0.0005
_STOP_TIMEOUT_S = 10

# Appended unless the command has them: the smallest machine, with no other devices.
_DEFAULT_OPTIONS = (
    (("M", "machine"), ("-M", "none")),
    (("nodefaults",), ("-nodefaults",)),
    (("nographic", "display"), ("-nographic",)),
)


@dataclasses.dataclass(frozen=True)
class Command:
    """A server to measure. `name` heads its column; `own`: it is this daemon, with its options."""

    name: str
    argv: tuple[str, ...]
    own: bool = False

    def with_socket(self, path: str, extra: Sequence[str] = ()) -> list[str]:
        """The complete command line, with a QMP socket at `path`."""
        given = {word.lstrip("-") for word in self.argv if word.startswith("-")}
        argv = list(self.argv)
        for names, words in _DEFAULT_OPTIONS:
            if given.isdisjoint(names):
                argv += words
        return [*argv, *extra, "-qmp", f"unix:{path},server=on,wait=off"]


def parse_command(text: str, *, own: bool = False, name: str | None = None) -> Command:
    """Split a command as a shell would; raises `BenchError` where there is no such program."""
    try:
        argv = shlex.split(text)
    except ValueError as error:
        raise BenchError(f"cannot split {text!r} into words: {error}") from None
    if not argv:
        raise BenchError("a command is empty: give a program, for instance qemu-system-x86_64")
    program = shutil.which(argv[0])
    if program is None:
        raise BenchError(
            f"{argv[0]}: no such program. Give its path, or install it"
            " (QEMU on Debian and Ubuntu: apt-get install qemu-system-x86)."
        )
    return Command(name or pathlib.Path(argv[0]).name, (program, *argv[1:]), own)


def own_command() -> Command:
    """The daemon of the environment that this runs in."""
    program = pathlib.Path(sys.executable).with_name("qmp-iothreadd")
    if not program.exists():
        raise BenchError(f"{program} is not installed: name the daemon with --command")
    return Command(program.name, (str(program),), own=True)


@dataclasses.dataclass
class Server:
    """A running server, its negotiated connection, and the time from its spawn to its greeting.

    `first_reply_ns` is from the greeting to the end of negotiation.
    """

    command: Command
    connection: Connection
    greeting_ns: int
    first_reply_ns: int
    version: str
    path: str

    def another(self) -> Connection:
        """One more connection, not greeted yet: a server with one client each leaves it waiting."""
        return Connection.open(self.path, self.connection.blame)

    def memory(self) -> tuple[int, int]:
        """Resident and proportional size (VmRSS and PSS, bytes) of the process that listens.

        From smaps_rollup, which counts page by page: VmRSS in /proc/PID/status may lag behind by
        some hundred KiB.
        """
        rollup = pathlib.Path(f"/proc/{self.connection.server_pid}/smaps_rollup").read_text()
        sizes = dict(line.split(":", 1) for line in rollup.splitlines()[1:])
        return int(sizes["Rss"].split()[0]) * 1024, int(sizes["Pss"].split()[0]) * 1024


@contextlib.contextmanager
def running(
    command: Command,
    cache: pathlib.Path,
    extra: Sequence[str] = (),
    at_greeting: Callable[[], object] = lambda: None,
) -> Iterator[Server]:
    """Start `command`, negotiate, and stop it again with `quit`. `cache` is its XDG_CACHE_HOME.

    `at_greeting` is called between the greeting and the first request.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, tempfile.TemporaryFile() as output:
        path = os.path.join(folder, "qmp")
        argv = command.with_socket(path, extra)
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        start_ns = time.perf_counter_ns()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )

        def blame(reason: str) -> BenchError:
            return BenchError(f"{shlex.join(argv)}\n{reason}{_said(output.fileno())}")

        asked_to_quit = False
        try:
            with contextlib.closing(_connect(path, process, blame)) as connection:
                greeting = connection.read_message()
                greeting_ns = time.perf_counter_ns() - start_ns
                at_greeting()
                asked_ns = time.perf_counter_ns()
                connection.call(request("qmp_capabilities"))
                first_ns = time.perf_counter_ns() - asked_ns
                version = _version(greeting, blame)
                yield Server(command, connection, greeting_ns, first_ns, version, path)
                connection.quit()
                asked_to_quit = True
        finally:
            _stop(process, asked_to_quit)


def _connect(path: str, process: subprocess.Popen[bytes], blame: Blame) -> Connection:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return Connection.open(path, blame)
        except (FileNotFoundError, ConnectionRefusedError):
            if process.poll() is not None:
                raise blame(f"ended at start with status {process.returncode}") from None
            if time.monotonic() > deadline:
                raise blame(f"does not listen on {path} after {START_TIMEOUT_S} s") from None
        time.sleep(_CONNECT_INTERVAL_S)


def _version(greeting: bytes, blame: Blame) -> str:
    try:
        numbers = json.loads(greeting)["QMP"]["version"]["qemu"]
        return "{major}.{minor}.{micro}".format(**numbers)
    except (ValueError, KeyError, TypeError):
        raise blame(f"is no QMP server: it greets with {greeting[:200]!r}") from None


def _said(output: int) -> str:
    text = os.pread(output, 4096, 0).decode(errors="replace").strip()
    return f"\nIt printed:\n{text}" if text else ""


def _stop(process: subprocess.Popen[bytes], asked_to_quit: bool) -> None:
    if asked_to_quit:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_TIMEOUT_S)
            return
    process.kill()
    process.wait()
