"""What clients ask about the guest and its hardware: there are no CPUs, no disks and no jobs."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qmp.registry import Context, command


@command("query-target")
def query_target(ctx: Context) -> dict[str, str]:
    """The architecture that QEMU's most common binary emulates."""
    return {"arch": "x86_64"}


@command("query-kvm")
def query_kvm(ctx: Context) -> dict[str, bool]:
    """No accelerator in use; present means only that it is built in, as in Debian's QEMU."""
    return {"enabled": False, "present": True}


@command("query-cpus-fast")
def query_nothing(ctx: Context) -> list[Any]:
    """None of these exist here, and none can be made."""
    return []
