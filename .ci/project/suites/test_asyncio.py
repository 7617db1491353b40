"""pytest-asyncio in its strict mode."""

import asyncio

import pytest
import pytest_asyncio
from qemu.qmp import QMPClient

from qmp_iothreadd.testing import Server


@pytest.mark.asyncio
async def test_client(qmp_client, qmp_server):
    qmp_server.respond("query-name", {"name": "scripted"})
    assert await qmp_client.execute("query-name") == {"name": "scripted"}
    assert qmp_server.requests("query-name") == [{}]


@pytest_asyncio.fixture
async def named(qmp_client):
    await qmp_client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    return qmp_client


@pytest.mark.asyncio
async def test_fixture_on_the_client(named, qmp_server):
    assert [each["id"] for each in await named.execute("query-iothreads")] == ["io0"]


@pytest.mark.asyncio(loop_scope="module")
async def test_client_on_the_modules_loop(qmp_client):
    assert await qmp_client.execute("query-iothreads") == []


@pytest.mark.asyncio
async def test_waiting(qmp_client, qmp_server):
    asked = asyncio.create_task(qmp_client.execute("stop"))
    assert await qmp_server.wait_for("stop", timeout=5) == {}
    await asked
    with pytest.raises(TimeoutError, match="'cont' came 0 of 1 times"):
        await qmp_server.wait_for("cont", timeout=0.01)


@pytest.mark.asyncio
async def test_in_a_block():
    async with Server() as server:
        qmp = QMPClient("test")
        await qmp.connect(server.path)
        with qmp.listener("WATCHDOG") as watchdog:
            server.emit("WATCHDOG", {"action": "reset"})
            assert (await watchdog.get())["data"] == {"action": "reset"}
        await qmp.disconnect()
