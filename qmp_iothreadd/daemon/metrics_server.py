"""``--metrics``: an HTTP endpoint that Prometheus scrapes, in the daemon's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from prometheus_client import CollectorRegistry

    from qmp_iothreadd.machine.machine import Machine

PATH = "/metrics"
DEFAULT_HOST = "127.0.0.1"
REQUEST_TIMEOUT_S = 10.0
REQUEST_LIMIT = 16384

_STATUS_TEXTS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


@contextlib.asynccontextmanager
async def serve_metrics(
    machine: Machine, address: str, announce: Callable[[str], object]
) -> AsyncIterator[None]:
    """Serve the machine's numbers on ``address``, which is ``[HOST:]PORT``, until left.

    ``announce`` is told the URL. Without a host only this machine is served.

    Raises:
        QmpError: the address is none or cannot be had, or prometheus_client is not installed.
    """
    host, port = parse_address(address)
    endpoint = _Endpoint(_registry_maker(machine))
    try:
        server = await asyncio.start_server(endpoint.answer, host, port, limit=REQUEST_LIMIT)
    except OSError as error:
        raise errors.bind_failed(address, error.strerror or str(error)) from None
    try:
        announce(_url(host, server.sockets[0].getsockname()[1]))
        yield
    finally:
        server.close()
        await endpoint.close()


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``[HOST:]PORT``; a host with colons stands in brackets.

    Raises:
        QmpError: it is something else.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal()) or len(port) > 5 or int(port) > 65535:
        raise errors.not_a_metrics_address(text)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise errors.not_a_metrics_address(text)
    return host or DEFAULT_HOST, int(port)


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def _registry_maker(machine: Machine) -> Callable[[], CollectorRegistry]:
    try:
        from qmp_iothreadd.daemon.metrics import registry  # an extra, and slow to import
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "prometheus_client":
            raise
        raise errors.metrics_library_missing() from None
    return partial(registry, machine)


class _Endpoint:
    """Answers requests, one per connection."""

    def __init__(self, make_registry: Callable[[], CollectorRegistry]) -> None:
        self._make_registry = make_registry
        self._one_scrape = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's request, and close it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                writer.write(await self._respond(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            pass  # a client that does not ask in time and in form gets nothing
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

    async def _respond(self, request: bytes) -> bytes:
        lines = request.decode("latin-1").split("\r\n")
        words = lines[0].split()
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            return _response(400)
        method, target, _ = words
        if target.partition("?")[0] != PATH:
            return _response(404)
        if method not in ("GET", "HEAD"):
            return _response(405, headers=("Allow: GET, HEAD",))
        accept = [
            line.partition(":")[2] for line in lines[1:] if line.lower().startswith("accept:")
        ]
        from prometheus_client.exposition import choose_encoder  # see above

        encode, content_type = choose_encoder(",".join(accept))
        async with self._one_scrape:  # each takes a processor
            # With thousands of iothreads this takes long: monitors are served meanwhile.
            body = await asyncio.to_thread(encode, self._make_registry())
        return _response(200, body, content_type, with_body=method == "GET")


def _response(
    status: int,
    body: bytes | None = None,
    content_type: str = "text/plain; charset=utf-8",
    *,
    with_body: bool = True,
    headers: tuple[str, ...] = (),
) -> bytes:
    reason = _STATUS_TEXTS[status]
    if body is None:
        body = f"{reason}\n".encode()
    head = [
        f"HTTP/1.1 {status} {reason}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + (body if with_body else b"")
