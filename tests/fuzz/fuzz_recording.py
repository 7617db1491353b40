"""Byte-level fuzzing of what reads recordings, and of what is done with them.

    python tests/fuzz/fuzz_recording.py [--seconds N] [--random] [libFuzzer's options, a folder]

With atheris installed this is a libFuzzer target, guided by coverage; without it, or with --random,
random changes of a recording are tried for the same time. A file is refused by the number of a
line, or is a recording: written and read again it is the same, it is no different from itself, and
it can be played and redacted. A stream of bytes is taken apart into messages that have all of them,
however it is split. Exits with a status other than 0, and the input that did it, at the first
difference.
"""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.testing.recordings import differences, redact, write_recording
    from qmp_iothreadd.testing.recordings.format import Recording, RecordingError, parse_recording
    from qmp_iothreadd.testing.recordings.messages import Message, MessageStream
    from qmp_iothreadd.testing.recordings.player import Player

SEED = b"""\
{"recording": 1, "of": "/run/q.sock", "began": "2026-11-28T12:00:00+00:00"}
{"client": 1, "greeting": {"QMP": {"version": {}, "capabilities": []}}, "time": 0.5}
{"client": 1, "request": {"execute": "a", "id": 1}, "reply": {"return": {}, "id": 1}, "took": 1}
{"client": 1, "event": {"event": "STOP", "data": {"x": "/a/b"}}, "time": 2}
{"client": 2, "request_raw": {"b64": "/yBmb28="}, "reply": {"error": {"class": "G", "desc": "d"}}}
{"client": 2, "request": {"execute": "a", "arguments": {"password": "abcd"}}, "descriptors": 1}
{"client": 1, "reply_raw": "{", "reply_size": 9, "time": 7}
{"client": 1, "closed": "server", "time": 1e3}
"""
PIECES = (
    *(b'"client": ', b'"time": ', b'"took": ', b'"event": ', b'"reply": ', b'"request": '),
    *(b"{}", b"[]", b"null", b"1e999", b"-1", b"NaN", b'"\\ud800"', b"true", b"\n", b",", b"}"),
    *(b"[" * 2000, b"{'execute': 'a'}", b"\xff", b'{"b64": "="}', b'"execute": ', b'"id": '),
)


def try_input(data: bytes) -> None:
    try_stream(data)
    try:
        recording = parse_recording(io.BytesIO(data).readlines())
    except RecordingError as error:
        assert str(error)[0].isdigit(), error  # noqa: PT017 -- either outcome will do
        return
    file = io.StringIO()
    write_recording(recording, file)
    again = parse_recording([line.encode() for line in file.getvalue().splitlines(keepends=True)])
    assert not differences(recording, again)
    redact(recording)
    if recording.entries:
        try_player(recording)


def try_player(recording: Recording) -> None:
    played = Player(recording).connect()
    played.opening()
    for entry in recording.entries:
        if entry.request is not None:
            played.answer(entry.request)


def messages(data: bytes, size: int) -> list[Message]:
    stream = MessageStream(of_server=False)
    found: list[Message | None] = []
    for start in range(0, len(data), size):
        stream.feed(data[start : start + size])
        while stream.pending:
            found.append(stream.take())
    return [each for each in [*found, stream.rest()] if each is not None]


def try_stream(data: bytes) -> None:
    whole, split = messages(data, len(data) or 1), messages(data, 7)
    assert [each.value for each in whole] == [each.value for each in split]
    for found in (whole, split):
        kept = b"".join(each.raw or b"" for each in found)
        assert all(each.value is not None for each in found if each.raw is None)
        assert len(kept) <= len(data)


def make_input(source: random.Random) -> bytes:
    lines = SEED.splitlines(keepends=True)
    chosen = [source.choice(lines) for _ in range(source.randrange(1, 12))]
    data = b"".join(chosen)
    for _ in range(source.choice((0, 0, 1, 2, 5))):
        at = source.randrange(len(data))
        data = data[:at] + source.choice(PIECES) + data[at + source.choice((0, 0, 1, 5, 20)) :]
    return driver.change_bytes(source, data, (0, 0, 1, 2))


if __name__ == "__main__":
    driver.run("what reads recordings", try_input, make_input, max_len=4096)
