"""Monitors, devices and clients that come and go in any order, against a model of who is served."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Server

DEVICES = 6
STEPS = 150
TIMEOUT_S = 10


class Motion:
    """Devices ``d0``, ``d1`` …, each with at most one monitor and one client.

    ``greeted``: devices whose client was greeted, and is past negotiation.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self.machine = server.machine
        self.folder = folder
        self.monitors: set[int] = set()
        self.clients: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.greeted: set[int] = set()
        for number in range(DEVICES):
            address = {"type": "unix", "data": {"path": self.path(number)}}
            data = {"addr": address, "server": True, "wait": False}
            self.machine.chardevs.add(f"d{number}", {"type": "socket", "data": data})

    def path(self, number: int) -> str:
        return str(self.folder / f"d{number}")

    async def receive(self, number: int) -> Any:
        async with asyncio.timeout(TIMEOUT_S):
            return json.loads(await self.clients[number][0].readline())

    async def negotiate(self, number: int) -> None:
        assert "QMP" in await self.receive(number)
        self.clients[number][1].write(b'{"execute": "qmp_capabilities"}')
        assert await self.receive(number) == {"return": {}}
        self.greeted.add(number)

    async def add_monitor(self, number: int) -> None:
        options = {"qom-type": "monitor-qmp", "id": f"m{number}", "chardev": f"d{number}"}
        if number in self.monitors:
            with pytest.raises(QmpError, match=f"chardev 'd{number}' is already in use"):
                self.machine.create_object({**options, "id": "other"})
            return
        self.machine.create_object(options)
        self.monitors.add(number)
        if number in self.clients:
            await self.negotiate(number)

    async def delete_monitor(self, number: int) -> None:
        if number not in self.monitors:
            with pytest.raises(QmpError, match=f"object 'm{number}' not found"):
                self.machine.delete_object(f"m{number}")
            return
        self.machine.delete_object(f"m{number}")
        self.monitors.discard(number)
        self.greeted.discard(number)

    async def connect(self, number: int) -> None:
        if number in self.clients:
            return
        self.clients[number] = await asyncio.open_unix_connection(self.path(number))
        device = self.machine.chardevs.find(f"d{number}")
        async with asyncio.timeout(TIMEOUT_S):
            while not device.peers:
                await asyncio.sleep(0)
        if number in self.monitors:
            await self.negotiate(number)

    async def disconnect(self, number: int) -> None:
        if number not in self.clients:
            return
        _, writer = self.clients.pop(number)
        writer.close()
        self.greeted.discard(number)
        device = self.machine.chardevs.find(f"d{number}")
        async with asyncio.timeout(TIMEOUT_S):
            while device.peers:
                await asyncio.sleep(0.001)

    async def tell(self, number: int) -> None:
        """An event, which those hear who are served, and nobody else."""
        stopped = self.machine.running
        (self.machine.stop if stopped else self.machine.cont)()
        for each in self.greeted:
            assert (await self.receive(each))["event"] == ("STOP" if stopped else "RESUME")

    def check(self) -> None:
        for number in range(DEVICES):
            device = self.machine.chardevs.find(f"d{number}")
            assert device.frontend_open == (number in self.monitors)
            assert bool(device.peers) == (number in self.clients)
        assert len(self.machine.listeners) == len(self.greeted)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whoever_is_served_hears_and_nobody_else(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(monitors=0))
        motion = Motion(server, tmp_path)
        moves = (
            motion.add_monitor,
            motion.delete_monitor,
            motion.connect,
            motion.disconnect,
            motion.tell,
        )
        for _ in range(STEPS):
            await chance.choice(moves)(chance.randrange(DEVICES))
            motion.check()
        for number in range(DEVICES):
            await motion.disconnect(number)
            await motion.delete_monitor(number)
        motion.check()
