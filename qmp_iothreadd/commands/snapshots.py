"""Snapshots of the machine inside of an image: no node of ours can hold one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.jobs import Jobs
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context, command

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


def check_nodes(machine: Machine, devices: list[str] | None) -> None:
    """Refuse a snapshot of these nodes, or of all that nobody uses.

    Raises:
        QmpError: always: one that is not there, or that holds no snapshots; or there is none.
    """
    nodes = machine.part(BlockNodes)
    if devices is None:
        for node in nodes.nodes.values():
            if not (node.read_only or node.users):
                raise errors.snapshot_unsupported(node.name)
        raise errors.no_vmstate_device()
    if not devices:
        raise errors.snapshot_without_devices()
    for name in devices:
        if name not in nodes.nodes:
            raise errors.snapshot_node_not_found(name)
        raise errors.snapshot_unsupported(name)


@command("snapshot-save")
def snapshot_save(ctx: Context, job_id: str, tag: str, vmstate: str, devices: list[str]) -> None:
    """Save the machine, as a job."""
    _start(ctx, "snapshot-save", job_id, devices)


@command("snapshot-load")
def snapshot_load(ctx: Context, job_id: str, tag: str, vmstate: str, devices: list[str]) -> None:
    """Load the machine, as a job; it stops for that, and stays so where it fails."""
    _start(ctx, "snapshot-load", job_id, devices)
    ctx.machine.stop("restore-vm")


@command("snapshot-delete")
def snapshot_delete(ctx: Context, job_id: str, tag: str, devices: list[str]) -> None:
    """Delete a snapshot, as a job."""
    _start(ctx, "snapshot-delete", job_id, devices)


def _start(ctx: Context, type: str, job_id: str, devices: list[str]) -> None:
    async def work() -> None:
        check_nodes(ctx.machine, devices)

    ctx.machine.part(Jobs).start(job_id, type, work)
