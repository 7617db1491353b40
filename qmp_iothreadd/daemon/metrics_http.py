"""What the metrics' endpoint answers over HTTP, which h11 reads and writes.

A server of threads, as prometheus_client has one, would read the machine while commands change it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from qmp_iothreadd.daemon.metrics import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from qmp_iothreadd.daemon.metrics import Machines
    from qmp_iothreadd.machine.machine import Machine

PATH = b"/metrics"
REQUEST_TIMEOUT_S = 10.0
REQUEST_LIMIT = 16384

# In seconds: so long does a scrape keep the event loop from running, as the interpreter counts.
_TURN_S = 0.0005
# What an exposition in OpenMetrics ends with.
_END = b"# EOF\n"


class MetricsEndpoint:
    """Answers requests, one per connection; what HTTP is knows h11."""

    def __init__(self, measured: Machine | Machines) -> None:
        self._measured = measured
        self._one_scrape = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's request, and close it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                await self._serve(reader, writer)
        except (OSError, TimeoutError):
            pass  # a client that does not ask in time gets nothing
        except asyncio.CancelledError:
            pass  # the daemon ends; only close() cancels, and it waits for this
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        """Give up on the clients that are being answered."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=REQUEST_LIMIT)
        with_body = True
        try:
            request = await _receive(http, reader)
            if request is None:
                return
            with_body = request.method != b"HEAD"
            answer = await self._respond(request)
        except h11.RemoteProtocolError as error:
            answer = _Answer(error.error_status_hint)
        for piece in answer.pieces(http, with_body=with_body):
            writer.write(piece)
            await writer.drain()

    async def _respond(self, request: h11.Request) -> _Answer:
        path, _, _ = request.target.partition(b"?")
        if path != PATH:
            return _Answer(404)
        if request.method not in (b"GET", b"HEAD"):
            return _Answer(405, headers=[("Allow", "GET, HEAD")])
        accept = b",".join(value for name, value in request.headers if name == b"accept")
        try:
            encode, content_type = choose_encoder(accept.decode("latin-1"))
        except (TypeError, ValueError):  # a version that is no number, for one
            return _Answer(400)
        async with self._one_scrape:  # each takes a processor
            # With thousands of iothreads this takes long: monitors are served meanwhile.
            with _interruptible():
                body = await asyncio.to_thread(_expose, encode, registry(self._measured))
        return _Answer(200, body, content_type)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let other threads interrupt this work often: no collection of garbage, as that cannot be.

    What a scrape makes has no cycles.
    """
    interval, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(_TURN_S)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()


class _Family(CollectorRegistry):
    """One family of metrics, as a registry that has no other."""

    def __init__(self, family: Metric) -> None:
        super().__init__()
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


def _expose(
    encode: Callable[[CollectorRegistry], bytes], metrics: CollectorRegistry
) -> list[bytes]:
    """The exposition, family by family: joining all of it at once would keep others waiting."""
    pieces = [encode(_Family(family)) for family in metrics.collect()]
    return [piece.removesuffix(_END) for piece in pieces[:-1]] + pieces[-1:]


async def _receive(http: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """The request; None where the client asked for nothing.

    Raises:
        RemoteProtocolError: it is none, or has no end.
    """
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await reader.read(REQUEST_LIMIT))
    return event if isinstance(event, h11.Request) else None


@dataclass
class _Answer:
    """A response; without ``body`` the status's own words are it."""

    status: int
    body: list[bytes] | None = None
    content_type: str = "text/plain; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)

    def pieces(self, http: h11.Connection, *, with_body: bool) -> Iterator[bytes]:
        """Its bytes, as ``http`` writes them."""
        reason = HTTPStatus(self.status).phrase
        body = [f"{reason}\n".encode()] if self.body is None else self.body
        length = sum(map(len, body))
        own = [("Content-Type", self.content_type), ("Content-Length", str(length))]
        head = h11.Response(
            status_code=self.status,
            reason=reason.encode(),
            headers=[*own, ("Connection", "close"), *self.headers],
        )
        yield http.send(head) or b""
        if with_body:
            for piece in body:
                yield http.send(h11.Data(piece)) or b""
