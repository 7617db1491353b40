"""A machine of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = make_machine()
    yield machine
    machine.close()


@pytest.fixture
def heard(machine: Machine) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    machine.listeners.append(events.append)
    return events
