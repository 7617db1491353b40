"""The root of all errors, and the one that QMP reports."""

from __future__ import annotations

from typing import Final

GENERIC_ERROR: Final = "GenericError"
COMMAND_NOT_FOUND: Final = "CommandNotFound"
DEVICE_NOT_FOUND: Final = "DeviceNotFound"


class Error(Exception):
    """The root: everything that this package raises on purpose."""


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
