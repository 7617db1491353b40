"""The fixtures that a user's tests get, in a test run of their own."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

PLUGIN = "qmp_iothreadd.testing.plugin"

# Installed, pytest finds it by itself; from a source tree it has to be named.
NAMED = (
    [] if any(each.value == PLUGIN for each in entry_points(group="pytest11")) else ["-p", PLUGIN]
)


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
    result = pytester.runpytest_subprocess(*NAMED, "--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)


def test_a_daemon_that_ended_badly_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_killed(qmp_daemon):
            qmp_daemon.process.kill()
        """
    )
    result = pytester.runpytest_subprocess(*NAMED, "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the daemon ended with status -9*"])


def test_the_plugin_loads_nothing_of_the_daemon(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_light():
            heavy = {"uvloop", "pydantic", "qmp_iothreadd.machine", "qmp_iothreadd.qapi"}
            assert not heavy & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess(*NAMED, "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
