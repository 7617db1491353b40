"""Sockets that listen, connect or were handed over."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from qmp_iothreadd.chardev.connecting import connect, connect_later
from qmp_iothreadd.chardev.handed_over import (
    adopt,
    adopt_listener,
    inherited_descriptor,
    parse_descriptor,
)
from qmp_iothreadd.chardev.host_listener import HostListener
from qmp_iothreadd.chardev.listener import UnixListener
from qmp_iothreadd.errors import QmpError


def unix(path: object, **options: bool) -> dict[str, Any]:
    return {"type": "unix", "path": str(path), **options}


def inet(host: str, port: object, **options: Any) -> dict[str, Any]:
    return {"type": "inet", "host": host, "port": str(port), **options}


def refused(make: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(QmpError) as raised:
        make(*arguments)
    return raised.value.desc


# -- Unix ------------------------------------------------------------------------------------------


def test_a_unix_socket_has_a_file_which_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listener = UnixListener(unix(path))
    [made] = listener.sockets
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert not made.getblocking()
    assert not made.get_inheritable()
    connect(unix(path)).close()
    listener.close()
    assert not path.exists()
    listener.close()  # once more does nothing


@pytest.mark.parametrize("what", ["file", "stale socket", "live socket", "link"])
def test_whatever_lies_there_is_replaced(tmp_path: Path, what: str) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other:
        if what == "file":
            path.write_text("a temporary file of a tool's")
        elif what == "link":
            path.symlink_to(tmp_path / "elsewhere")
        else:
            other.bind(str(path))
            if what == "live socket":
                other.listen()
        listener = UnixListener(unix(path))
        connect(unix(path)).close()
        listener.close()


def test_a_path_that_another_has_taken_over_stays(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = UnixListener(unix(path))
    second = UnixListener(unix(path))
    first.close()
    assert path.exists()
    second.close()
    assert not path.exists()


def test_what_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert refused(UnixListener, unix(tmp_path / "folder")) == (
        f"Failed to unlink socket {tmp_path}/folder: Is a directory"
    )
    assert refused(UnixListener, unix(tmp_path / "no" / "s")) == (
        f"Failed to bind socket to {tmp_path}/no/s: No such file or directory"
    )
    nul = refused(UnixListener, unix(f"{tmp_path}/no/\0"))
    assert nul == f"Failed to bind socket to {tmp_path}/no/\0: No such file or directory"


@pytest.mark.parametrize("make", [UnixListener, connect])
@pytest.mark.parametrize(("abstract", "limit"), [(False, 108), (True, 107)])
def test_how_long_a_path_may_be(make: Any, abstract: bool, limit: int) -> None:
    path = "/nonexistent/".ljust(108, "x")
    with pytest.raises(QmpError) as raised:
        make(unix(path, abstract=abstract))
    assert raised.value.desc == f"UNIX socket path '{path}' is too long"
    assert raised.value.hint == f"Path must be less than {limit} bytes"
    assert "Failed to" in refused(make, unix(path[:107]))


def test_a_relative_path_is_removed_from_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listener = UnixListener(unix("s"))
    monkeypatch.chdir("/")
    listener.close()
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("tight", [True, False])
def test_an_abstract_name_leaves_no_file(tmp_path: Path, tight: bool) -> None:
    address = unix(tmp_path / "s", abstract=True, tight=tight)
    listener = UnixListener(address)
    assert len(listener.sockets[0].getsockname()) == (len(f"{tmp_path}/s") + 1 if tight else 108)
    connect(address).close()
    assert refused(connect, address | {"tight": not tight}) == (
        f"Failed to connect to '{tmp_path}/s': Connection refused"
    )
    listener.close()
    assert not (tmp_path / "s").exists()


def test_without_a_path_there_is_a_temporary_one() -> None:
    listener = UnixListener(unix(""))
    path = listener.sockets[0].getsockname()
    assert "/qemu-socket-" in path
    listener.close()
    assert not os.path.exists(path)


# -- TCP -------------------------------------------------------------------------------------------


def test_a_port_that_is_free_or_the_one_named() -> None:
    listener = HostListener(inet("127.0.0.1", 0))
    [made] = listener.sockets
    host, port = made.getsockname()
    assert host == "127.0.0.1"
    assert refused(HostListener, inet("127.0.0.1", port)) == (
        "Failed to find an available port: Address already in use"
    )
    listener.close()
    HostListener(inet("localhost", port)).close()


def test_ports_are_tried_up_to_the_last() -> None:
    listener = HostListener(inet("127.0.0.1", 0))
    port = listener.sockets[0].getsockname()[1]
    other = HostListener(inet("127.0.0.1", port, to=min(port + 50, 65535)))
    assert other.sockets[0].getsockname()[1] > port
    other.close()
    assert refused(HostListener, inet("127.0.0.1", port, to=port)) == (
        "Failed to find an available port: Address already in use"
    )
    assert refused(HostListener, inet("127.0.0.1", port, to=port - 1)) == (
        "Failed to create a socket: No such file or directory"
    )
    listener.close()


def test_both_families_where_none_is_named() -> None:
    listener = HostListener(inet("", 0))
    hosts = [each.getsockname()[0] for each in listener.sockets]
    listener.close()
    assert set(hosts) <= {"0.0.0.0", "::"}
    listener = HostListener(inet("", 0, ipv4=True))
    assert [each.getsockname()[0] for each in listener.sockets] == ["0.0.0.0"]
    listener.close()


@pytest.mark.parametrize("make", [HostListener, connect])
def test_addresses_that_make_no_sense(make: Any) -> None:
    both_off = inet("127.0.0.1", 1, ipv4=False, ipv6=False)
    assert refused(make, both_off) == "Cannot disable IPv4 and IPv6 at same time"
    assert refused(make, inet("127.0.0.1", "x")) == (
        "address resolution failed for 127.0.0.1:x: Servname not supported for ai_socktype"
    )
    assert refused(make, inet("::1%nowhere", "0")).startswith(
        "address resolution failed for ::1%nowhere:0: "
    )
    assert refused(make, inet("a..b" + "c" * 300, "0")).startswith("address resolution failed")


def test_a_foreign_address_is_refused() -> None:
    assert refused(HostListener, inet("192.0.2.1", 0)) == (
        "Failed to bind socket: Cannot assign requested address"
    )


def test_a_name_where_only_numbers_may_be() -> None:
    assert refused(HostListener, inet("localhost", 0, numeric=True)) == (
        "address resolution failed for localhost:0: Name or service not known"
    )


def test_silent_peers_are_noticed_where_that_is_wanted() -> None:
    options = {"keep-alive-count": 3, "keep-alive-idle": 40, "keep-alive-interval": 5}
    listener = HostListener(inet("127.0.0.1", 0, **{"keep-alive": True}, **options))
    [made] = listener.sockets
    assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    client = connect(inet("127.0.0.1", made.getsockname()[1], **{"keep-alive": True}, **options))
    for each in (made, client):
        assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
        assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 40
        assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 5
    client.close()
    listener.close()
    absurd = inet("127.0.0.1", 0, **{"keep-alive": True, "keep-alive-count": 2**31})
    assert refused(HostListener, absurd).startswith("Unable to set TCP keep-alive count option on ")


def test_several_paths_at_once() -> None:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP).close()
    except OSError:
        pytest.skip("this system has no MPTCP")
    listener = HostListener(inet("127.0.0.1", 0, mptcp=True))
    assert listener.sockets[0].proto == socket.IPPROTO_MPTCP
    listener.close()


# -- Between machines ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [HostListener, connect])
def test_numbers_of_virtual_machines(make: Any) -> None:
    address = {"type": "vsock", "cid": "x", "port": "1"}
    assert refused(make, address) == "Failed to parse cid 'x'"
    assert refused(make, address | {"cid": "3", "port": "4294967296"}) == (
        "Failed to parse port '4294967296'"
    )


class OfVirtualMachines(socket.socket):
    """A socket of another family behind the face of one between virtual machines.

    Not every host has the latter. ``refusals`` are errors of the calls, by name.
    """

    refusals: ClassVar[dict[str, int]] = {}
    bound: ClassVar[list[Any]] = []

    def __init__(self, family: int = -1, kind: int = -1, protocol: int = 0) -> None:
        assert family == socket.AF_VSOCK
        self._refuse("socket")
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)

    def bind(self, address: Any) -> None:
        self._refuse("bind")
        self.bound.append(address)

    def listen(self, backlog: int = 0) -> None:
        self._refuse("listen")
        super().listen(backlog)

    def _refuse(self, call: str) -> None:
        if number := self.refusals.get(call):
            raise OSError(number, os.strerror(number))


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> type[OfVirtualMachines]:
    monkeypatch.setattr(OfVirtualMachines, "bound", [])
    monkeypatch.setattr(OfVirtualMachines, "refusals", {})
    monkeypatch.setattr(socket, "socket", OfVirtualMachines)
    return OfVirtualMachines


VSOCK = {"type": "vsock", "cid": "4294967295", "port": "9"}


def test_listening_for_virtual_machines(machines: type[OfVirtualMachines]) -> None:
    listener = HostListener(VSOCK)
    assert machines.bound == [(2**32 - 1, 9)]
    assert not listener.sockets[0].getblocking()
    listener.close()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("socket", errno.EAFNOSUPPORT, "Failed to create a socket: Address family not supported"),
        ("bind", errno.EADDRNOTAVAIL, "Failed to bind socket: Cannot assign requested address"),
        ("listen", errno.ENOTSUP, "Failed to listen on socket: Operation not supported"),
    ],
)
def test_virtual_machines_that_cannot_be_listened_for(
    machines: type[OfVirtualMachines], call: str, error: int, message: str
) -> None:
    machines.refusals[call] = error
    assert refused(HostListener, VSOCK).startswith(message)


@pytest.mark.parametrize("call", ["socket", "listen"])
def test_hosts_that_cannot_be_listened_on(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: Any) -> Any:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    if call == "socket":
        monkeypatch.setattr(socket, "socket", refuse)
    else:
        monkeypatch.setattr(socket.socket, "listen", refuse)
    text = {"socket": "Failed to create a socket", "listen": "Failed to listen on socket"}[call]
    assert refused(HostListener, inet("127.0.0.1", 0)) == f"{text}: Too many open files"


def test_an_address_that_is_not_the_hosts_own() -> None:
    message = "Failed to bind socket: Cannot assign requested address"
    assert refused(HostListener, inet("192.0.2.1", 0)) == message


def test_an_address_of_the_other_family_that_is_not_the_hosts_own() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("the host has no IPv6")
    message = "Failed to bind socket: Cannot assign requested address"
    assert refused(HostListener, inet("2001:db8::1", 0)) == message


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOTSUP, "Failed to listen on socket: Operation not supported"),
        (errno.EADDRINUSE, "Failed to bind socket to {path}: Address already in use"),
    ],
)
def test_a_unix_socket_that_cannot_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    def refuse(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "listen", refuse)
    path = tmp_path / "s"
    assert refused(UnixListener, unix(path)) == message.format(path=path)


def test_both_families_but_one_is_taken() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("the host has no IPv6")
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        listener = HostListener(inet("::", port, ipv4=True, ipv6=True))
        [made] = listener.sockets
        assert made.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        listener.close()


# -- Connecting ------------------------------------------------------------------------------------


@pytest.mark.keeps_resources("event loops look names up in threads that they keep")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_connecting_while_the_event_loop_goes_on(host: str) -> None:
    listener = HostListener(inet("127.0.0.1", 0))
    [made] = listener.sockets
    made.setblocking(True)
    accepted: list[socket.socket] = []
    thread = threading.Thread(target=lambda: accepted.append(made.accept()[0]))
    thread.start()
    client = await connect_later(inet(host, made.getsockname()[1]))
    assert not client.getblocking()
    await asyncio.to_thread(thread.join)
    for each in (client, *accepted):
        each.close()
    listener.close()


async def test_nobody_answers_and_no_socket_is_left(tmp_path: Path) -> None:
    message = f"Failed to connect to '{tmp_path}/nobody': No such file or directory"
    assert refused(connect, unix(tmp_path / "nobody")) == message
    with pytest.raises(QmpError) as raised:
        await connect_later(unix(tmp_path / "nobody"))
    assert raised.value.desc == message
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        message = f"Failed to connect to '127.0.0.1:{port}': Connection refused"
        assert refused(connect, inet("127.0.0.1", port)) == message
        with pytest.raises(QmpError) as raised:
            await connect_later(inet("127.0.0.1", port))
        assert raised.value.desc == message


def test_a_connection_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmp_iothreadd.chardev.connecting.CONNECT_S", 0.01)
    path = tmp_path / "s"
    message = f"Failed to connect to '{path}': Connection timed out"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))  # the queue is full
        assert refused(connect, unix(path)) == message


async def test_where_no_socket_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    message = "Failed to create a socket: Too many open files"
    with monkeypatch.context() as without_sockets:
        without_sockets.setattr(socket, "socket", refuse)
        assert refused(connect, inet("127.0.0.1", 1)) == message
        with pytest.raises(QmpError) as raised:
            await connect_later(inet("127.0.0.1", 1))
    assert raised.value.desc == message


async def test_options_that_the_system_refuses_leave_no_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = HostListener(inet("127.0.0.1", 0))
    address = inet("127.0.0.1", listener.sockets[0].getsockname()[1], **{"keep-alive": True})

    def refuse(*_: Any) -> Any:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(socket.socket, "setsockopt", refuse)
    with pytest.raises(QmpError) as raised:
        await connect_later(address)
    assert raised.value.desc == "Unable to set keep-alive option on socket: Operation not permitted"
    listener.close()


async def test_a_connection_that_is_given_up_leaves_no_socket() -> None:
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())  # the queue is full
        trying = asyncio.create_task(connect_later(inet("127.0.0.1", full.getsockname()[1])))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying


# -- Descriptors -----------------------------------------------------------------------------------


def test_a_descriptor_is_adopted(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    made = adopt(theirs.detach(), "name")
    assert not made.getblocking()
    assert not made.get_inheritable()
    made.close()
    fd = ours.detach()
    assert refused(adopt_listener, fd, "name") == (
        "Failed to listen on fd socket: Invalid argument"
    )
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(tmp_path / "s"))  # it does not listen yet
    made = adopt_listener(bound.detach(), "name")
    connect(unix(tmp_path / "s")).close()
    made.close()


def test_what_is_no_socket_is_closed(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    assert refused(adopt, fd, "name") == "File descriptor 'name' is not a socket"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    assert refused(adopt, 10**6, "1000000") == "File descriptor '1000000' is not a socket"
    assert refused(adopt, -1, "-1") == "File descriptor '-1' is not a socket"


def test_a_descriptors_number() -> None:
    assert parse_descriptor("7") == 7
    assert parse_descriptor("-1") == -1
    assert parse_descriptor(" +007") == 7
    assert parse_descriptor("-2147483648") == -(2**31)
    for text in ("", "x", "7x", "7 ", "- 7", "\u0667"):
        assert refused(parse_descriptor, text) == f"Unable to parse FD number {text}"
    for text in ("2147483648", "9" * 5000):
        said = f"Unable to parse FD number {text}: Numerical result out of range"
        assert refused(parse_descriptor, text) == said


def test_what_the_program_opened_itself_is_not_handed_over() -> None:
    own, _ = ends = os.pipe()
    try:
        text = str(own)
        assert refused(inherited_descriptor, text) == f"File descriptor '{text}' is not a socket"
        os.set_inheritable(own, True)
        assert inherited_descriptor(text) == own
    finally:
        for fd in ends:
            os.close(fd)
    assert refused(inherited_descriptor, "-1") == "File descriptor '-1' is not a socket"
