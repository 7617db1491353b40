"""trio, by pytest-trio and by itself."""

import json

import pytest
import trio

from qmp_iothreadd.testing import Server


async def talk(server):
    server.respond("query-name", {"name": "scripted"})
    async with await trio.open_unix_socket(server.path) as stream:
        assert b"QMP" in await stream.receive_some()
        for command in ("qmp_capabilities", "query-name"):
            await stream.send_all(json.dumps({"execute": command}).encode())
            reply = json.loads(await stream.receive_some())
            assert await server.wait_for(command, timeout=5) == {}
        assert reply == {"return": {"name": "scripted"}}
    with pytest.raises(TimeoutError, match="'cont' came 0 of 1 times"):
        await server.wait_for("cont", timeout=0.01)


@pytest.mark.trio
async def test_fixture(qmp_server):
    await talk(qmp_server)


def test_in_a_block():
    async def main():
        with Server() as server:
            await talk(server)

    trio.run(main)


@pytest.mark.trio
async def test_async_with_says_what_to_use():
    with pytest.raises(RuntimeError, match="with Server\\(\\) as server"):
        async with Server():
            pass
