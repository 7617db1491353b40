"""The socket of a daemon that was asked for nothing: where it is, and the folder that it needs."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.reporter import PROGRAM


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
