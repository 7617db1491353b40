"""Event loops, iothreads, and the load on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.errors.tree import QmpError

if TYPE_CHECKING:
    from collections.abc import Iterable


def main_loop_deletion(name: str) -> QmpError:
    """object-del of the main loop."""
    return QmpError(f"Deleting main loop '{name}' is not supported")


def main_loop_exists() -> QmpError:
    """A second main-loop object."""
    return QmpError("only one main-loop instance allowed")


def bad_thread_pool_values() -> QmpError:
    """thread-pool-min above thread-pool-max, or a maximum of 0."""
    return QmpError("bad thread-pool-min/thread-pool-max values")


def aio_context_failed(reason: str) -> QmpError:
    """The system refuses what an iothread needs."""
    return QmpError(f"Failed to initialize event notifier: {reason}")


def polling_unsupported() -> QmpError:
    """A poll-max-ns other than 0 where the platform cannot poll."""
    return QmpError("AioContext polling is not implemented on Windows")


def iothread_not_found(name: str) -> QmpError:
    """No iothread has this id."""
    return QmpError(f'IOThread "{name}" object does not exist')


def iothread_recorded(name: str) -> QmpError:
    """x-record-iothread of one whose decisions go to a file already."""
    return QmpError(
        f"iothread '{name}' is being recorded already: x-stop-iothread-recording ends that"
    )


def iothread_not_recorded(name: str) -> QmpError:
    """x-stop-iothread-recording of one that x-record-iothread was not told of."""
    return QmpError(f"iothread '{name}' is not being recorded: x-record-iothread begins that")


def workload_not_found(name: str) -> QmpError:
    """No x-workload has this id."""
    return QmpError(f'x-workload "{name}" object does not exist')


def property_fixed(type_name: str, name: str) -> QmpError:
    """A property that can be given only when the object is created."""
    return QmpError(f"Property '{type_name}.{name}' cannot be changed once the object was created")


def nothing_limits_workload() -> QmpError:
    """Requests without time between them, and no limit to how many are in flight."""
    return QmpError("a workload without time between its requests needs a depth to limit them")


def nobody_thinks() -> QmpError:
    """A time to think in an open loop, which waits for nothing."""
    return QmpError("think-ns needs a depth: only a closed loop waits for its requests")


def too_many_phases(limit: int) -> QmpError:
    """A list of phases without an end."""
    return QmpError(f"phases has more than {limit} elements")


def no_phase(arrival: str) -> QmpError:
    """An arrival that has more than a few numbers."""
    return QmpError(f"a phase cannot have the arrival '{arrival}'")


def endless_phase() -> QmpError:
    """A phase in which no time passes, so that it does not end."""
    return QmpError("a phase without time between its requests never ends: give it an interval-ns")


def workload_device_stays() -> QmpError:
    """A device for a workload that runs without, or the other way round."""
    return QmpError(
        "a workload begins with a device or without: delete it, and create one that is as wanted"
    )


def workload_completed_twice() -> QmpError:
    """A device for requests that a disk does."""
    return QmpError("a workload's requests are done by a disk or by a device, not by both")


def workload_served_twice() -> QmpError:
    """A workload for an iothread and for a disk."""
    return QmpError("a workload is served by an iothread or by a disk, not by both")


def not_a_disk(name: str) -> QmpError:
    """A device that no workload can ask for anything."""
    return QmpError(f"Device '{name}' is not a disk")


def block_size_not_in_sectors(name: str, sector: int) -> QmpError:
    """A workload's requests that are no whole sectors."""
    return QmpError(f"{name} must be a multiple of {sector}")


def not_an_interval(path: str, line: int, high: int) -> QmpError:
    """A line of a trace of intervals that is no number of ns."""
    return QmpError(f"{path}:{line}: expected a number of ns in range [0, {high}]")


def no_intervals(path: str) -> QmpError:
    """A trace of intervals without any."""
    return QmpError(f"'{path}' has no intervals")


def too_many_intervals(path: str, limit: int) -> QmpError:
    """A trace of intervals that is too long to be read at once."""
    return QmpError(f"'{path}' has more than {limit} intervals")


def workload_failed(reason: str) -> QmpError:
    """The native side of a workload cannot be had."""
    return QmpError(f"cannot start the workload: {reason}")


def fdmon_failed(name: str, reason: str) -> QmpError:
    """The system refuses what a thread is to block in, and all else."""
    return QmpError(f"cannot use the fd monitor {name}: {reason}")


def nice_failed(value: int, reason: str) -> QmpError:
    """The system refuses a thread's priority."""
    return QmpError(f"cannot set the thread's nice level to {value}: {reason}")


def cpus_refused(cpus: Iterable[int]) -> QmpError:
    """CPUs that a thread is to run on alone, and that the kernel does not give it."""
    named = ", ".join(str(cpu) for cpu in sorted(set(cpus)))
    return QmpError(
        f"cannot run on the CPUs {named}: each has to be there, and allowed to the process"
    )
