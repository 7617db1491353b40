"""Monitors as objects of the tree: each has a character device for itself, and serves its peers.

A peer speaks to a session, which is made above the machine: whoever runs the process says how, by
the front end that a monitor gives its device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.frontend import FrontendProtocol
from qmp_iothreadd.json import writer
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.object import ObjectType
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Chardev
    from qmp_iothreadd.chardev.chardevs import Chardevs
    from qmp_iothreadd.chardev.frontend import Frontend


class MonitorHost(Protocol):
    """What monitors need of the machine."""

    chardevs: Chardevs
    make_frontend: Callable[[Monitor], Frontend]

    def monitor_gone(self, name: str) -> None:
        """A monitor of this name is no more."""


class Monitor(ConfigurableObject):
    """A monitor on the device ``chardev``; that name can be set again, and then has no effect.

    ``offers_oob``: whether the device allows QMP to execute out of band.
    """

    __slots__ = ("_device", "_frontend", "_host", "offers_oob")

    qom_name = "monitor"
    abstract = True
    interfaces = (USER_CREATABLE,)

    def __init__(self, type: ObjectType, host: MonitorHost) -> None:
        super().__init__(type)
        self._host = host
        self._device: Chardev | None = None
        self._frontend: Frontend | None = None
        self.offers_oob = True

    def complete(self) -> None:
        """Attach to the device; who is connected to it already is greeted.

        Raises:
            QmpError: there is no such device, or another has it.
        """
        label = self.load("chardev")
        device = self._host.chardevs.get(label)
        if device is None:
            raise errors.chardev_not_found(label)
        self.offers_oob = device.has_context
        self._frontend = self._host.make_frontend(self)
        device.attach(self._frontend)
        self._device = device

    def finalize(self) -> None:
        """Leave the device, which stays: who is connected is no longer heard."""
        device, self._device = self._device, None
        if device is not None and self._frontend is not None:
            device.detach(self._frontend)
        self._host.monitor_gone(self.name)

    def peer_left(self) -> None:
        """The last of its clients hung up, or the monitor was deleted before they did."""


class MonitorQMP(Monitor):
    """A monitor that speaks QMP. ``encode`` writes a message as ``pretty`` asks for.

    ``done`` is the reply of a command that returns nothing, to a request without an id.
    """

    __slots__ = ("done", "encode")

    qom_name = "monitor-qmp"
    abstract = False
    settings: ClassVar[Mapping[str, Setting]] = {
        "pretty": Setting(False),
        "close-action": Setting("none"),
    }

    def __init__(self, type: ObjectType, host: MonitorHost) -> None:
        super().__init__(type, host)
        self._write_by(writer.message)

    def apply(self, name: str) -> None:
        """Let ``pretty`` act with the next message."""
        if name == "pretty":
            self._write_by(writer.pretty_message if self.load("pretty") else writer.message)

    def _write_by(self, encode: Callable[[object], bytes]) -> None:
        self.encode = encode
        self.done = encode({"return": {}})

    def peer_left(self) -> None:
        """With ``close-action=delete``, delete the monitor, and the device that it had."""
        device = self._device
        if device is None or self.load("close-action") != "delete":
            return
        self.unparent()
        self.finalize()
        if device.parent is not None and not device.busy:
            self._host.chardevs.remove(device.name)


class MonitorHMP(Monitor):
    """A monitor that speaks the human monitor's language."""

    __slots__ = ()

    qom_name = "monitor-hmp"
    abstract = False
    settings: ClassVar[Mapping[str, Setting]] = {"readline": Setting(True)}

    def check_deletable(self) -> None:
        """Refuse, as QEMU does for this type."""
        raise errors.hmp_monitor_deletion()


class Unserved:
    """The front end of a monitor in a process that serves none."""

    wants_keys = False
    multi_client = False
    is_open = True

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor

    def connect(self) -> FrontendProtocol:
        """What hears nothing of its peer."""
        return FrontendProtocol()


MONITOR_TYPES = (MonitorQMP, MonitorHMP)
