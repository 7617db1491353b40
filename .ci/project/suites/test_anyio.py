"""anyio's own plugin, on asyncio and on trio."""

import json

import anyio
import pytest

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_client(qmp_client, qmp_server, anyio_backend):
    qmp_server.respond("x-vendor", [1, 2])
    assert [await qmp_client.execute("x-vendor") for _ in "12"] == [1, 2]


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_server(qmp_server, anyio_backend):
    async with await anyio.connect_unix(qmp_server.path) as stream:
        assert b"QMP" in await stream.receive()
        await stream.send(json.dumps({"execute": "qmp_capabilities"}).encode())
        assert await qmp_server.wait_for("qmp_capabilities") == {}
        assert json.loads(await stream.receive()) == {"return": {}}
