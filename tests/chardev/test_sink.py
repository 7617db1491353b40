"""A transport without a descriptor."""

from __future__ import annotations

import asyncio

from qmp_iothreadd.chardev.sink import SinkTransport
from tests.chardev.echoes import Echo


async def test_what_is_written_goes_to_a_function() -> None:
    written: list[bytes] = []
    protocol = Echo(b"hi")
    transport = SinkTransport(asyncio.get_running_loop(), protocol, written.append)
    transport.start()
    transport.set_write_buffer_limits(high=1)
    transport.pause_reading()
    transport.write(bytearray(b"more"))
    transport.resume_reading()
    assert transport.get_write_buffer_size() == 0
    assert transport.get_extra_info("socket") is None
    transport.abort()
    assert transport.is_closing()
    transport.write(b"late")
    await asyncio.sleep(0)
    assert written == [b"hi", b"more"]
    assert protocol.calls == ["lost"]
