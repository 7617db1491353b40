"""pytest-asyncio in its auto mode: nothing is marked."""

import pytest


@pytest.fixture
async def stopped(qmp_client):
    await qmp_client.execute("stop")
    return qmp_client


async def test_client(stopped, qmp_server):
    assert (await stopped.execute("query-status"))["status"] == "paused"
    assert await qmp_server.wait_for("stop") == {}
