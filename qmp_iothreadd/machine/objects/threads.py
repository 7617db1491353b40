"""Where threads that others create may run: a thread that waits, and has the affinity."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.cpus._sleeping_thread import SleepingThread
from qmp_iothreadd.machine.objects.files import reason
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.object import Property
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

_CPUS = "cpu-affinity"
_NODES = "node-affinity"


class ThreadContext(ConfigurableObject):
    """A thread, and the CPUs that it may run on."""

    __slots__ = ("_cpus", "thread")

    qom_name = "thread-context"
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("thread-id", "int", lambda obj: obj.thread.thread_id if obj.thread else -1),
    )
    settings: ClassVar[dict[str, Setting]] = {
        _CPUS: Setting(type="int"),
        _NODES: Setting(type="int", secret=True),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.thread: SleepingThread | None = None
        self._cpus: list[int] = []

    def load(self, name: str) -> Any:
        """The CPUs that the thread may run on; nothing else is read."""
        assert self.thread is not None
        return sorted(os.sched_getaffinity(self.thread.thread_id))

    def store(self, name: str, value: Any) -> None:
        """Set one of the affinities; of NUMA nodes those of their CPUs."""
        if self.thread is None and self.values.keys() & {_CPUS, _NODES} - {name}:
            raise errors.affinity_given_twice()
        if not value:
            raise errors.affinity_empty("CPU" if name == _CPUS else "Node")
        cpus = list(value) if name == _CPUS else [cpu for node in value for cpu in _cpus_of(node)]
        if not cpus:
            raise errors.nodes_without_cpus()
        self.values[name] = value
        self._cpus = cpus
        self._set_affinity()

    def complete(self) -> None:
        """Start the thread."""
        self.thread = SleepingThread(f"TC {self.name}")
        try:
            self._set_affinity()
        except errors.QmpError:
            self.finalize()
            raise

    def finalize(self) -> None:
        """End the thread."""
        if self.thread is not None:
            self.thread.close()
            self.thread = None

    def _set_affinity(self) -> None:
        if self.thread is None or not self._cpus:
            return
        try:
            os.sched_setaffinity(self.thread.thread_id, self._cpus)
        except OSError as error:
            raise errors.affinity_refused(reason(error)) from None


def _cpus_of(node: int) -> list[int]:
    """The CPUs of a NUMA node; none where there is no such node."""
    cpus: list[int] = []
    path = f"/sys/devices/system/node/node{node}/cpulist"
    with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
        for part in file.read().strip().split(","):
            first, _, last = part.partition("-")
            cpus += range(int(first), int(last or first) + 1) if first else []
    return cpus
