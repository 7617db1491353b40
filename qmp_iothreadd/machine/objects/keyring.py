"""Secrets from the Linux kernel's key ring."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects import linux
from qmp_iothreadd.machine.objects.files import SIZE_MAX, reason
from qmp_iothreadd.machine.objects.secrets import SecretCommon
from qmp_iothreadd.qom.configurable import Setting


class SecretKeyring(SecretCommon):
    """A secret that the kernel keeps."""

    __slots__ = ()

    qom_name = "secret_keyring"
    settings: ClassVar[dict[str, Setting]] = SecretCommon.settings | {
        "serial": Setting(type="int32_t")
    }

    def read(self) -> bytes:
        """The payload of the key."""
        serial = self.load("serial")
        if serial == 0:
            raise errors.key_serial_zero()
        try:
            return read_key(serial)
        except OSError as error:
            raise errors.key_unreadable(serial, reason(error)) from None


def read_key(serial: int) -> bytes:
    """The payload of a key of the kernel.

    Raises:
        OSError: there is no such key, it may not be read, or there are no keys on this machine.
    """
    size = linux.call("keyctl", linux.KEYCTL_READ, serial, None, 0, 0)
    while size <= SIZE_MAX:
        buffer = ctypes.create_string_buffer(size or 1)
        now = linux.call("keyctl", linux.KEYCTL_READ, serial, buffer, len(buffer), 0)
        if now <= len(buffer):
            return buffer.raw[:now]
        size = now  # it grew meanwhile
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
