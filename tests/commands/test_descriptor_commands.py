"""getfd, add-fd and their kin."""

from __future__ import annotations

import os
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient


def hand_over(client: MemoryClient, count: int = 1) -> list[int]:
    """Let the next request come with descriptors; returns them."""
    fds = [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]
    client.session.inbox.receive(list(fds))
    return fds


def is_open(fd: int) -> bool:
    return os.path.exists(f"/proc/self/fd/{fd}")


def error(client: MemoryClient, command: str, arguments: dict[str, Any]) -> Any:
    return client.request(command, arguments)["error"]["desc"]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("getfd", {"fdname": "x"}), ("getfd", {"fdname": "9"}), ("add-fd", {"fdset-id": -1})],
)
def test_without_a_descriptor_that_is_the_error(
    client: MemoryClient, command: str, arguments: dict[str, Any]
) -> None:
    message = "No file descriptor supplied via SCM_RIGHTS"
    assert error(client, command, arguments) == message


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            "getfd",
            {"fdname": "9"},
            "Parameter 'fdname' expects a name not starting with a digit",
        ),
        ("add-fd", {"fdset-id": -1}, "Parameter 'fdset-id' expects a non-negative value"),
    ],
)
def test_a_descriptor_that_is_refused_is_closed(
    client: MemoryClient, command: str, arguments: dict[str, Any], message: str
) -> None:
    (fd,) = hand_over(client)
    assert error(client, command, arguments) == message
    assert not is_open(fd)


def test_a_name_stands_for_the_latest_descriptor(client: MemoryClient) -> None:
    first, second = hand_over(client, 2)
    client.execute("getfd", {"fdname": "x"})
    assert is_open(first)
    assert not is_open(second)  # one request takes one
    (third,) = hand_over(client)
    client.execute("getfd", {"fdname": "x"})
    assert not is_open(first)
    client.execute("closefd", {"fdname": "x"})
    assert not is_open(third)
    assert error(client, "closefd", {"fdname": "x"}) == "File descriptor named 'x' not found"


def test_what_nobody_takes_is_closed_by_the_next_and_with_the_session() -> None:
    with MemoryClient() as client:
        client.negotiate()
        (old,) = hand_over(client)
        client.execute("query-name")
        assert is_open(old)
        (new,) = hand_over(client)
        assert not is_open(old)
    assert not is_open(new)


def test_sets_are_listed_with_what_is_in_them(client: MemoryClient) -> None:
    (fd,) = hand_over(client)
    assert client.execute("add-fd", {"opaque": "mine"}) == {"fdset-id": 0, "fd": fd}
    (other,) = hand_over(client)
    assert client.execute("add-fd", {"fdset-id": 5}) == {"fdset-id": 5, "fd": other}
    assert client.execute("query-fdsets") == [
        {"fdset-id": 5, "fds": [{"fd": other}]},
        {"fdset-id": 0, "fds": [{"fd": fd, "opaque": "mine"}]},
    ]
    client.execute("remove-fd", {"fdset-id": 0, "fd": fd})
    assert not is_open(fd)
    assert error(client, "remove-fd", {"fdset-id": 0}) == (
        "File descriptor named 'fdset-id:0' not found"
    )


def test_a_human_monitors_line_has_no_descriptors(client: MemoryClient) -> None:
    (fd,) = hand_over(client)
    client.execute("getfd", {"fdname": "x"})
    hand_over(client)
    said = [
        client.execute("human-monitor-command", {"command-line": line})
        for line in ("getfd y", "closefd x")
    ]
    assert said == [
        "Error: No file descriptor supplied via SCM_RIGHTS\r\n",
        "Error: File descriptor named 'x' not found\r\n",
    ]
    assert is_open(fd)
