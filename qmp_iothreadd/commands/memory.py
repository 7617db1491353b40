"""What memory there is for a guest that is not there."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qmp.registry import Context, command


@command("query-memdev")
def query_memdev(ctx: Context) -> list[dict[str, Any]]:
    """The memory back ends."""
    return [backend.memdev() for backend in ctx.machine.memory_backends()]
