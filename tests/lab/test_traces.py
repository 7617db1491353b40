"""Recorded intervals: what is read, and what is kept."""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.lab import Load, Params, Trace, replay, simulate, trace_files

PARAMS = "policy weighted max_ns 32768 grow 2 shrink 2 weight 3"
LOG = f"""\
qemu: something else
x_aio_adjust ctx 0x5 block_ns 4817 {PARAMS} old 0 new 4817 action grow handlers 2\
 node 0x11 fd 24 event 1 old 0 new 4817 node 0x12 fd 11 event 0 old 0 new 0
poll_grow ctx 0x5 old 0 new 4817
x_aio_adjust ctx 0x5 block_ns 900 {PARAMS} old 4817 new 2408 action shrink handlers 1\
 node 0x12 fd 11 event 1 old 0 new 900
"""


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "trace"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def contents(trace: Trace) -> tuple[list[int], list[int], int]:
    return list(array_of(trace.intervals)), list(array_of(trace.events)), trace.handlers


def array_of(words: Any) -> memoryview:
    return memoryview(words)


def test_decisions_of_a_log_are_steps(tmp_path: Path) -> None:
    trace = Trace.load(written(tmp_path, LOG))
    assert contents(trace) == ([4817, 900], [0b01, 0b10], 2)
    [found] = replay(trace.intervals, trace.events, Params(), handlers=trace.handlers)
    assert (found.poll_ns, found.handler_ns) == (2408, (5717, 900))


def test_a_number_a_line_is_an_interval(tmp_path: Path) -> None:
    trace = Trace.load(written(tmp_path, "# made by hand\n100\n\n 2500 # slow\n"))
    assert contents(trace) == ([100, 2500], [1, 1], 1)


@pytest.mark.parametrize("text", ["1000\n2000\n3000\n", LOG], ids=["numbers", "log"])
def test_a_pipe_is_read_from_its_beginning(tmp_path: Path, text: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    try:
        piped = Trace.load(f"/dev/fd/{reader}")
    finally:
        os.close(reader)
    assert contents(piped) == contents(Trace.load(written(tmp_path, text)))


def test_a_trace_is_saved_where_it_is_mapped_from(tmp_path: Path) -> None:
    Trace(range(1000, 9000), [1] * 8000).save(tmp_path / "kept")
    trace = Trace.load(tmp_path / "kept")
    before = contents(trace)
    trace.save(tmp_path / "kept")
    assert contents(Trace.load(tmp_path / "kept")) == contents(trace) == before
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


def test_what_cannot_be_saved_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "100\n")
    trace = Trace.load(path)
    trace.save("/dev/null")  # is not replaced
    assert not Path("/dev/null").is_file()
    with monkeypatch.context() as patched:
        patched.setattr(trace_files, "little", lambda words: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trace.save(path)
    assert (path.read_text(), [each.name for each in tmp_path.iterdir()]) == ("100\n", ["trace"])


def test_what_was_saved_is_mapped(tmp_path: Path) -> None:
    trace = Trace([5, 6, 7], [1, 2, 3], 2)
    trace.save(tmp_path / "kept")
    again = Trace.load(tmp_path / "kept")
    assert contents(again) == contents(trace)
    assert (len(again), (tmp_path / "kept").stat().st_size) == (3, 32 + 3 * 16)
    assert array_of(again.intervals).readonly
    load = Load("trace", intervals=again.intervals)
    assert simulate(load, Params(), requests=100)[0].requests == 100


def test_the_only_handlers_events_take_no_room(tmp_path: Path) -> None:
    Trace([5, 6, 7]).save(tmp_path / "kept")
    again = Trace.load(tmp_path / "kept")
    assert contents(again) == ([5, 6, 7], [1, 1, 1], 1)
    assert (tmp_path / "kept").stat().st_size == 32 + 3 * 8
    assert repr(again) == "<Trace: 3 steps, 1 handlers>"
    Trace([5, 6, 7], [1, 0, 1]).save(tmp_path / "kept")
    assert contents(Trace.load(tmp_path / "kept")) == ([5, 6, 7], [1, 0, 1], 1)
    Trace([5, 6, 7], handlers=2).save(tmp_path / "kept")
    assert contents(Trace.load(tmp_path / "kept")) == ([5, 6, 7], [1, 1, 1], 2)


def test_words_that_begin_late_are_filled_up(tmp_path: Path) -> None:
    with trace_files.writing(tmp_path / "kept") as writer:
        writer.handlers = 2
        for events in (None, [1, 1], [2, 1], None):
            writer.add(array("q", [7, 8]), array("Q", events) if events else None)
    assert contents(Trace.load(tmp_path / "kept")) == ([7, 8] * 4, [1, 1, 1, 1, 2, 1, 1, 1], 2)


def test_a_pipe_gets_it_whole(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    trace = Trace([5, 6, 7], [1, 2, 3], 2)
    trace.save(f"/dev/fd/{writer}")
    os.close(writer)
    trace.save(tmp_path / "kept")
    with open(reader, "rb") as file:
        assert file.read() == (tmp_path / "kept").read_bytes()


def test_files_are_alike_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.byteorder", "big")
    assert list(trace_files.little(memoryview(array("Q", [1])))) == [1 << 56]
    assert list(trace_files.little(memoryview(array("q", [255])))) == [-1 << 56]


HEAD = b"qmp-lab1" + bytes([1, 0, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"trace: none of these: .*; a log of x_aio_adjust: .*; a number of ns per line"),
        ("# none\n", r"trace: none of these"),
        ("5\nsoon\n", r"trace:2: expected a number of ns up to 10\^15, not 'soon'"),
        ("5\n-5\n", r"trace:2: expected a number of ns up to 10\^15, not '-5'"),
        (f"{2**63}\n", r"trace:1: expected a number of ns up to"),
        ("x_aio_adjust ctx 0x5 block_ns 4\n", r"trace:1: expected the arguments"),
        (LOG + LOG.replace("ctx 0x5", "ctx 0x6"), r"trace:6: a second iothread"),
        (b"qmp-lab1", r"trace: it is cut off within its head, or is no file of a disk"),
        (HEAD + bytes(8) + b"\2" + bytes(7), r"trace: it has the form 2, of a later version"),
        (HEAD + bytes(8) + b"\1" + bytes(7), r"form 1, which is of one handler, and 0 handlers"),
        (HEAD + b"\1" + bytes(7) + b"\1" + bytes(7), r"1 steps take another size than its 32"),
        (HEAD + bytes(16), r"trace: 1 steps take another size than its 32 bytes"),
        (HEAD + bytes(32), r"trace: handlers must be from 1 to 64, not 0"),
    ],
)
def test_what_is_none_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Trace.load(written(tmp_path, content))


def test_more_handlers_than_bits_are_refused(tmp_path: Path) -> None:
    line = LOG.splitlines()[3]
    lines = [line.replace("node 0x12", f"node {0x100 + n:#x}") for n in range(65)]
    with pytest.raises(ValueError, match="trace:65: more than 64 handlers"):
        Trace.load(written(tmp_path, "\n".join(lines)))


def test_parts_must_fit_each_other() -> None:
    with pytest.raises(ValueError, match="as many intervals as words of events"):
        Trace([1, 2], [1])
