from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import Server
from qmp_iothreadd.testing.recordings import Entry, tap as tap_module
from qmp_iothreadd.testing.recordings.addresses import Address
from qmp_iothreadd.testing.recordings.messages import Message
from tests.testing.recordings.conftest import RunningTap


@contextlib.contextmanager
def upstream(path: Path) -> Iterator[socket.socket]:
    """A monitor that does nothing by itself."""
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(10)
        made.bind(str(path))
        made.listen(1)
        yield made


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[tuple[RunningTap, socket.socket]]:
    with upstream(tmp_path / "up") as made:
        yield RunningTap(Address(str(tmp_path / "up")), Address(str(tmp_path / "tap"))), made


def test_a_session_goes_by_and_is_written_down(tap: RunningTap) -> None:
    with tap.running(), tap.connect() as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        client.execute("stop")
        client.send(b"foo\n")
        client.receive_reply()
        client.half_close()
        assert client.receive_line() == b""
    assert tap.lines() == [
        *("greeting", "qmp_capabilities", "object-add", "event", "stop", "request", "client"),
    ]
    added, error = tap.recording.entries[2], tap.recording.entries[5]
    assert added.reply == Message({"return": {}})
    assert added.took > 0
    assert error.request == Message(None, b"foo\n")


def test_each_client_has_a_connection_and_a_number_of_its_own(tap: RunningTap) -> None:
    with tap.running(), tap.connect() as one, tap.connect() as other:
        one.negotiate()
        other.negotiate()
        assert other.execute("query-name") == one.execute("query-name")
        one.close()
        assert other.execute("query-name") == {}
    for client, end in ((1, "client"), (2, "client")):
        assert tap.lines(client)[:2] == ["greeting", "qmp_capabilities"]
        assert tap.lines(client)[-1] in (end, "tap")


def test_a_client_that_is_still_there_is_cut_off_at_the_end(tap: RunningTap) -> None:
    with contextlib.ExitStack() as stack:
        with tap.running():
            client = stack.enter_context(tap.connect())
            client.negotiate()
        assert client.receive_line() == b""
    assert tap.lines() == ["greeting", "qmp_capabilities", "tap"]
    assert not os.path.exists(tap.address.path)


def test_a_server_that_ends_ends_the_client(tap: RunningTap, server: Server) -> None:
    with tap.running(), tap.connect() as client:
        client.negotiate()
        server.disconnect()
        assert client.receive_line() == b""
    assert tap.lines() == ["greeting", "qmp_capabilities", "server"]


def test_descriptors_go_on_and_are_counted(mute: tuple[RunningTap, socket.socket]) -> None:
    tap, monitor = mute
    with tap.running(), tap.connect() as client:
        server, _ = monitor.accept()
        with server, open(os.devnull) as file:
            socket.send_fds(client.socket, [b'{"execute": "getfd"}'], [file.fileno()] * 2)
            data, received, _, _ = socket.recv_fds(server, 100, 10)
            for fd in received:
                os.close(fd)
            assert (data, len(received)) == (b'{"execute": "getfd"}', 2)
    assert tap.recording.entries[0].descriptors == 2


def test_over_tcp_descriptors_go_no_further(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as monitor:
        monitor.settimeout(10)
        host, port = monitor.getsockname()
        tap = RunningTap(Address(host=host, port=port), Address(str(tmp_path / "tap")))
        with tap.running(), tap.connect() as client:
            server, _ = monitor.accept()
            with server, open(os.devnull) as file:
                socket.send_fds(client.socket, [b'{"execute": "getfd"}'], [file.fileno()])
                assert server.recv(100) == b'{"execute": "getfd"}'
    assert tap.recording.entries[0].descriptors == 1


def test_much_goes_by_in_both_directions(mute: tuple[RunningTap, socket.socket]) -> None:
    tap, monitor = mute
    data = b'{"execute": "x", "arguments": {"x": "%b"}}' % (b"y" * 3_000_000)
    with tap.running(), tap.connect() as client:
        server, _ = monitor.accept()
        with server:
            for source, target in ((client.socket, server), (server, client.socket)):
                sending = threading.Thread(target=source.sendall, args=(data,))
                sending.start()
                received = 0
                while received < len(data):
                    received += len(target.recv(1 << 20))
                sending.join()
    entry = tap.recording.entries[0]
    assert entry.command == "x"
    assert entry.request == Message(entry.request.value if entry.request else None)


def test_a_monitor_that_is_not_there_is_said_and_closes_the_client(tmp_path: Path) -> None:
    tap = RunningTap(Address(str(tmp_path / "nobody")), Address(str(tmp_path / "tap")))
    with tap.running(), tap.connect() as client:
        assert client.receive_line() == b""
    assert tap.said == [f"cannot connect to {tmp_path}/nobody: No such file or directory"]
    assert [entry.closed for entry in tap.recording.entries] == ["server"]


def test_a_client_waits_for_a_monitor_that_has_no_place_for_it(
    mute: tuple[RunningTap, socket.socket],
) -> None:
    tap, monitor = mute
    with tap.running(), contextlib.ExitStack() as stack:
        clients = [stack.enter_context(tap.connect()) for _ in range(5)]  # its backlog has two
        for _ in clients:
            server, _ = monitor.accept()
            with server:
                server.sendall(b'{"QMP": {}}\r\n')
        for client in clients:
            assert client.receive() == {"QMP": {}}


def test_a_tap_can_end_while_clients_wait(mute: tuple[RunningTap, socket.socket]) -> None:
    tap, _ = mute
    with contextlib.ExitStack() as stack:
        with tap.running():
            clients = [stack.enter_context(tap.connect()) for _ in range(5)]
        for client in clients:
            assert client.receive_line() == b""


def test_what_cannot_be_written_ends_the_tap(tap: RunningTap) -> None:
    def write(entry: Entry) -> None:
        raise OSError("no space")

    tap.write = write
    with contextlib.ExitStack() as stack:
        raised = stack.enter_context(pytest.raises(OSError, match="no space"))
        stack.enter_context(tap.running())
        client = stack.enter_context(tap.connect())
        while client.receive_line():
            pass
    assert raised.type is OSError


def test_no_more_clients_than_there_are_places(
    tap: RunningTap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tap_module, "CLIENTS_MAX", 1)
    with tap.running(), tap.connect() as one, tap.connect() as other:
        one.negotiate()
        other.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            other.receive()
        one.close()
        other.socket.settimeout(10)
        other.negotiate()


def test_what_a_system_refuses_is_said_and_tried_again(
    tap: RunningTap, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = asyncio.SelectorEventLoop.sock_accept
    failed: list[bool] = []

    async def fail_once(loop: asyncio.SelectorEventLoop, listener: socket.socket) -> Any:
        if not failed:
            failed.append(True)
            raise OSError(errno.EMFILE, "Too many open files")
        return await accept(loop, listener)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_accept", fail_once)
    with tap.running(), tap.connect() as client:
        client.negotiate()
    assert tap.said == ["cannot accept a client: Too many open files"]


def test_a_receiver_that_takes_its_time_is_waited_for(
    mute: tuple[RunningTap, socket.socket],
) -> None:
    tap, monitor = mute
    data = b" " * 6_000_000
    with tap.running(), tap.connect() as client:
        server, _ = monitor.accept()
        with server:
            sending = threading.Thread(target=client.socket.sendall, args=(data,))
            sending.start()
            server.settimeout(10)
            received = len(server.recv(1))
            sending.join(0.05)
            while received < len(data):
                received += len(server.recv(1 << 20))
            sending.join()


async def test_it_tries_again_while_nobody_else_fits_in(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(upstream(tmp_path / "up"))

        def client() -> socket.socket:
            made = stack.enter_context(socket.socket(socket.AF_UNIX))
            made.setblocking(False)
            return made

        while client().connect_ex(str(tmp_path / "up")) != errno.EAGAIN:
            pass
        address = Address(str(tmp_path / "up"))
        waiting = asyncio.create_task(tap_module._connect(client(), address))
        await asyncio.sleep(0)
        stack.enter_context(listener.accept()[0])
        async with asyncio.timeout(10):
            await waiting
