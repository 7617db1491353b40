"""Which iothread serves which of a device's queues: ``iothread`` and ``iothread-vq-mapping``.

Checks and texts are those of QEMU's hw/virtio/iothread-vq-mapping.c, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.qom.links import resolve_link

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

Mappings = Sequence[Mapping[str, Any]]

_AUTO: Final = (0xFFFF, 0xFFFFFFFF)


class QueueOwner(Device):
    """A virtio device whose queues iothreads can serve."""

    __slots__ = ()

    abstract = True
    queue_property: ClassVar[str] = "num-queues"

    def load(self, name: str) -> Any:
        """The value of a property; an iothread that was deleted since has no path any more."""
        value = super().load(name)
        if isinstance(value, IOThread):
            return value.path if value.parent is not None else ""
        return value

    def apply(self, name: str, value: Any) -> Any:
        """Find the iothread: it is kept itself, whatever its name stands for later."""
        if name == "iothread" and value:
            path = resolve_link(self.machine.tree.root, name, value, "iothread")
            return self.machine.resolve(path)
        return super().apply(name, value)

    @property
    def queues(self) -> int:
        """How many queues for requests it has."""
        asked = self.load(self.queue_property)
        return 1 if asked is None or asked in _AUTO else int(asked)

    def iothreads(self) -> list[IOThread | None]:
        """Who serves each queue; None: the main loop.

        Raises:
            QmpError: what was asked for does not go together.
        """
        mappings, found = self.load("iothread-vq-mapping"), self.values.get("iothread") or None
        if found is not None and mappings:
            raise errors.iothread_and_mapping()
        if (found is not None or mappings) and not self._has_notifiers():
            raise errors.iothread_without_notifier()
        if mappings:
            return [*assign(self.machine, mappings, self.queues)]
        return [found] * self.queues

    def _has_notifiers(self) -> bool:
        """Whether the guest's kicks would reach an iothread: what carries the device says so."""
        carrier = self.parent
        return not isinstance(carrier, Device) or carrier.load("ioeventfd") is not False


def assign(machine: Machine, mappings: Mappings, queues: int) -> list[IOThread]:
    """The iothread of each of ``queues`` queues; in turn where no mapping names any.

    Raises:
        QmpError: there is no such iothread or queue, or a queue has none, or two.
    """
    iothreads = _check(machine, mappings, queues)
    if all(mapping.get("vqs") is None for mapping in mappings):
        return [iothreads[number % len(iothreads)] for number in range(queues)]
    found = {
        queue: iothread
        for mapping, iothread in zip(mappings, iothreads, strict=True)
        for queue in mapping["vqs"]
    }
    return [found[number] for number in range(queues)]


def _check(machine: Machine, mappings: Mappings, queues: int) -> list[IOThread]:
    taken: set[int] = set()
    iothreads: dict[str, IOThread] = {}
    listed = mappings[0].get("vqs") is not None
    for mapping in mappings:
        name = mapping["iothread"]
        found = machine.find_object(name)
        if not isinstance(found, IOThread):
            raise errors.iothread_not_found(name)
        if name in iothreads:
            raise errors.mapped_iothread_twice(name)
        iothreads[name] = found
        if (mapping.get("vqs") is not None) != listed:
            raise errors.mapping_mixed()
        for queue in mapping.get("vqs") or ():
            if queue >= queues:
                raise errors.mapped_queue_too_large(queue, name, queues)
            if queue in taken:
                raise errors.mapped_queue_taken(queue, name)
            taken.add(queue)
    missing = [queue for queue in range(queues) if listed and queue not in taken]
    if missing:
        raise errors.mapped_queue_missing(missing[0])
    return [*iothreads.values()]
