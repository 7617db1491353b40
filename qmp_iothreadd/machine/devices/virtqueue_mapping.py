"""Which iothread serves which of a device's queues: ``iothread`` and ``iothread-vq-mapping``.

Checks and texts are those of QEMU's hw/virtio/iothread-vq-mapping.c, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

Mappings = Sequence[Mapping[str, Any]]


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
