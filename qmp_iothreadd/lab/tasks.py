"""Simulations on all cores: threads of this process, which need no GIL, or a Dask cluster."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from qmp_iothreadd.lab.load import Costs, Load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.simulating import Simulated, simulate

if TYPE_CHECKING:
    from qmp_iothreadd.lab.clusters import Cluster

# Sets that share one drawing of requests: fewer draw too often, more need too much memory at once.
_LEAST_SETS, _MOST_SETS = 16, 256

Done = Callable[[int], object]
"""Is told, now and then, how many requests x sets more are done."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """Sets under which the same requests are served."""

    load: Load
    sets: tuple[Params, ...]
    requests: int
    seed: int
    costs: Costs

    def parts(self, wanted: int) -> list[Task]:
        """Tasks that come to the same, in this order: about as many as wanted."""
        size = -(-len(self.sets) // max(wanted, 1))
        size = min(max(size, _LEAST_SETS), _MOST_SETS)
        starts = range(0, len(self.sets), size)
        return [dataclasses.replace(self, sets=self.sets[i : i + size]) for i in starts]


def run_task(task: Task, progress: Done | None = None) -> list[Simulated]:
    """Simulate: here, or wherever this function was sent to."""
    return simulate(
        task.load,
        task.sets,
        costs=task.costs,
        requests=task.requests,
        seed=task.seed,
        progress=progress,
    )


Run = Callable[[Sequence[Task], Done], list[list[Simulated]]]
"""The results of each task, in their order. Raises ValueError: one makes no sense."""


@contextlib.contextmanager
def workers(jobs: int | None = None, dask: str | None = None) -> Iterator[Run]:
    """Who does tasks.

    Args:
        jobs: how many threads; by default one for each CPU that this process may use.
        dask: the address of a scheduler, whose workers do it instead.

    Raises:
        ValueError: no such number, or no such cluster.
    """
    if dask is not None:
        from qmp_iothreadd.lab.clusters import connected

        with connected(dask) as cluster:
            yield lambda tasks, done: _in_parts(
                tasks, cluster.threads, lambda parts: _far(cluster, parts, done)
            )
        return
    threads = len(os.sched_getaffinity(0)) if jobs is None else jobs
    if threads < 1:
        raise ValueError(f"jobs must be from 1, not {jobs}")
    yield lambda tasks, done: _in_parts(tasks, threads, lambda parts: _near(parts, threads, done))


def _in_parts(
    tasks: Sequence[Task], jobs: int, run: Callable[[list[Task]], list[list[Simulated]]]
) -> list[list[Simulated]]:
    split = [task.parts(-(-2 * jobs // len(tasks))) for task in tasks]
    found = iter(run([part for parts in split for part in parts]))
    return [[each for _ in parts for each in next(found)] for parts in split]


class _StoppedError(Exception):
    """Nobody waits for this result any more."""


def _near(tasks: list[Task], jobs: int, done: Done) -> list[list[Simulated]]:
    from concurrent.futures import ThreadPoolExecutor

    stopped, lock = threading.Event(), threading.Lock()

    def run(task: Task) -> list[Simulated]:
        seen = 0

        def progress(requests: int) -> None:
            nonlocal seen
            if stopped.is_set():
                raise _StoppedError
            with lock:
                done((requests - seen) * len(task.sets))
            seen = requests

        return run_task(task, progress)

    with ThreadPoolExecutor(min(jobs, len(tasks)), "iothread-lab") as pool:
        try:
            return list(pool.map(run, tasks))
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _far(cluster: Cluster, tasks: list[Task], done: Done) -> list[list[Simulated]]:
    found: list[list[Simulated]] = [[] for _ in tasks]
    for place, result in cluster.each(run_task, tasks):
        found[place] = result
        done(tasks[place].requests * len(tasks[place].sets))
    return found
