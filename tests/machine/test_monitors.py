"""Monitors as objects."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.monitors import MonitorHMP, MonitorQMP
from qmp_iothreadd.qom.types import TypeRegistry


def test_a_qmp_monitor_can_be_read_and_deleted() -> None:
    monitor = MonitorQMP(TypeRegistry().add(MonitorQMP))
    monitor.chardev, monitor.pretty = "compat_monitor0", True
    found = {name: monitor.get_property(name) for name in ("chardev", "pretty", "close-action")}
    assert found == {"chardev": "compat_monitor0", "pretty": True, "close-action": "none"}
    monitor.check_deletable()


def test_a_human_monitor_cannot_be_deleted() -> None:
    monitor = MonitorHMP(TypeRegistry().add(MonitorHMP))
    assert monitor.get_property("readline")
    with pytest.raises(QmpError, match=r"^Deleting HMP monitors is not supported$"):
        monitor.check_deletable()


def test_its_end_closes_what_served_it() -> None:
    closed: list[str] = []
    monitor = MonitorQMP(TypeRegistry().add(MonitorQMP))
    monitor.finalize()
    monitor.close_monitor = lambda: closed.append("closed")
    monitor.finalize()
    assert closed == ["closed"]
