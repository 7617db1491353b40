"""The root of all errors, the one that QMP reports, and the one that names an option."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

GENERIC_ERROR: Final = "GenericError"
COMMAND_NOT_FOUND: Final = "CommandNotFound"
DEVICE_NOT_ACTIVE: Final = "DeviceNotActive"
DEVICE_NOT_FOUND: Final = "DeviceNotFound"


class Error(Exception):
    """The root: everything that this package raises on purpose.

    ``said`` is whether standard error has it already.
    """

    said = False


class QmpError(Error):
    """An error as QMP reports it: ``{"error": {"class": error_class, "desc": desc}}``.

    ``desc`` is the text on the wire. ``hint``, where there is one, is what QEMU adds on the command
    line and in HMP but not in QMP.
    """

    def __init__(
        self, desc: str, error_class: str = GENERIC_ERROR, hint: str | None = None
    ) -> None:
        super().__init__(desc)
        self.desc = desc
        self.error_class = error_class
        self.hint = hint


class FilePlace(str):
    """A line of a file as a location, ``FILE:LINE``; messages begin PROGRAM:FILE:LINE."""

    __slots__ = ()


class LocatedError(Error):
    """An error with the option that it is about, as it was written: ``-object iothread``.

    ``also`` is a second message, said after the first. ``file`` is said instead of an option where
    the error is about a file that an option names.
    """

    def __init__(
        self, error: QmpError, location: str = "", *, also: str = "", file: str = ""
    ) -> None:
        super().__init__(error.desc)
        self.error = error
        self.location = location
        self.also = also
        self.file = file


@contextlib.contextmanager
def located(location: str) -> Iterator[None]:
    """What is raised within becomes a LocatedError: it is about the option ``location``."""
    try:
        yield
    except QmpError as error:
        raise LocatedError(error, location) from None
