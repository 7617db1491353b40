"""What the engine's tests share: contexts and machines that end with the test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import AioContext, EventNotifier, PollParams
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def started(cleanup: ExitStack) -> Callable[..., AioContext]:
    """Makes contexts whose thread runs until the test ends."""

    def make(
        name: str | None = "IO test", *, others: dict[str, Any] | None = None, **params: int
    ) -> AioContext:
        context = AioContext(name, PollParams(**params), **(others or {}))
        cleanup.callback(context.close)
        context.start()
        return context

    return make


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = make_machine()
    yield machine
    machine.close()


@pytest.fixture
def notifier(cleanup: ExitStack) -> EventNotifier:
    notifier = EventNotifier()
    cleanup.callback(notifier.close)
    return notifier


Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def eventually() -> Eventually:
    """Looks until a condition holds; fails when it does not within ten seconds."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "condition did not come true"
            time.sleep(0.001)

    return wait
