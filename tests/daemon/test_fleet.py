"""--fleet: many machines in one process, of which each is like one alone."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import resource
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.daemon import capacity
from qmp_iothreadd.daemon.fleet_events import FleetEvent, FleetEvents
from qmp_iothreadd.daemon.fleet_names import uuid_after, uuid_of
from qmp_iothreadd.machine.machine import NIL_UUID
from qmp_iothreadd.testing import DaemonProcess
from tests.waiting import wait_until, wait_until_async

LOAD = ("-object", "x-workload,id=w,iothread=io0,interval-ns=100000")
OBJECTS = ("-object", "iothread,id=io0", "-object", "iothread,id=io1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "fleet"


def start(in_process: Any, folder: Path, count: int, *arguments: str) -> None:
    size = ("--fleet", str(count), "--socket-dir", str(folder))
    in_process.start("-nodefaults", *size, *arguments)


async def test_each_machine_is_its_own(in_process: Any, folder: Path) -> None:
    start(in_process, folder, 3, *OBJECTS, "-name", "web")
    found = [
        await in_process.execute(
            str(folder / f"{number}.sock"), "query-name", "query-uuid", "query-iothreads"
        )
        for number in (2, 1, 0)
    ]
    assert [name["name"] for name, _, _ in found] == ["web-2", "web-1", "web-0"]
    assert len({uuid["UUID"] for _, uuid, _ in found}) == 3
    threads = [each["thread-id"] for _, _, iothreads in found for each in iothreads]
    assert len({*threads}) == 6
    await in_process.execute(str(folder / "1.sock"), "stop")
    states = [
        await in_process.execute(str(folder / f"{number}.sock"), "query-status")
        for number in range(3)
    ]
    assert [state["running"] for [state] in states] == [True, False, True]
    in_process.signal()
    assert await in_process.ended() == 0
    assert not folder.exists()


async def test_one_that_is_told_to_quit_ends_alone(in_process: Any, folder: Path) -> None:
    start(in_process, folder, 2, *OBJECTS)
    path = [str(folder / f"{number}.sock") for number in range(2)]
    before = capacity.Usage.now().threads
    await in_process.execute(path[1], "query-status")
    assert await in_process.execute(path[0], "quit") == [{}]
    await wait_until_async(lambda: not os.path.exists(path[0]))
    await wait_until_async(lambda: capacity.Usage.now().threads == before + 2)
    [iothreads] = await in_process.execute(path[1], "query-iothreads")
    assert len(iothreads) == 2
    assert await in_process.execute(path[1], "quit") == [{}]
    assert await in_process.ended() == 0
    assert not folder.exists()


async def test_a_signal_ends_all_and_each_says_so(in_process: Any, folder: Path) -> None:
    folder.mkdir()
    start(in_process, folder, 3)
    clients = []
    for number in range(3):
        reader, writer = await in_process.connect(str(folder / f"{number}.sock"))
        writer.write(b'{"execute": "qmp_capabilities"}')
        await reader.readline()
        await reader.readline()
        clients.append((reader, writer))
    in_process.signal()
    for reader, writer in clients:
        event = json.loads(await reader.readline())
        assert event["data"] == {"guest": False, "reason": "host-signal"}
        assert await reader.read() == b""
        writer.close()
    assert await in_process.ended() == 0
    assert list(folder.iterdir()) == []  # it was there before


async def test_a_signal_while_machines_are_made(in_process: Any, folder: Path) -> None:
    start(in_process, folder, 400)  # as many as a usual limit of descriptors, 1024, has room for
    await in_process.connect(str(folder / "0.sock"))
    in_process.signal()
    assert await in_process.ended() == 0
    assert not folder.exists()


async def test_the_exit_status_is_the_worst(in_process: Any, folder: Path) -> None:
    start(in_process, folder, 2, "-action", "panic=exit-failure", "--guest", "present")
    path = [str(folder / f"{number}.sock") for number in range(2)]
    await in_process.execute(path[1], "query-status")
    _, writer = await in_process.connect(path[0])
    writer.write(
        b'{"execute": "qmp_capabilities"}{"execute": "x-guest-act", "arguments": {"act": "panic"}}'
    )
    await wait_until_async(lambda: not os.path.exists(path[0]))
    writer.close()
    await in_process.execute(path[1], "quit")
    assert await in_process.ended() == 1


async def test_each_machine_is_scripted_by_its_own_control_monitor(
    in_process: Any, folder: Path, tmp_path: Path
) -> None:
    responses = tmp_path / "responses"
    responses.write_text('{"command": "query-all", "value": 1}\n')
    control = f"unix:{tmp_path}/{{n}}.control"
    start(in_process, folder, 2, "--respond", str(responses), "--control", control)
    reader, writer = await in_process.connect(str(tmp_path / "1.control"))
    scripted = {"command": "query-one", "value": 2}
    for request in (
        {"execute": "qmp_capabilities"},
        {"execute": "x-respond", "arguments": scripted},
    ):
        await reader.readline()
        writer.write(json.dumps(request).encode())
    assert json.loads(await reader.readline()) == {"return": {}}
    writer.close()
    path = [str(folder / f"{number}.sock") for number in range(2)]
    assert await in_process.execute(path[0], "query-all") == [1]
    assert await in_process.execute(path[1], "query-all", "query-one") == [1, 2]
    [found] = await in_process.execute(path[0], "query-commands")
    assert {"name": "query-one"} not in found
    in_process.signal()
    assert await in_process.ended() == 0


# -- What cannot be had ----------------------------------------------------------------------------


async def refused(in_process: Any, folder: Path, count: int, *arguments: str) -> str:
    size = ("--fleet", str(count), "--socket-dir", str(folder))
    text: str = await in_process.refused("-nodefaults", *size, *arguments)
    return text


async def test_a_folder_that_cannot_be(in_process: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, number in (
        (tmp_path / "a" / "b", errno.ENOENT),
        (tmp_path / "file", errno.ENOTDIR),
    ):
        assert await refused(in_process, folder, 2) == (
            f"prog: cannot use the folder '{folder}' for sockets: {os.strerror(number)}\n"
        )


async def test_a_socket_that_is_in_use_is_not_taken(in_process: Any, folder: Path) -> None:
    start(in_process, folder, 1)
    await in_process.execute(str(folder / "0.sock"), "query-status")
    (folder / "1.sock").touch()
    assert await refused(in_process, folder, 2) == (
        f"prog: Failed to bind socket to {folder}/0.sock: Address already in use\n"
    )
    await in_process.execute(str(folder / "0.sock"), "query-status")
    (folder / "1.sock").unlink()


async def test_the_third_machine_fails_and_all_are_given_back(
    in_process: Any, folder: Path
) -> None:
    before = capacity.Usage.now()
    text = await refused(
        in_process, folder, 3, "-object", "iothread,id=io,thread-pool-min={n},thread-pool-max=1"
    )
    assert "bad thread-pool-min/thread-pool-max values" in text
    assert not folder.exists()
    assert capacity.Usage.now() == before


async def test_more_than_fit(in_process: Any, folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        text = await refused(in_process, folder, 200, *OBJECTS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    first, second = text.splitlines()
    assert first.startswith("prog: 200 machines do not fit: they need ")
    assert first.endswith(" file descriptors, and the limit is 256")
    assert second.startswith("At most ")
    assert "LimitNOFILE=" in second
    assert not folder.exists()


# -- Events ----------------------------------------------------------------------------------------


class Sender:
    """A machine as far as events need one."""

    def __init__(self, number: int, sent: list[int]) -> None:
        self._number = number
        self._sent = sent

    def emit(self, event: str, data: Any) -> None:
        assert (event, data) == ("STOP", None)
        self._sent.append(self._number)


async def test_events_go_round_and_a_machine_that_ended_is_passed_over() -> None:
    sent: list[int] = []
    machines: dict[int, Any] = {number: Sender(number, sent) for number in (0, 1, 3)}
    events = FleetEvents([FleetEvent("STOP", None, 0.004)], 4, machines.get)
    await wait_until_async(lambda: len(sent) >= 7)
    events.close()
    assert sent[:7] == [0, 1, 3, 0, 1, 3, 0]
    stopped = len(sent)
    await asyncio.sleep(0.01)
    assert len(sent) == stopped


async def test_one_round_of_events() -> None:
    sent: list[int] = []
    machines: dict[int, Any] = {number: Sender(number, sent) for number in range(3)}
    events = FleetEvents([FleetEvent("STOP", None, 0.003)], 3, machines.get, rounds=1)
    await wait_until_async(lambda: len(sent) == 3)
    await asyncio.sleep(0.005)
    events.close()
    assert sent == [0, 1, 2]


async def test_machines_send_the_events_that_are_asked_for(in_process: Any, folder: Path) -> None:
    start(in_process, folder, 2, "--fleet-event", "BALLOON_CHANGE,every=0.1,data.actual=7")
    reader, writer = await in_process.connect(str(folder / "1.sock"))
    writer.write(b'{"execute": "qmp_capabilities"}')
    await reader.readline()
    await reader.readline()
    for _ in range(2):
        event = json.loads(await reader.readline())
        assert (event["event"], event["data"]) == ("BALLOON_CHANGE", {"actual": 7})
    writer.close()
    in_process.signal()
    assert await in_process.ended() == 0


def test_uuids_go_round() -> None:
    assert uuid_after("ffffffff-ffff-ffff-ffff-fffffffffffe", 2) == NIL_UUID
    assert uuid_of("a") != uuid_of("b")


# -- The process -----------------------------------------------------------------------------------


def test_metrics_and_traces_are_those_of_all(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    log, folder = tmp_path / "log", tmp_path / "fleet"
    size = ("--fleet", "2", "--socket-dir", str(folder))
    with DaemonProcess(
        *size, "--metrics", "0", "-D", str(log), "-trace", "poll_*", *OBJECTS, *LOAD
    ) as daemon:
        url = re.search(r"metrics on (\S+)", daemon.stderr)
        assert url is not None
        with urllib.request.urlopen(url[1]) as response:
            text = response.read().decode()
        labels = [
            f'{{iothread="io{number}",machine="vm{machine}"}}'
            for number in range(2)
            for machine in range(2)
        ]
        name = "qmp_iothreadd_iothread_iterations_total"
        assert sorted(re.findall(rf"^{name}(\S+)", text, re.M)) == labels
        wait_until(lambda: len({*re.findall(r"ctx (\S+)", log.read_text())}) == 2)
        # Its own monitor is the first machine's, too.
        with daemon.client() as client:
            assert client.execute("query-name") == {"name": "vm0"}
