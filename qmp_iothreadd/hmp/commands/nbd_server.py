"""Block nodes that others would reach over a network: there is no such server."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.commands import block_copies
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context


@hmp_command(
    "nbd_server_start",
    "all:-a,writable:-w,uri:s",
    params="nbd_server_start [-a] [-w] host:port",
    help="serve block devices on the given host and port",
    preconfig=True,
)
def nbd_server_start(ctx: Context, all: bool, writable: bool, uri: str) -> None:
    """Refuse: there is no data to serve."""
    if writable and not all:
        raise errors.nbd_writable_without_all()
    if ":" not in uri:
        raise errors.address_unparsed(uri)
    block_copies.nbd_server_start(ctx)


@hmp_command(
    "nbd_server_add",
    "writable:-w,device:B,name:s?",
    params="nbd_server_add [-w] device [name]",
    help="export a block device via NBD",
    preconfig=True,
)
def nbd_server_add(ctx: Context, writable: bool, device: str, name: str | None) -> None:
    """Refuse: there is no such server."""
    ctx.machine.part(BlockNodes).lookup(device, device)
    block_copies.nbd_server_missing(ctx)


@hmp_command(
    "nbd_server_remove",
    "force:-f,name:s",
    params="nbd_server_remove [-f] name",
    help="remove an export previously exposed via NBD",
    preconfig=True,
)
def nbd_server_remove(ctx: Context, force: bool, name: str) -> None:
    """Refuse: nothing is exported."""
    block_copies.nbd_server_remove(ctx, name)


@hmp_command(
    "nbd_server_stop",
    params="nbd_server_stop",
    help="stop serving block devices using the NBD protocol",
    preconfig=True,
)
def nbd_server_stop(ctx: Context) -> None:
    """Refuse: there is no such server."""
    block_copies.nbd_server_missing(ctx)
