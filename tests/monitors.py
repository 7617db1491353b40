"""Monitors on no device, for sessions that no transport drives."""

from __future__ import annotations

from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.monitors import MonitorHMP


def human_monitor(machine: Machine) -> MonitorHMP:
    """A human monitor that is not in the tree."""
    return MonitorHMP(machine.types[MonitorHMP.qom_name], machine)
