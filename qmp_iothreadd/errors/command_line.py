"""Options of the command line."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def invalid_option() -> QmpError:
    """No such option."""
    return QmpError("invalid option")


def argument_required() -> QmpError:
    """The last option lacks its argument."""
    return QmpError("requires an argument")


def option_unsupported(what: str) -> QmpError:
    """An option of QEMU's that needs what this daemon does not have."""
    return QmpError(f"{what} not supported")


def cannot_open(name: str, reason: str) -> QmpError:
    """A file named on the command line."""
    return QmpError(f"Could not open '{name}': {reason}")


def bad_uuid() -> QmpError:
    """-uuid with something else."""
    return QmpError("failed to parse UUID string: wrong format")
