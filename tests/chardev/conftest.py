"""What the tests of character devices share: devices on a table of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.qom.tree import ObjectTree
from qmp_iothreadd.qom.types import TypeRegistry


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Any]:
    """Tests run on both event loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def chardevs() -> AsyncIterator[Chardevs]:
    """Devices; what they report is in ``chardevs.said``."""
    types = TypeRegistry()
    made = Chardevs(types, ObjectTree(types).chardevs)
    said: list[str] = []
    made.report = said.append
    made.said = said  # type: ignore[attr-defined]
    yield made
    made.close()
    await made.drained()
