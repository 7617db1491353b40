"""Other tools' logs become traces. The texts are made by hand, as those tools' manuals say."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.lab import Trace, cli, importing
from qmp_iothreadd.lab.importers import reading, timed
from qmp_iothreadd.lab.importers.reading import Choice

QEMU_LOG = """\
qemu-system-x86_64: warning: host doesn't support requested feature
4242@1764324000.000010:virtio_blk_handle_read vdev 0x1 req 0x2 sector 8 nsectors 8
4242@1764324000.000012:poll_grow ctx 0x5 old 0 new 4000
4242@1764324000.000052:virtio_blk_handle_write vdev 0x1 req 0x3 sector 8 nsectors 8
4242@1764324000.000060:virtio_blk_req_complete vdev 0x1 req 0x2 status 0
4242@1764324001.000000:virtio_blk_handle_read vdev 0x1 req 0x2 sector 8 nsectors 8
"""
DATED_LOG = """\
2026-11-28T10:00:00.000010Z virtio_blk_handle_read vdev 0x1 req 0x2 sector 8 nsectors 8
2026-11-28T10:00:01Z virtio_blk_handle_read vdev 0x1 req 0x2 sector 8 nsectors 8
"""
PERF = """\
    IO iothread0  4243 [001]  1234.000001000: io_uring:io_uring_submit_req: ring 0xff, req 0x1
           ffffffff8123 io_submit_sqe+0x1 ([kernel.kallsyms])

    IO iothread0  4243 [001]  1234.000006500: io_uring:io_uring_submit_req: ring 0xff, req 0x2
    IO iothread0  4243 [001]  1234.000014500:    io_uring:io_uring_complete: ring 0xff, req 0x2
"""
SHORT_PERF = """\
qemu 4242/4243 1234.000001: 1 probe_qemu:aio_poll: (55d2)
qemu 4242/4243 1234.000009: 1 probe_qemu:aio_poll: (55d2)
"""
BPFTRACE = """\
Attaching 2 probes...
1000000 4243 tracepoint:io_uring:io_uring_submit_req
1003000 4243 tracepoint:io_uring:io_uring_complete
1008000 4243 tracepoint:io_uring:io_uring_submit_req

@count: 3
"""
FIO = """\
1, 8123, 0, 4096, 0, 0x0000, 5000000
1, 9077, 1, 4096, 8192, 0x0000, 5009000
2, 80211, 0, 4096, 4096, 0x0000, 5002500
"""
OLD_FIO = "5731, 571, 1, 4096\n5814, 577, 1, 4096\n"


def imported(
    folder: Path, text: str, choice: Choice | None = None, format: str | None = None
) -> tuple[str, list[int], list[int], int]:
    source, target = folder / "source", folder / "target"
    source.write_text(text)
    found = importing.import_trace(source, target, format, choice)
    trace = Trace.load(target)
    assert (found.steps, found.handlers) == (len(trace), trace.handlers)
    intervals = memoryview(trace.intervals).tolist()
    return found.format, intervals, memoryview(trace.events).tolist(), trace.handlers


@pytest.mark.parametrize(
    ("text", "format", "intervals"),
    [
        (QEMU_LOG, "qemu-log", [42_000, 999_948_000]),
        (DATED_LOG, "qemu-log", [999_990_000]),
        (PERF, "perf-script", [5500, 8000]),
        (SHORT_PERF, "perf-script", [8000]),
        (BPFTRACE, "bpftrace", [3000, 5000]),
        ("Attached 1 probe\n100\n250\n", "bpftrace", [150]),
        (FIO, "fio-log", [8123, 9077, 80211]),
        (OLD_FIO, "fio-log", [571, 577]),
        ("\n7 # first\n8", "plain", [7, 8]),
    ],
    ids=["qemu", "dated", "perf", "short-perf", "bpftrace", "times", "fio", "old-fio", "plain"],
)
def test_formats_are_known_by_their_looks(
    tmp_path: Path, text: str, format: str, intervals: list[int]
) -> None:
    assert imported(tmp_path, text) == (format, intervals, [1] * len(intervals), 1)
    assert imported(tmp_path, text, format=format)[0] == format
    loaded = Trace.load(tmp_path / "source")
    assert memoryview(loaded.intervals).tolist() == intervals
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["source", "target"]


@pytest.mark.parametrize(
    ("text", "events", "intervals", "words"),
    [
        (PERF, (("io_uring_complete",), ("io_uring:io_uring_submit_req",)), [5500, 8000], [2, 1]),
        (BPFTRACE, (("io_uring_submit_req",),), [8000], [1]),
        (QEMU_LOG, (("virtio_blk_req_complete", "poll_grow"),), [48_000], [1]),
        (FIO, (("write",), ("read", "trim")), [8123, 9077, 80211], [2, 1, 2]),
        (FIO, (("read",),), [8123, 80211], [1, 1]),
    ],
)
def test_each_choice_of_events_is_a_handler(
    tmp_path: Path,
    text: str,
    events: tuple[tuple[str, ...], ...],
    intervals: list[int],
    words: list[int],
) -> None:
    found = imported(tmp_path, text, Choice(events))
    assert found[1:] == (intervals, words, len(events))


def test_fios_times_of_issue_are_put_in_order(tmp_path: Path) -> None:
    assert imported(tmp_path, FIO, Choice(take="issue"))[1] == [2500, 6500]


def test_one_thread_of_several_is_chosen(tmp_path: Path) -> None:
    text = BPFTRACE.replace("1003000 4243", "1003000 4299")
    with pytest.raises(ValueError, match="threads 4243 and 4299: choose one with --thread"):
        imported(tmp_path, text)
    assert imported(tmp_path, text, Choice(thread=4243))[1] == [8000]


def test_far_from_their_order_times_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed, "REORDER", 2)
    assert imported(tmp_path, "20\n10\n40\n30\n", format="bpftrace")[1] == [10, 10, 10]
    with pytest.raises(ValueError, match=r"times go back by 20 ns, over more than 2 events"):
        imported(tmp_path, "30\n40\n50\n10\n", format="bpftrace")


@pytest.mark.parametrize(
    ("text", "choice", "format", "message"),
    [
        (PERF, Choice((("nope",),)), None, "events nope: choose with --event of io_uring:io_uring"),
        ("1000 1 a:b\n", Choice(), None, "source: fewer than two events$"),
        ("\n".join(f"{n} 1 e:{n}" for n in range(9)), Choice((("x",),)), None, "e:6, e:7, …"),
        (BPFTRACE + "Lost 17 events\n", Choice(), None, "source:7: bpftrace says 'Lost 17 events'"),
        (OLD_FIO, Choice(take="issue"), None, "let fio run with log_issue_time=1"),
        (OLD_FIO + "more\n", Choice(), None, "source:3: expected a line of a latency log, not 'm"),
        (PERF, Choice(), "adjust-log", "no intervals in it, read as adjust-log: is it another"),
        (QEMU_LOG, Choice(((),) * 65), None, "handlers must be from 1 to 64, not 65"),
        (
            "0\n" + "9" * 19 + "\n",
            Choice(),
            "bpftrace",
            "an interval is from 0 to 2.63 - 1 ns, not",
        ),
        ("", Choice(), None, "source: none of these: what x-record"),
        ("5\n", Choice(thread=7), None, "source: thread cannot be chosen of the format plain: lea"),
        (FIO, Choice(thread=7), None, "thread cannot be chosen of the format fio-log"),
        (PERF, Choice(take="issue"), None, "take cannot be chosen of the format perf-script"),
    ],
)
def test_what_is_none_is_said(
    tmp_path: Path, text: str, choice: Choice, format: str | None, message: str
) -> None:
    (tmp_path / "target").write_text("before")
    with pytest.raises(ValueError, match=message):
        imported(tmp_path, text, choice, format)
    assert (tmp_path / "target").read_text() == "before"


def test_lines_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 8)
    assert imported(tmp_path, "100\n200\n300\n400")[1] == [100, 200, 300, 400]
    with pytest.raises(ValueError, match="a line is longer than 8 bytes"):
        imported(tmp_path, "100\n2" + " " * 30 + "\n", format="plain")


def test_many_steps_go_on_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_TOGETHER", 2)
    assert imported(tmp_path, FIO)[1] == [8123, 9077, 80211]


def test_the_command_reads_standard_input_and_warns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text(QEMU_LOG)
    arguments = [str(source), str(target), "--event", "virtio_blk_handle_read,poll_grow"]
    assert cli.main(["import", *arguments, "--event", "virtio_blk_req_complete"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{target}: 3 steps of 2 handlers, from qemu-log\n"
    assert err.startswith("iothread-lab: warning: a line of QEMU's log takes 2 to 3 µs")


def test_a_source_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, link = tmp_path / "source", tmp_path / "link"
    source.write_text("5\n7\n")
    link.symlink_to(source)
    assert cli.main(["import", str(source), str(link)]) == 1
    assert f"{link} would be written over: choose another name" in capsys.readouterr().err
    assert source.read_text() == "5\n7\n"
