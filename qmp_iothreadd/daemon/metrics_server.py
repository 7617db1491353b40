"""``--metrics``: an HTTP endpoint that Prometheus scrapes, in the daemon's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from qmp_iothreadd.daemon.metrics import Machines
    from qmp_iothreadd.daemon.metrics_http import MetricsEndpoint
    from qmp_iothreadd.machine.machine import Machine

DEFAULT_HOST = "127.0.0.1"

# What --metrics needs, by the name that is imported.
_PACKAGES = {"prometheus_client": "prometheus-client", "h11": "h11"}


@contextlib.asynccontextmanager
async def serve_metrics(
    measured: Machine | Machines, address: str, announce: Callable[[str], object]
) -> AsyncIterator[None]:
    """Serve statistics of a machine, or of several, on ``address`` (``[HOST:]PORT``), until left.

    ``announce`` is told the URL. Without a host only this machine is served.

    Raises:
        QmpError: the address is none or cannot be had, or what --metrics needs is not installed.
    """
    host, port = parse_address(address)
    endpoint = _load_endpoint()(measured)
    try:
        server = await asyncio.start_server(endpoint.answer, host, port)
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
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"


def _load_endpoint() -> type[MetricsEndpoint]:
    try:
        from qmp_iothreadd.daemon.metrics_http import MetricsEndpoint  # an extra, slow to import
    except ModuleNotFoundError as error:
        package = _PACKAGES.get((error.name or "").partition(".")[0])
        if package is None:
            raise
        raise errors.metrics_library_missing(package) from None
    return MetricsEndpoint
