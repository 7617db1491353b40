"""The server on a loop of its own: the same attributes from every thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from qmp_iothreadd import QmpError
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import Client, Server, make_machine
from qmp_iothreadd.testing.left_open import LeftOpenError


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def connect(server: Server) -> Client:
    client = Client.connect(server.address)
    client.negotiate()
    return client


# -- Where it is ----------------------------------------------------------------------------------


def test_where_it_is_is_known_when_it_has_started() -> None:
    server = Server()
    for name in ("path", "paths", "port", "address", "addresses"):
        with pytest.raises(RuntimeError, match=r"has not started.*with Server\(\) as server"):
            getattr(server, name)
    with server:
        path = server.path
        assert server.address == server.addresses[0] == server.paths[0] == path
        with pytest.raises(RuntimeError, match="has a path"):
            server.port  # noqa: B018
    assert server.path == path


def test_a_path_of_ones_choice(tmp_path: Path) -> None:
    path = tmp_path / "monitor.sock"
    with Server(path=path, monitors=3) as server:
        assert server.paths == [str(path), f"{path}.1", f"{path}.2"]
        for each in server.paths:
            with Client.connect(each) as client:
                client.negotiate()
    assert list(tmp_path.iterdir()) == []


def test_a_port_of_ones_choice() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with Server(port=port, monitors=2) as server:
        assert server.port == port
        assert server.address == ("127.0.0.1", port)
        assert server.addresses[1] != server.address
        connect(server).close()
        with pytest.raises(RuntimeError, match="no path"):
            server.path  # noqa: B018


def test_what_cannot_be_listened_at_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(QmpError, match="No such file or directory"):
        Server(path=tmp_path / "nowhere" / "sock").start()


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"path": "a", "port": 1}, "a path or a port"),
        ({"port": 65536}, "0 \\(any that is free\\) to 65535"),
        ({"monitors": -1}, "as many monitors, or none"),
    ],
)
def test_contradictions_are_refused(keywords: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Server(**keywords)  # type: ignore[arg-type]


def test_options_go_with_a_machine_of_its_own() -> None:
    machine = make_machine()
    with pytest.raises(TypeError, match="name: goes with a machine that the server makes"):
        Server(machine, name="mine")
    with pytest.raises(TypeError, match="nmae"):
        Server(nmae="mine")
    machine.close()


# -- From start to end ----------------------------------------------------------------------------


def test_it_starts_once() -> None:
    server = Server()
    with server, pytest.raises(RuntimeError, match="starts once"):
        server.start()
    server.close()


def test_blocks_say_what_to_use_where_no_asyncio_runs() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="use `with Server\\(\\) as server:`"):
            async with Server():
                pass

    trio.run(main)


def test_it_can_be_left_while_clients_are_connected() -> None:
    with Server(allow_left_open=True) as server:
        client = connect(server)
    with client:
        assert client.receive_line() == b""


def test_quit_ends_the_serving(server: Server) -> None:
    with connect(server) as client:
        assert not server.stopped.is_set()
        client.execute("quit")
    server.stopped.wait(5)
    assert server.stopped.is_set()


def test_waiting_for_the_end_has_an_end(server: Server) -> None:
    with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
        server.stopped.wait(0.01)


def _raise(error: Exception) -> None:
    raise error


# -- From any thread ------------------------------------------------------------------------------


def test_the_machine_is_acted_on_where_it_lives(server: Server) -> None:
    assert isinstance(server.machine, Machine)
    assert "Machine object" in repr(server.machine)
    with connect(server) as client:
        server.machine.add_object("iothread", "io0", {})
        server.machine.name = "mine"
        assert client.execute("query-name") == {"name": "mine"}
        assert server.machine.running
        server.machine.emit("RTC_CHANGE", {"offset": 1, "qom-path": "/"})
        assert client.receive_event()["event"] == "RTC_CHANGE"
    (iothread,) = server.iothreads.values()
    assert iothread.name == "io0"
    loop_thread: int = server.call(threading.get_ident)
    assert loop_thread != threading.get_ident()
    with pytest.raises(TimeoutError, match="of the test"):
        server.call(_raise, TimeoutError("of the test"))
    with pytest.raises(QmpError, match="duplicate property"):
        server.machine.add_object("iothread", "io0", {})


async def test_the_test_has_the_machine_itself_on_its_own_loop() -> None:
    async with Server() as server:
        assert type(server.machine) is Machine
        assert server.call(threading.get_ident) == threading.get_ident()
        other = await asyncio.to_thread(lambda: server.call(threading.get_ident))
        assert other == threading.get_ident()


async def test_a_loop_that_is_blocked_is_no_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmp_iothreadd.testing.loop_thread.ANSWER_S", 0.01)
    refused: list[BaseException] = []

    def ask(server: Server) -> None:
        try:
            server.disconnect()
        except RuntimeError as error:
            refused.append(error)

    async with Server() as server:
        thread = threading.Thread(target=ask, args=[server])
        thread.start()
        thread.join()  # the loop does not run meanwhile
    assert "its thread waits for something else" in str(refused[0])


def test_clients_are_cut_off(server: Server) -> None:
    with connect(server) as client:
        server.disconnect()
        assert client.receive_line() == b""
    connect(server).close()


# -- What is left open ----------------------------------------------------------------------------


def test_clients_are_left_open_until_they_hang_up(server: Server) -> None:
    assert server.left_open() == []
    client = connect(server)
    assert server.left_open() == ["1 client still connected to compat_monitor0"]
    client.close()
    assert server.left_open() == []


def test_what_a_block_leaves_open_fails_it() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, name="forgotten")
    server = Server().__enter__()
    client = connect(server)
    thread.start()
    with pytest.raises(LeftOpenError) as raised:
        server.__exit__(None, None, None)
    said = str(raised.value)
    assert "1 client still connected to compat_monitor0" in said
    assert "the thread 'forgotten' still runs" in said
    assert f"a socket (descriptor {client.socket.fileno()}) to {server.path}" in said
    client.close()
    ended.set()
    thread.join()


def test_threads_are_none_of_start_and_close() -> None:
    server = Server().start()
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    client = connect(server)
    with pytest.raises(LeftOpenError) as raised:
        server.close()
    assert str(raised.value) == "left open: 1 client still connected to compat_monitor0"
    client.close()
    ended.set()
    thread.join()


def test_an_error_of_the_loop_is_left_open_at_the_end() -> None:
    def fail() -> None:
        raise ZeroDivisionError("of the test")

    def serve(*, allow: bool) -> None:
        with Server(allow_left_open=allow) as server:
            server.call(asyncio.get_running_loop).call_soon_threadsafe(fail)
            server.call(lambda: None)

    with pytest.raises(LeftOpenError, match="event loop: ZeroDivisionError: of the test"):
        serve(allow=False)
    serve(allow=True)


def test_what_is_left_open_hides_no_error() -> None:
    server = Server()
    server.loop_errors.append("an error")
    with pytest.raises(KeyError, match="of the test"), server:
        raise KeyError("of the test")


def test_tasks_of_the_loop_end_with_it() -> None:
    cancelled = threading.Event()

    async def linger() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    kept: list[asyncio.Task[None]] = []
    with Server() as server:
        server.call(lambda: kept.append(asyncio.create_task(linger())))
        server.call(lambda: None)
    assert cancelled.is_set()
