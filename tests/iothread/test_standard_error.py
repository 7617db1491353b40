"""Standard error that nobody reads for a while."""

from __future__ import annotations

import io
import os
import sys

import pytest

from qmp_iothreadd.iothread.standard_error import takes_more, write_lines
from qmp_iothreadd.iothread.trace_log import TraceLog


def test_what_is_not_read_is_dropped_in_whole_lines_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    lines = [f"{number:063}\n" for number in range(4096)]  # four times what the pipe holds
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        dropped = write_lines("".join(lines))
        assert not takes_more()
        assert write_lines("more\n" * 3) == 3
        assert os.read(reader, 1 << 20).decode() == "".join(lines[:-dropped])
        assert write_lines("again\n") == 0
        assert os.read(reader, 100) == b"again\n"
        os.close(reader)


@pytest.mark.parametrize("closed", [False, True], ids=["in memory", "closed"])
def test_a_stream_without_a_descriptor_is_never_waited_for(
    monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert write_lines("one\ntwo\n") == 0
    assert stream.getvalue() == "one\ntwo\n"
    if closed:
        stream.close()
    assert takes_more()


def test_without_a_standard_error_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as Python does where descriptor 2 is closed
    assert takes_more()
    assert write_lines("") == 0


def test_the_log_says_how_many_lines_it_dropped() -> None:
    log, written = TraceLog(), list[str]()
    dropped = 0

    def write(text: str) -> int:
        lines = text.splitlines()
        written.extend(lines[: len(lines) - dropped])
        return dropped

    log.write = write
    dropped = 2
    log._write([(1, "one"), (2, "two"), (3, "three")])
    log._write([(4, "four")])  # with the notice, two lines again: neither is written
    dropped = 0
    log._write([(5, "five")])
    log._write([(6, "six")])
    assert written == ["one", "x_trace_dropped ctx 0x0 count 3", "five", "six"]
