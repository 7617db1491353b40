"""Memory back ends, as people see them."""

from __future__ import annotations

from collections.abc import Callable

from qmp_iothreadd.testing import MemoryClient

Say = Callable[[str], str]


def test_back_ends_are_shown_the_latest_first(client: MemoryClient, say: Say) -> None:
    assert say("info memdev") == "\n"
    small = {"qom-type": "memory-backend-ram", "id": "m0", "size": 1 << 20}
    client.execute("object-add", small)
    client.execute("object-add", small | {"id": "m1", "size": 1 << 21, "merge": False})
    assert say("info memdev") == (
        "memory backend: m1\n"
        "  size:  2097152\n"
        "  merge: false\n"
        "  dump: true\n"
        "  prealloc: false\n"
        "  share: false\n"
        "  reserve: true\n"
        "  policy: default\n"
        "  host nodes: \n"
        "memory backend: m0\n"
        "  size:  1048576\n"
        "  merge: true\n"
        "  dump: true\n"
        "  prealloc: false\n"
        "  share: false\n"
        "  reserve: true\n"
        "  policy: default\n"
        "  host nodes: \n"
        "\n"
    )


def test_no_devices_hold_memory(say: Say) -> None:
    assert say("info memory-devices") == ""
