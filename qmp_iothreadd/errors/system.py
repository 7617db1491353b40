"""What the system refuses, whatever it is asked for: no descriptors left, an impossible name."""

from __future__ import annotations

import os

from qmp_iothreadd.errors.tree import QmpError


def used_up(number: int) -> QmpError:
    """Something of which there is only so much: ``number`` is the errno that says what."""
    return QmpError(os.strerror(number))


def name_has_nul() -> QmpError:
    """A file's name with a NUL in it, of which QEMU makes another name, that no file has."""
    return QmpError("No such file or directory: its name has a NUL in it")


def internal_error(kind: str) -> QmpError:
    """A fault of ours; standard error has the reason."""
    return QmpError(f"internal error: {kind}")
