"""Who holds the nodes of a machine: devices, and disks of ``-drive``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.backend import NOWHERE, BlockBackend, Place
from qmp_iothreadd.machine.block.main_context import MainContext
from qmp_iothreadd.machine.block.node import BlockNode
from qmp_iothreadd.machine.block.permissions import Edge
from qmp_iothreadd.machine.block.throttling import LimitGroups

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


class Holds(ABC):
    """All holds, the oldest first, and what they share.

    ``disks``: those that ``-drive`` made, by name. ``limits``: the groups that some keep to.
    ``main_context``: who serves those without an iothread.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.nodes: dict[str, BlockNode] = {}
        self.backends: list[BlockBackend] = []
        self.disks: dict[str, BlockBackend] = {}
        self.limits = LimitGroups(machine)
        self.main_context = MainContext(machine)
        machine.stop_handlers.append(self._pause)
        machine.run_handlers.append(self._resume)

    @abstractmethod
    def release(self, edge: Edge[BlockNode]) -> None:
        """Use a node no more."""

    def hold(self, name: str | None) -> BlockBackend:
        """The disk of this name, or a new hold on the node of this name; None: on nothing yet."""
        if name in self.disks:
            return self.disks[name]
        made = BlockBackend(self)
        if name is not None:
            made.insert(self.nodes[name])
        self.backends.append(made)
        return made

    def forget(self, backend: BlockBackend) -> None:
        """A hold is none any more; closed nodes have none."""
        if backend in self.backends:
            self.backends.remove(backend)
        if self.disks.get(backend.name) is backend:
            del self.disks[backend.name]

    def add_disk(self, name: str, place: Place = NOWHERE) -> BlockBackend:
        """An empty disk of a free name."""
        made = self.disks[name] = BlockBackend(self, name, place)
        self.backends.append(made)
        return made

    def delete_disk(self, name: str) -> None:
        """Take away a disk with what is in it; a device that it is in stays, empty."""
        disk = self.disks.pop(name)
        disk.stop()
        disk.remove()
        disk.unlimit()
        if disk.device is None:
            self.backends.remove(disk)
        else:
            disk.name, disk.write_error, disk.read_error = "", "report", "report"

    def find_held(self, device: str | None, id: str | None) -> BlockBackend:
        """The hold that a command means: of the disk ``device``, or of the device ``id``.

        Raises:
            QmpError: there is none, or it is not said which.
        """
        if (device is None) == (id is None):
            raise errors.need_device_or_id()
        if device is not None:
            if device not in self.disks:
                raise errors.device_not_found(device)
            return self.disks[device]
        assert id is not None
        path = id if id.startswith("/") else f"/machine/peripheral/{id}"
        found = self.machine.tree.resolve(path)[0]
        if found is None:
            raise errors.device_not_found(id)
        if not found.type.implements("device"):
            raise errors.device_not_hotpluggable(id)
        for each in self.backends:
            if each.device is not None and each.device.path == found.path:
                return each
        raise errors.device_without_backend()

    def set_write_threshold(self, name: str, threshold: int) -> None:
        """Say beyond which byte of a node a write is to be an event; 0: none.

        Raises:
            QmpError: there is no such node.
        """
        node = self.nodes.get(name)
        if node is None:
            raise errors.device_unknown(name)
        node.write_threshold = threshold
        for backend in self.backends:
            if backend.requests is not None:
                backend.requests.set_write_threshold()

    def stop_holding(self) -> None:
        """Let nobody be served any more."""
        for backend in self.backends[::-1]:
            backend.stop()

    def close(self) -> None:
        """Forget all holds."""
        self.backends.clear()
        self.disks.clear()
        self.limits.close()
        self.main_context.close()

    def _pause(self) -> None:
        for each in self.backends:
            if each.requests is not None:
                each.requests.pause()

    def _resume(self) -> None:
        for each in self.backends:
            each.io_status = "ok"
            if each.requests is not None:
                each.requests.resume()
