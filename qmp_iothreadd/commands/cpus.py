"""Processors: those that there are, those that could be, and their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command

if TYPE_CHECKING:
    from qmp_iothreadd.machine.cpus.cpus import Cpus


def machine_cpus(ctx: Context) -> Cpus | None:
    """The machine's CPUs; None where it can have none."""
    if ctx.machine.board.is_empty:
        return None
    from qmp_iothreadd.machine.cpus.cpus import Cpus  # an empty machine needs none of it

    return ctx.machine.part(Cpus)


def has_cpu(ctx: Context, index: int) -> bool:
    """Whether there is a CPU of this index."""
    cpus = machine_cpus(ctx)
    return cpus is not None and index in cpus.by_index


@command("query-cpus-fast")
def query_cpus_fast(ctx: Context) -> list[dict[str, Any]]:
    """The CPUs, each with the thread that it is."""
    cpus = machine_cpus(ctx)
    if cpus is None:
        return []
    return [
        {
            "cpu-index": index,
            "qom-path": cpu.path,
            "thread-id": cpu.thread_id,
            "props": cpus.properties(index),
            "target": ctx.machine.target,
            "qom-type": cpus.type_name,
        }
        for index, cpu in cpus.by_index.items()
    ]


@command("query-hotpluggable-cpus")
def query_hotpluggable_cpus(ctx: Context) -> list[dict[str, Any]]:
    """The places for CPUs, the last first, and who is there.

    Raises:
        QmpError: the machine's CPUs are as many as they are.
    """
    cpus = machine_cpus(ctx)
    if cpus is None or not ctx.machine.board.machine_type.hotpluggable_cpus:
        raise errors.no_cpu_hotplug()
    return [
        {
            "type": cpus.type_name,
            "vcpus-count": 1,
            "props": place.properties,
            **({"qom-path": place.cpu.path} if place.cpu else {}),
        }
        for place in reversed([*cpus.places()])
    ]
