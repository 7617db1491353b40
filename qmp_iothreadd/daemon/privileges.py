"""``-run-with`` and ``-name process=``: what the process is called, may do, and ends with."""

from __future__ import annotations

import contextlib
import os
import signal

from qmp_iothreadd import errors

_PR_SET_PDEATHSIG = 1
_NAME_MAX = 15


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

    Raises:
        QmpError: that is not allowed.
    """
    if root_folder is not None:
        try:
            os.chroot(root_folder)
            os.chdir("/")
        except OSError:
            raise errors.chroot_failed() from None
    if run_as is not None:
        _change_user(*run_as)


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
