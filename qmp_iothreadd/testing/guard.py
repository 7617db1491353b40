"""What a test's own end leaves nothing of: its daemons, however it ends, and their folders.

A daemon is watched by a small process that holds the read end of a pipe. When whoever has the other
end is gone, by a signal, ``os._exit`` or a crash, it kills the daemon. (The kernel's own signal for
that, PR_SET_PDEATHSIG, comes when the *thread* ends that started the daemon.) A folder is locked as
long as it is used; the next run removes those that are not.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The default socket's folder begins with the program's name, too, and is nobody's to sweep.
_PREFIX = "qmp-iothreadd-test-"

_TRIES = 10

_WATCH = """
import os, signal, sys
os.read(0, 1)
try:
    signal.pidfd_send_signal(int(sys.argv[1]), signal.SIGKILL)
except ProcessLookupError:
    pass  # it ended as it should
"""


@contextlib.contextmanager
def guarded(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a child process when this process ends within the block, or else when it is left."""
    pidfd = os.pidfd_open(process.pid)
    command = [sys.executable, "-I", "-S", "-c", _WATCH, str(pidfd)]
    try:
        # A session of its own: a terminal's Ctrl-C is not for it.
        guard = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[pidfd],
            start_new_session=True,
        )
    finally:
        os.close(pidfd)
    with guard:  # which closes the pipe, and waits
        yield


def folder_name() -> Path:
    """The name of a folder that is not there yet."""
    return Path(tempfile.gettempdir()) / f"{_PREFIX}{os.urandom(4).hex()}"


@contextlib.contextmanager
def own_folder(path: Path) -> Iterator[None]:
    """Make a folder of that name, for this user alone; leaving removes it with all that is in it.

    Raises:
        OSError: it cannot be made.
    """
    _sweep()
    lock = _make(path)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _make(path: Path) -> int:
    """Make the folder. Returns the descriptor that locks it."""
    for _ in range(_TRIES):
        path.mkdir(0o700)
        fd = _lock(path)
        if fd is not None:
            return fd
        with contextlib.suppress(FileNotFoundError):
            path.rmdir()  # another run took it for one that was left, and removes it
    raise OSError(f"cannot keep the folder {path}")


def _lock(path: Path) -> int | None:
    """The descriptor that locks a folder, or None where another has it or it is gone."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), os.stat(path)):
            return fd
    except OSError:
        pass
    os.close(fd)
    return None


@functools.cache
def _sweep() -> None:
    """Remove what earlier runs left, once for each process."""
    with os.scandir(tempfile.gettempdir()) as entries:  # a glob would compile an expression
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                remove_abandoned(Path(entry.path))


def remove_abandoned(path: Path) -> None:
    """Remove a folder that nobody has locked any more, if it is this user's."""
    lock = _lock(path)
    if lock is not None:
        if os.fstat(lock).st_uid == os.getuid():
            shutil.rmtree(path, ignore_errors=True)
        os.close(lock)
