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
