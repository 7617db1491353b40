"""A client in memory, past negotiation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.testing import MemoryClient


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client
