"""A daemon that is forked is the process that one started by exec would be."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import DaemonProcess
from qmp_iothreadd.testing.fork_request import Order, ask
from qmp_iothreadd.testing.fork_servers import ForkServers, fork_servers
from qmp_iothreadd.testing.forked_process import is_forked

EXEC = [sys.executable, "-m", "qmp_iothreadd", "--check-replies"]

LIMITS = {name: getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}

OF_THE_PROCESS = (
    *("Name", "Umask", "PPid", "Uid", "Gid", "Groups", "NSsid", "Threads", "SigBlk"),
    *("SigIgn", "SigCgt", "CapEff", "NoNewPrivs", "Cpus_allowed"),
)


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def descriptors(pid: int) -> dict[str, str]:
    """What each is of; the numbers of sockets, and of files that have no name, differ."""
    found = {fd.name: os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    return {number: re.sub(r":\[.*|#\d+", "", name) for number, name in found.items()}


def facts(daemon: DaemonProcess) -> dict[str, Any]:
    """All that the system shows of a process that serves a client."""
    with daemon.client() as client:
        client.execute("query-status")  # it is past its start
        return shown(daemon)


def shown(daemon: DaemonProcess) -> dict[str, Any]:
    """All that the system shows of a process; folders have the daemon's own in one word."""
    process = Path(f"/proc/{daemon.pid}")
    texts = {name: (process / name).read_bytes() for name in ("cmdline", "environ")}
    folder = os.fsencode(daemon.folder)
    return {
        **{name: text.replace(folder, b"FOLDER").split(b"\0") for name, text in texts.items()},
        **{name: os.readlink(process / name) for name in ("cwd", "exe", "root")},
        **{name: resource.prlimit(daemon.pid, number) for name, number in LIMITS.items()},
        **{name: status(daemon.pid).get(name) for name in OF_THE_PROCESS},
        "group": "own" if os.getpgid(daemon.pid) == daemon.pid else os.getpgid(daemon.pid),
        "nice": os.getpriority(os.PRIO_PROCESS, daemon.pid),
        "descriptors": descriptors(daemon.pid),
        "threads": sorted(daemon.threads().values()),
    }


def both(*args: str, **options: Any) -> dict[str, Any]:
    """The facts of a daemon that is forked, which are those of one that is not."""
    with DaemonProcess(*args, **options) as forked:
        assert is_forked(forked.process)
        found = facts(forked)
    with pytest.MonkeyPatch.context() as patch:
        # glibc's posix_spawn, which Popen uses from Python 3.13 on, leaves its own two signals,
        # 32 and 33, ignored: that is no trait of this process's.
        patch.setattr(subprocess, "_USE_POSIX_SPAWN", False)
        with DaemonProcess(*args, command=EXEC, **options) as started:
            assert not is_forked(started.process)
            assert facts(started) == found
    return found


def test_it_is_like_one_that_was_started() -> None:
    found = both("-object", "iothread,id=io0")
    assert found["PPid"] == str(os.getpid())
    assert found["cmdline"][:3] == [os.fsencode(word) for word in EXEC[:3]]
    assert found["threads"][0] == "IO io0"


@pytest.fixture
def mask() -> Iterator[None]:
    before = os.umask(0o057)
    yield
    os.umask(before)


@pytest.fixture
def lower_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("mask", "lower_limit")
def test_it_has_what_this_process_has_at_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DaemonProcess() as earlier:
        assert is_forked(earlier.process)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAID_LATER", "ä=b")
    monkeypatch.delenv("HOME", raising=False)
    found = both("-name", "with space")
    assert found["cwd"] == str(tmp_path)
    assert found["Umask"] == "0057"
    assert found["RLIMIT_FSIZE"][0] == 1 << 40
    assert "SAID_LATER=ä=b".encode() in found["environ"]
    assert not any(text.startswith(b"HOME=") for text in found["environ"])
    assert b"with space" in found["cmdline"]


def test_it_has_the_options_of_popen(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out, (tmp_path / "other").open("wb") as other:
        found = both(
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=[other.fileno()],
            cwd=tmp_path,
            umask=0o027,
            process_group=0,
        )
        assert found["descriptors"][str(other.fileno())] == other.name
    assert found["descriptors"]["0"] == "pipe"
    assert found["descriptors"]["1"] == found["descriptors"]["2"] == out.name
    assert (found["cwd"], found["Umask"], found["group"]) == (str(tmp_path), "0027", "own")


def test_it_may_have_a_session_of_its_own() -> None:
    with DaemonProcess(start_new_session=True) as daemon:
        assert is_forked(daemon.process)
        assert os.getsid(daemon.pid) == os.getpgid(daemon.pid) == daemon.pid


def test_standard_streams_are_those_of_the_moment(tmp_path: Path) -> None:
    monitor = ("-chardev", "stdio,id=c", "-mon", "chardev=c,mode=control")
    pipe = subprocess.PIPE
    with DaemonProcess(*monitor, stdin=pipe, stdout=pipe) as daemon:
        assert is_forked(daemon.process)
        assert daemon.process.stdout is not None
        assert b"QMP" in daemon.process.stdout.readline()
    saved = os.dup(2)
    try:
        with (tmp_path / "said").open("wb") as file:
            os.dup2(file.fileno(), 2)
        with DaemonProcess(stderr=None) as daemon:
            assert is_forked(daemon.process)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
    assert b"terminating on signal 15" in (tmp_path / "said").read_bytes()


def test_a_stream_that_is_closed_here_is_closed_there() -> None:
    program = """
import os
from qmp_iothreadd.testing import DaemonProcess
from qmp_iothreadd.testing.forked_process import is_forked
os.close(0)
with DaemonProcess(stdin=None) as daemon, daemon.client() as client:
    assert is_forked(daemon.process)
    print(os.readlink(f"/proc/{daemon.pid}/fd/0"))
"""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "/dev/null\n", "")


def test_its_end_is_seen_as_that_of_any_child() -> None:
    with DaemonProcess() as daemon:
        assert os.waitid(os.P_PID, daemon.pid, os.WEXITED | os.WNOHANG) is None
        with daemon.client() as client:
            client.execute("quit")
        assert daemon.wait() == 0
    with contextlib.suppress(AssertionError), DaemonProcess() as daemon:
        daemon.process.kill()
    assert daemon.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (("-object", "nosuch,id=a"), "Parameter 'qom-type' does not accept value 'nosuch'"),
        (("--schema", ""), "can't read schema file '': No such file or directory"),
    ],
)
def test_one_that_does_not_start_says_why(option: tuple[str, str], why: str) -> None:
    with pytest.raises(RuntimeError, match=why):
        DaemonProcess(*option).__enter__()


# -- What cannot be forked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"preexec_fn": os.getpid},
        {"close_fds": False},
        pytest.param(
            {"extra_groups": []},
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its groups"),
        ),
        {"env": {"PYTHONDEVMODE": ""}},
        {"env": {"BIG": "x" * 100_000, "BIGGER": "x" * 100_000}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_what_cannot_be_forked_is_started(options: dict[str, Any]) -> None:
    with DaemonProcess(**options) as daemon, daemon.client() as client:
        assert not is_forked(daemon.process)
        assert client.execute("query-status")["running"]


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match="/nosuch"):
        DaemonProcess(cwd="/nosuch").__enter__()


def test_what_the_system_refuses_the_child_is_started_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with DaemonProcess() as daemon:
        assert is_forked(daemon.process)
    monkeypatch.setattr(os, "getpgrp", lambda: 1)  # it is of another session
    with DaemonProcess() as daemon:
        assert not is_forked(daemon.process)
        assert daemon.stop() == 0


def test_interpreters_that_start_otherwise_have_a_server_of_their_own_the_second_time() -> None:
    with DaemonProcess() as daemon:
        assert is_forked(daemon.process)
    before = len(list(fork_servers()))
    for forked in (False, True, True):
        with DaemonProcess(env={"PYTHONSTARTUP": "/nosuch"}) as daemon:
            assert is_forked(daemon.process) == forked
    assert len(list(fork_servers())) == before + 1


# -- The process that they are forked from ---------------------------------------------------------


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServers]:
    """None yet; those that the test makes end with it."""
    made = ForkServers()
    monkeypatch.setattr("qmp_iothreadd.testing.fork_servers._servers", made)
    yield made
    made.close()


def test_another_is_started_when_it_was_killed(servers: ForkServers) -> None:
    with DaemonProcess() as outlives:
        (server,) = servers
        os.kill(server.held()[0], signal.SIGKILL)
        with DaemonProcess() as daemon:
            assert not is_forked(daemon.process)
        with DaemonProcess() as daemon:
            assert is_forked(daemon.process)
        with outlives.client() as client:
            assert client.execute("query-status")["running"]


def test_where_there_is_no_interpreter_popen_says_so(
    servers: ForkServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nosuch/python")
    with pytest.raises(FileNotFoundError, match="/nosuch/python"):
        DaemonProcess().__enter__()
    assert list(servers) == []


def test_one_that_ends_before_it_answers_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.shutdown(socket.SHUT_WR)
        order = Order(argv=[], environment=[], umask=0, group=0, limits={}, descriptors=[])
        with pytest.raises(EOFError):
            ask(ours, order, [])


def test_where_it_cannot_start_it_is_not_tried_again(
    servers: ForkServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmp_iothreadd.testing.fork_servers._MODULE", "nosuch")
    for _ in range(2):
        with DaemonProcess() as daemon:
            assert not is_forked(daemon.process)
        assert list(servers) == []


def test_one_that_was_interrupted_is_not_asked_again(
    servers: ForkServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DaemonProcess():
        (first,) = servers

        def interrupted(*args: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("qmp_iothreadd.testing.fork_servers.ask", interrupted)
            with pytest.raises(KeyboardInterrupt):
                DaemonProcess().__enter__()
        with DaemonProcess() as daemon:
            assert is_forked(daemon.process)
        assert len(list(servers)) == 2
        assert first in servers


def test_several_threads_may_ask() -> None:
    found: list[int] = []

    def start() -> None:
        with DaemonProcess() as daemon, daemon.client() as client:
            client.execute("query-status")
            found.append(daemon.pid)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4


FORKS = """
import os, sys
from qmp_iothreadd.testing import DaemonProcess
from qmp_iothreadd.testing.forked_process import is_forked
from qmp_iothreadd.testing.fork_servers import fork_servers
with DaemonProcess() as daemon:
    pid = os.fork()
    if pid == 0:
        assert list(fork_servers()) == []
        with DaemonProcess() as other, other.client() as client:
            assert is_forked(other.process)
            assert client.execute("query-status")["running"]
        os._exit(0)
    assert os.waitpid(pid, 0) == (pid, 0)
    with daemon.client() as client:
        assert client.execute("query-status")["running"]
"""


def test_a_fork_of_the_test_has_its_own() -> None:
    command = [sys.executable, "-W", "error", "-c", FORKS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
