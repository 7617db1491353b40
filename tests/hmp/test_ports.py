"""Reading and writing ports that nothing is behind."""

from __future__ import annotations

import pytest

from qmp_iothreadd.testing import MemoryClient


def hmp(client: MemoryClient, line: str) -> object:
    return client.execute("human-monitor-command", {"command-line": line})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("i 0x60", "portl[0x0060] = 0xffffffff"),
        ("i /b 0x60", "portb[0x0060] = 0xff"),
        ("i/h 0x60", "portw[0x0060] = 0xffff"),
        ("i/g 0x12345", "portl[0x2345] = 0xffffffff"),
    ],
)
def test_a_port_is_read_as_wide_as_asked(line: str, said: str) -> None:
    with MemoryClient() as client:
        client.negotiate()
        assert hmp(client, line) == f"{said}\r\n"


def test_the_width_stays_and_writing_changes_nothing() -> None:
    with MemoryClient() as client:
        client.negotiate()
        assert hmp(client, "o/b 0x60 1") == ""
        assert hmp(client, "i 0x60") == "portb[0x0060] = 0xff\r\n"
