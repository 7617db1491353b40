"""``-run-with`` and ``-name process=``: what the process is called, may do, and ends with."""

from __future__ import annotations

import contextlib
import os
import signal

from qmp_iothreadd import errors

_PR_SET_PDEATHSIG = 1
_NAME_MAX = 15

# Rooms of the package that are not needed to serve, and modules that functions import.
_NOT_SERVING = ("cli", "testing")
_FROM_THE_LIBRARY = ("datetime", "encodings.idna", "importlib.metadata", "ssl")


def name_process(name: str) -> None:
    """Give the process another name for ps and its like, as long as the kernel keeps it."""
    with contextlib.suppress(OSError), open("/proc/self/comm", "wb") as file:
        file.write(os.fsencode(name)[:_NAME_MAX])


def exit_with_parent() -> None:
    """Get SIGTERM when the parent ends.

    Raises:
        QmpError: the system cannot do that.
    """
    import ctypes  # only where asked for

    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0):
        raise errors.exit_with_parent_failed(os.strerror(ctypes.get_errno()))
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)  # it ended before


def give_up_rights(root_folder: str | None, run_as: tuple[int, int, str | None] | None) -> None:
    """Change the root folder, then the user; what was opened before stays open.

    What the package imports when it is first needed is imported now: its files may be out of reach
    then.

    Raises:
        QmpError: that is not allowed.
    """
    _import_everything()
    if root_folder is not None:
        try:
            os.chroot(root_folder)
            os.chdir("/")
        except OSError:
            raise errors.chroot_failed() from None
    if run_as is not None:
        _change_user(*run_as)


def _import_everything() -> None:
    import pkgutil
    from importlib import import_module

    import qmp_iothreadd

    for found in pkgutil.walk_packages(qmp_iothreadd.__path__, f"{qmp_iothreadd.__name__}."):
        if found.name.split(".")[1] not in _NOT_SERVING and not found.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # what only an extra has
                import_module(found.name)
    for name in _FROM_THE_LIBRARY:
        import_module(name)


def _change_user(uid: int, gid: int, name: str | None) -> None:
    try:
        os.setgid(gid)
    except OSError:
        raise errors.setgid_failed(gid) from None
    try:
        if name is None:
            os.setgroups([gid])
        else:
            os.initgroups(name, gid)
    except OSError:
        raise errors.groups_failed(name, gid) from None
    try:
        os.setuid(uid)
    except OSError:
        raise errors.setuid_failed(uid) from None
