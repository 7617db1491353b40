"""Byte-level fuzzing of what stands before a socket's session: telnet and the WebSocket.

    python tests/fuzz/fuzz_filters.py [--seconds N] [libFuzzer's options, a folder for the corpus]

With atheris installed this is a libFuzzer target, guided by coverage; without it, near-frames are
tried at random. However the input is cut, the payload and what is said are the same; what is kept
is bounded. Exits with a status other than 0, and the input that did it, at the first difference.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.chardev.websocket_client import frame, request
from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.chardev.filters import Filter
    from qmp_iothreadd.chardev.telnet import TelnetFilter
    from qmp_iothreadd.chardev.websocket import WebsocketFilter
    from qmp_iothreadd.chardev.websocket_handshake import LIMIT

MAX_LEN = 4096


def _make(kind: int) -> Filter:
    if kind & 1:
        return WebsocketFilter()
    return TelnetFilter(tn3270=bool(kind & 2), on_break=lambda: None)


def _outcome(filter: Filter, pieces: list[bytes]) -> tuple[bytes, bytes, bool, bool]:
    payload, said = b"", filter.data_to_send()
    for piece in pieces:
        payload += filter.receive_data(piece)
        said += filter.data_to_send()
    if isinstance(filter, WebsocketFilter):
        kept = len(filter._input)
        assert kept <= (LIMIT if not filter.ready else 14 + 125), kept
    head, end, rest = said.partition(b"\r\n\r\n")  # the time of day is in it
    return payload, head[:30] + end + rest, filter.ready, filter.ended


def try_input(data: bytes) -> None:
    """The first two bytes say which filter it is, and how the rest is cut."""
    if len(data) < 2:
        return
    kind, size, rest = data[0], 1 + data[1] % 64, data[2:]
    if kind & 4:
        rest = request() + rest
    pieces = [rest[start : start + size] for start in range(0, len(rest), size)]
    cut, whole = _outcome(_make(kind), pieces), _outcome(_make(kind), [rest])
    assert cut == whole, (cut, whole)


def make_input(source: random.Random) -> bytes:
    """Near-frames, or near-requests, or telnet commands."""
    parts = [source.randbytes(2)]
    for _ in range(source.randrange(8)):
        data = source.randbytes(source.choice([0, 1, 4, 125, 126, 300]))
        parts.append(
            source.choice(
                [
                    frame(
                        data, source.choice([0, 1, 2, 2, 2, 8, 9, 10]), final=source.random() < 0.8
                    ),
                    frame(data, mask=source.choice([None, b"\0\0\0\0"])),
                    b"\xff" + data[:2],
                    request(),
                    data,
                ]
            )
        )
    return driver.change_bytes(source, b"".join(parts), [0, 0, 1, 3])


if __name__ == "__main__":
    driver.run("the filters of sockets", try_input, make_input, max_len=MAX_LEN)
