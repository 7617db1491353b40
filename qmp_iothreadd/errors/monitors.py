"""Monitors as objects."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def current_monitor_in_use() -> QmpError:
    """object-del of the monitor it came through."""
    return QmpError("Cannot delete the current QMP monitor")


def hmp_monitor_deletion() -> QmpError:
    """object-del of a human monitor."""
    return QmpError("Deleting HMP monitors is not supported")


def pretty_is_for_qmp() -> QmpError:
    """A human monitor that should indent its JSON."""
    return QmpError("'pretty' is not compatible with HMP monitors")
