"""Dirty bitmaps of block nodes: they stay empty, as writes are not recorded."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.bitmaps import add_bitmap, find_bitmap
from qmp_iothreadd.machine.block.node import Bitmap, BlockNode
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context, command

_WORD_BITS = 64


@command("block-dirty-bitmap-add")
def bitmap_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Give a node a bitmap."""
    add_bitmap(
        ctx.machine.part(BlockNodes),
        arg["node"],
        arg["name"],
        granularity=arg.get("granularity"),
        persistent=arg.get("persistent", False),
        disabled=arg.get("disabled", False),
    )


@command("block-dirty-bitmap-remove")
def bitmap_remove(ctx: Context, arg: dict[str, Any]) -> None:
    """Take a bitmap away."""
    found, _ = _find(ctx, arg)
    del found.bitmaps[arg["name"]]


@command("block-dirty-bitmap-clear")
def bitmap_clear(ctx: Context, arg: dict[str, Any]) -> None:
    """Empty a bitmap, which it is."""
    _find(ctx, arg)


@command("block-dirty-bitmap-enable")
def bitmap_enable(ctx: Context, arg: dict[str, Any]) -> None:
    """Let a bitmap record writes."""
    _find(ctx, arg)[1].recording = True


@command("block-dirty-bitmap-disable")
def bitmap_disable(ctx: Context, arg: dict[str, Any]) -> None:
    """Let a bitmap record nothing."""
    _find(ctx, arg)[1].recording = False


@command("block-dirty-bitmap-merge")
def bitmap_merge(ctx: Context, arg: dict[str, Any]) -> None:
    """Add bitmaps to another one; what is empty adds nothing."""
    nodes = ctx.machine.part(BlockNodes)
    into = find_bitmap(nodes, arg["node"], arg["target"])[0]
    for source in arg["bitmaps"]:
        named = isinstance(source, str)
        found = find_bitmap(
            nodes, arg["node"] if named else source["node"], source if named else source["name"]
        )[0]
        if found.virtual_size() != into.virtual_size():
            raise errors.bitmap_granularities_differ()


def _find(ctx: Context, arg: dict[str, Any]) -> tuple[BlockNode, Bitmap]:
    return find_bitmap(ctx.machine.part(BlockNodes), arg["node"], arg["name"])


@command("x-debug-block-dirty-bitmap-sha256")
def bitmap_sha256(ctx: Context, arg: dict[str, Any]) -> dict[str, str]:
    """The hash of a bitmap's lowest level: a bit for each piece of the node, in words."""
    from hashlib import sha256  # only here

    found, bitmap = _find(ctx, arg)
    bits = -(-found.virtual_size() // bitmap.granularity)
    words = max(1, -(-bits // _WORD_BITS))
    digest = sha256()
    piece = bytes(8 * 1024)
    for _ in range(words * 8 // len(piece)):
        digest.update(piece)
    digest.update(piece[: words * 8 % len(piece)])
    return {"sha256": digest.hexdigest()}
