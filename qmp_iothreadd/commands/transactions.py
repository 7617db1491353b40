"""Transactions: several actions on block nodes, all or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.commands import block_bitmaps, block_copies
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context, command


@command("transaction")
def transaction(
    ctx: Context, actions: list[dict[str, Any]], properties: dict[str, Any] | None = None
) -> None:
    """Do all of the actions or, where one fails, none: only bitmaps can be changed in one.

    Raises:
        QmpError: what the first action that fails says.
    """
    nodes = ctx.machine.part(BlockNodes)
    before = {
        name: {key: (each, each.recording) for key, each in node.bitmaps.items()}
        for name, node in nodes.nodes.items()
    }
    try:
        for action in actions:
            _act(ctx, action["type"], action["data"])
    except BaseException:
        for name, bitmaps in before.items():
            nodes.nodes[name].bitmaps = {key: each for key, (each, _) in bitmaps.items()}
            for each, recording in bitmaps.values():
                each.recording = recording
        raise


_BITMAP_ACTIONS: Final[dict[str, Callable[[Context, dict[str, Any]], None]]] = {
    "block-dirty-bitmap-add": block_bitmaps.bitmap_add,
    "block-dirty-bitmap-remove": block_bitmaps.bitmap_remove,
    "block-dirty-bitmap-clear": block_bitmaps.bitmap_clear,
    "block-dirty-bitmap-enable": block_bitmaps.bitmap_enable,
    "block-dirty-bitmap-disable": block_bitmaps.bitmap_disable,
    "block-dirty-bitmap-merge": block_bitmaps.bitmap_merge,
}


def _act(ctx: Context, type: str, data: dict[str, Any]) -> None:
    if type in _BITMAP_ACTIONS:
        _BITMAP_ACTIONS[type](ctx, data)
        return
    match type:
        case "abort":
            raise errors.transaction_aborted()
        case "blockdev-snapshot-sync":
            block_copies.check_snapshot_sync(ctx, data)
        case "blockdev-snapshot":
            block_copies.snapshot(ctx, **data)
        case "blockdev-snapshot-internal-sync":
            block_copies.snapshot_internal(ctx, **data)
        case _:
            block_copies.check_copy(ctx, type, data)
