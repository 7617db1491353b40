"""Ring buffers: what was written to them, and writing to them."""

from __future__ import annotations

import binascii

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.ring_buffer import RingBuffer
from qmp_iothreadd.json import base64_text
from qmp_iothreadd.json.reader import decode_lossy
from qmp_iothreadd.qmp.registry import Context, command


@command("ringbuf-write")
def write(ctx: Context, device: str, data: str, format: str | None = None) -> None:
    """Write to a ring buffer."""
    ring = find_ring(ctx, device)
    if format == "base64":
        ring.write(base64_text.decode(data))
    else:
        ring.write(data.encode().replace(b"\0", b"\xc0\x80"))  # as a NUL is inside QEMU


@command("ringbuf-read")
def read(ctx: Context, device: str, size: int, format: str | None = None) -> str:
    """Take bytes out of a ring buffer; as text they end before a NUL."""
    data = take(find_ring(ctx, device), size)
    if format == "base64":
        return binascii.b2a_base64(data, newline=False).decode()
    return decode_lossy(data)


def find_ring(ctx: Context, device: str) -> RingBuffer:
    """The buffer of a device.

    Raises:
        QmpError: there is no such device, or it has none.
    """
    found = ctx.machine.chardevs.get(device)
    if found is None:
        raise errors.device_unknown(device)
    ring = ring_of(found)
    if ring is None:
        raise errors.not_a_ringbuf(device)
    return ring


def ring_of(chardev: Chardev) -> RingBuffer | None:
    """The buffer of a device, if it has one."""
    ring = getattr(chardev, "ring", None)
    return ring if isinstance(ring, RingBuffer) else None


def take(ring: RingBuffer, size: int) -> bytes:
    """Take up to ``size`` bytes out of it.

    Raises:
        QmpError: ``size`` is less than one.
    """
    if size <= 0:
        raise errors.ringbuf_size_too_small()
    return ring.read(size)
