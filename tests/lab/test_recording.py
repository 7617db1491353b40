"""Traces of what runs: a daemon's iothread, a process of this host."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from qmp_iothreadd.iothread.recording import MAGIC, Recording
from qmp_iothreadd.lab import Params, Trace, cli, importing, monitors, recording, replay
from qmp_iothreadd.lab.commands import record as commands_record
from qmp_iothreadd.testing import DaemonProcess
from qmp_iothreadd.testing.client import Client
from tests.lab.test_monitors import served
from tests.waiting import wait_until

LOAD = ("-object", "x-workload,id=w0,iothread=io0,interval-ns=100000")


def test_a_daemons_iothread_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    idle = ("-object", "iothread,id=io0", *LOAD, "-object", "iothread,id=idle")
    with DaemonProcess(*idle) as daemon:
        address, target = str(daemon.path), tmp_path / "run.lab"
        words = ["record", "--qmp", address, "--seconds", "0.2", str(target), "--iothread"]
        assert cli.main([*words, "io0"]) == 0
        assert "handlers, from binary-trace" in capsys.readouterr().out
        trace = Trace.load(target)
        assert len(trace) > 10
        [found] = replay(trace.intervals, trace.events, Params(), handlers=trace.handlers)
        assert found.decisions == len(trace)
        for iothread, message in (("idle", "idle decided nothing in 0.2 s"), ("no", '"no" object')):
            assert cli.main([*words, iothread]) == 1
            assert message in capsys.readouterr().err
        assert len(recording.record(address, "io0", 0.1)) > 5
        with Client.connect(address) as client:
            client.negotiate()
            assert client.execute("trace-event-get-state", {"name": "x_aio_adjust"}) == [
                {"name": "x_aio_adjust", "state": "disabled"}
            ]


def test_lost_decisions_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importing.Imported(7, 1, "binary-trace", "")
    monkeypatch.setattr(recording, "record_to", lambda *_: (found, 3))
    assert cli.main(["record", "--qmp", "a", "--iothread", "b", "c"]) == 0
    assert "3 decisions were lost" in capsys.readouterr().out


def test_a_monitor_that_serves_another_client_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(None) as address:
        assert cli.main(["record", "--qmp", address, "--iothread", "a", str(tmp_path / "x")]) == 1
    assert "the monitor hung up: it may serve another client" in capsys.readouterr().err


def test_a_server_without_recordings_is_told_apart() -> None:
    with (
        DaemonProcess() as daemon,
        monitors.connected(str(daemon.path)) as monitor,
        pytest.raises(ValueError, match="the server has no x-nope: of a QEMU process"),
    ):
        recording._ask(monitor, "x-nope", {})


def test_a_recording_that_is_interrupted_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "run.lab"
    with DaemonProcess("-object", "iothread,id=io0", *LOAD) as daemon:
        monkeypatch.setattr(commands_record, "time", SimpleNamespace(sleep=interrupt))
        words = ["record", "--qmp", str(daemon.path), "--iothread", "io0", "--seconds", "3600"]
        wait_until(lambda: cli.main([*words, str(target)]) == 0)  # something was decided
    assert len(Trace.load(target)) > 0


def test_a_server_that_goes_ends_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with DaemonProcess("-object", "iothread,id=io0", *LOAD) as daemon:
        gone = SimpleNamespace(sleep=lambda _: daemon.stop())
        monkeypatch.setattr(commands_record, "time", gone)
        words = ["record", "--qmp", str(daemon.path), "--iothread", "io0"]
        assert cli.main([*words, str(tmp_path / "run.lab")]) == 1
        assert f"{daemon.path}: the server has gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--qmp", "/nonexistent", "--iothread", "a"],
            "/nonexistent: No such file or directory: a QMP",
        ),
        (["--qmp", "127.0.0.1:99999", "--iothread", "a"], ":99999: no port 99999"),
        (["--qmp", "127.0.0.1:1", "--iothread", "a"], "Connection refused"),
        (["--qmp", "a", "--iothread", "a", "-"], "no text for standard output: name a file"),
        (["--qmp", "/nonexistent"], "--iothread is needed with --qmp"),
        (["--qmp", "/nonexistent", "--run"], "--thread and --run are for --pid"),
        (["--qmp", "a", "--iothread", "a", "--seconds", "0"], "seconds must be from 0 to 86400"),
        (
            ["--pid", "1", "--thread", "7", "--seconds", "inf"],
            "seconds must be from 0 to 86400, not",
        ),
        (["--pid", "999999999"], "there is no process 999999999 here"),
        (["--pid", "1", "--iothread", "no"], "no iothread no: process 1 has none whose thread"),
    ],
)
def test_what_cannot_be_recorded_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    target = [] if words[-1] == "-" else [str(tmp_path / "target")]
    assert cli.main(["record", *words, *target]) == 1
    assert message in capsys.readouterr().err


def test_a_hosts_process_is_recorded_by_a_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "run.lab"
    with DaemonProcess("-object", "iothread,id=io0", "-object", "iothread,id=io1") as daemon:
        wait_until(lambda: len(recording.iothreads_of(daemon.pid)) == 2)
        words = ["record", "--pid", str(daemon.pid), str(target)]
        thread = recording.iothreads_of(daemon.pid)["io1"]
        assert cli.main(words) == 1
        assert "--iothread is needed: process" in capsys.readouterr().err
        for tool in recording.TOOLS:
            assert cli.main([*words, "--iothread", "io1", "--tool", tool]) == 0
            said = shlex.split(capsys.readouterr().out)
            assert said[0] == tool
            assert said[-5:-1] == ["import", "--format", recording.FORMATS[tool], "-"]
            assert str(thread) in " ".join(said)
    python = shlex.quote(sys.executable)
    printing = f"{python} -c 'print(1000, 7); print(1800, 7)'"
    monkeypatch.setitem(recording.TOOLS, "bpftrace", lambda thread, seconds: printing)
    words = ["record", "--pid", "1", "--thread", "7", "--run", str(target)]
    assert cli.main(words) == 0
    assert memoryview(Trace.load(target).intervals).tolist() == [800]
    monkeypatch.setitem(recording.TOOLS, "bpftrace", lambda *_: "echo not root >&2; exit 3")
    assert cli.main(words) == 1
    assert "bpftrace ended with status 3: not root" in capsys.readouterr().err


def test_the_only_iothread_need_not_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "iothreads_of", lambda pid: {"a": 5})
    assert recording.thread_of(1, None) == recording.thread_of(1, "a") == 5


def recorded(folder: Path, *records: list[int], size: int | None = None) -> Path:
    """A file with records of x_aio_adjust: block_ns, then node and event of each handler."""
    path = folder / "raw"
    made = Recording(str(path))
    for block_ns, *handlers in records:
        pairs = zip(handlers[::2], handlers[1::2], strict=True)
        words = [0, block_ns, *[0] * 8, *(n for node, e in pairs for n in (node, 4, e, 0, 0))]
        words.insert(0, 6 | (len(words) + 1) << 16)
        made.write(b"".join(word.to_bytes(8, "little") for word in words), 1)
    made.close()
    if size is not None:
        path.write_bytes(path.read_bytes()[:size])
    return path


def test_records_are_iterations(tmp_path: Path) -> None:
    trace = Trace.load(recorded(tmp_path, [500, 17, 1], [700, 18, 0, 17, 0], [900, 18, 1, 17, 1]))
    assert memoryview(trace.intervals).tolist() == [500, 700, 900]
    assert memoryview(trace.events).tolist() == [1, 0, 3]
    assert trace.handlers == 2


# A head with an object where a list of names is wanted.
TABLES = (
    b'{"byteorder": "little", "events": {"x_aio_adjust": 6}, "x_aio_adjust": ["block_ns"],'
    b' "handler": ["node", "event"]}'
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw[:12], "its head is cut off"),
        (lambda raw: raw[:-8], "raw: its last record is cut off"),
        (lambda raw: raw[:-4], "raw: its last record is cut off"),
        (lambda raw: raw + bytes(8), "a record without a length: the file is damaged"),
        (
            lambda raw: raw.replace(b"\x06\0\x10" + bytes(5), b"\x06\0\x10" + bytes(4) + b"\1"),
            "a record of 1099511627792 words: the file is damaged",
        ),
        (lambda raw: raw.replace(b"\x06\0\x10", b"\x06\0\x0f"), "has other words than the head"),
        (lambda raw: raw[:-128] + b"\x06\0\x0a\0\0\0\0\0" + bytes(72), "has other words than the"),
        (lambda raw: raw.replace(b"little", b"bigger"), "its head does not say"),
        (
            lambda raw: MAGIC + len(TABLES).to_bytes(8, "little") + TABLES,
            "its head does not say",
        ),
        (lambda raw: MAGIC + bytes([2]) + bytes(7) + b"[]", "its head does not say"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, change: object, message: str) -> None:
    path = recorded(tmp_path, [500, 17, 1])
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ValueError, match=message):
        Trace.load(path)
