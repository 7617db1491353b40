"""Making, changing and removing character devices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.chardev.options import BACKENDS
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import MemoryClient, Server


@pytest.fixture
async def client() -> AsyncIterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


def backend(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


def add(client: MemoryClient, id: str, kind: str = "null", **data: Any) -> Any:
    return client.execute("chardev-add", {"id": id, "backend": backend(kind, **data)})


def labels(client: MemoryClient) -> set[str]:
    return {each["label"] for each in client.execute("query-chardev")}


async def test_a_device_is_there_until_it_is_removed(client: MemoryClient) -> None:
    before = labels(client)
    assert add(client, "c") == {}
    assert labels(client) == before | {"c"}
    assert client.execute("chardev-remove", {"id": "c"}) == {}
    assert labels(client) == before


@pytest.mark.parametrize("name", ["", "1", "a/b"])
async def test_any_text_is_a_name(client: MemoryClient, name: str) -> None:
    add(client, name)
    assert name in labels(client)


async def test_a_name_is_taken_once(client: MemoryClient) -> None:
    add(client, "c")
    with pytest.raises(QmpError, match=r"^Chardev with id 'c' already exists$"):
        add(client, "c")


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("spicevmc", {"type": "x"}, "unsupported type name: x"),
        (
            "socket",  # what the daemon itself has open is nobody's
            {"addr": {"type": "fd", "data": {"str": "1"}}},
            "File descriptor named '1' has not been found",
        ),
        (
            "socket",
            {"addr": {"type": "unix", "data": {"path": "/x"}}, "server": False, "wait": False},
            "'wait' option is incompatible with socket in client connect mode",
        ),
    ],
)
async def test_what_cannot_be_made_leaves_nothing(
    client: MemoryClient, kind: str, data: dict[str, Any], message: str
) -> None:
    before = labels(client)
    with pytest.raises(QmpError) as caught:
        add(client, "c", kind, **data)
    assert caught.value.desc == f"Failed to add chardev 'c': {message}"
    assert labels(client) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"id": "c"}, "Parameter 'backend' is missing"),
        ({"id": "c", "backend": {}}, "Parameter 'backend.type' is missing"),
        ({"id": "c", "backend": {"type": "null"}}, "Parameter 'backend.data' is missing"),
        ({"id": "c", "backend": backend("x")}, "Parameter 'type' does not accept value 'x'"),
        ({"id": "c", "backend": backend("socket")}, "Parameter 'backend.data.addr' is missing"),
        ({"id": "c", "backend": backend("null", x=1)}, "Parameter 'backend.data.x' is unexpected"),
    ],
)
def test_arguments_are_checked(
    client: MemoryClient, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        client.execute("chardev-add", arguments)
    assert caught.value.desc == message


async def test_a_device_is_changed_unless_somebody_uses_it(client: MemoryClient) -> None:
    add(client, "c", logappend=False)
    assert client.execute("chardev-change", {"id": "c", "backend": backend("null")}) == {}
    assert "c" in labels(client)
    with pytest.raises(QmpError, match="Chardev 'd' does not exist"):
        client.execute("chardev-change", {"id": "d", "backend": backend("null")})
    with pytest.raises(QmpError, match="Chardev user does not support chardev hotswap"):
        client.execute("chardev-change", {"id": "compat_monitor0", "backend": backend("null")})


async def test_a_change_that_fails_leaves_no_device(client: MemoryClient) -> None:
    add(client, "c")
    with pytest.raises(QmpError, match=r"^Failed to add chardev 'c': 'dbus' is not a valid"):
        client.execute("chardev-change", {"id": "c", "backend": backend("dbus", name="n")})
    assert "c" not in labels(client)


def test_a_device_that_is_used_or_missing_is_not_removed(client: MemoryClient) -> None:
    with pytest.raises(QmpError, match=r"^Chardev 'compat_monitor0' is busy$"):
        client.execute("chardev-remove", {"id": "compat_monitor0"})
    with pytest.raises(QmpError, match=r"^Chardev 'c' not found$"):
        client.execute("chardev-remove", {"id": "c"})


async def test_a_break_is_sent_to_any_device(client: MemoryClient) -> None:
    add(client, "c")
    assert client.execute("chardev-send-break", {"id": "c"}) == {}
    with pytest.raises(QmpError, match=r"^Chardev 'd' not found$"):
        client.execute("chardev-send-break", {"id": "d"})


def test_backends_are_those_of_chardev(client: MemoryClient) -> None:
    found = client.execute("query-chardev-backends")
    assert [each["name"] for each in found] == list(BACKENDS)


async def test_a_device_that_nobody_uses_is_put_in_the_place_of_another(
    client: MemoryClient,
) -> None:
    def devices() -> dict[str, str]:
        return {each["label"]: each["filename"] for each in client.execute("query-chardev")}

    client.execute("chardev-add", {"id": "c", "backend": {"type": "null", "data": {}}})
    ring = {"type": "ringbuf", "data": {"size": 64}}
    client.execute("chardev-change", {"id": "c", "backend": ring})
    assert devices()["c"] == "ringbuf"
    client.execute("chardev-send-break", {"id": "c"})
    mux = {"type": "mux", "data": {"chardev": "c"}}
    client.execute("chardev-add", {"id": "m", "backend": mux})
    for name in ("m", "c", "zz"):
        assert "error" in client.request("chardev-change", {"id": name, "backend": ring})
    assert devices().keys() >= {"c", "m"}


async def test_a_server_that_waits_is_answered_when_its_first_client_is_there(
    tmp_path: Path,
) -> None:
    waiting = str(tmp_path / "waiting.sock")
    address = {"type": "unix", "data": {"path": waiting}}
    data = {"addr": address, "server": True, "wait": True}
    request = {
        "execute": "chardev-add",
        "arguments": {"id": "c", "backend": backend("socket", **data)},
    }
    async with Server() as server:
        reader, writer = await asyncio.open_unix_connection(server.path)

        async def receive() -> dict[str, Any]:
            async with asyncio.timeout(10):
                return dict(json.loads(await reader.readline()))

        assert "QMP" in await receive()
        writer.write(b'{"execute": "qmp_capabilities"}')
        assert await receive() == {"return": {}}
        said = asyncio.Event()
        server.machine.chardevs.report = lambda text: said.set()
        writer.write(json.dumps(request).encode() + b'{"execute": "query-name"}')
        async with asyncio.timeout(10):
            await said.wait()
        answer = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        assert not answer.done()
        _, first = await asyncio.open_unix_connection(waiting)
        assert [await answer, await receive()] == [{"return": {}}, {"return": {}}]
        (found,) = [each for each in server.machine.chardevs if each.name == "c"]
        assert found.filename == f"unix:{waiting},server=on"
        for end in (first, writer):
            end.close()
            await end.wait_closed()
