"""Standard streams that are closed, or read by nobody."""

from __future__ import annotations

import os
import sys

import pytest

from qmp_iothreadd.daemon import standard_streams
from qmp_iothreadd.daemon.standard_streams import open_standard_streams, say


def test_what_is_said_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    say("error\n")
    say("output\n", "stdout")
    assert capsys.readouterr() == ("output\n", "error\n")


def test_where_nobody_reads_nothing_is_said_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    broken = os.fdopen(writer, "w")
    monkeypatch.setattr(sys, "stderr", broken)
    say("lost\n")
    replaced = sys.stderr
    assert replaced.name == os.devnull
    say("lost, too\n")
    replaced.close()
    with pytest.raises(BrokenPipeError):  # what say could not write is still in the buffer
        broken.close()


def test_nobody_waits_for_a_reader_of_standard_error_that_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    full = os.write(writer, b"x" * (1 << 20))
    os.set_blocking(writer, True)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        say("dropped\n")
        assert os.read(reader, 1 << 20) == b"x" * full
        say("written\n")
        assert os.read(reader, 1 << 20) == b"written\n"
        os.close(reader)


def test_streams_that_are_closed_are_given_to_dev_null(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    closed: list[int] = []

    class System:
        """A process whose descriptors 1 and 2 are free."""

        devnull = os.devnull
        O_RDWR = os.O_RDWR

        def open(self, path: str, flags: int) -> int:
            opened.append(len(opened) + 1)
            return opened[-1]

        def close(self, fd: int) -> None:
            closed.append(fd)

    monkeypatch.setattr(standard_streams, "os", System())
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    open_standard_streams()
    assert (opened, closed) == ([1, 2, 3], [3])
    for stream in (sys.stdout, sys.stderr):
        assert stream.name == os.devnull
        stream.close()
