"""A context of threads is a thread, with an affinity."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing import MemoryClient


def test_it_is_a_thread_until_it_is_deleted(
    client: MemoryClient, add: Callable[..., None], get: Callable[..., Any]
) -> None:
    add("thread-context")
    task = Path(f"/proc/self/task/{get('thread-id')}")
    assert task.exists()
    client.execute("object-del", {"id": "o"})
    assert not task.exists()


def test_nodes_stand_for_their_cpus(
    add: Callable[..., None], get: Callable[..., Any], refused: Callable[..., str]
) -> None:
    if Path("/sys/devices/system/node/node0").exists():
        add("thread-context", node_affinity=[0])
        assert set(get("cpu-affinity")) <= set(os.sched_getaffinity(0))
    assert refused("thread-context", "p", node_affinity=[999]) == "The nodes select no CPUs"


def test_it_runs_where_it_may(
    add: Callable[..., None], get: Callable[..., Any], put: Callable[..., str | None]
) -> None:
    cpu = min(os.sched_getaffinity(0))
    add("thread-context", cpu_affinity=[cpu])
    assert os.sched_getaffinity(get("thread-id")) == {cpu}
    assert get("cpu-affinity") == [cpu]
    assert put("node-affinity", [99]) == "The nodes select no CPUs"
    assert put("cpu-affinity", []) == "CPU list is empty"
    assert put("cpu-affinity", [1023]) == "Setting CPU affinity failed: Invalid argument"


def test_a_cpu_that_the_host_lacks_is_refused(refused: Callable[..., str]) -> None:
    said = "Setting CPU affinity failed: Invalid argument"
    assert refused("thread-context", cpu_affinity=[1023]) == said
    said = "Mixing CPU and node affinity not supported"
    assert refused("thread-context", cpu_affinity=[0], node_affinity=[0]) == said
