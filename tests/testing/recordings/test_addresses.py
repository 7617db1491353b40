from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from qmp_iothreadd.testing.recordings.addresses import (
    Address,
    AddressError,
    listening,
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("/run/q.sock", Address("/run/q.sock"), "/run/q.sock"),
        ("q.sock", Address("q.sock"), "q.sock"),
        ("./q:1", Address("./q:1"), "./q:1"),
        ("unix:q:1", Address("q:1"), "q:1"),
        ("host:4444", Address(host="host", port=4444), "host:4444"),
        (":4444", Address(host="127.0.0.1", port=4444), "127.0.0.1:4444"),
        ("tcp:[::1]:4444", Address(host="::1", port=4444), "::1:4444"),
    ],
)
def test_a_text_names_a_socket(text: str, address: Address, shown: str) -> None:
    assert parse_address(text) == address
    assert str(address) == shown
    assert address.family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "give a path, or HOST:PORT"),
        ("unix:/q,server=on,wait=off", "give the path, or HOST:PORT, without options"),
        ("tcp::4444,server", "give the path, or HOST:PORT, without options"),
        ("unix:", "give a path, or HOST:PORT"),
        ("tcp:host", "'tcp:host': give a path, or HOST:PORT"),
        ("host:65536", "'host:65536': a port is 65535 at most"),
        ("/" + "x" * 107, "a socket's path has 107 bytes at most; use a shorter"),
    ],
)
def test_any_other_text_is_refused(text: str, error: str) -> None:
    with pytest.raises(AddressError, match=error):
        parse_address(text)


def test_a_file_that_nobody_listens_on_is_replaced_and_goes_away(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    with listening(Address(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
    assert not os.path.exists(path)


def test_somebody_elses_socket_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with (
        listening(Address(path)),
        pytest.raises(AddressError, match="somebody does already; name another path"),
        listening(Address(path)),
    ):
        pass


def test_a_socket_whose_backlog_is_full_is_somebodys(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as client:
        busy.bind(path)
        busy.listen(0)
        client.connect(path)
        with pytest.raises(AddressError, match="somebody does already"), listening(Address(path)):
            pass


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "s"
    file.write_text("mine")
    with pytest.raises(AddressError, match="no socket"), listening(Address(str(file))):
        pass
    assert file.read_text() == "mine"


def test_where_it_cannot_listen_it_says_why(tmp_path: Path) -> None:
    where = Address(str(tmp_path / "none" / "s"))
    with pytest.raises(AddressError, match="No such file or directory"), listening(where):
        pass


def test_a_port_is_listened_on() -> None:
    with (
        listening(Address(host="127.0.0.1")) as made,
        socket.create_connection(made.getsockname()[:2]),
    ):
        pass
