"""The QOM type ``x-workload``: synthetic I/O that an iothread serves, or a disk does.

Its properties are the members of the schema's branch; what is said here is only what the schema
cannot say: defaults, ranges, and what fits together.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast, runtime_checkable

from qmp_iothreadd import errors
from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.object import Object, ObjectType, Property
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import (
        AioContext,
        DiskQueue,
        NativeWorkload,
        WorkloadArguments,
    )

DEPTH_MAX = 1024
SIGMA_MAX = 10
SHAPE_MIN, SHAPE_MAX = 0.1, 100
# Eleven days: sums of a few such times still fit into 64 bits.
TIME_MAX_NS = 10**15
# Each takes as long to read as it takes the engine to copy.
INTERVALS_MAX = 1 << 20
# A thread that is told to leave its handler first serves what is in the ring.
SERVICE_MAX_NS = 10**7
QUEUE_MAX = 1023
SECTOR = 512
BLOCK_SIZE_MAX = 1 << 20

# Given when the object is created, and never again: what serves it.
_FIXED = frozenset({"iothread", "disk", "queue"})


@runtime_checkable
class ServesRequests(Protocol):
    """A device that does what a workload asks for."""

    def disk_queue(self, number: int) -> DiskQueue:
        """What serves one of its queues.

        Raises:
            QmpError: it has no such queue.
        """


class WorkloadObject(ConfigurableObject):
    """Requests that native threads issue to an iothread or a disk.

    From its creation to its deletion, or to that of the disk's device.
    """

    __slots__ = ("intervals", "longest_ns", "native")

    qom_name = "x-workload"
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("x-stats", "WorkloadStats", lambda obj: obj.stats(), listed=False),
    )

    settings: ClassVar[dict[str, Setting]] = {
        "iothread": Setting(""),
        "disk": Setting(""),
        "queue": Setting(0, (0, QUEUE_MAX)),
        "pattern": Setting("random"),
        "block-size": Setting(4096, (SECTOR, BLOCK_SIZE_MAX)),
        "read-percent": Setting(100, (0, 100)),
        "flush-every": Setting(0),
        "arrival": Setting("constant"),
        "interval-ns": Setting(100_000, (0, TIME_MAX_NS)),
        "sigma": Setting(1.0, (0, SIGMA_MAX)),
        "on-ns": Setting(1_000_000, (0, TIME_MAX_NS)),
        "off-ns": Setting(1_000_000, (0, TIME_MAX_NS)),
        "slow-ns": Setting(1_000_000, (0, TIME_MAX_NS)),
        "slow-share": Setting(0.1, (0, 1)),
        "shape": Setting(1.5, (SHAPE_MIN, SHAPE_MAX)),
        "file": Setting(""),
        "depth": Setting(0, (0, DEPTH_MAX)),
        "service-ns": Setting(0, (0, SERVICE_MAX_NS)),
        "seed": Setting(0),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.intervals: array[int] = array("q")
        self.longest_ns = 0  # of them
        self.native: NativeWorkload | None = None

    def store(self, name: str, value: Any) -> None:
        """Set a property whose value has the type that the schema asks for.

        A running workload goes on with it from its next request on.

        Raises:
            QmpError: out of range, it cannot be changed any more, its file cannot be read, or it
            does not fit the others; then nothing changed.
        """
        if name in _FIXED and self.native is not None:
            raise errors.property_fixed(self.type.name, name)
        before = dict(self.values), self.intervals, self.longest_ns
        try:
            super().store(name, value)
        except BaseException:
            self.values, self.intervals, self.longest_ns = before
            raise

    def apply(self, name: str) -> None:
        """Read the file that was set; let a running workload take over the property."""
        if name == "file":
            path = self.values[name]
            self.intervals, self.longest_ns = read_intervals(path) if path else (array("q"), 0)
        if name == "block-size" and self.values[name] % SECTOR:
            raise errors.block_size_not_in_sectors(name, SECTOR)
        if self.native is not None:
            self._check()
            if not self.native.stopped:
                self.native.tune(**self._parameters())

    def complete(self) -> None:
        """Start the requests.

        Raises:
            QmpError: there is no such iothread or disk, the properties do not fit together, or
            there are no threads or descriptors left.
        """
        server = self._disk_queue() if self.load("disk") else self._context()
        self._check()
        from qmp_iothreadd.iothread._engine import NativeWorkload  # the iothread loaded it

        try:
            self.native = NativeWorkload(server, **self._parameters())
        except OSError as error:
            raise errors.workload_failed(error.strerror or str(error)) from None

    def _context(self) -> AioContext:
        name = self.load("iothread")
        if not name:
            raise errors.missing_parameter("iothread")
        iothread = self.sibling(name)
        if not isinstance(iothread, IOThread) or iothread.context is None:
            raise errors.iothread_not_found(name)
        return iothread.context

    def _disk_queue(self) -> DiskQueue:
        if self.load("iothread"):
            raise errors.workload_served_twice()
        name = self.load("disk")
        device = self._device(name)
        if device is None:
            raise errors.device_not_found(name)
        backend = device.child("virtio-backend") or device
        if not isinstance(backend, ServesRequests):
            raise errors.not_a_disk(name)
        return backend.disk_queue(self.load("queue"))

    def _device(self, name: str) -> Object | None:
        found = self.parent.parent if self.parent else None  # the root of the tree
        for step in ("machine", "peripheral", name):
            found = found.child(step) if found else None
        return found

    def finalize(self) -> None:
        """Stop the requests; those in flight are dropped."""
        if self.native is not None:
            self.native.stop()
            self.native = None

    def stats(self) -> dict[str, Any]:
        """The members of a WorkloadStats: what was issued and served since the start."""
        from qmp_iothreadd.iothread.stats import workload_stats  # few clients ask for it

        assert self.native is not None
        return workload_stats(self.name, self.served_by(self.native), self.native)

    def served_by(self, native: NativeWorkload) -> dict[str, str]:
        """The members of a WorkloadStats that name the iothread and the disk, where there are."""
        found = {"disk": self.load("disk")}
        siblings = self.parent.children_in_order() if self.parent else ()
        for other in siblings:
            if isinstance(other, IOThread) and other.context is native.context:
                found["iothread"] = other.name
        return {member: name for member, name in found.items() if name}

    def _check(self) -> None:
        if self.load("arrival") == "trace":
            if not self.intervals:
                raise errors.missing_parameter("file")
            longest = self.longest_ns
        else:
            longest = self.load("interval-ns")
        if longest == 0 and self.load("depth") == 0:
            raise errors.nothing_limits_workload()

    def _parameters(self) -> WorkloadArguments:
        # The engine takes all by the names of the properties, but those that name something.
        names = self.settings.keys() - _FIXED - {"file"}
        values = {name.replace("-", "_"): self.load(name) for name in names}
        return cast("WorkloadArguments", {**values, "intervals": self.intervals})


def read_intervals(path: str) -> tuple[array[int], int]:
    """The intervals in ns of a trace file, one per line, and the longest.

    All monitors wait meanwhile: some ms for the largest.

    Raises:
        QmpError: it cannot be read, a line is something else, there are too many, or none.
    """
    from qmp_iothreadd.iothread._engine import parse_intervals  # the iothread loads it

    try:
        text = read_bounded(path)
    except OSError as error:
        raise errors.cannot_open(path, error.strerror or str(error)) from None
    try:
        intervals, longest = parse_intervals(text, INTERVALS_MAX)
    except ValueError as error:
        raise errors.not_an_interval(path, error.args[0], TIME_MAX_NS) from None
    except OverflowError:
        raise errors.too_many_intervals(path, INTERVALS_MAX) from None
    if not intervals:
        raise errors.no_intervals(path)
    return intervals, longest
