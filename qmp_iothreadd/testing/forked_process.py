"""Daemons forked from a process that has everything imported: milliseconds each.

``ForkedPopen`` is subprocess.Popen for the daemon's own command: the same child process, with what
this process has at that moment, by another way. Where that way cannot be gone (an option of Popen's
that it does not know, a system that does not allow it), it is Popen.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing.fork_request import MODULE, Order
from qmp_iothreadd.testing.fork_servers import fork_servers

# What Popen makes of its options, by the names of the method that is overridden here.
_MAKE = getattr(subprocess.Popen, "_execute_child").__code__  # noqa: B009 -- it is no stub's
_NAMES = _MAKE.co_varnames[1 : _MAKE.co_argcount]

# Those that have to be so.
_PLAIN: dict[str, Any] = {
    "executable": None,
    "preexec_fn": None,
    "close_fds": True,
    "startupinfo": None,
    "creationflags": 0,
    "shell": False,
    "gid": None,
    "gids": None,
    "uid": None,
}
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
# Those that may have any value; ``restore_signals`` is about what Python sets at its start again.
_FOLLOWED = {
    *("args", "cwd", "env", "pass_fds", "process_group", "restore_signals"),
    *("start_new_session", "umask"),
    *_PIPES,
}

# What a process has from who starts it, and cannot change, or not back: lines of its status.
_TRAITS = (
    *("Uid", "Gid", "Groups", "NSsid", "SigBlk", "SigIgn", "CapInh", "CapEff", "CapBnd"),
    *("CapAmb", "NoNewPrivs", "Seccomp", "Cpus_allowed", "Mems_allowed"),
)
# The environment that an interpreter, and what it is linked to, read as they start.
_READ_AT_START = (b"COVERAGE_", b"GLIBC_", b"LANG", b"LC_", b"LD_", b"MALLOC_", b"PYTHON", b"UV_")

_LIMITS = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}


class ForkedPopen(subprocess.Popen[bytes]):
    """Popen for ``python -m qmp_iothreadd``; ``guarded``: it was forked."""

    guarded = False

    def _execute_child(self, *values: Any) -> None:
        options = dict(zip(_NAMES, values, strict=True))
        pid = _fork(options) if _can_fork(options) else None
        if pid is None:
            super()._execute_child(*values)  # type: ignore[misc]
            return
        self.pid = pid
        self.guarded = self._child_created = True
        self._close_pipe_fds(*(options[name] for name in _PIPES))  # type: ignore[attr-defined]


def is_forked(process: subprocess.Popen[bytes]) -> bool:
    """Whether it was forked: then it ends when this process does, in whatever way."""
    return isinstance(process, ForkedPopen) and process.guarded


def _can_fork(options: dict[str, Any]) -> bool:
    """Whether these options are all known here."""
    unknown = options.keys() - _PLAIN.keys() - _FOLLOWED
    plain = all(options.get(name, value) == value for name, value in _PLAIN.items())
    return plain and not unknown and options["args"][:3] == [sys.executable, "-m", MODULE]


def _fork(options: dict[str, Any]) -> int | None:
    """The id of a new process, or None where it is to be made in another way."""
    try:
        # First of all: what is opened here may get the number of a stream that is closed.
        sources = _sources(options)
        environment = _environment(options["env"])
        status = _status()
        folder = os.open(options["cwd"] or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        order: Order = {
            "argv": [os.fsencode(word) for word in options["args"]],
            "environment": environment,
            "umask": int(status["Umask"], 8) if options["umask"] < 0 else options["umask"],
            "group": _group(options),
            "limits": {number: resource.getrlimit(number) for number in _LIMITS},
            "descriptors": list(sources),
        }
        try:
            traits = _traits(status, environment)
            return fork_servers().fork(traits, order, [folder, *sources.values()])
        finally:
            os.close(folder)
    except OSError:
        return None  # Popen says what is wrong, if it cannot either


def _group(options: dict[str, Any]) -> int | None:
    """The process group, as an Order has it."""
    if options["start_new_session"]:
        return None
    group: int = options["process_group"]
    return os.getpgrp() if group < 0 else group


def _sources(options: dict[str, Any]) -> dict[int, int]:
    """What descriptors the process gets, by the numbers that they have there."""
    given = (options["p2cread"], options["c2pwrite"], options["errwrite"])
    sources = {number: fd for number, fd in enumerate(given) if fd >= 0}
    for number in {0, 1, 2} - sources.keys():
        with contextlib.suppress(OSError):  # closed here, and so there
            if os.get_inheritable(number):
                sources[number] = number
    return sources | {fd: fd for fd in map(int, options["pass_fds"]) if fd > 2}


def _environment(env: Mapping[Any, Any] | None) -> list[bytes]:
    values = os.environb if env is None else env
    return [os.fsencode(name) + b"=" + os.fsencode(value) for name, value in values.items()]


def _status() -> dict[str, str]:
    """What the kernel says of this thread, by names."""
    lines = Path("/proc/thread-self/status").read_text().splitlines()
    return {name: value for name, _, value in (line.partition(":\t") for line in lines)}


def _traits(status: Mapping[str, str], environment: list[bytes]) -> Hashable:
    """What a server has to have in common with the daemons that are forked from it."""
    root = os.stat("/")
    return (
        *(status.get(name) for name in _TRAITS),
        *(text for text in sorted(environment) if text.startswith(_READ_AT_START)),
        (root.st_dev, root.st_ino),
        os.getpriority(os.PRIO_PROCESS, 0),
        resource.getrlimit(resource.RLIMIT_STACK),  # by which threads' stacks are made
    )
