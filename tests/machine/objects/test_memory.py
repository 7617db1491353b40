"""Memory is mapped, shown, and given back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.machine.objects import linux
from qmp_iothreadd.testing import MemoryClient

MIB = 1 << 20
KINDS = ["memory-backend-ram", "memory-backend-memfd", "memory-backend-shm"]


def mapped(size: int) -> bool:
    """Whether this process has a mapping of just this size."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(number, 16) for number in line.split()[0].split("-"))
        if end - start == size:
            return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_there_until_the_object_is_deleted(
    client: MemoryClient, add: Callable[..., None], kind: str
) -> None:
    size = 12345 * 4096
    assert not mapped(size)
    add(kind, size=size, share=True)
    assert mapped(size)
    client.execute("object-del", {"id": "o"})
    assert not mapped(size)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({}, "Parameter 'size' is missing"),
        ({"size": 0}, "property 'size' of memory-backend-ram doesn't take value '0'"),
        ({"size": 2**50}, "cannot set up guest memory 'o': Cannot allocate memory"),
        ({"size": 2**64 - 1}, "cannot set up guest memory 'o': Cannot allocate memory"),
        (
            {"size": MIB, "prealloc_threads": 0},
            "property 'prealloc-threads' of memory-backend-ram doesn't take value '0'",
        ),
        ({"size": MIB, "policy": "bind"}, "host-nodes must be set for policy bind"),
        (
            {"size": MIB, "host_nodes": [0]},
            "host-nodes must be empty for policy default,"
            " or you should explicitly specify a policy other than default",
        ),
        ({"size": MIB, "host_nodes": [500]}, "Invalid host-nodes value: 500"),
        ({"size": MIB, "prealloc_context": "nope"}, "Device 'nope' not found"),
        (
            {"size": MIB, "prealloc_context": "r"},
            "Invalid parameter type for 'prealloc-context', expected: thread-context",
        ),
    ],
)
def test_memory_that_cannot_be_had_is_refused(
    add: Callable[..., None], refused: Callable[..., str], properties: dict[str, Any], said: str
) -> None:
    add("rng-builtin", "r")
    assert refused("memory-backend-ram", **properties) == said


def test_nodes_that_the_host_lacks_are_refused_by_the_kernel(refused: Callable[..., str]) -> None:
    said = refused("memory-backend-ram", size=MIB, policy="bind", host_nodes=[127])
    assert said.startswith("cannot bind memory to host NUMA nodes: ")


def test_what_is_there_does_not_change(
    add: Callable[..., None], put: Callable[..., str | None], get: Callable[..., Any]
) -> None:
    add("memory-backend-ram", size=MIB)
    assert put("size", 5) == "cannot change property size of memory-backend-ram "
    assert put("share", True) == put("reserve", False) == "cannot change property value"
    assert put("merge", False) is put("dump", False) is put("merge", True) is None
    assert (get("merge"), get("dump")) == (True, False)
    assert put("prealloc", True) is put("prealloc", False) is None
    assert get("prealloc") is True


def test_back_ends_are_listed(client: MemoryClient, add: Callable[..., None]) -> None:
    add("memory-backend-ram", size=MIB, dump=False)
    shown = {
        "id": "o",
        "size": MIB,
        "merge": True,
        "dump": False,
        "prealloc": False,
        "share": False,
        "reserve": True,
        "policy": "default",
        "host-nodes": [],
    }
    assert client.execute("query-memdev") == [shown]
    text = client.execute("human-monitor-command", {"command-line": "info memdev"})
    assert text.splitlines() == [
        "memory backend: o",
        f"  size:  {MIB}",
        *("  merge: true", "  dump: false", "  prealloc: false", "  share: false"),
        *("  reserve: true", "  policy: default", "  host nodes: ", ""),
    ]


def test_memory_that_cannot_be_taken_at_once_is_refused(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def advise(self: linux.Mapping, advice: int) -> None:
        raise OSError(12, "")

    monkeypatch.setattr(linux.Mapping, "advise", advise)
    said = "preallocating memory failed: Cannot allocate memory"
    assert refused("memory-backend-ram", size=MIB, prealloc=True) == said


def test_a_link_leads_to_a_context_of_threads(
    add: Callable[..., None], get: Callable[..., Any], put: Callable[..., str | None]
) -> None:
    add("thread-context", "t")
    add("memory-backend-ram", size=MIB, prealloc_context="t", prealloc=True)
    assert get("prealloc-context") == "/objects/t"
    add("thread-context", "u")
    assert put("prealloc-context", "u") is None
    assert get("prealloc-context") == "/objects/u"


@pytest.mark.parametrize(("whole_path", "name"), [(False, "o[0]"), (True, "\\x2fobjects\\x2fo[0]")])
def test_memory_is_a_region_of_the_tree(
    client: MemoryClient, add: Callable[..., None], whole_path: bool, name: str
) -> None:
    add("memory-backend-ram", size=5000, **{"x-use-canonical-path-for-ramblock-id": whole_path})
    *_, last = client.execute("qom-list", {"path": "/objects/o"})
    assert last == {"name": name, "type": "child<memory-region>"}
    place = {"path": f"/objects/o/{name}", "property": "size"}
    assert client.execute("qom-get", place) == 5000


def test_host_nodes_are_added_and_never_taken_away(
    client: MemoryClient, add: Callable[..., None], get: Callable[..., Any]
) -> None:
    add("memory-backend-ram", size=4096)
    for text in ("3", "0-1,3", "0x6-0x7,"):
        command = {"command-line": f"qom-set o host-nodes {text}"}
        assert client.execute("human-monitor-command", command) == ""
    assert get("host-nodes") == [0, 1, 3, 6, 7]
