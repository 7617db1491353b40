"""An iothread's parameters, read and set by its monitor: ours, and those of older servers."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.lab import Params, cli, monitors, recording
from qmp_iothreadd.lab.commands import tune as commands_tune
from qmp_iothreadd.lab.monitor import Monitor
from qmp_iothreadd.lab.traces import Trace
from qmp_iothreadd.testing import DaemonProcess
from tests.lab.test_cli import lab

IOTHREAD = ("-object", "iothread,id=io0,poll-max-ns=30000")
FEW = ("--requests", "4000", "--max-ns", "0,8192", "--grow", "2", "--shrink", "2", "--weight", "3")


@pytest.fixture(scope="module")
def daemon() -> Iterator[DaemonProcess]:
    with DaemonProcess(*IOTHREAD) as found:
        yield found


def restore(daemon: DaemonProcess) -> None:
    monitors.apply(daemon.path, Params(max_ns=30_000))


@pytest.mark.keeps_resources("the daemon is the module's")
def test_what_is_set_is_in_force(daemon: DaemonProcess) -> None:
    wanted = Params(9000, 3, 4, 5)
    before = monitors.apply(daemon.path, wanted)
    assert before == monitors.InForce("io0", Params(max_ns=30_000), policy_is_fixed=False)
    assert monitors.in_force(daemon.path, "io0").params == wanted
    legacy = Params(7000, 3, 4, policy="legacy")
    monitors.apply(daemon.path, legacy, "io0")
    assert monitors.in_force(daemon.path).params == Params(7000, 3, 4, 5, "legacy")
    restore(daemon)


@pytest.mark.keeps_resources("the daemon is the module's")
def test_what_is_refused_is_set_back(daemon: DaemonProcess) -> None:
    with pytest.raises(ValueError, match="io0 has poll-grow=2 in force when it is set to 0"):
        monitors.apply(daemon.path, Params(9000, grow=0))
    with pytest.raises(ValueError, match=r"the monitor refuses: .*'clairvoyant'"):
        monitors.apply(daemon.path, Params(9000, policy="clairvoyant"))
    assert monitors.in_force(daemon.path).params == Params(max_ns=30_000)
    with pytest.raises(ValueError, match="no iothread 'io9': choose with --iothread of io0"):
        monitors.in_force(daemon.path, "io9")


@pytest.mark.keeps_resources("the daemon is the module's")
def test_a_recommendation_is_set(
    daemon: DaemonProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("tune", *FEW, "--preset", "lognormal", "--apply", daemon.path)
    said = lab(capsys, *words)
    assert "instead of:  max-ns=30000,grow=2,shrink=2,weight=3" in said
    assert said.endswith("io0: set, from max-ns=30000,grow=2,shrink=2,weight=3\n")
    assert monitors.in_force(daemon.path).params.max_ns in (0, 8192)
    restore(daemon)
    assert cli.main([*words, "--policy", "weighted,v1"]) == 1
    assert "an iothread's policy is one of weighted, legacy, not 'v1'" in capsys.readouterr().err
    assert json.loads(lab(capsys, *words, "--json", "-"))["baseline"]["max_ns"] == 30_000
    restore(daemon)


@pytest.mark.keeps_resources("the daemon is the module's")
def test_a_live_iothread_is_recorded(
    daemon: DaemonProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def record(*arguments: object) -> Trace:
        assert arguments == (daemon.path, "io0", 0.5)
        return Trace([5000, 90_000], [1, 1])

    monkeypatch.setattr(recording, "record", record)
    live = ("tune", *FEW, "--monitor", daemon.path, "--seconds", "0.5")
    said = lab(capsys, *live, "--queues", "3", "--json", str(tmp_path / "found.json"))
    found = json.loads((tmp_path / "found.json").read_text())["results"][0]
    assert [each["name"] for each in found["handlers"]] == ["queue0", "queue1", "queue2"]
    assert "now" in said
    assert "warning: the trace has fewer than 1000" in said
    assert cli.main([*live, "--preset", "constant"]) == 1
    assert "--monitor and --preset exclude each other" in capsys.readouterr().err
    assert cli.main([*live, "--interval-ns", "5"]) == 1
    assert "--interval-ns is for --arrival, not for --monitor" in capsys.readouterr().err
    served_by = json.loads(lab(capsys, *live, "--device", "nvme", "--json", "-"))["results"][0]
    assert [each["name"] for each in served_by["handlers"]] == ["queue0", "device"]


def test_there_have_to_be_an_iothread_and_a_choice() -> None:
    with DaemonProcess() as daemon:
        with pytest.raises(ValueError, match="the server has no iothread: start it with -object"):
            monitors.in_force(daemon.path)
        with daemon.client() as client:
            for id in ("a", "b"):
                client.execute("object-add", {"qom-type": "iothread", "id": id})
        with pytest.raises(ValueError, match="several iothreads: choose with --iothread of b, a"):
            monitors.in_force(daemon.path)
        assert monitors.in_force(daemon.path, "b").params == Params()


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nothing: No such file or directory: a QMP monitor's\?"):
        monitors.in_force(str(tmp_path / "nothing"))


# -- Servers of other kinds ----------------------------------------------------------------------

INFO = {"id": "io0", "thread-id": 1, "poll-max-ns": 32768, "poll-grow": 2, "poll-shrink": 2}


@contextmanager
def served(answer: Callable[[str, dict[str, Any]], dict[str, Any] | None] | None) -> Iterator[str]:
    """A server for one client at a time, on TCP; None hangs up: at once, or instead of a reply."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as file:
                if answer is None:
                    continue
                file.write(b'{"QMP": {}}\r\n')
                file.flush()
                # A message without an end of line: each is one recv's.
                while data := client.recv(1 << 16):
                    request = json.loads(data)
                    reply = answer(request["execute"], request.get("arguments") or {})
                    if reply is None:
                        break
                    file.write(json.dumps(reply).encode() + b"\r\n")
                    file.flush()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


class Older:
    """QEMU's answers, by what an iothread has."""

    def __init__(self, **more: int) -> None:
        self.info = {**INFO, **more}
        self.set: list[str] = []

    def __call__(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if command == "query-iothreads":
            return {"return": [self.info]}
        if command == "qom-get":
            return {"error": {"class": "GenericError", "desc": "no such property"}}
        if command == "qom-set":
            assert arguments["path"] == "/objects/io0"
            self.set.append(arguments["property"])
            self.info[arguments["property"]] = arguments["value"]
        return {"return": {}}


def test_before_11_1_there_is_no_weight_to_set() -> None:
    older = Older()
    with served(older) as address:
        before = monitors.apply(address, Params(4096, 4, 0, policy="legacy"))
        assert before.policy_is_fixed
        assert older.set == ["poll-max-ns", "poll-grow", "poll-shrink"]
        assert older.info["poll-shrink"] == 0
        with pytest.raises(ValueError, match=r"by the policy legacy, .*--policy legacy"):
            monitors.apply(address, Params())


def test_since_11_1_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    newer = Older(**{"poll-weight": 3})
    with served(newer) as address:
        monitors.apply(address, Params(weight=5))
        assert newer.info["poll-weight"] == 5
        assert cli.main(["tune", *FEW, "--policy", "legacy", "--apply", address]) == 1
    assert "io0 decides by the policy weighted" in capsys.readouterr().err


def test_a_monitor_that_hangs_up_is_said() -> None:
    with served(None) as address, pytest.raises(ValueError, match="it may serve another client"):
        monitors.in_force(address)


def test_a_server_that_goes_is_said() -> None:
    def answer(command: str, _: dict[str, Any]) -> dict[str, Any] | None:
        return {"return": {}} if command == "qmp_capabilities" else None

    with served(answer) as address, pytest.raises(ValueError, match=f"{address}: the server has"):
        monitors.apply(address, Params())


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", r"no QMP monitor: Expecting value"),
        (b"\xff\xfe\r\n", "no QMP monitor: .*ascii"),
        (b'{"return": {}}\r\n', "no QMP monitor: it does not greet as one"),
        (b'{"QMP": {}}\r\n{}\r\n', "no QMP monitor: what it says is no reply"),
        (b'{"QMP": {}}\r\n', "the server has gone"),
        (b'{"QMP": {}}\r\n{"error": {"desc": "no"}}\r\n', "the monitor refuses: no"),
    ],
)
def test_what_is_no_monitor_is_said(said: bytes, message: str) -> None:
    own, others = socket.socketpair()
    with others, Monitor(own, "there", 5) as monitor:
        others.sendall(said)
        others.shutdown(socket.SHUT_WR)
        with pytest.raises(ValueError, match=message):
            _ = monitor.take_greeting(), monitor.returned("qmp_capabilities")


def test_a_monitor_that_is_silent_or_closed_is_said() -> None:
    own, others = socket.socketpair()
    with Monitor(own, "there", 0.01) as monitor:
        with pytest.raises(ValueError, match=r"there: no answer in 0\.01 s: a monitor serves one"):
            monitor.take_greeting()
        others.close()
        with pytest.raises(ValueError, match="there: the server has gone"):
            monitor.returned("quit")


@pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="no QEMU here")
def test_a_real_qemu_takes_them() -> None:
    command = ["qemu-system-x86_64", "-machine", "none", "-display", "none"]
    with DaemonProcess(*IOTHREAD, command=command, wait_ready=False) as qemu:
        qemu.client().close()  # it listens
        found = monitors.in_force(qemu.path)
        wanted = Params(9000, 3, 4, found.params.weight, found.params.policy)
        monitors.apply(qemu.path, wanted)
        assert monitors.in_force(qemu.path).params == wanted


def test_what_is_tried_follows_the_policy() -> None:
    assert commands_tune._default("legacy").shrink == 0
    assert commands_tune._default("weighted") == Params()
