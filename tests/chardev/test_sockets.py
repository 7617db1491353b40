"""Listening sockets."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from qmp_iothreadd.chardev.sockets import UnixListener, adopt, connect, connect_to, listen_tcp
from qmp_iothreadd.errors import QmpError


def test_a_unix_listener_has_a_file_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listener = UnixListener(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not listener.socket.getblocking()
    assert not listener.socket.get_inheritable()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()
    assert not path.exists()
    listener.close()  # once more does nothing


def test_the_umask_is_what_it_was(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        UnixListener(str(tmp_path / "s")).close()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    listener = UnixListener(path)
    with pytest.raises(QmpError) as caught:
        UnixListener(path)
    assert caught.value.desc == f"Failed to bind socket to {path}: Address already in use"
    assert os.path.exists(path)
    listener.close()


def test_a_live_socket_whose_queue_is_full_is_not_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(path)
        busy.listen(0)
        waiting.connect(path)
        with pytest.raises(QmpError, match="Address already in use"):
            UnixListener(path)
    os.unlink(path)


@pytest.mark.parametrize("length", [107, 108])
def test_how_long_a_path_may_be(
    tmp_path: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = "/tmp/" if length < 0 else str(tmp_path) + "/"
    path = folder + "x" * (length - len(folder))
    assert len(path) == length
    if length < 108:
        UnixListener(path).close()
    else:
        with pytest.raises(QmpError) as caught:
            UnixListener(path)
        assert caught.value.desc == f"UNIX socket path '{path}' is too long"
        assert caught.value.hint == "Path must be less than 108 bytes"


def test_a_relative_path_is_removed_from_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listener = UnixListener("s")
    monkeypatch.chdir("/")
    listener.close()
    assert not (tmp_path / "s").exists()


def test_tcp_takes_a_free_port_or_the_one_named() -> None:
    listener = listen_tcp("127.0.0.1", "0")
    host, port = listener.getsockname()
    assert host == "127.0.0.1"
    with pytest.raises(QmpError) as caught:
        listen_tcp("127.0.0.1", str(port))
    expected = f"Failed to bind socket to 127.0.0.1:{port}: Address already in use"
    assert caught.value.desc == expected
    listener.close()
    listen_tcp("localhost", str(port)).close()


def test_a_descriptor_is_adopted(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    for given, expected in [(theirs, False), (listener, True)]:
        made, listening = adopt(str(given.detach()))
        assert listening is expected
        assert not made.getblocking()
        assert not made.get_inheritable()
        made.close()
    ours.close()


def test_what_is_no_socket_is_not_adopted(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        with pytest.raises(QmpError, match="is not a socket"):
            adopt(str(file.fileno()))
        file.write("it is still open")
    with pytest.raises(QmpError):
        adopt(str(10**6))


@pytest.mark.keeps_resources("uvloop looks addresses up in threads that it keeps")
async def test_connecting_out_over_tcp() -> None:
    listener = listen_tcp("127.0.0.1", "0")
    listener.setblocking(True)
    accepted: list[socket.socket] = []
    thread = threading.Thread(target=lambda: accepted.append(listener.accept()[0]))
    thread.start()
    address = {"type": "inet", "host": "127.0.0.1", "port": str(listener.getsockname()[1])}
    made = await connect_to(address)
    await asyncio.to_thread(thread.join)
    made.close()
    for each in (listener, *accepted):
        each.close()


async def test_connecting_out_to_nobody_leaves_no_socket(tmp_path: Path) -> None:
    nobody = {"type": "unix", "path": str(tmp_path / "nobody")}
    with pytest.raises(FileNotFoundError):
        await connect_to(nobody)
    with pytest.raises(FileNotFoundError):
        connect(nobody)


def test_a_host_that_there_is_not_is_refused() -> None:
    with pytest.raises(QmpError, match="address resolution failed for ::1%nowhere:0: "):
        listen_tcp("::1%nowhere", "0")


def test_a_file_that_is_no_socket_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(QmpError, match="Address already in use"):
        UnixListener(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"
