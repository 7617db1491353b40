"""What an iothread decides, recorded from outside: over QMP, or by tools of the host."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qmp_iothreadd.lab import importing
from qmp_iothreadd.lab.monitors import connected
from qmp_iothreadd.lab.traces import Trace

if TYPE_CHECKING:
    from qmp_iothreadd.lab.monitor import Monitor

SECONDS_MAX = 24 * 3600.0


def record(address: str, iothread: str, seconds: float) -> Trace:
    """What an iothread of a daemon decides in the next seconds.

    Args:
        address: the monitor's: a Unix socket's path, or HOST:PORT.

    Raises:
        ValueError: the server refuses it, or goes, or nothing was decided; says what to do.
        OSError: it cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix="iothread-lab-") as folder:
        target = os.path.join(folder, "trace")
        record_to(address, iothread, seconds, target)
        return Trace.load(target)  # stays mapped


def record_to(
    address: str,
    iothread: str,
    seconds: float,
    target: str,
    wait: Callable[[float], object] = time.sleep,
) -> tuple[importing.Imported, int]:
    """Like `record`, to a file. Returns what was imported, and how many decisions were lost.

    Args:
        wait: returns after so many seconds, or sooner, if that will do.
    """
    _check_seconds(seconds)
    with tempfile.TemporaryDirectory(prefix="iothread-lab-") as folder:
        raw = os.path.join(folder, "decisions")
        with connected(address) as monitor:
            _ask(monitor, "x-record-iothread", {"id": iothread, "file": raw})
            try:
                wait(seconds)
            finally:
                done = _ask(monitor, "x-stop-iothread-recording", {"id": iothread})
        if not done["decisions"]:
            raise ValueError(
                f"{iothread} decided nothing in {seconds:g} s: it needs a load, and a poll-max-ns"
            )
        return importing.import_trace(raw, target, "binary-trace"), done["dropped"]


def _check_seconds(seconds: float) -> None:
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"seconds must be from 0 to {SECONDS_MAX:g}, not {seconds}")


def _ask(monitor: Monitor, command: str, arguments: dict[str, str]) -> dict[str, int]:
    reply = monitor.request(command, arguments)
    if reply.get("error", {}).get("class") == "CommandNotFound":
        raise ValueError(
            f"the server has no {command}: of a QEMU process, record on its host, with"
            " iothread-lab record --pid"
        )
    returned: dict[str, int] = monitor.accepted(reply)
    return returned


# -- On a host -------------------------------------------------------------------------------------

# What of io_uring's operations is a request: read and write, with vectors, fixed or not, and sync.
_REQUESTS = "{0}opcode >= 1 && {0}opcode <= 5 || {0}opcode == 22 || {0}opcode == 23"
_SUBMITS = "io_uring_submit_req"


def iothreads_of(pid: int) -> dict[str, int]:
    """The iothreads of a QEMU process: ids, as far as the kernel keeps them, and thread ids.

    Raises:
        ValueError: there is no such process.
    """
    found = {}
    try:
        tasks = sorted(Path(f"/proc/{pid}/task").iterdir(), key=lambda path: int(path.name))
    except OSError:
        raise ValueError(f"there is no process {pid} here") from None
    for task in tasks:
        with contextlib.suppress(OSError):  # it has ended
            comm = (task / "comm").read_text().removesuffix("\n")
            if comm.startswith("IO "):
                found[comm[3:]] = int(task.name)
    return found


def thread_of(pid: int, iothread: str | None) -> int:
    """The thread id of an iothread, by default of the only one.

    Raises:
        ValueError: there is none, or are several; says which.
    """
    found = iothreads_of(pid)
    if iothread is None and len(found) == 1:
        return next(iter(found.values()))
    if iothread in found:
        return found[iothread]
    names = ", ".join(found) or "none whose thread has a name (IO …): give --thread"
    asked = "--iothread is needed" if iothread is None else f"no iothread {iothread}"
    raise ValueError(f"{asked}: process {pid} has {names}")


def bpftrace(thread: int, seconds: float) -> str:
    """The command that prints when a thread submits requests; for a shell of root's."""
    opcodes = _REQUESTS.format("args->")
    text = 'printf("%llu %d %s\\n", nsecs, tid, probe);'
    script = (
        f"tracepoint:io_uring:{_SUBMITS} /tid == {thread} && ({opcodes})/ {{ {text} }} "
        f"tracepoint:syscalls:sys_enter_io_submit /tid == {thread}/ {{ {text} }} "
        f"interval:ms:{round(seconds * 1000)} {{ exit(); }}"
    )
    return f"bpftrace -e {shlex.quote(script)}"


def perf(thread: int, seconds: float) -> str:
    """Like `bpftrace`, with perf."""
    requests = _REQUESTS.format("")
    return (
        f"perf record -q -o - -t {thread} -e io_uring:{_SUBMITS} --filter {shlex.quote(requests)}"
        f" -e syscalls:sys_enter_io_submit -- sleep {seconds:g} | perf script -i - --ns"
    )


TOOLS: dict[str, Callable[[int, float], str]] = {"bpftrace": bpftrace, "perf": perf}
FORMATS = {"bpftrace": "bpftrace", "perf": "perf-script"}


def command(tool: str, thread: int, seconds: float) -> str:
    """What a tool of TOOLS is run with. Raises ValueError: nobody records for so long."""
    _check_seconds(seconds)
    return TOOLS[tool](thread, seconds)


def record_host(tool: str, thread: int, seconds: float, target: str) -> importing.Imported:
    """Run the tool, and read what it prints. Needs root, or the capabilities that it asks for.

    Raises:
        ValueError: it failed, says how, or printed nothing. OSError: the file cannot be written.
    """
    import subprocess  # only here

    words = ["sh", "-c", command(tool, thread, seconds)]
    with tempfile.NamedTemporaryFile(prefix="iothread-lab-") as output:
        done = subprocess.run(words, stdout=output, stderr=subprocess.PIPE)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise ValueError(f"{tool} ended with status {done.returncode}: {said}")
        return importing.import_trace(output.name, target, FORMATS[tool])
