"""Devices in memory."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.chardev.ringbuf import ChardevRingbuf
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes


def add(chardevs: Chardevs, kind: str = "ringbuf", **data: Any) -> ChardevRingbuf:
    made = chardevs.add("c", {"type": kind, "data": data})
    assert isinstance(made, ChardevRingbuf)
    return made


@pytest.mark.parametrize("kind", ["ringbuf", "memory"])
async def test_what_the_front_end_writes_stays(chardevs: Chardevs, kind: str) -> None:
    made = add(chardevs, kind)
    made.attach(Echoes(b"hello"))
    assert made.ring.read(100) == b"hello"
    assert made.filename == kind
    assert made.ring.size == 65536


@pytest.mark.parametrize("size", [3, 1000, -1])
async def test_the_size_is_a_power_of_two(chardevs: Chardevs, size: int) -> None:
    with pytest.raises(QmpError, match="size of ringbuf chardev must be power of two"):
        add(chardevs, size=size)
    assert chardevs.get("c") is None


async def test_it_keeps_the_latest(chardevs: Chardevs) -> None:
    made = add(chardevs, size=4)
    made.attach(Echoes(b"hello"))
    assert made.ring.read(100) == b"ello"
