"""What is emulated, and by what."""

from __future__ import annotations

from qmp_iothreadd.qmp.registry import Context, command


@command("query-target")
def query_target(ctx: Context) -> dict[str, str]:
    """The architecture that the name of the program promises."""
    return {"arch": ctx.machine.target}


@command("query-kvm")
def query_kvm(ctx: Context) -> dict[str, bool]:
    """No accelerator in use; present means only that it is built in, as in Debian's QEMU."""
    return {"enabled": False, "present": True}
