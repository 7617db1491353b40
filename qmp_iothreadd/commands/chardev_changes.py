"""Making, changing and removing character devices."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.options import BACKENDS
from qmp_iothreadd.qmp.registry import Context, command


@command("query-chardev-backends")
def query_backends(ctx: Context) -> list[dict[str, str]]:
    """The kinds of devices that can be made."""
    return [{"name": name} for name in BACKENDS]


@command("chardev-add")
def add(ctx: Context, id: str, backend: dict[str, Any]) -> Any:
    """Make a device; a server that is to wait for its first client holds up the answer."""
    if ctx.machine.chardevs.get(id) is not None:
        raise errors.chardev_exists(id)
    try:
        made = ctx.machine.chardevs.add(id, backend, ctx.named_descriptors)
    except errors.QmpError as error:
        raise errors.chardev_add_failed(id, error) from None
    return _wait_for(made) if made.waits else _described(made)


@command("chardev-change")
def change(ctx: Context, id: str, backend: dict[str, Any]) -> Any:
    """Put another device in the place of one that has no front end: ours cannot change theirs."""
    found = ctx.machine.chardevs.get(id)
    if found is None:
        raise errors.chardev_to_change_missing(id)
    if found.type.name in ("chardev-hub", "chardev-mux"):
        raise errors.chardev_cannot_change()
    if found.busy:
        raise errors.frontend_cannot_change()
    ctx.machine.chardevs.remove(id)
    return add(ctx, id, backend)


@command("chardev-remove")
def remove(ctx: Context, id: str) -> None:
    """Remove a device that nothing uses."""
    ctx.machine.chardevs.remove(id)


@command("chardev-send-break")
def send_break(ctx: Context, id: str) -> None:
    """Let a device's front end see a break."""
    ctx.machine.chardevs.find(id).send_break()


async def _wait_for(made: Chardev) -> dict[str, str]:
    await made.wait()
    return _described(made)


def _described(made: Chardev) -> dict[str, str]:
    """A ChardevReturn."""
    is_pty = made.type.name == "chardev-pty"
    return {"pty": made.filename.removeprefix("pty:")} if is_pty else {}
