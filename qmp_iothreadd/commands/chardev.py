"""Character devices: query-chardev, and yank to cut one off."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.socket import ChardevSocket
from qmp_iothreadd.qmp.registry import Context, command


@command("query-chardev")
def query_chardev(ctx: Context) -> list[dict[str, Any]]:
    """All character devices."""
    return [chardev.info() for chardev in ctx.machine.chardevs.listed()]


@command("query-yank")
def query_yank(ctx: Context) -> list[dict[str, Any]]:
    """What yank can cut off: the sockets, in the order in which they were made."""
    return [{"type": "chardev", "id": chardev.name} for chardev in _sockets(ctx)]


@command("yank")
def yank(ctx: Context, instances: list[dict[str, Any]]) -> None:
    """Shut down the connections of the instances named; all must exist, or nothing is done.

    Raises:
        QmpError: DeviceNotFound ``Instance not found``.
    """
    sockets = {chardev.name: chardev for chardev in _sockets(ctx)}
    chosen = [
        sockets.get(instance.get("id", "")) if instance["type"] == "chardev" else None
        for instance in instances
    ]
    for found in chosen:
        if found is None:
            raise errors.yank_instance_not_found()
    for found in chosen:
        if found is not None:
            found.disconnect()


def _sockets(ctx: Context) -> list[ChardevSocket]:
    return [chardev for chardev in ctx.machine.chardevs if isinstance(chardev, ChardevSocket)]
