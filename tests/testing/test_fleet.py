"""Many servers on one event loop."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, Fleet, Server
from qmp_iothreadd.testing.left_open import LeftOpenError


def names(fleet: Fleet) -> list[Any]:
    found = []
    for path in fleet.paths:
        with Client.connect(path) as client:
            client.negotiate()
            found.append(client.execute("query-name")["name"])
    return found


def test_each_server_has_a_machine_of_its_own() -> None:
    threads = threading.active_count()
    with Fleet(3, iothreads=2) as fleet:
        assert threading.active_count() == threads + 1
        assert len(fleet) == 3
        assert [*fleet] == fleet.servers == [*fleet[0:3]]
        assert fleet.paths == [server.path for server in fleet]
        assert names(fleet) == ["vm0", "vm1", "vm2"]
        assert [sorted(server.iothreads) for server in fleet] == [["io0", "io1"]] * 3
        assert len({each.thread_id for server in fleet for each in server.iothreads.values()}) == 6
        assert len({server.machine.uuid for server in fleet}) == 3
        fleet[1].machine.stop()
        assert [server.machine.running for server in fleet] == [True, False, True]
        folder = Path(fleet[0].path).parent
    assert not folder.exists()
    assert threading.active_count() == threads


async def test_on_the_loop_that_runs() -> None:
    threads = threading.active_count()
    async with Fleet(2, name="a{n}b") as fleet:
        assert threading.active_count() == threads
        assert await asyncio.to_thread(names, fleet) == ["a0b", "a1b"]
        assert isinstance(fleet[-1], Server)


def test_a_folder_of_ones_choice(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    with Fleet(2, folder=folder, name="web", package=" (lab)") as fleet:
        assert sorted(os.listdir(folder)) == ["0.sock", "1.sock"]
        assert names(fleet) == ["web-0", "web-1"]
        assert fleet[0].machine.package == " (lab)"
    assert not folder.exists()


def test_a_machine_that_quits_leaves_the_others() -> None:
    with Fleet(2) as fleet:
        with Client.connect(fleet[0].path) as client:
            client.negotiate()
            client.execute("quit")
        fleet[0].stopped.wait(10)
        assert fleet[0].stopped.is_set()
        fleet.emit("STOP")
        assert not fleet[1].stopped.is_set()
        with Client.connect(fleet[1].path) as client:
            client.negotiate()


# -- Events ----------------------------------------------------------------------------------------


def listening(fleet: Fleet) -> tuple[deque[int], threading.Semaphore]:
    """The numbers of the machines that send an event, in order; the semaphore counts them."""
    heard: deque[int] = deque()
    count = threading.Semaphore(0)

    def listen(number: int, message: dict[str, Any]) -> None:
        assert (message["event"], message["data"]) == ("BALLOON_CHANGE", {"actual": 7})
        heard.append(number)
        count.release()

    for number, server in enumerate(fleet):
        server.machine.listeners.append(partial(listen, number))
    return heard, count


def hear(count: threading.Semaphore, number: int) -> None:
    for _ in range(number):
        assert count.acquire(timeout=10)


@pytest.mark.parametrize("over", [0.0, 0.01])
def test_all_send_an_event(over: float) -> None:
    with Fleet(3) as fleet:
        heard, count = listening(fleet)
        fleet.emit("BALLOON_CHANGE", {"actual": 7}, over=over)
        hear(count, 3)
        assert [*heard] == [0, 1, 2]


def test_they_send_it_again_and_again() -> None:
    with Fleet(2) as fleet:
        heard, count = listening(fleet)
        fleet.emit_every(0.002, "BALLOON_CHANGE", {"actual": 7})
        hear(count, 5)
        assert [*heard][:5] == [0, 1, 0, 1, 0]


def test_an_event_that_nobody_knows_and_one_that_cannot_be() -> None:
    with Fleet(2) as fleet, Client.connect(fleet[1].path) as client:
        client.negotiate()
        fleet.emit("NOBODY_KNOWS", {"x": 1}, over=0.01)
        event = client.receive_event()
        assert (event["event"], event["data"]) == ("NOBODY_KNOWS", {"x": 1})
        for over in (0.0, 0.01):
            with pytest.raises(QmpError):
                fleet.emit("BALLOON_CHANGE", {"actual": "x"}, over=over)


def test_each_is_scripted_and_asked_by_itself() -> None:
    with Fleet(2) as fleet:
        fleet[1].respond("query-uptime", 7)
        with Client.connect(fleet[1].path) as client:
            client.negotiate()
            assert client.execute("query-uptime") == 7
        assert [server.requests("query-uptime") for server in fleet] == [[], [{}]]


# -- What cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "iothreads"), [(0, 0), (-1, 0), (1, -1)])
def test_no_size(count: int, iothreads: int) -> None:
    with pytest.raises(ValueError, match=rf"{count} machines with {iothreads} iothreads"):
        Fleet(count, iothreads=iothreads)


@pytest.mark.parametrize("option", ["machine", "path", "port", "uuid"])
def test_what_each_has_of_its_own(option: str) -> None:
    options: dict[str, Any] = {option: "x"}
    with pytest.raises(TypeError, match=f"{option}=: each machine of a fleet has its own"):
        Fleet(2, **options)


def test_before_the_start_and_after_the_end() -> None:
    fleet = Fleet(2)
    for look in (lambda: fleet.paths, lambda: fleet[0], lambda: fleet.emit("STOP")):
        with pytest.raises(RuntimeError, match="the fleet has not started; use it inside of"):
            look()
    fleet.close()
    with fleet, pytest.raises(ValueError, match="0 seconds: expected more than 0"):
        fleet.emit_every(0, "STOP")
    fleet.close()
    with pytest.raises(RuntimeError, match="starts once"):
        fleet.start()


def test_async_with_and_no_loop() -> None:
    entering = Fleet(1).__aenter__()
    with pytest.raises(RuntimeError, match="use `with Fleet"):
        entering.send(None)


def test_more_than_fit_leaves_nothing() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Not the hard limit, which could not be raised again.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resource, "setrlimit", lambda which, wanted: None)
        patch.setattr(resource, "getrlimit", lambda which: (100, 100))
        with pytest.raises(QmpError) as raised:
            Fleet(1000).start()
    assert "machines do not fit: they need" in raised.value.desc
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


def test_what_is_left_open_is_said_of_its_machine() -> None:
    fleet = Fleet(5).start()
    for server in fleet.servers:
        server.loop_errors.append("boom")
    with pytest.raises(LeftOpenError) as raised:
        fleet.close()
    assert str(raised.value) == (
        "vm0: left open: boom; vm1: left open: boom; vm2: left open: boom; and 2 more"
    )
    fleet = Fleet(1).start()
    boom = partial(fleet[0].machine.resolve, "/nothing/there")
    fleet[0].call(lambda: asyncio.get_running_loop().call_soon(boom))
    fleet[0].call(lambda: asyncio.get_running_loop().call_exception_handler({"message": "boom"}))
    with pytest.raises(LeftOpenError) as raised:
        fleet.close()
    assert str(raised.value) == (
        "an error in the fleet's event loop: QmpError: Device '/nothing/there' not found; "
        "an error in the fleet's event loop: boom"
    )
    with pytest.raises(LeftOpenError) as raised, Fleet(2) as blamed:
        client = Client.connect(blamed[1].path)
    connected = "vm1: left open: 1 client still connected to compat_monitor0; a socket (descriptor "
    assert str(raised.value).startswith(connected)
    client.close()
    with Fleet(1, allow_left_open=True) as allowed:
        allowed[0].loop_errors.append("boom")
