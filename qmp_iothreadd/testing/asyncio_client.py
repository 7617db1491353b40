"""qemu.qmp's client as a fixture, in whatever runs a test on asyncio."""

from __future__ import annotations

import contextlib
import types
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from qemu.qmp import QMPClient

    from qmp_iothreadd.testing.server import Server

_ELSEWHERE = (
    "qmp_client is qemu.qmp's QMPClient, which needs asyncio, and this test does not run on it: "
    "mark it with @pytest.mark.asyncio (pytest-asyncio) or @pytest.mark.anyio (anyio, with the "
    "backend 'asyncio'); elsewhere connect a client of your own to qmp_server.path, for instance "
    "qmp_iothreadd.testing.Client.connect(qmp_server.path), which is a plain one"
)

_SCOPES = ("function", "class", "module", "package", "session")


def client_of(request: pytest.FixtureRequest) -> QMPClient:
    """The connected client of a test, made and closed on the loop that runs the test.

    A test that does not run on asyncio fails, and is told what to do.
    """
    _qemu_qmp()
    name = _fixture_name(request)
    if name is None:
        pytest.fail(_ELSEWHERE, pytrace=False)
    plugins = request.config.pluginmanager
    if not plugins.has_plugin(f"qmp_iothreadd{name}"):
        plugins.register(_plugin(name), f"qmp_iothreadd{name}")
    return cast("QMPClient", request.getfixturevalue(name))


def _fixture_name(request: pytest.FixtureRequest) -> str | None:
    """What the inner fixture is called: there is one for each runner of coroutines."""
    node = request.node
    if "anyio_backend" in request.fixturenames and node.get_closest_marker("anyio"):
        backend = request.getfixturevalue("anyio_backend")
        name = backend if isinstance(backend, str) else backend[0]
        return "_qmp_client_anyio" if name == "asyncio" else None
    marker = node.get_closest_marker("asyncio")
    if marker is None:
        return None
    try:
        usual = request.config.getini("asyncio_default_test_loop_scope") or "function"
    except ValueError:  # no pytest-asyncio: nothing runs the test's coroutine
        return None
    return f"_qmp_client_asyncio_{marker.kwargs.get('loop_scope') or usual}"


def _plugin(name: str) -> types.ModuleType:
    """A plugin of pytest's with the one fixture, which is async."""

    # One for each: pytest-asyncio writes the scope of the loop on the function.
    async def connected(qmp_server: Server) -> AsyncIterator[QMPClient]:
        async with _connected(qmp_server) as client:
            yield client

    scope = name.rpartition("_")[2]
    made = types.ModuleType(f"qmp_iothreadd{name}")
    if scope in _SCOPES:
        import pytest_asyncio

        fixture = pytest_asyncio.fixture(name=name, loop_scope=cast("Any", scope))(connected)
    else:
        fixture = pytest.fixture(name=name)(connected)
    setattr(made, name, fixture)
    return made


@contextlib.asynccontextmanager
async def _connected(qmp_server: Server) -> AsyncIterator[QMPClient]:
    from qemu.qmp.error import QMPError

    client = _qemu_qmp()("qmp_client")
    await client.connect(qmp_server.address)
    yield client
    with contextlib.suppress(QMPError, EOFError, ConnectionError):
        await client.disconnect()


def _qemu_qmp() -> type[QMPClient]:
    try:
        from qemu.qmp import QMPClient
    except ImportError:
        pytest.fail("qmp_client needs qemu.qmp: pip install qemu.qmp", pytrace=False)
    return QMPClient
