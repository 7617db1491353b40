"""``qmp_server`` and ``qmp_client`` as a user's tests have them, in a test run of their own."""

from __future__ import annotations

import importlib
import sys
from functools import partial
from pathlib import Path

import pytest
from _pytest.pytester import SysModulesSnapshot

PLUGIN = "qmp_iothreadd.testing.plugin"

CONNECT = """
import asyncio, threading, unittest
import pytest
from qmp_iothreadd.testing import Client, Server

def status(server):
    with Client.connect(server.address) as client:
        client.negotiate()
        return client.execute("query-status")["status"]
"""


@pytest.fixture(autouse=True)
def _inner_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins are those named; what an inner run imports stays: a second copy is another."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    snapshot = partial(SysModulesSnapshot, lambda name: not name.startswith("test_"))
    monkeypatch.setattr("_pytest.pytester.SysModulesSnapshot", lambda preserve: snapshot())


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    return Run(pytester)


class Run:
    """Runs a text as a module of tests, warnings being errors."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, text: str, *plugins: str, arguments: tuple[str, ...] = ()) -> Outcome:
        self._pytester.makepyfile(f"{CONNECT}\n{text}")
        # As modules: pytest would complain of names that this process has imported already.
        found = [importlib.import_module(name) for name in (PLUGIN, *plugins)]
        common = ("-pno:cacheprovider", "-Werror", "--strict-markers", *arguments)
        return Outcome(self._pytester.runpytest_inprocess(*common, plugins=found))


class Outcome:
    def __init__(self, result: pytest.RunResult) -> None:
        self.result = result
        self.text = result.stdout.str()

    def has(self, *words: str, **outcomes: int) -> None:
        self.result.assert_outcomes(**outcomes)
        for word in words:
            assert word in self.text


def test_it_serves_plain_tests_and_unittest(run: Run) -> None:
    run(
        """
        def test_plain(qmp_server):
            assert status(qmp_server) == "running"

        @pytest.mark.usefixtures("qmp_server")
        class Case(unittest.TestCase):
            def test_fixture(self):
                self.assertEqual(status(self.qmp_server), "running")

            def test_own(self):
                with self.subTest("in a block"), Server() as server:
                    self.assertEqual(status(server), "running")
        """.replace("\n        ", "\n")
    ).has(passed=3)


def test_what_is_left_open_fails_the_test_in_words(run: Run) -> None:
    run(
        """
        kept = []

        def test_client(qmp_server):
            kept.append(Client.connect(qmp_server.path))

        def test_thread(qmp_server):
            kept.pop().close()
            kept.append(threading.Event())
            threading.Thread(target=kept[0].wait, name="forgotten").start()

        @pytest.mark.qmp_server(allow_left_open=True)
        def test_allowed(qmp_server):
            kept.pop().set()
            kept.append(Client.connect(qmp_server.path))

        def test_end(qmp_server):
            kept.pop().close()
        """.replace("\n        ", "\n")
    ).has(
        "the test left open: 1 client still connected to compat_monitor0; a socket (descriptor ",
        "the test left open: the thread 'forgotten' still runs",
        passed=4,
        errors=2,
    )


def test_markers_merge_from_module_to_class_to_method(run: Run) -> None:
    run(
        """
        def one(context):
            return 1

        functions = {"x-own": one, "x-all": one}
        pytestmark = pytest.mark.qmp_server(name="of the module", monitors=2, functions=functions)

        @pytest.mark.qmp_server(name="of the class")
        class TestOfAClass:
            @pytest.mark.qmp_server(multi_client=True, functions={"x-own": lambda context: 2})
            def test_method(self, qmp_server):
                assert qmp_server.machine.name == "of the class"
                assert len(qmp_server.paths) == 2
                with Client.connect(qmp_server.path) as first, Client.connect(qmp_server.path):
                    first.negotiate()
                    assert (first.execute("x-own"), first.execute("x-all")) == (2, 1)

        @pytest.mark.qmp_server(port=0)
        def test_function(qmp_server):
            assert qmp_server.machine.name == "of the module"
            assert status(qmp_server) == "running"
        """.replace("\n        ", "\n")
    ).has(passed=2)


def test_a_marker_asks_for_a_version_of_qemu(run: Run) -> None:
    run(
        """
        @pytest.mark.qmp_server(qemu="8.2")
        def test_it(qmp_server):
            with Client.connect(qmp_server.path) as client:
                version = client.negotiate()["QMP"]["version"]["qemu"]
            assert (version["major"], version["minor"]) == (8, 2)
        """.replace("\n        ", "\n")
    ).has(passed=1)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("qmp_server(moniters=2)", "qmp_server does not know 'moniters'; did you mean 'monitors'?"),
        ("qmp_server(models=2)", "qmp_server does not know 'models'"),
        ("qmp_server('-S')", "qmp_server takes keywords only, Server's, and no '-S'"),
        ("qmp_daemon(wait_redy=1)", "does not know 'wait_redy'; did you mean 'wait_ready'?"),
        ("qmp_daemon('-smp', 2)", "command-line arguments, which are texts, and no 2"),
    ],
)
def test_markers_refuse_what_they_do_not_know(run: Run, marker: str, words: str) -> None:
    fixture = marker.partition("(")[0]
    run(f"@pytest.mark.{marker}\ndef test_it({fixture}):\n    raise AssertionError('it ran')").has(
        words, errors=1
    )


def test_servers_of_the_factory_outlive_a_test_and_end_with_the_session(run: Run) -> None:
    run(
        """
        @pytest.fixture(scope="module")
        def shared(qmp_server_factory):
            server = qmp_server_factory(name="shared")
            yield server
            server.close()

        def test_first(shared):
            with Client.connect(shared.path) as client:
                client.negotiate()
                client.execute("stop")

        def test_second(shared, qmp_server_factory):
            assert status(shared) == "paused"
            other = qmp_server_factory(port=0)
            assert status(other) == "running"
        """.replace("\n        ", "\n")
    ).has(passed=2)


def test_what_a_server_of_the_factory_has_open_fails_the_last_test(run: Run) -> None:
    run(
        """
        kept = []

        def test_it(qmp_server_factory):
            kept.append(Client.connect(qmp_server_factory().path))

        @pytest.fixture(scope="session", autouse=True)
        def at_the_end():
            yield
            kept.pop().close()
        """.replace("\n        ", "\n")
    ).has("server 1 of qmp_server_factory left open: 1 client still", passed=1, errors=1)


# -- The client -----------------------------------------------------------------------------------

CLIENT = """
async def test_client(qmp_client, qmp_server):
    assert await qmp_client.execute("query-iothreads") == []
    await qmp_client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    assert list(qmp_server.iothreads) == ["io0"]
"""

ASYNCIO = "pytest_asyncio.plugin"
SCOPE = "-oasyncio_default_fixture_loop_scope=function"


def test_client_under_pytest_asyncio(run: Run) -> None:
    first = f"@pytest.mark.asyncio{CLIENT}"
    module = f"@pytest.mark.asyncio(loop_scope='module'){CLIENT}"
    last = f"{first}    await qmp_server.wait_for('query-iothreads', timeout=5)\n"
    text = first + module.replace("test_", "test_module_") + last.replace("test_", "test_last_")
    run(text, ASYNCIO, arguments=(SCOPE,)).has(passed=3)


def test_client_under_pytest_asyncios_auto_mode(run: Run) -> None:
    run(CLIENT, ASYNCIO, arguments=(SCOPE, "--asyncio-mode=auto")).has(passed=1)


def test_client_under_anyio(run: Run) -> None:
    pytest.importorskip("anyio")
    run(
        f"@pytest.mark.anyio{CLIENT}",
        "anyio.pytest_plugin",
        arguments=("-k", "asyncio and not uvloop"),
    ).has(passed=1, deselected=1)


def test_client_elsewhere_is_an_error_that_says_what_to_do(run: Run) -> None:
    run("def test_plain(qmp_client): raise AssertionError('it ran')").has(
        "this test does not run on it: mark it with @pytest.mark.asyncio", errors=1
    )


def test_client_where_nothing_runs_coroutines(run: Run) -> None:
    text = "@pytest.mark.asyncio\ndef test_plain(qmp_client): raise AssertionError('it ran')"
    arguments = ("-W", "ignore::pytest.PytestUnknownMarkWarning", "-o", "markers=asyncio")
    run(text, arguments=arguments).has("this test does not run on it", errors=1)


def test_client_without_its_library(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qemu.qmp", None)
    run("def test_plain(qmp_client): raise AssertionError('it ran')").has(
        "qmp_client needs qemu.qmp: pip install qemu.qmp", errors=1
    )


# -- What a failure says --------------------------------------------------------------------------


def test_a_failure_has_the_transcript_and_what_the_daemon_said(run: Run) -> None:
    run(
        """
        def test_server(qmp_server):
            assert status(qmp_server) == "paused"

        @pytest.mark.qmp_daemon("-d", "trace:no_such_event")
        def test_daemon(qmp_daemon):
            assert status(qmp_daemon) == "running"
            assert not qmp_daemon.path

        def test_killed(start_qmp_daemon):
            daemon = start_qmp_daemon("-name", "of no use")
            with daemon.client() as client:
                assert client.execute("query-name") == {"name": "of no use"}
            daemon.process.kill()

        def test_factory(qmp_server_factory):
            server = qmp_server_factory(monitors=2)
            assert status(server) == "running"
            with Client.connect(server.paths[1]) as client:
                client.negotiate()
            server.emit("LONG", {"text": "x" * 1000})
            with Client.connect(server.path) as client:
                client.negotiate()
                client.request("x" * 1000)
                client.send("{]")
                client.receive()
            assert not server.path

        def test_open(qmp_server):
            with Client.connect(qmp_server.path) as client:
                client.send({"execute": "query-status"})
                client.receive_line(), client.receive_line()
                raise AssertionError("and the client is closed, but not at once")

        def test_passes(qmp_server):
            assert status(qmp_server) == "running"
        """.replace("\n        ", "\n")
    ).has(
        "- qmp_server: transcript -",
        '→ {"execute": "query-status"}',
        '← {"return": {"status": "running"',
        "- qmp_daemon: transcript -",
        "- qmp_daemon: standard error -",
        '← {"return": {"name": "of no use"}}',
        "warning: trace event 'no_such_event' does not exist",
        "- server 1 of qmp_server_factory: transcript -",
        'compat_monitor1 → {"execute": "qmp_capabilities"}',
        "… (1015 characters)",
        "compat_monitor0 → no JSON",
        passed=2,
        failed=4,
        errors=1,
    )


# -- A real QEMU ----------------------------------------------------------------------------------


@pytest.fixture
def qemu(tmp_path: Path) -> str:
    """Takes QEMU's options only: stands for a real one, which is not everywhere."""
    script = tmp_path / "qemu-system-x86_64"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m qmp_iothreadd "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_a_real_qemu_runs_what_is_not_scripted(run: Run, qemu: str) -> None:
    outcome = run(
        """
        def test_server(qmp_server):
            assert status(qmp_server) == "running"

        def test_fails(qmp_server):
            assert not hasattr(qmp_server, "_private")
            raise AssertionError("of the test")

        @pytest.mark.qmp_daemon("-S")
        def test_daemon(qmp_daemon):
            with qmp_daemon.client() as client:
                assert client.execute("query-status")["status"] == "prelaunch"

        def test_scripted(qmp_server):
            qmp_server.respond("query-status", {})
            raise AssertionError("it went on")

        @pytest.mark.qmp_server(version="8.2.0")
        def test_marked(qmp_server):
            raise AssertionError("it ran")

        def test_factory(qmp_server_factory):
            qmp_server_factory()
            raise AssertionError("it went on")

        def test_options(start_qmp_daemon):
            start_qmp_daemon("--multi-client")
            raise AssertionError("it went on")
        """.replace("\n        ", "\n"),
        arguments=(f"--qmp-real={qemu}", "-rs"),
    )
    outcome.has(
        "uses Server.respond, which --qmp-real=",
        "asks for Server's version, and --qmp-real=",
        "a server of its own kind is asked for",
        "--multi-client is qmp-iothreadd's",
        passed=2,
        failed=1,
        skipped=4,
    )
