"""The ring buffer: first in, first out, and the oldest go where there is no room."""

from __future__ import annotations

from collections import deque

from hypothesis import given, strategies as st

from qmp_iothreadd.chardev.ring_buffer import RingBuffer


def test_the_oldest_bytes_go() -> None:
    ring = RingBuffer(4)
    ring.write(b"abc")
    ring.write(b"def")
    assert len(ring) == 4
    assert (ring.read(1), ring.read(9), ring.read(9)) == (b"c", b"def", b"")


@given(st.integers(0, 5), st.lists(st.binary(max_size=80) | st.integers(0, 80)))
def test_it_does_as_a_bounded_queue(power: int, steps: list[bytes | int]) -> None:
    ring, model = RingBuffer(2**power), deque[int](maxlen=2**power)
    for step in steps:
        if isinstance(step, bytes):
            ring.write(step)
            model.extend(step)
        else:
            taken = bytes(model.popleft() for _ in range(min(step, len(model))))
            assert ring.read(step) == taken
        assert len(ring) == len(model)
