"""A client in memory, and what tests of objects ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient

Refusal = Callable[..., str]


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


@pytest.fixture
def add(client: MemoryClient) -> Callable[..., None]:
    """``add("secret", "s", data="x")``; ``_`` in a name stands for ``-``."""

    def add(qom_type: str, id: str = "o", /, **properties: Any) -> None:
        client.execute("object-add", arguments(qom_type, id, properties))

    return add


@pytest.fixture
def refused(client: MemoryClient) -> Refusal:
    """What is said when an object is not made, of which nothing is left."""

    def refused(qom_type: str, id: str = "o", /, **properties: Any) -> str:
        reply = client.request("object-add", arguments(qom_type, id, properties))
        assert client.machine.find_object(id) is None
        return str(reply["error"]["desc"])

    return refused


@pytest.fixture
def get(client: MemoryClient) -> Callable[..., Any]:
    """``get("data")`` of the object ``o``."""

    def get(name: str, id: str = "o") -> Any:
        return client.execute("qom-get", {"path": f"/objects/{id}", "property": name})

    return get


@pytest.fixture
def put(client: MemoryClient) -> Callable[..., str | None]:
    """``put("data", "x")`` to the object ``o``; what is said where it refuses."""

    def put(name: str, value: Any, id: str = "o") -> str | None:
        target = {"path": f"/objects/{id}", "property": name, "value": value}
        reply = client.request("qom-set", target)
        return str(reply["error"]["desc"]) if "error" in reply else None

    return put


def arguments(qom_type: str, id: str, properties: dict[str, Any]) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in properties.items()}
    return {"qom-type": qom_type, "id": id, **named}
