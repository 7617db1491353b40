"""A test that ends in whatever way leaves no daemon and no folder."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from qmp_iothreadd.testing import DaemonProcess, guard
from tests.waiting import wait_until

# A daemon that starts at once, and ends for nobody.
SLEEPS = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]

WAITS = """
import os, sys, time
from qmp_iothreadd.testing import DaemonProcess
# It makes the socket's file, for which the block waits; its name is in the last argument.
program = "import sys, time; open(sys.argv[-1].split(':')[1].split(',')[0], 'w'); time.sleep(60)"
daemon = DaemonProcess(command=[sys.executable, "-S", "-c", program], wait_ready=False)
"""

FORKED = """
import os
from qmp_iothreadd.testing import DaemonProcess
daemon = DaemonProcess()
"""

WAYS = {"started": WAITS, "forked": FORKED}


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for temporary ones, with a name short enough for sockets in them."""
    with tempfile.TemporaryDirectory(prefix="g-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        guard._sweep.cache_clear()
        yield Path(folder)
        guard._sweep.cache_clear()


def is_alive(pid: int) -> bool:
    """Whether a process that is not ours runs, rather than waits to be reaped."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def is_dead(pid: int) -> bool:
    return not is_alive(pid)


ENDS = {
    "SIGTERM": "os.kill(os.getpid(), 15)",
    "SIGKILL": "os.kill(os.getpid(), 9)",
    "os._exit": "os._exit(3)",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ENDS)
def test_a_process_that_ends_takes_its_daemon_with_it(temporary: Path, end: str, way: str) -> None:
    program = WAYS[way] + f"with daemon:\n    print(daemon.pid, flush=True)\n    {ENDS[end]}\n"
    command = [sys.executable, "-c", program]
    env = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode
    pid = int(done.stdout)
    wait_until(lambda: not is_alive(pid))
    assert len(list(temporary.iterdir())) == 1
    with guard.own_folder(guard.folder_name()):
        assert len(list(temporary.iterdir())) == 1  # the next run has swept, and has its own
    assert list(temporary.iterdir()) == []


FORK = """
from qmp_iothreadd.testing.fork_servers import fork_servers
with daemon:
    (server,) = fork_servers()
    pid = os.fork()
    if pid == 0:
        os.read({reader}, 1)  # goes on until the test lets it end
        os._exit(0)
    print(daemon.pid, server.held()[0], pid, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_a_fork_of_the_test_that_goes_on_keeps_no_daemon(temporary: Path) -> None:
    reader, writer = os.pipe()
    program = FORKED + FORK.format(reader=reader)
    command = [sys.executable, "-c", program]
    env = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, text=True, pass_fds=[reader]
    ) as process:
        os.close(reader)
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert process.wait() == -signal.SIGKILL
        for pid in pids[:2]:
            wait_until(partial(is_dead, pid))
        assert is_alive(pids[2])
        os.close(writer)
    wait_until(lambda: not is_alive(pids[2]))


@pytest.mark.parametrize("command", [SLEEPS, None], ids=WAYS)
def test_one_that_is_interrupted_before_the_daemon_is_ready_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, command: list[str] | None
) -> None:
    daemon = DaemonProcess(command=command)

    def interrupt(notify: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(daemon, "_started", interrupt)
    with pytest.raises(KeyboardInterrupt), daemon:
        pytest.fail("it was interrupted")
    assert daemon.process.returncode == -signal.SIGKILL
    assert list(temporary.iterdir()) == []


def test_one_that_is_never_entered_makes_no_folder(temporary: Path) -> None:
    assert not DaemonProcess().folder.exists()
    assert list(temporary.iterdir()) == []


def test_one_whose_command_is_not_there_leaves_nothing(temporary: Path) -> None:
    with pytest.raises(FileNotFoundError), DaemonProcess(command=["/nosuch"]):
        pytest.fail("there is no such program")
    assert list(temporary.iterdir()) == []


def test_a_daemon_outlives_the_thread_that_started_it() -> None:
    with contextlib.ExitStack() as stack:
        daemon = DaemonProcess()
        thread = threading.Thread(target=lambda: stack.enter_context(daemon))
        thread.start()
        thread.join()
        with daemon.client() as client:
            assert client.execute("query-status")["running"]
    assert daemon.process.returncode == 0


def test_a_folder_that_is_in_use_is_not_swept(temporary: Path) -> None:
    used = guard.folder_name()
    with guard.own_folder(used):
        guard.remove_abandoned(used)
        assert used.is_dir()


def test_a_folder_of_another_user_is_not_swept(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = guard.folder_name()
    foreign.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    guard.remove_abandoned(foreign)
    guard.remove_abandoned(foreign.with_name("nosuch"))
    assert foreign.is_dir()


def test_a_folder_that_another_run_sweeps_before_it_is_locked_is_made_anew(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, tries = guard._lock, []

    def swept(path: Path) -> int | None:
        tries.append(path)
        return None if len(tries) == 1 else lock(path)

    monkeypatch.setattr(guard, "_lock", swept)
    path = guard.folder_name()
    with guard.own_folder(path):
        assert path.is_dir()
    monkeypatch.setattr(guard, "_lock", lambda path: None)
    with pytest.raises(OSError, match="cannot keep the folder"), guard.own_folder(path):
        pytest.fail("it was swept each time")
