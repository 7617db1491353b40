"""The process's name, its end with its parent, and the rights it gives up."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.cli import parse
from qmp_iothreadd.daemon import daemon, privileges
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import DaemonProcess

LISTENING = ",server=on,wait=off"
COMM = Path("/proc/self/comm")
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root has such rights to give up")


def refusal(call: Callable[[], None]) -> str:
    with pytest.raises(QmpError) as raised:
        call()
    return raised.value.desc


# -- Its name --------------------------------------------------------------------------------------


@pytest.fixture
def own_name() -> Iterator[None]:
    before = COMM.read_bytes()
    yield
    COMM.write_bytes(before)


@pytest.mark.usefixtures("own_name")
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("guest", b"guest"),
        ("a-name-of-more-than-15", b"a-name-of-more-"),
        ("é" * 8, b"\xc3\xa9" * 7),
    ],
)
def test_a_process_has_as_much_of_its_name_as_the_kernel_keeps(name: str, kept: bytes) -> None:
    privileges.name_process(name)
    assert COMM.read_bytes().startswith(kept)
    assert len(COMM.read_bytes()) <= 16


# -- Its parent ------------------------------------------------------------------------------------

CHILD = """
import ctypes
from qmp_iothreadd.daemon.privileges import exit_with_parent
exit_with_parent()
number = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(number), 0, 0, 0)
print(number.value)
"""


def test_a_signal_comes_when_the_parent_ends() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    assert done.stdout == f"{int(signal.SIGTERM)}\n"


@pytest.fixture
def own_parent() -> Iterator[None]:
    """Afterwards the test's process ends without its parent again."""
    yield
    ctypes.CDLL(None).prctl(privileges._PR_SET_PDEATHSIG, 0, 0, 0, 0)


@pytest.mark.usefixtures("own_parent")
def test_a_parent_that_has_ended_meanwhile_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([7, 1])
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    privileges.exit_with_parent()
    assert sent == [(os.getpid(), signal.SIGTERM)]


def test_a_system_that_cannot_do_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileges, "_PR_SET_PDEATHSIG", 999999)  # what no kernel knows
    assert refusal(privileges.exit_with_parent) == "exit-with-parent: Invalid argument"


@pytest.mark.usefixtures("own_name", "own_parent")
@pytest.mark.parametrize(
    ("arguments", "name", "number"),
    [
        (["-name", "guest=g,process=a-daemon"], b"a-daemon\n", 0),
        (["-run-with", "exit-with-parent=on"], None, signal.SIGTERM),
        (["-name", "guest=g"], None, 0),
    ],
)
def test_a_process_is_prepared_before_it_serves(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], name: bytes | None, number: int
) -> None:
    seen: list[tuple[bytes, int]] = []

    async def serve(config: object, background: object) -> int:
        at_end = ctypes.c_int()
        ctypes.CDLL(None).prctl(2, ctypes.byref(at_end), 0, 0, 0)  # PR_GET_PDEATHSIG
        seen.append((COMM.read_bytes(), at_end.value))
        return 0

    before = COMM.read_bytes()
    monkeypatch.setattr(daemon, "serve", serve)
    monkeypatch.setattr(daemon, "raise_descriptor_limit", lambda: None)
    assert daemon.run(parse(["prog", "-nodefaults", *arguments])[0]) == 0
    assert seen == [(name or before, number)]


# -- Its rights ------------------------------------------------------------------------------------


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was asked of the system, in order, which does not do it."""
    calls: list[tuple[Any, ...]] = []
    for name in ("chroot", "chdir", "setgid", "setgroups", "initgroups", "setuid"):
        monkeypatch.setattr(os, name, lambda *values, name=name: calls.append((name, *values)))
    return calls


async def test_rights_are_given_up_once_all_is_open(
    in_process: Any, path: str, given_up: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "chroot", lambda to: given_up.append((to, os.path.exists(path))))
    in_process.start(
        "-qmp", f"unix:{path}{LISTENING}", "-run-with", "user=65534:65533,chroot=/empty"
    )
    await in_process.execute(path, "quit")
    await in_process.ended()
    assert given_up == [
        ("/empty", True),
        ("chdir", "/"),
        ("setgid", 65533),
        ("setgroups", [65533]),
        ("setuid", 65534),
    ]


def test_a_user_by_name_has_the_groups_of_that_name(given_up: list[tuple[Any, ...]]) -> None:
    privileges.give_up_rights(None, (65534, 65533, "nobody"))
    assert given_up == [("setgid", 65533), ("initgroups", "nobody", 65533), ("setuid", 65534)]


@pytest.mark.parametrize(
    ("call", "run_as", "said"),
    [
        ("setgid", (5, 6, None), "Failed to setgid(6)"),
        ("setgroups", (5, 6, None), "Failed to setgroups(1, [6])"),
        ("initgroups", (5, 6, "games"), 'Failed to initgroups("games", 6)'),
        ("setuid", (5, 6, None), "Failed to setuid(5)"),
    ],
)
def test_a_right_that_is_missing_is_named(
    given_up: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    run_as: tuple[int, int, str | None],
    said: str,
) -> None:
    """As QEMU 7.2 says it, run by a user who may not."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, call, refuse)
    assert refusal(lambda: privileges.give_up_rights(None, run_as)) == said
    assert call not in [each[0] for each in given_up]


async def test_a_root_folder_that_there_is_not_ends_the_start(
    in_process: Any, path: str, tmp_path: Path
) -> None:
    said = await in_process.refused(
        "-qmp", f"unix:{path}{LISTENING}", "-run-with", f"chroot={tmp_path}/nope"
    )
    assert said == "prog: chroot failed\n"
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_it_serves_from_an_empty_root_folder(tmp_path: Path) -> None:
    """With commands and texts that were not needed before."""
    with DaemonProcess("-run-with", f"chroot={tmp_path}") as daemon:
        with daemon.client() as client:
            assert os.readlink(f"/proc/{daemon.pid}/root") == str(tmp_path)
            with pytest.raises(QmpError, match="Device 'x' not found"):
                client.execute("device_del", {"id": "x"})
            assert client.execute("query-iothreads") == []
        daemon.stop()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(daemon.path)  # out of its reach
