"""The fixtures that a user's tests get, in a test run of their own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

PLUGIN = "qmp_iothreadd.testing.plugin"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture(autouse=True)
def _only_what_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed or not, the plugin is this source tree's."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", *args)


def test_pytest_finds_it_once_installed() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"qmp-iothreadd": PLUGIN}


def test_fixtures_start_daemons_and_end_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pids = []

        def test_plain(qmp_daemon):
            pids.append(qmp_daemon.pid)
            with qmp_daemon.client() as client:
                assert client.execute("query-iothreads") == []

        @pytest.mark.qmp_daemon("-object", "iothread,id=io0", "-name", "mine")
        def test_with_arguments(qmp_daemon):
            with qmp_daemon.client() as client:
                assert [info["id"] for info in client.execute("query-iothreads")] == ["io0"]
                assert client.execute("query-name") == {"name": "mine"}

        def test_several(start_qmp_daemon):
            first, second = start_qmp_daemon(), start_qmp_daemon("-S")
            with second.client() as client:
                assert client.execute("query-status")["status"] == "prelaunch"
            assert first.pid != second.pid

        def test_they_ended():
            import os
            with pytest.raises(ProcessLookupError):
                os.kill(pids[0], 0)
        """
    )
    result = run(pytester, "--strict-markers")
    result.assert_outcomes(passed=4)


def test_a_daemon_that_ended_badly_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_killed(qmp_daemon):
            qmp_daemon.process.kill()
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the daemon ended with status -9*"])


def test_what_a_test_of_daemons_leaves_open_fails_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import subprocess, sys
        import pytest

        kept = []

        def test_client(qmp_daemon):
            kept.append(qmp_daemon.connect())

        @pytest.mark.qmp_daemon(allow_left_open=True)
        def test_allowed(qmp_daemon, start_qmp_daemon):
            kept.append(qmp_daemon.connect())
            for allowed in [{}, {"allow_left_open": True}, {"allow_left_open": True}]:
                kept.append(start_qmp_daemon(**allowed).connect())

        def test_failed(qmp_daemon):
            kept.append(qmp_daemon.connect())
            assert not kept

        def test_process(start_qmp_daemon):
            path = start_qmp_daemon().path
            code = "import socket, sys; s = socket.socket(1); s.connect(sys.argv[1]); input(s)"
            kept.append(subprocess.Popen([sys.executable, "-c", code, path], stdin=-1, stdout=-1))
            kept[-1].stdout.read(1)

        def test_end():
            kept.pop().communicate()
            for client in kept:
                client.close()
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=4, failed=1, errors=2)
    socket = "a socket (descriptor *) to */qmp.sock"
    connected = "1 client still connected to */qmp.sock"
    lines = [f"the test left open: {connected}; {socket}", f"the test left open: {connected}"]
    result.stdout.fnmatch_lines(lines)


def test_the_plugin_loads_nothing_of_the_daemon(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_light():
            heavy = {"uvloop", "pydantic", "qmp_iothreadd.machine.machine", "qmp_iothreadd.qapi"}
            assert not heavy & set(sys.modules)
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1)
