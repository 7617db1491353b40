"""What Xen's tools ask for: the state of devices, and replication of a machine."""

from __future__ import annotations

import os
from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command

# A stream of device states as QEMU begins and ends it (migration/savevm.c): no device has any.
_MAGIC: Final = b"QEVM\x00\x00\x00\x03"
_EMPTY_STREAM: Final = _MAGIC + b"\x00"


@command("xen-save-devices-state")
def xen_save_devices_state(ctx: Context, filename: str, live: bool | None = None) -> None:
    """Write the state of devices, of which there are none, to a file.

    The machine does not run meanwhile, which clients see; afterwards it does as before.

    Raises:
        QmpError: the file cannot be written.
    """
    running = ctx.machine.running
    if running:
        ctx.machine.stop()
    try:
        fd = _open(filename, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(fd, _EMPTY_STREAM)
        except OSError:
            raise errors.device_state_not_saved() from None
        finally:
            os.close(fd)
    finally:
        if running:
            ctx.machine.cont()


@command("xen-load-devices-state")
def xen_load_devices_state(ctx: Context, filename: str) -> None:
    """Read what ``xen-save-devices-state`` wrote.

    Raises:
        QmpError: the machine runs, or the file cannot be read, or holds something else.
    """
    if ctx.machine.running:
        raise errors.cannot_load_while_running()
    fd = _open(filename, os.O_RDONLY)
    try:
        found = os.read(fd, len(_EMPTY_STREAM) + 1)
    except OSError:
        found = b""
    finally:
        os.close(fd)
    if found != _EMPTY_STREAM:
        raise errors.device_state_not_loaded()


@command("xen-set-replication")
def xen_set_replication(
    ctx: Context, enable: bool, primary: bool, failover: bool | None = None
) -> None:
    """Nothing happens: there are no disks that would be replicated."""
    if enable and failover:
        raise errors.failover_without_stop()


def _open(path: str, flags: int) -> int:
    try:  # a pipe that nobody has open is not waited for
        return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o660)
    except ValueError:  # a NUL inside, where C's path would end
        raise errors.cannot_open_stream(path, os.strerror(2)) from None
    except OSError as error:
        raise errors.cannot_open_stream(path, os.strerror(error.errno or 0)) from None
