"""What a process that was forked becomes: a daemon like one that was started by exec."""

from __future__ import annotations

import atexit
import fcntl
import io
import os
import resource
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from qmp_iothreadd.testing import _sibling
from qmp_iothreadd.testing.fork_request import BECOME, MODULE, Order

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))

# Where /proc/self/stat has what _sibling.show asks for, after the name.
_MEMORY_FIELDS = (23, 24, 25, 42, 43, 44)


def become(order: Order, fds: list[int]) -> NoReturn:
    """Become a daemon, say so, and run it to its end."""
    status = 1
    try:
        said = _take_over(order, fds)
        from qmp_iothreadd.cli import main
        from qmp_iothreadd.daemon.reporter import PROGRAM

        os.write(said, BECOME)
        os.close(said)
        status = main([PROGRAM, *sys.argv[1:]])
    except BaseException:
        sys.excepthook(*sys.exc_info())
    end(status)


def end(status: int) -> NoReturn:
    """End as the interpreter does, but for its own memory, which takes longer than all else."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


def _take_over(order: Order, fds: list[int]) -> int:
    """Take over all that a process gets from who starts it. Returns the pipe to say so on.

    Raises:
        OSError, ValueError: the system does not allow it.
    """
    if order["group"] is None:
        os.setsid()
    else:
        os.setpgid(0, order["group"])
    folder, said = _place(fds, order["descriptors"])
    os.fchdir(folder)
    os.close(folder)
    os.umask(order["umask"])
    for number, limits in order["limits"].items():
        if resource.getrlimit(number) != limits:
            resource.setrlimit(number, limits)
    _set_environment(dict(text.split(b"=", 1) for text in order["environment"]))
    _show(order["argv"], order["environment"])
    sys.orig_argv = [os.fsdecode(word) for word in order["argv"]]
    program = sys.modules[MODULE].__path__[0]
    sys.argv = [os.path.join(program, "__main__.py"), *sys.orig_argv[3:]]
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()
    _open_streams()
    return said


def _set_environment(wanted: dict[bytes, bytes]) -> None:
    """Make the environment this one; most of it is."""
    for name in os.environb.keys() - wanted.keys():
        del os.environb[name]
    for name, value in wanted.items():
        if os.environb.get(name) != value:
            os.environb[name] = value


def _place(fds: list[int], numbers: list[int]) -> tuple[int, int]:
    """Give descriptors their numbers. Returns the first two, which have none."""
    free = max([2, *numbers]) + 1
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, free) for fd in fds]
    for fd in {0, 1, 2, *fds}:
        os.close(fd)
    for fd, number in zip(moved[2:], numbers, strict=True):
        os.dup2(fd, number)
        os.close(fd)
    return moved[0], moved[1]


def _show(argv: list[bytes], environment: list[bytes]) -> None:
    """Have ps and its like show this command line and this environment."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    numbers = tuple(int(fields[index]) for index in _MEMORY_FIELDS)
    arguments, values = (b"".join(text + b"\0" for text in each) for each in (argv, environment))
    _sibling.show(arguments, values, numbers)


def _open_streams() -> None:
    """Make the standard streams' objects anew; one whose descriptor is closed is None."""
    for number, (name, mode) in enumerate(_STREAMS):
        stream = _open_stream(number, mode, getattr(sys, f"__{name}__"))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _open_stream(number: int, mode: str, before: Any) -> Any:
    try:
        os.fstat(number)
    except OSError:
        return None
    stream = open(  # noqa: SIM115 -- open until the process ends
        number, mode, encoding=before.encoding, errors=before.errors, closefd=False
    )
    if isinstance(stream, io.TextIOWrapper) and stream.writable():
        line_buffering = number == 2 or stream.line_buffering
        stream.reconfigure(line_buffering=line_buffering, write_through=before.write_through)
    return stream
