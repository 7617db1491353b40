"""A client in memory, and what the human monitor says to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from qmp_iothreadd.testing import MemoryClient

Say = Callable[[str], str]


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


@pytest.fixture
def say(client: MemoryClient) -> Say:
    """Type a line; the answer has LF at the ends of lines."""

    def type_(line: str) -> str:
        text: str = client.execute("human-monitor-command", {"command-line": line})
        assert text.count("\n") == text.count("\r\n")
        return text.replace("\r\n", "\n")

    return type_
