"""What the plugin's fixtures do, loaded by the first test that has one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from qmp_iothreadd.testing.left_open import Before, LeftOpenError, clients_of, patiently_here
from qmp_iothreadd.testing.markers import ALLOW_LEFT_OPEN, server_arguments
from qmp_iothreadd.testing.report import reports_of

if TYPE_CHECKING:
    from qmp_iothreadd.testing.process import DaemonProcess
    from qmp_iothreadd.testing.server import Server


@contextlib.contextmanager
def server_of(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of one test, which fails where something is left open."""
    from qmp_iothreadd.testing.server import Server

    if _real_qemu(request):
        with _real_server(request) as real:
            give_to_case(request, "qmp_server", real)
            yield real
        return
    server = Server(**server_arguments(request.node)).__enter__()
    reports = reports_of(request.config)
    reports.watch(request.node, "qmp_server", server)
    give_to_case(request, "qmp_server", server)
    try:
        yield server
    finally:
        try:
            server.close(check=not reports.failed(request.node))
        except LeftOpenError as error:
            pytest.fail(f"the test {error}", pytrace=False)


@contextlib.contextmanager
def server_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., Server]]:
    """What starts servers, and ends those that are left with the session."""
    from qmp_iothreadd.testing.server import Server

    reports = reports_of(request.config)
    servers: list[Server] = []

    def start(*args: Any, **keywords: Any) -> Server:
        if path := _real_qemu(request):
            pytest.skip(f"a server of its own kind is asked for, and --qmp-real={path} has none")
        server = Server(*args, **keywords).start()
        servers.append(server)
        reports.watch(None, f"server {len(servers)} of qmp_server_factory", server)
        return server

    yield start
    left = []
    for number, server in enumerate(servers, 1):
        try:
            server.close()
        except LeftOpenError as error:
            left.append(f"server {number} of qmp_server_factory {error}")
    if left:
        pytest.fail("; ".join(left), pytrace=False)


@contextlib.contextmanager
def daemon_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., DaemonProcess]]:
    """What starts daemons, and ends them with the test, which fails for what it leaves open."""
    from qmp_iothreadd.testing import real_qemu
    from qmp_iothreadd.testing.process import DaemonProcess

    reports = reports_of(request.config)
    real = _real_qemu(request)
    before = Before()
    paths: list[str] = []
    left: list[str] = []
    looks = True
    with contextlib.ExitStack() as stack:

        def start(*args: str, **options: Any) -> DaemonProcess:
            nonlocal looks
            looks &= not options.pop(ALLOW_LEFT_OPEN, False)
            answers = real is not None and options.get("wait_ready", True)
            alone = not {"-fleet", "--fleet"} & {*args}  # each of many would need its own
            options.setdefault("transcript", alone)
            if real:
                options = {**real_qemu.daemon_options(real, args), **options}
            daemon = stack.enter_context(DaemonProcess(*args, **options))
            if answers:
                real_qemu.await_main_loop(daemon.path)
            reports.watch(request.node, "qmp_daemon", daemon)
            paths.append(daemon.path)
            return daemon

        yield start
        # Looked at before all is closed, and said afterwards.
        if looks and not reports.failed(request.node):
            left = patiently_here(lambda: [*clients_of(paths), *before.left(paths)])
    if left:
        pytest.fail(f"the test left open: {'; '.join(left)}", pytrace=False)


def give_to_case(request: pytest.FixtureRequest, name: str, value: object) -> None:
    """Let a unittest.TestCase, whose tests have no arguments, have a fixture as ``self``'s."""
    import unittest

    if isinstance(request.instance, unittest.TestCase):
        setattr(request.instance, name, value)


def _real_qemu(request: pytest.FixtureRequest) -> str | None:
    return cast("str | None", request.config.getoption("--qmp-real"))


@contextlib.contextmanager
def _real_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    from qmp_iothreadd.testing.real_qemu import RealServer

    path = cast(str, _real_qemu(request))
    if keywords := server_arguments(request.node):
        pytest.skip(f"asks for Server's {', '.join(keywords)}, and --qmp-real={path} has none")
    with RealServer(path) as server:
        reports_of(request.config).watch(request.node, "qmp_server", server)
        yield server
