"""The machine's type and memory, and what depends on them."""

from __future__ import annotations

from typing import Any, NoReturn

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command


@command("query-current-machine")
def query_current_machine(ctx: Context) -> dict[str, bool]:
    """Whether a guest that sleeps can be woken."""
    return {"wakeup-suspend-support": ctx.machine.can_suspend}


@command("query-memory-size-summary")
def query_memory_size_summary(ctx: Context) -> dict[str, int]:
    """The memory that the machine began with, and that of devices, of which there are none."""
    return {"base-memory": ctx.machine.board.memory["size"], "plugged-memory": 0}


@command("set-numa-node")
def set_numa_node(ctx: Context, arg: dict[str, Any]) -> None:
    """What -numa does, before the board is made.

    Raises:
        QmpError: it is made, has no nodes, or cannot have this one.
    """
    if not ctx.machine.preconfig:
        raise errors.machine_exists()
    if ctx.machine.board.is_empty:
        raise errors.numa_unsupported()
    from qmp_iothreadd.machine.boards.numa import NumaNodes  # few have any

    ctx.machine.part(NumaNodes).take(arg)


@command("x-query-numa")
def query_numa(ctx: Context) -> dict[str, str]:
    """The nodes, in words: which CPUs are there, and how much memory."""
    from qmp_iothreadd.commands.cpus import query_cpus_fast  # few ask
    from qmp_iothreadd.machine.boards.numa import NumaNodes

    nodes, cpus = ctx.machine.part(NumaNodes).nodes, query_cpus_fast(ctx)
    text = f"{len(nodes)} nodes\n"
    for number, node in sorted(nodes.items()):
        its = [f" {each['cpu-index']}" for each in cpus if each["props"]["node-id"] == number]
        text += f"node {number} cpus:{''.join(its)}\n"
        text += f"node {number} size: {node.size >> 20} MB\nnode {number} plugged: 0 MB\n"
    return {"human-readable-text": text}


@command("query-acpi-ospm-status")
def query_acpi_ospm_status(ctx: Context) -> list[dict[str, Any]]:
    """The slots for memory, in which nothing is.

    Raises:
        QmpError: the machine has no ACPI.
    """
    board = ctx.machine.board
    if not board.has_acpi_device:
        raise errors.no_acpi_device()
    return [
        {"slot": str(number), "slot-type": "DIMM", "source": 0, "status": 0}
        for number in range(board.memory.get("slots", 0))
    ]


@command("query-sgx")
def query_sgx(ctx: Context) -> NoReturn:
    """Refuse: PCs could have it, others not."""
    if ctx.machine.board.type.implements("generic-pc-machine"):
        raise errors.no_sgx_sections()
    raise errors.no_sgx_machine()
