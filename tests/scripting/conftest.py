"""A client in memory, past negotiation, and its machine's script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


@pytest.fixture
def script(client: MemoryClient) -> Script:
    return client.machine.part(Script)
