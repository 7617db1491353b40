"""Fixtures for pytest, which finds this module by itself once the package is installed.

def test_of_my_client(qmp_server):              # in this process: milliseconds
    my_client.stop(qmp_server.path)
    assert qmp_server.requests("stop") == [{}]

@pytest.mark.qmp_daemon("-object", "iothread,id=io0")
def test_of_my_tool(qmp_daemon):                # a process of its own
    my_tool.run(qmp_daemon.path)
"""

# Nothing of the package's is imported here: the plugin is loaded in test runs that never use it.
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from qemu.qmp import QMPClient

    from qmp_iothreadd.testing.process import DaemonProcess
    from qmp_iothreadd.testing.server import Server

_MARKERS = (
    "qmp_server(**keywords): Server's keywords for the fixture qmp_server",
    "qmp_daemon(*args, **keywords): command-line arguments for the fixture qmp_daemon, and "
    "DaemonProcess's keywords; allow_left_open=True: clients and threads may outlive the test",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.getgroup("qmp_iothreadd").addoption(
        "--qmp-real",
        metavar="PATH",
        help="run the tests with QMP fixtures on this QEMU; those that script a server skip",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for text in _MARKERS:
        config.addinivalue_line("markers", text)


@pytest.fixture
def qmp_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server in this process, on ``qmp_server.path``, as the marker qmp_server asks.

    What the test leaves open fails it: clients, threads, requests, what was scripted in vain.
    In a unittest.TestCase, it is ``self.qmp_server``.
    """
    from qmp_iothreadd.testing import fixtures

    with fixtures.server_of(request) as server:
        yield server


@pytest.fixture(scope="session")
def qmp_server_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., Server]]:
    """Start a server with Server's arguments; it ends at ``close()``, or with the session."""
    from qmp_iothreadd.testing import fixtures

    with fixtures.server_factory(request) as start:
        yield start


@pytest.fixture
def qmp_client(request: pytest.FixtureRequest, qmp_server: Server) -> QMPClient:
    """qemu.qmp's client, connected to ``qmp_server``, in a test that runs on asyncio."""
    from qmp_iothreadd.testing import asyncio_client

    return asyncio_client.client_of(request)


@pytest.fixture
def start_qmp_daemon(request: pytest.FixtureRequest) -> Iterator[Callable[..., DaemonProcess]]:
    """Start a daemon with these command-line arguments; it ends with the test, as it should."""
    from qmp_iothreadd.testing import fixtures

    with fixtures.daemon_factory(request) as start:
        yield start


@pytest.fixture
def qmp_daemon(
    request: pytest.FixtureRequest, start_qmp_daemon: Callable[..., DaemonProcess]
) -> DaemonProcess:
    """A daemon with a QMP monitor on ``qmp_daemon.path``, and what the marker qmp_daemon asks.

    In a unittest.TestCase, it is ``self.qmp_daemon``.
    """
    from qmp_iothreadd.testing import fixtures, markers

    args, keywords = markers.daemon_arguments(request.node)
    daemon = start_qmp_daemon(*args, **keywords)
    fixtures.give_to_case(request, "qmp_daemon", daemon)
    return daemon
