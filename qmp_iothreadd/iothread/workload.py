"""The QOM type ``x-workload``: synthetic I/O that an iothread serves, or a disk does.

Its properties are the members of the schema's branch; what is said here is only what the schema
cannot say: defaults, ranges, and what fits together.
"""

from __future__ import annotations

from array import array
from errno import ENODEV
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast, runtime_checkable

from qmp_iothreadd import errors
from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.iothread.latencies import DEVICES, NO_DEVICE
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.object import Object, ObjectType, Property
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qmp_iothreadd.iothread._engine import (
        AioContext,
        ArrivalArguments,
        DiskQueue,
        NativeWorkload,
        WorkloadArguments,
    )

DEPTH_MAX = 1024
SIGMA_MAX = 10
SHAPE_MIN, SHAPE_MAX = 0.1, 100
# Eleven days: sums of a few such times still fit into 64 bits.
TIME_MAX_NS = 10**15
# All monitors wait while they are read.
INTERVALS_MAX = 1 << 20
# A thread that is told to leave its handler first serves what is in the ring.
SERVICE_MAX_NS = 10**7
QUEUE_MAX = 1023
SECTOR = 512
BLOCK_SIZE_MAX = 1 << 20

QUEUES_MAX = 64
PHASES_MAX = 64
SEED_MAX = 2**64 - 1
CPUS_MAX = 1024
_LASTS = (1, TIME_MAX_NS)

# Given when the object is created, and never again: what serves it.
_FIXED = frozenset({"iothread", "disk", "queue", "queues", "x-cpus"})
# Properties that the engine does not take by their names.
_NAMING = _FIXED | {"file", "device", "device-ns", "device-sigma", "device-file", "phases"}
# The engine's words for what a device takes, by property.
_OF_LATENCY = {"device-ns": "interval_ns", "device-sigma": "sigma"}
# What a device of one's own takes where that is not said.
_OWN_LATENCY: ArrivalArguments = {
    "arrival": "lognormal",
    "interval_ns": 100_000,
    "sigma": 0.3,
}


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

    __slots__ = ("files", "natives")

    qom_name = "x-workload"
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("x-stats", "WorkloadStats", lambda obj: obj.stats(), listed=False),
    )

    settings: ClassVar[dict[str, Setting]] = {
        "iothread": Setting(""),
        "disk": Setting(""),
        "queue": Setting(0, (0, QUEUE_MAX)),
        "queues": Setting(1, (1, QUEUES_MAX)),
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
        "at-end": Setting("repeat"),
        "phases": Setting([]),
        "depth": Setting(0, (0, DEPTH_MAX)),
        "think-ns": Setting(0, (0, TIME_MAX_NS)),
        "device": Setting(NO_DEVICE),
        "device-ns": Setting(None, (0, TIME_MAX_NS)),
        "device-sigma": Setting(None, (0, SIGMA_MAX)),
        "device-file": Setting(""),
        "service-ns": Setting(0, (0, SERVICE_MAX_NS)),
        "seed": Setting(0),
        "x-cpus": Setting([]),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        # What is in those that properties name: the intervals, and the longest.
        self.files: dict[str, tuple[array[int], int]] = {}
        self.natives: tuple[NativeWorkload, ...] = ()  # one for each queue

    def load(self, name: str) -> Any:
        """The value in force of a property; what is not said of a device is its kind's."""
        value = super().load(name)
        if value is None and name in _OF_LATENCY:
            return dict(self._latency_words()).get(_OF_LATENCY[name], 0)
        return value

    def store(self, name: str, value: Any) -> None:
        """Set a property whose value has the type that the schema asks for.

        A running workload goes on with it from its next request on.

        Raises:
            QmpError: out of range, it cannot be changed any more, its file cannot be read, or it
            does not fit the others; then nothing changed.
        """
        if name in _FIXED and self.natives:
            raise errors.property_fixed(self.type.name, name)
        if name == "device" and self.natives and self._has_device() != (value != NO_DEVICE):
            raise errors.workload_device_stays()
        before = dict(self.values), dict(self.files)
        try:
            super().store(name, value)
        except BaseException:
            self.values, self.files = before
            raise

    def apply(self, name: str) -> None:
        """Read the file that was set; let a running workload take over the property."""
        value = self.values[name]
        if name in ("file", "device-file"):
            self.files.pop(name, None)
            if value:
                self.files[name] = read_intervals(value)
        elif name == "block-size" and value % SECTOR:
            raise errors.block_size_not_in_sectors(name, SECTOR)
        elif name == "phases":
            self._check_phases(value)
        elif name == "x-cpus" and max(value, default=0) >= CPUS_MAX:
            raise errors.cpus_refused(value)
        if self.natives:
            self._check()
            for queue, native in enumerate(self.natives):
                if not native.stopped:
                    native.tune(**self._parameters(queue))

    def complete(self) -> None:
        """Start the requests.

        Raises:
            QmpError: there is no such iothread or disk, the properties do not fit together, or
            there are no threads or descriptors left.
        """
        queues = range(self.load("queues"))
        if self.load("disk"):
            servers: list[AioContext | DiskQueue] = [self._disk_queue(queue) for queue in queues]
        else:
            servers = [self._context()] * len(queues)
        self._check()
        from qmp_iothreadd.iothread._engine import NativeWorkload  # the iothread loaded it

        try:
            for queue, server in enumerate(servers):
                self.natives += (NativeWorkload(server, **self._parameters(queue)),)
        except OSError as error:
            self.finalize()
            if error.errno == ENODEV:
                raise errors.cpus_refused(self.load("x-cpus")) from None
            raise errors.workload_failed(error.strerror or str(error)) from None

    def _context(self) -> AioContext:
        name = self.load("iothread")
        if not name:
            raise errors.missing_parameter("iothread")
        iothread = self.sibling(name)
        if not isinstance(iothread, IOThread) or iothread.context is None:
            raise errors.iothread_not_found(name)
        return iothread.context

    def _disk_queue(self, queue: int) -> DiskQueue:
        if self.load("iothread"):
            raise errors.workload_served_twice()
        if self._has_device():
            raise errors.workload_completed_twice()
        name = self.load("disk")
        device = self._device(name)
        if device is None:
            raise errors.device_not_found(name)
        backend = device.child("virtio-backend") or device
        if not isinstance(backend, ServesRequests):
            raise errors.not_a_disk(name)
        return backend.disk_queue(self.load("queue") + queue)

    def _device(self, name: str) -> Object | None:
        found = self.parent.parent if self.parent else None  # the root of the tree
        for step in ("machine", "peripheral", name):
            found = found.child(step) if found else None
        return found

    def finalize(self) -> None:
        """Stop the requests; those in flight are dropped."""
        natives, self.natives = self.natives, ()
        for native in natives:
            native.stop()

    def stats(self) -> dict[str, Any]:
        """The members of a WorkloadStats: what was issued and served since the start."""
        from qmp_iothreadd.iothread.stats import workload_stats  # few clients ask for it

        return workload_stats(self.name, self.served_by(self.natives), self.natives)

    def served_by(self, natives: Iterable[NativeWorkload]) -> dict[str, str]:
        """The members of a WorkloadStats that name the iothread and the disk, where there are."""
        found = {"disk": self.load("disk")}
        contexts = {native.context for native in natives}  # one, where queues are many
        siblings = self.parent.children_in_order() if self.parent else ()
        for other in siblings:
            if isinstance(other, IOThread) and other.context in contexts:
                found["iothread"] = other.name
        return {member: name for member, name in found.items() if name}

    # -- what fits together --

    def _check(self) -> None:
        arrival = self.load("arrival")
        if arrival == "trace" and "file" not in self.files:
            raise errors.missing_parameter("file")
        if arrival == "phases" and not self.load("phases"):
            raise errors.missing_parameter("phases")
        depth = self.load("depth")
        if self.load("think-ns") and not depth:
            raise errors.nobody_thinks()
        if depth == 0 and not self._takes_time(arrival):
            raise errors.nothing_limits_workload()
        if arrival == "phases" and not all(self._phase_intervals()):
            raise errors.endless_phase()

    def _takes_time(self, arrival: str) -> bool:
        """Whether there is any time between requests."""
        if arrival == "trace":
            return self.files["file"][1] > 0
        if arrival == "phases":
            return any(self._phase_intervals())
        return bool(self.load("interval-ns"))

    def _phase_intervals(self) -> list[int]:
        default = self.setting("interval-ns").default
        return [each.get("interval-ns", default) for each in self.load("phases")]

    def _check_phases(self, phases: list[dict[str, Any]]) -> None:
        if len(phases) > PHASES_MAX:
            raise errors.too_many_phases(PHASES_MAX)
        for each in phases:
            if each.get("arrival") in ("trace", "phases"):
                raise errors.no_phase(each["arrival"])
            for name, value in each.items():
                limits = _LASTS if name == "lasts-ns" else self.setting(name).range
                if limits is not None and not limits[0] <= value <= limits[1]:
                    raise errors.value_out_of_range(name, *limits)

    # -- what the engine is told --

    def _parameters(self, queue: int) -> WorkloadArguments:
        # The engine takes all by the names of the properties, but those that name something.
        values = _spelled({name: self.load(name) for name in self.settings.keys() - _NAMING})
        values["cpus"] = self.load("x-cpus")
        values["seed"] = (values["seed"] + queue) & SEED_MAX
        if "file" in self.files:
            values["intervals"] = self.files["file"][0]
        if values["arrival"] == "phases":
            values["phases"] = [self._phase(each) for each in self.load("phases")]
        if self._has_device():
            values["device"] = self._latencies()
        return cast("WorkloadArguments", values)

    def _phase(self, phase: dict[str, Any]) -> tuple[dict[str, Any], int]:
        words = _spelled({name: value for name, value in phase.items() if name != "lasts-ns"})
        return words, phase["lasts-ns"]

    def _has_device(self) -> bool:
        return bool(self.load("device") != NO_DEVICE)

    def _latencies(self) -> ArrivalArguments:
        if "device-file" in self.files:
            return {"arrival": "table", "intervals": self.files["device-file"][0]}
        return self._latency_words()

    def _latency_words(self) -> ArrivalArguments:
        words = dict(DEVICES.get(self.load("device"), _OWN_LATENCY))
        given = {_OF_LATENCY[name]: self.values[name] for name in _OF_LATENCY.keys() & self.values}
        if "sigma" in given:
            words["arrival"] = "lognormal"
        words.update(given)
        return cast("ArrivalArguments", words)


def _spelled(values: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in values.items()}


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
