"""Character devices, described in the language of ``-chardev``, and what is in ring buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.commands import chardev_changes, ringbuf
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp import messages
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.hmp.text import decode, encode
from qmp_iothreadd.qmp.registry import Context
from qmp_iothreadd.qom.option_lists import HELP

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.qom.option_lists import Options


@hmp_command(
    "chardev-add", "args:s", params="args", help="add chardev", completes=("chardev-backend",)
)
def chardev_add(ctx: Context, args: str) -> str:
    """Make a device, or two with ``mux=on``. The monitor does not wait for a server's client."""
    return _with_options(ctx, args, lambda options: _add(ctx, options))


def _add(ctx: Context, options: Options) -> str:
    from qmp_iothreadd.chardev.options import list_backends, parse_devices

    if options.get("backend") in HELP:
        return list_backends() + "\n"
    chardevs = ctx.machine.chardevs
    made: list[str] = []
    try:
        for name, backend in parse_devices(options):
            chardevs.add(name, backend, ctx.named_descriptors)
            made.append(name)
    except QmpError:
        for name in made:
            chardevs.remove(name)
        raise
    return ""


@hmp_command(
    "chardev-change",
    "id:s,args:s",
    params="id args",
    help="change chardev",
    completes=("chardev",),
)
def chardev_change(ctx: Context, id: str, args: str) -> str:
    """Put another device in the place of one."""

    def change(options: Options) -> str:
        from qmp_iothreadd.chardev.options import parse_backend

        if options.id is not None:
            raise errors.chardev_id_unexpected()
        chardev_changes.change(ctx, id, parse_backend(options))
        return ""

    return _with_options(ctx, args, change)


def _with_options(ctx: Context, args: str, act: Callable[[Options], str]) -> str:
    """Read the options, and act on them; what is said meanwhile stands before the failure."""
    from qmp_iothreadd.chardev.options import chardev_options

    chardevs = ctx.machine.chardevs
    lists = chardevs.options = chardevs.options or chardev_options()
    said: list[str] = []
    before, chardevs.say = chardevs.say, said.append
    try:
        try:
            options = lists.parse(args, "", lambda text: said.append(f"warning: {text}"))
        except QmpError as error:
            said += [error.desc, *([error.hint] if error.hint else [])]
            options = None
        if options is None:
            raise errors.chardev_args_malformed()
        try:
            answer = act(options)
        finally:
            lists.given.remove(options)
    except QmpError as error:
        said += [messages.failure(error.desc), *([error.hint] if error.hint else [])]
        answer = ""
    finally:
        chardevs.say = before
    return "".join([f"{text}\n" for text in said]) + answer


@hmp_command("chardev-remove", "id:s", params="id", help="remove chardev", completes=("chardev",))
def chardev_remove(ctx: Context, id: str) -> None:
    """Remove a device that nothing uses."""
    chardev_changes.remove(ctx, id)


@hmp_command(
    "chardev-send-break",
    "id:s",
    params="id",
    help="send a break on chardev",
    completes=("chardev",),
)
def chardev_send_break(ctx: Context, id: str) -> None:
    """Let the front end see a break."""
    chardev_changes.send_break(ctx, id)


@hmp_command(
    "ringbuf_write",
    "device:s,data:s",
    params="device data",
    help="Write to a ring buffer character device",
    completes=("ringbuf",),
)
def ringbuf_write(ctx: Context, device: str, data: str) -> None:
    """Write what was typed, byte for byte."""
    ringbuf.find_ring(ctx, device).write(encode(data))


@hmp_command(
    "ringbuf_read",
    "device:s,size:i",
    params="device size",
    help="Read from a ring buffer character device",
    completes=("ringbuf",),
)
def ringbuf_read(ctx: Context, device: str, size: int) -> str:
    """Take bytes out, up to a NUL; those that would move a terminal's cursor are written out."""
    text = decode(ringbuf.take(ringbuf.find_ring(ctx, device), size).partition(b"\0")[0])
    return "".join([_legible(char) for char in text]) + "\n"


def _legible(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if (char < " " and char not in "\n\t") or char == "\x7f":
        return f"\\u{ord(char):04X}"
    return char
