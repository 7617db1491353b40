"""Fixtures for pytest, which finds this module by itself once the package is installed.

@pytest.mark.qmp_daemon("-object", "iothread,id=io0")
def test_of_my_tool(qmp_daemon):
    my_tool.run(qmp_daemon.path)
"""

# Nothing of the daemon is imported here: the plugin is loaded in test runs that never use it.
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from qmp_iothreadd.testing.process import DaemonProcess


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", "qmp_daemon(*args): command-line arguments for the fixture qmp_daemon"
    )


@pytest.fixture
def start_qmp_daemon() -> Iterator[Callable[..., DaemonProcess]]:
    """Start a daemon with these command-line arguments; it ends with the test, as it should."""
    from qmp_iothreadd.testing.process import DaemonProcess

    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(DaemonProcess(*args, **options))


@pytest.fixture
def qmp_daemon(
    request: pytest.FixtureRequest, start_qmp_daemon: Callable[..., DaemonProcess]
) -> DaemonProcess:
    """A daemon with a QMP monitor on ``qmp_daemon.path``, and what the marker qmp_daemon asks."""
    marker = request.node.get_closest_marker("qmp_daemon")
    return start_qmp_daemon(*(marker.args if marker else ()))
