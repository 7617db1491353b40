"""The socket of a daemon that was asked for nothing: where it is, and the folder that it needs."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.reporter import PROGRAM

_LOCK_SUFFIX = ".lock"

# How often a start finds that the daemon before it has just ended.
_TRIES = 10


def default_socket_path() -> str:
    """Where the daemon listens unless it is told.

    In the user's folder for such things, else in one of its own below the temporary folder, which
    is there only once the daemon has made it.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and os.path.isdir(runtime):
        return os.path.join(runtime, f"{PROGRAM}.sock")
    temporary = os.environ.get("TMPDIR") or "/tmp"
    return os.path.join(temporary, f"{PROGRAM}-{os.getuid()}", "qmp.sock")


@contextlib.contextmanager
def hold_default_socket(path: str) -> Iterator[None]:
    """Be the one daemon that listens on ``path``: of several that start at once, one does.

    A path that was asked for is QEMU's to take, which needs no lock. Leaving gives back all that
    is made here; the socket has to be gone by then.

    Raises:
        QmpError: another has it, or its folder cannot be used.
    """
    for _ in range(_TRIES):
        with socket_folder(path):
            lock = _lock(path)
            if lock is not None:
                try:
                    check_free(path)
                    yield
                finally:
                    with contextlib.suppress(OSError):
                        os.unlink(path + _LOCK_SUFFIX)
                    os.close(lock)
                return
    raise errors.bind_failed(path, os.strerror(errno.EADDRINUSE))


def _lock(path: str) -> int | None:
    """The descriptor of the lock, or None where who had it gave it back just now."""
    name = path + _LOCK_SUFFIX
    try:
        fd = os.open(name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None  # its folder went with it
    except OSError as error:
        raise errors.bind_failed(path, error.strerror or str(error)) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), os.stat(name)):
            return fd
    except BlockingIOError:
        os.close(fd)
        raise errors.bind_failed(path, os.strerror(errno.EADDRINUSE)) from None
    except FileNotFoundError:
        pass
    os.close(fd)
    return None


@contextlib.contextmanager
def socket_folder(path: str) -> Iterator[None]:
    """Make the folder of ``path``, for this user alone; leaving removes it if it is empty.

    A folder that was there before stays. A folder that others can write to is refused: they could
    put a socket of theirs in its place.

    Raises:
        QmpError: the folder cannot be made, or is not safe to use.
    """
    folder = os.path.dirname(path)
    made = False
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
            made = True
        found = os.lstat(folder)
    except OSError as error:
        raise errors.socket_folder_failed(folder, error.strerror or str(error)) from None
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
        raise errors.socket_folder_failed(folder, "others can write to it")
    try:
        yield
    finally:
        if made:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def check_free(path: str) -> None:
    """Refuse to take the path from whoever lives there: a file of another kind, or a daemon.

    A socket that nobody listens on any more is no obstacle.

    Raises:
        QmpError: the path is in use.
    """
    try:
        is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            if is_socket:
                probe.connect(path)
        except ConnectionRefusedError:
            return
        except OSError:
            pass
    raise errors.bind_failed(path, os.strerror(errno.EADDRINUSE))


def how_to_connect(path: str, *, greeting: bool) -> str:
    """A line for people who do not know the socket yet; qmp-shell waits for a greeting."""
    client = f"qmp-shell {path}" if greeting else f"socat - UNIX-CONNECT:{path}"
    return f"QMP server on {path} (stop with Ctrl-C); connect with: {client}\n"
