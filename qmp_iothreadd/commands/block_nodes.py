"""Block nodes: made, listed, changed, moved, deleted."""

from __future__ import annotations

import errno
import os
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.info import disk_info, graph, node_info
from qmp_iothreadd.machine.block.jobs import Jobs
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.block.stats import disk_stats, node_stats
from qmp_iothreadd.qmp.registry import Context, command


@command("blockdev-add")
def blockdev_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Open a node."""
    ctx.machine.part(BlockNodes).add(arg)


@command("blockdev-del")
def blockdev_del(ctx: Context, node_name: str) -> None:
    """Close a node that nobody uses."""
    ctx.machine.part(BlockNodes).delete(node_name)


@command("blockdev-reopen")
def blockdev_reopen(ctx: Context, options: list[dict[str, Any]]) -> None:
    """Change options of nodes, all or none."""
    ctx.machine.part(BlockNodes).reopen(options)


@command("blockdev-set-active")
def blockdev_set_active(ctx: Context, active: bool, node_name: str | None = None) -> None:
    """Say which nodes this process may write to."""
    nodes = ctx.machine.part(BlockNodes)
    chosen = nodes.nodes.values() if node_name is None else [nodes.find(node_name)]
    for node in chosen:
        node.options["active"] = active


@command("x-blockdev-set-iothread")
def set_iothread(
    ctx: Context, node_name: str, iothread: str | None, force: bool | None = None
) -> None:
    """Let a node run in an iothread, or in the main loop."""
    ctx.machine.part(BlockNodes).move(node_name, iothread, force=bool(force))


@command("block_resize")
def block_resize(
    ctx: Context, size: int, device: str | None = None, node_name: str | None = None
) -> None:
    """Change how large a node is."""
    nodes = ctx.machine.part(BlockNodes)
    nodes.resize(nodes.lookup(device, node_name), size)


@command("block-set-write-threshold")
def set_write_threshold(ctx: Context, node_name: str, write_threshold: int) -> None:
    """Say beyond which byte a write is to be an event."""
    ctx.machine.part(BlockNodes).set_write_threshold(node_name, write_threshold)


@command("query-named-block-nodes")
def query_named_block_nodes(ctx: Context, flat: bool | None = None) -> list[dict[str, Any]]:
    """All nodes, the latest first; none has a backing image that ``flat`` could leave out."""
    return [node_info(node) for node in ctx.machine.part(BlockNodes).latest_first()]


@command("query-block")
def query_block(ctx: Context, flat: bool | None = None) -> list[dict[str, Any]]:
    """The disks, and the nodes that devices hold; others are none before something uses them."""
    return [disk_info(each) for each in ctx.machine.part(BlockNodes).backends]


@command("query-blockstats")
def query_blockstats(ctx: Context, query_nodes: bool | None = None) -> list[dict[str, Any]]:
    """What disks did, or nodes."""
    nodes = ctx.machine.part(BlockNodes)
    for each in nodes.backends:
        each.account()
    if query_nodes:
        return [node_stats(node) for node in nodes.nodes.values()]
    return [disk_stats(each) for each in nodes.backends]


@command("x-debug-query-block-graph")
def query_block_graph(ctx: Context) -> dict[str, Any]:
    """The nodes, and which lies below which."""
    nodes = ctx.machine.part(BlockNodes)
    return graph(list(nodes.nodes.values()), nodes.backends)


@command("x-blockdev-change")
def blockdev_change(
    ctx: Context, parent: str, child: str | None = None, node: str | None = None
) -> None:
    """Refuse: no node of ours takes more children, or lets go of one."""
    nodes = ctx.machine.part(BlockNodes)
    found = nodes.lookup(parent, parent)
    if child is None and node is None:
        raise errors.child_unspecified()
    if child is not None:
        raise errors.child_not_found(parent, child)
    nodes.lookup(None, node)
    raise errors.children_fixed(found.name)


@command("blockdev-create")
def blockdev_create(ctx: Context, job_id: str, options: dict[str, Any]) -> None:
    """Make an image, as a job; one of a driver that needs no format."""
    driver = options["driver"]
    if driver != "file":
        raise errors.create_unsupported()

    async def create() -> None:
        _create_file(options["filename"], options["size"])

    ctx.machine.part(Jobs).start(job_id, "create", create)


def _create_file(path: str, size: int) -> None:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise errors.file_not_created(path, error.strerror or str(error)) from None
    try:
        os.ftruncate(fd, 0)
        os.ftruncate(fd, size)
    except OverflowError:
        raise errors.resize_failed(os.strerror(errno.EINVAL)) from None
    except OSError as error:
        raise errors.resize_failed(error.strerror or str(error)) from None
    finally:
        os.close(fd)


@command("x-blockdev-amend")
def blockdev_amend(
    ctx: Context, job_id: str, node_name: str, options: dict[str, Any], force: bool | None = None
) -> None:
    """Refuse: no format of ours has options that an image keeps."""
    found = ctx.machine.part(BlockNodes).lookup(None, node_name)
    if found.driver != options["driver"]:
        raise errors.amend_changes_driver()
    raise errors.amend_unsupported()
