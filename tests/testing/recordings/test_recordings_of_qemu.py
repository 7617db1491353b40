"""Recordings of QEMU 11.1 as regression tests of the daemon, and a QEMU that is here, recorded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from qemu.qmp import ExecuteError, QMPClient

from qmp_iothreadd.testing import DaemonProcess, Server
from qmp_iothreadd.testing.recordings import (
    Recording,
    ask,
    differences,
    differences_of_daemon,
    read_recording,
)
from qmp_iothreadd.testing.recordings.addresses import Address
from qmp_iothreadd.testing.recordings.asking import connector
from qmp_iothreadd.testing.recordings.messages import Message
from qmp_iothreadd.testing.recordings.recorder import ConnectionRecorder
from tests.recordings import Scenario, recording_path, scenarios
from tests.testing.recordings.conftest import RunningTap

EMULATOR = shutil.which("qemu-system-x86_64")


def recording_of(scenario: Scenario) -> Recording:
    """A scenario of the corpus as qmp-tap would have recorded it."""
    made = Recording(of=f"QEMU 11.1.3: {scenario['name']}")
    recorder = ConnectionRecorder(1, made.entries.append)
    recorder.answer(Message(scenario["greeting"][0]), 0)
    recorder.request(Message({"execute": "qmp_capabilities"}), 0)
    recorder.answer(Message({"return": {}}), 0)
    for time, step in enumerate(scenario["steps"], 1):
        recorder.of_client.feed(step["send"].encode())
        while recorder.of_client.pending:
            message = recorder.of_client.take()
            if message is not None:
                recorder.request(message, time)
        for expected in step["expect"]:
            if expected != "EOF":
                recorder.answer(Message(expected), time)
    recorder.closed("client", len(scenario["steps"]) + 1)
    return made


def test_a_recording_is_a_regression_test_in_one_line() -> None:
    assert differences_of_daemon(recording_path("recordings/iothread-weights-11.1.jsonl")) == []


def test_the_recording_is_that_of_the_corpus() -> None:
    (scenario,) = (each for each in scenarios() if each["name"] == "object/weights")
    found = read_recording(recording_path("recordings/iothread-weights-11.1.jsonl"))
    assert found == recording_of(scenario)


SESSIONS = [each for each in scenarios() if each["category"] == "session" and "args" not in each]


@pytest.mark.parametrize("scenario", SESSIONS, ids=lambda each: each["name"])
def test_a_server_answers_as_recorded(scenario: Scenario) -> None:
    recording = recording_of(scenario)
    with Server(allow_left_open=True) as server:
        answers = ask(recording, connector(Address(server.path)))
    assert [str(each) for each in differences(recording, answers)] == []


@pytest.mark.skipif(EMULATOR is None, reason="qemu-system-x86_64 is not installed")
async def test_a_real_qemu_is_recorded_below_qemus_own_client(tmp_path: Path) -> None:
    path = str(tmp_path / "tap")
    with DaemonProcess(
        "-M", "none", "-display", "none", command=[str(EMULATOR)], wait_ready=False
    ) as qemu:
        qemu.client().close()  # which waits until it listens
        tap = RunningTap(Address(qemu.path), Address(path))
        with tap.running():
            client = QMPClient("test")
            await client.connect(path)
            await client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
            await client.execute("stop")
            await client.execute("query-qmp-schema")
            with pytest.raises(ExecuteError, match="nope has not been found"):
                await client.execute("nope")
            await client.disconnect()
    assert tap.lines() == [
        *("greeting", "qmp_capabilities", "object-add", "event", "stop", "query-qmp-schema"),
        *("nope", "client"),
    ]
    assert all(
        message.raw is None for entry in tap.recording.entries for _, message in entry.messages()
    )
