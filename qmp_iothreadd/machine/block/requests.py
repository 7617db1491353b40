"""Who serves what a device asks of its disk: the engine's queues, on iothreads or the main loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.main_context import MainContext
from qmp_iothreadd.machine.block.throttling import MEMBERS

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import AioContext, DiskQueue
    from qmp_iothreadd.iothread.event_loop import IOThread
    from qmp_iothreadd.machine.block.node import BlockNode
    from qmp_iothreadd.machine.objects.throttle import LimitGroup


class Owner(Protocol):
    """Who has the queues: see BlockBackend."""

    write_error: str
    read_error: str
    write_cache: bool

    def written(self, end: int) -> None:
        """A write ended beyond a threshold, at this byte."""

    def failed(self, operation: str, number: int, action: str) -> None:
        """A request failed with this errno, and this BlockErrorAction was taken."""


_SUMS: Final = (
    "rd_bytes",
    "wr_bytes",
    *(
        form.format(operation)
        for form in (
            "{}_operations",
            "{}_total_time_ns",
            "failed_{}_operations",
            "invalid_{}_operations",
        )
        for operation in ("rd", "wr", "flush")
    ),
)


class Requests:
    """The queues of one device, each with the thread that serves it.

    The iothreads are kept until ``close``, whether or not they are deleted meanwhile.
    """

    def __init__(
        self, owner: Owner, node: BlockNode, contexts: Sequence[IOThread | MainContext]
    ) -> None:
        """Begin to serve what is in ``node``, each queue in its context.

        Raises:
            QmpError: there are no descriptors, or no threads, left.
        """
        from qmp_iothreadd.iothread._engine import Disk, DiskQueue  # see polling_settings

        self._owner = owner
        self._node = node
        self._held: list[IOThread] = []
        self.queues: list[DiskQueue] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        target = node.target()
        try:
            self.disk = Disk(
                target.fd,
                size=node.virtual_size(),
                offset=target.offset,
                read_only=node.read_only,
                latency_ns=target.latency_ns,
                werror=owner.write_error,
                rerror=owner.read_error,
            )
        except OSError as error:
            raise errors.aio_context_failed(error.strerror or str(error)) from None
        self.disk.write_cache = owner.write_cache
        try:
            for each in contexts:
                self.queues.append(DiskQueue(self.disk, self._hold(each)))
            self._loop = _watch(self.disk.fileno(), self.take_events)
        except OSError as error:
            self.close()
            raise errors.aio_context_failed(error.strerror or str(error)) from None
        except BaseException:
            self.close()
            raise
        self.refresh()
        self.set_write_threshold()

    def _hold(self, found: IOThread | MainContext) -> AioContext:
        if isinstance(found, MainContext):
            return found.context()
        found.hold()
        self._held.append(found)
        assert found.context is not None
        return found.context

    def close(self) -> None:
        """Serve no more, once what is under way has ended."""
        if self._loop is not None:
            self._loop.remove_reader(self.disk.fileno())
        for queue in self.queues:
            queue.close()
        self.disk.close()
        for iothread in self._held:
            iothread.drop()
        self._held.clear()

    # -- What was done ----------------------------------------------------------------------------

    def stats(self) -> dict[str, int]:
        """The members of a BlockDeviceStats that count what all queues did."""
        counted = [queue.stats() for queue in self.queues]
        found = {name: sum([each[name] for each in counted]) for name in _SUMS}
        found["wr_highest_offset"] = max([each["wr_highest_offset"] for each in counted])
        last_ns = max([each["last_access_ns"] for each in counted])
        if last_ns:
            found["idle_time_ns"] = max(time.monotonic_ns() - last_ns, 0)
        return found

    def highest_offset(self) -> int:
        """The end of the highest write, in bytes."""
        return max([queue.stats()["wr_highest_offset"] for queue in self.queues])

    # -- What changes -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """What is held may have another size, or be flushed no more, or again."""
        self.disk.size = self._node.virtual_size()
        self.disk.no_flush = any(node.cache["no-flush"] for node, _ in self._node.way())

    def pause(self) -> None:
        """The machine does not run: begin nothing."""
        self.disk.pause()

    def resume(self) -> None:
        """The machine runs."""
        self.disk.resume()

    def limit(self, group: LimitGroup | None) -> None:
        """Keep to the limits of a group, or to none."""
        if group is None:
            self.disk.set_throttle(None)
            return
        if group.buckets is None:
            from qmp_iothreadd.iothread._engine import ThrottleGroup  # see polling_settings

            group.buckets = ThrottleGroup()
        group.buckets.set_limits(**{MEMBERS[name]: value for name, value in group.limits.items()})
        self.disk.set_throttle(group.buckets)

    def set_write_threshold(self) -> None:
        """A node on the way has another threshold: the engine watches for the lowest."""
        found = [
            node.write_threshold - begin for node, begin in self._node.way() if node.write_threshold
        ]
        self.disk.write_threshold = max(min(found, default=0), 0)

    def take_events(self) -> None:
        """Tell the machine what happened."""
        for kind, *data in self.disk.take_events():
            if kind == "write-threshold":
                exceeded, threshold = data
                self._owner.written(exceeded + threshold)
                self.set_write_threshold()
            else:
                operation, number, action = data
                self._owner.failed(operation, number, action)


def _watch(fd: int, handler: Callable[[], None]) -> asyncio.AbstractEventLoop | None:
    """Call ``handler`` when ``fd`` can be read, where an event loop runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    loop.add_reader(fd, handler)
    return loop
