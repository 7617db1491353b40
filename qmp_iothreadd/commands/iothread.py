"""query-iothreads."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.commands.registry import Context, command


@command("query-iothreads")
def query_iothreads(ctx: Context) -> list[dict[str, Any]]:
    """All iothreads with the parameters in force and the kernel's thread ids."""
    return [iothread.info() for iothread in ctx.machine.iothreads()]
