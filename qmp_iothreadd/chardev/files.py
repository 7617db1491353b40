"""Files, pipes, and the terminals and ports of the host: what is opened by a path."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import termios
from typing import ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.fd import ChardevFd, FdTransport
from qmp_iothreadd.chardev.terminal import COOKED_INPUT
from qmp_iothreadd.qom.object import Property

_PPCLAIM: Final = 0x708B  # linux/ppdev.h
_PPRELEASE: Final = 0x708C

_IFLAG, _OFLAG, _CFLAG, _LFLAG, _ISPEED, _OSPEED = range(6)


class ChardevPath(ChardevFd):
    """Base of the devices with descriptors of their own, which are closed after the last write."""

    __slots__ = ("_descriptors",)

    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open_path(self, path: str, flags: int) -> int:
        """A new descriptor of the file at ``path``, which is made where ``flags`` say so.

        ``/dev/fdset/N`` is a descriptor that was handed over.

        Raises:
            QmpError: ``Could not open …``.
        """
        try:
            return self.chardevs.descriptors().open(path, flags | os.O_NOCTTY)
        except OSError as error:
            raise errors.file_not_opened(path, error.strerror or str(error)) from None

    def close_path(self, fd: int) -> None:
        """Close what ``open_path`` returned."""
        self.chardevs.descriptors().close_opened(fd)

    def take(self, source: int | None, sink: int) -> None:
        """Read the one descriptor and write the other; both are the device's now."""
        self._descriptors = {sink} if source is None else {source, sink}
        peer, loop = self.make_peer(), asyncio.get_running_loop()
        FdTransport(loop, peer, source, sink, peer.input_ended).start()

    def peer_left(self) -> None:
        """Nothing is to be written any more."""
        self.release()
        for fd in self._descriptors:
            self.close_path(fd)
        self._descriptors = set()

    def release(self) -> None:
        """Undo what opening did, but for the descriptors, which are still open."""


class ChardevFile(ChardevPath):
    """A file that is written, and maybe another that is read."""

    __slots__ = ()

    qom_name = "chardev-file"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open(self) -> None:
        """Make the file, or go on at its end.

        Raises:
            QmpError: one of the files cannot be had.
        """
        how = os.O_APPEND if self.data.get("append") else os.O_TRUNC
        sink = self.open_path(self.data["out"], os.O_WRONLY | os.O_CREAT | how)
        source = None
        try:
            if "in" in self.data:
                source = self.open_path(self.data["in"], os.O_RDONLY)
        except errors.QmpError:
            self.close_path(sink)
            raise
        self.take(source, sink)


class ChardevPipe(ChardevPath):
    """Two named pipes, PATH.in and PATH.out, or one file PATH for both ways."""

    __slots__ = ()

    qom_name = "chardev-pipe"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open(self) -> None:
        """Open both ends, so that neither waits for others nor sees them leave.

        Raises:
            QmpError: there are neither the two nor the one.
        """
        path = self.data["device"]
        source = sink = -1
        try:
            source = self.open_path(f"{path}.in", os.O_RDWR)
            sink = self.open_path(f"{path}.out", os.O_RDWR)
        except errors.QmpError:
            if source >= 0:
                self.close_path(source)
            source = sink = self.open_path(path, os.O_RDWR)
        self.take(source, sink)


class ChardevSerial(ChardevPath):
    """A terminal of the host, 115200 baud, 8 bits, no parity."""

    __slots__ = ()

    qom_name = "chardev-serial"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open(self) -> None:
        """Open the terminal, and let it hand over bytes as they are.

        Raises:
            QmpError: the path cannot be opened. One that is no terminal can.
        """
        fd = self.open_path(self.data["device"], os.O_RDWR | os.O_NONBLOCK)
        _set_line(fd)
        self.take(fd, fd)

    def send_break(self) -> None:
        """Send a break on the line."""
        for fd in self._descriptors:
            with contextlib.suppress(termios.error):
                termios.tcsendbreak(fd, 1)


class ChardevParallel(ChardevPath):
    """A parallel port of the host."""

    __slots__ = ()

    qom_name = "chardev-parallel"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open(self) -> None:
        """Claim the port. Nothing is written to it but by a guest.

        Raises:
            QmpError: the path cannot be opened, or is no parallel port.
        """
        fd = self.open_path(self.data["device"], os.O_RDWR)
        try:
            fcntl.ioctl(fd, _PPCLAIM)
        except OSError as error:
            self.close_path(fd)
            raise errors.not_a_parallel_port(error.strerror or str(error)) from None
        self.take(None, fd)

    def release(self) -> None:
        """Let others have the port."""
        for fd in self._descriptors:
            with contextlib.suppress(OSError):
                fcntl.ioctl(fd, _PPRELEASE)


def _set_line(fd: int) -> None:
    """The settings of chardev/char-serial.c, where ``fd`` is a terminal."""
    if not os.isatty(fd):
        return
    line = termios.tcgetattr(fd)
    line[_IFLAG] &= ~COOKED_INPUT
    line[_OFLAG] &= ~termios.OPOST
    line[_LFLAG] &= ~(
        termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN | termios.ISIG
    )
    line[_CFLAG] &= ~(
        termios.CSIZE | termios.PARENB | termios.PARODD | termios.CRTSCTS | termios.CSTOPB
    )
    line[_CFLAG] |= termios.CS8
    line[_ISPEED] = line[_OSPEED] = termios.B115200
    termios.tcsetattr(fd, termios.TCSANOW, line)
