"""What clients ask about the guest and its hardware: there are no CPUs, no disks and no jobs."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qmp.registry import Context, command


@command("query-target")
def query_target(ctx: Context) -> dict[str, str]:
    """The architecture that the name of the program promises."""
    return {"arch": ctx.machine.target}


@command("query-kvm")
def query_kvm(ctx: Context) -> dict[str, bool]:
    """No accelerator in use; present means only that it is built in, as in Debian's QEMU."""
    return {"enabled": False, "present": True}


@command("query-cpus-fast")
def query_nothing(ctx: Context) -> list[Any]:
    """None of these exist here, and none can be made."""
    return []
