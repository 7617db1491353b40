"""Sources of random numbers are opened, held and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from qmp_iothreadd.testing import MemoryClient


def test_a_device_is_open_until_the_object_is_deleted(
    client: MemoryClient,
    add: Callable[..., None],
    get: Callable[..., Any],
    put: Callable[..., str | None],
) -> None:
    add("rng-random")
    assert (get("filename"), get("opened")) == ("/dev/urandom", True)
    assert put("filename", "/x") == "Property 'filename' can no longer be set"
    assert put("opened", True) == "Property 'rng-random.opened' is not writable"
    client.execute("object-del", {"id": "o"})


def test_what_cannot_be_opened_is_refused(refused: Callable[..., str]) -> None:
    said = "Could not open '/nope': No such file or directory"
    assert refused("rng-random", filename="/nope") == said
    said = "Property 'rng-builtin.opened' is not writable"
    assert refused("rng-builtin", opened=False) == said


def test_a_daemon_has_the_character_device_for_itself(
    client: MemoryClient, add: Callable[..., None], refused: Callable[..., str]
) -> None:
    async def use() -> None:
        client.machine.chardevs.add("c", {"type": "null", "data": {}})
        add("rng-egd", chardev="c")
        assert refused("rng-egd", "p", chardev="c") == "chardev 'c' is already in use"
        client.execute("object-del", {"id": "o"})
        add("rng-egd", "p", chardev="c")
        client.execute("object-del", {"id": "p"})
        client.machine.chardevs.remove("c")

    assert refused("rng-egd", chardev="c") == "Device 'c' not found"
    asyncio.run(use())
