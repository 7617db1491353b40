"""Monitors as objects of the tree.

They are made from the command line, not by object-add. They only describe what the server does;
``close_monitor`` is the callback by which object-del reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.qom.object import Object, ObjectType, Property


class Monitor(Object):
    """A monitor; ``chardev`` is its character device's label."""

    __slots__ = ("chardev", "close_monitor")

    qom_name = "monitor"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("chardev", "string", lambda monitor: monitor.chardev),
    )

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.chardev = ""
        self.close_monitor: Callable[[], None] = lambda: None

    def finalize(self) -> None:
        """Close the monitor; its character device stays."""
        self.close_monitor()


class MonitorQMP(Monitor):
    """A monitor that speaks QMP."""

    __slots__ = ("pretty",)

    qom_name = "monitor-qmp"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("pretty", "bool", lambda monitor: monitor.pretty),
        Property("close-action", "MonitorQMPCloseAction", lambda monitor: "none"),
    )

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.pretty = False


class MonitorHMP(Monitor):
    """A monitor that speaks the human monitor's language."""

    __slots__ = ()

    qom_name = "monitor-hmp"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("readline", "bool", lambda monitor: True),
    )

    def check_deletable(self) -> None:
        """Refuse, as QEMU does for this type."""
        raise errors.hmp_monitor_deletion()


MONITOR_TYPES = (MonitorQMP, MonitorHMP)
