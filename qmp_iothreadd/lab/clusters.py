"""A Dask cluster, which is an extra."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

_TIMEOUT_S = 10

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Cluster:
    """The workers of a scheduler that a client of Dask is connected to."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.threads: int = sum(client.nthreads().values())

    def each(
        self, function: Callable[[_Item], _Result], items: Sequence[_Item]
    ) -> Iterator[tuple[int, _Result]]:
        """Call a function with each item, somewhere: the item's place and what came of it.

        In the order in which they end. Raises what the function raises, and gives up the others.
        """
        # Not pure: Dask would hash all of an item to find out whether it had it before.
        futures = self._client.map(function, items, pure=False)
        places = {future.key: place for place, future in enumerate(futures)}
        try:
            completed = _distributed().as_completed(
                futures, loop=self._client.loop, with_results=True
            )
            for future, result in completed:
                yield places[future.key], result
        finally:
            for future in futures:
                future.cancel()


def _distributed() -> Any:
    return importlib.import_module("distributed")


@contextlib.contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster of a scheduler.

    Raises:
        ValueError: Dask is not installed, nobody answers there, or there is no worker.
    """
    try:
        connect = _distributed().Client
    except ImportError:
        raise ValueError(
            "--dask needs Dask here and on its workers: pip install 'qmp-iothreadd[dask]'"
        ) from None
    try:
        client = connect(address, timeout=_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        cluster = Cluster(client)
        if not cluster.threads:
            raise ValueError(f"the Dask scheduler at {address} has no workers: start some first")
        yield cluster
