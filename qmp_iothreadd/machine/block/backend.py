"""A hold on a node: by a device that a guest would read and write, or by a disk of ``-drive``.

QEMU's block/block-backend: what the holder does and shares, what it is limited to, what is done
about failures. What serves the requests is in ``requests``.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block import permissions, throttling
from qmp_iothreadd.machine.block.histograms import LatencyHistograms
from qmp_iothreadd.machine.block.permissions import Edge
from qmp_iothreadd.machine.block.requests import Requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qmp_iothreadd.iothread._engine import DiskQueue
    from qmp_iothreadd.iothread.event_loop import IOThread
    from qmp_iothreadd.machine.block.main_context import MainContext
    from qmp_iothreadd.machine.block.node import BlockNode
    from qmp_iothreadd.machine.block.throttling import LimitGroups
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.machine.objects.throttle import LimitGroup


class Place(NamedTuple):
    """Where a disk of ``-drive`` would be: its if=, the number of the bus, the unit on it."""

    kind: str = "none"
    bus: int = 0
    unit: int = 0


NOWHERE: Final = Place()


class Nodes(Protocol):
    """Where the nodes are."""

    machine: Machine
    limits: LimitGroups
    main_context: MainContext

    def release(self, edge: Edge[BlockNode]) -> None:
        """Use a node no more."""

    def forget(self, backend: BlockBackend) -> None:
        """A hold is none any more."""


class Holder(Protocol):
    """A device that reads and writes a node. ``id`` is what the user calls it, if anything."""

    id: str | None

    @property
    def path(self) -> str:
        """Where it is in the tree."""


class BlockBackend:
    """One hold. ``name`` is that of a disk, empty for what only a device knows.

    ``device``: who reads and writes; ``place``, ``is_cdrom``, ``location``: what ``-drive`` says
    of a disk, and the option as it was written. ``write_error``, ``read_error``:
    what follows from a failure, a BlockdevOnError. ``write_cache``: whether the guest sees one.
    ``io_status``: a BlockDeviceIoStatus. ``tray_open``: None where the device has no tray.
    ``requests``: who serves, while the device works. ``histograms``: how long that takes.
    """

    def __init__(self, nodes: Nodes, name: str = "", place: Place = NOWHERE) -> None:
        self._nodes = nodes
        self.name = name
        self.place = place
        self.is_cdrom = False
        self.location = ""
        self.device: Holder | None = None
        self.write_error = "enospc"
        self.read_error = "report"
        self.write_cache = True
        self.io_status = "ok"
        self.tray_open: bool | None = None
        self.requests: Requests | None = None
        self._iothreads: Sequence[IOThread | None] = ()
        self.histograms = LatencyHistograms()
        self.group: LimitGroup | None = None
        self._edge: Edge[BlockNode] | None = None
        self._perm, self._shared = permissions.CONSISTENT_READ if name else 0, permissions.ALL

    def describe(self) -> str:
        """Who holds, for an error's text."""
        name = self.name or self.qdev
        return f"block device '{name}'" if name else "an unnamed block device"

    @property
    def qdev(self) -> str | None:
        """What query-block calls the device: its id, or its path where it has none."""
        return (self.device.id or self.device.path) if self.device else None

    @property
    def edges(self) -> list[Edge[BlockNode]]:
        """Its use of the node; none where nothing is held."""
        return [self._edge] if self._edge else []

    @property
    def node(self) -> BlockNode | None:
        """What is held; None where the disk is empty."""
        return self._edge.node if self._edge else None

    # -- The node ---------------------------------------------------------------------------------

    def insert(self, node: BlockNode) -> None:
        """Hold a node, where none is held.

        Raises:
            QmpError: other users of the node do not share it, or it cannot be served.
        """
        edge = Edge(self, "root", node)
        node.users.append(edge)
        try:
            edge.set(self._perm, self._shared)
        except BaseException:
            node.users.remove(edge)
            raise
        self._edge = edge
        try:
            self._serve()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Let go of the node; one that was made for this goes. Limits stay for the next one."""
        self._stop_serving()
        edge, self._edge = self._edge, None
        if edge is not None:
            edge.set(0, permissions.ALL)
            self._nodes.release(edge)

    def claim(self, *, writes: bool, share_writes: bool, share_resize: bool) -> None:
        """Read, and write, what is held, from now on as a device does.

        Raises:
            QmpError: other users of the node do not share it, or it is read-only.
        """
        perm = permissions.CONSISTENT_READ | (permissions.WRITE if writes else 0)
        shared = permissions.CONSISTENT_READ | permissions.WRITE_UNCHANGED
        shared |= permissions.WRITE if share_writes else 0
        shared |= permissions.RESIZE if share_resize else 0
        self._set_permissions(perm, shared)

    def _set_permissions(self, perm: int, shared: int) -> None:
        if self._edge is not None:
            self._edge.set(perm, shared)
        self._perm, self._shared = perm, shared

    # -- The device -------------------------------------------------------------------------------

    def attach(self, device: Holder) -> None:
        """Let a device have it.

        Raises:
            QmpError: another one does.
        """
        self.check_free()
        self.device = device

    def check_free(self) -> None:
        """Refuse a second device.

        Raises:
            QmpError: there is a device already.
        """
        if self.device is not None:
            raise errors.drive_in_use(self.name, automatic=self.place.kind != "none")

    def detach(self, *, unplugged: bool) -> None:
        """The device lets go. A hold goes with it; a disk stays where it was never really plugged.

        QEMU's blockdev.c deletes the disk of a device that was unplugged.
        """
        self.stop()
        if self.name and not unplugged:
            self._set_permissions(permissions.CONSISTENT_READ, permissions.ALL)
            self.device = None
            return
        self.remove()
        self.unlimit()
        self.device = None
        self._nodes.forget(self)

    @property
    def removable(self) -> bool:
        """Whether the medium can be changed: no device keeps it."""
        return self.device is None or self.tray_open is not None

    def move_tray(self, *, opened: bool) -> None:
        """Open or close the tray, and say so where it moves."""
        if self.tray_open not in (None, opened):
            self.tray_open = opened
            data = {"device": self.name, "id": self.qdev, "tray-open": opened}
            self._nodes.machine.emit("DEVICE_TRAY_MOVED", data)

    @property
    def reports_status(self) -> bool:
        """Whether the device could stop the machine for a failure, so that there is a status."""
        return self.device is not None and (
            self.write_error in ("enospc", "stop") or self.read_error == "stop"
        )

    # -- Requests ---------------------------------------------------------------------------------

    def start(self, iothreads: Sequence[IOThread | None]) -> None:
        """Let each of the device's queues be served by its iothread; None: by the main loop.

        Raises:
            QmpError: there are no descriptors, or no threads, left.
        """
        self._iothreads = iothreads
        self._serve()

    def _serve(self) -> None:
        node, nodes = self.node, self._nodes
        if node is None or not self._iothreads:
            return
        contexts = [each or nodes.main_context for each in self._iothreads]
        self.requests = Requests(self, node, contexts)
        node.iothread = self._iothreads[0]
        if self.group is not None:
            self.requests.limit(self.group)
        self.histograms.begin(self.requests.queues)
        if not nodes.machine.running:
            self.requests.pause()

    @property
    def queues(self) -> list[DiskQueue]:
        """The queues that are served."""
        return self.requests.queues if self.requests else []

    def written(self, end: int) -> None:
        """Say of each node whose threshold a write passed that it did, once.

        ``end``: of the write, in bytes of what is held.
        """
        for node, begin in self.node.way() if self.node else ():
            exceeded = end + begin - node.write_threshold
            if node.write_threshold and exceeded > 0:
                data = {"amount-exceeded": exceeded, "write-threshold": node.write_threshold}
                node.write_threshold = 0
                self._nodes.machine.emit("BLOCK_WRITE_THRESHOLD", {"node-name": node.name, **data})

    def failed(self, operation: str, number: int, action: str) -> None:
        """Say that a request failed; where that is to stop the machine, it does."""
        device, node = self.device, self.node
        if device is None or node is None:
            return
        no_space = number == errno.ENOSPC
        if action == "stop" and self.io_status == "ok":
            self.io_status = "nospace" if no_space else "failed"
        data: dict[str, Any] = {
            "qom-path": device.path,
            "device": self.name,
            "node-name": node.name,
            "operation": "read" if operation == "read" else "write",
            "action": action,
            "reason": os.strerror(number),
        }
        if self.reports_status:
            data["nospace"] = no_space
        self._nodes.machine.emit("BLOCK_IO_ERROR", data)
        if action == "stop":
            self._nodes.machine.stop("io-error")

    def stop(self) -> None:
        """Serve no more, also no other medium; what is under way ends first."""
        self._stop_serving()
        self._iothreads = ()

    def _stop_serving(self) -> None:
        self.account()
        requests, self.requests = self.requests, None
        if requests is not None:
            requests.close()
        if self.node is not None:
            self.node.iothread = None

    def account(self) -> None:
        """Let the node know how far it was written."""
        node = self.node
        if self.requests is not None and node is not None:
            self.requests.take_events()
            node.wrote_up_to(self.requests.highest_offset())

    def node_changed(self) -> None:
        """A node may have another size, or other options."""
        if self.requests is not None:
            self.requests.refresh()

    # -- Limits -----------------------------------------------------------------------------------

    def limit(self, given: dict[str, Any]) -> None:
        """Keep to the limits of a BlockIOThrottle, together with the group that it names.

        Raises:
            QmpError: nothing is held, or no disk can keep them.
        """
        if self._edge is None:
            raise errors.medium_missing()
        limits = throttling.read(given)
        if not throttling.are_set(limits):
            self.unlimit()
            return
        asked = given.get("group")
        if self.group is None or asked not in (None, self.group.name):
            name = asked or given.get("device") or given["id"]
            self.unlimit()
            self.group = self._nodes.limits.join(name, self)
        self.group.set(limits)

    def unlimit(self) -> None:
        """Keep to no limits, and leave the group."""
        group, self.group = self.group, None
        if group is not None:
            self._nodes.limits.leave(group, self)
            self.limits_changed()

    def limits_changed(self) -> None:
        """The group has other limits, or there is none any more."""
        if self.requests is not None:
            self.requests.limit(self.group)
