"""Each command of libvirt's probe gets an error in turn: what libvirt does not survive.

libvirt 9.0 ends with SIGSEGV where ``query-cpu-definitions`` fails, and where a type whose
properties it asks for is not found (12.8 too). tests/commands/test_probe_of_libvirt.py has that the
daemon answers those, whatever it serves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from libvirtlib.host import _REAPER, SYSTEM_PYTHON, Host

from tests.commands.test_probe_of_libvirt import NEVER_REFUSED
from tests.libvirt_recordings import sessions
from tests.waiting import wait_until

pytestmark = pytest.mark.ours("its functions are replaced")

SECONDS = 60

# The daemon, in which one request fails: command, value of its argument, class of the error.
REFUSING = """\
#!{python}
import sys
from qmp_iothreadd.cli import main
from qmp_iothreadd.errors import QmpError, device_not_found
from qmp_iothreadd.qmp.registry import CommandTable

COMMAND, VALUE, IS_MISSING = {refused!r}
find = CommandTable.__getitem__

def find_other(table, name):
    function = find(table, name)

    def refuse(ctx, **arguments):
        if VALUE is not None and VALUE not in arguments.values():
            return function(ctx, **arguments)
        raise device_not_found(VALUE) if IS_MISSING else QmpError("no")

    return refuse if name == COMMAND else function

CommandTable.__getitem__ = find_other
sys.exit(main(["qmp-iothreadd", *sys.argv[1:]]))
"""

Refused = tuple[str, "str | None", bool]


def refusals() -> Iterator[Refused]:
    """What libvirt asks for while it probes, and how that fails."""
    asked: dict[str, list[str]] = {}
    for exchange in sessions("disk-q35-12.8.txt")[0]:
        name = exchange.request.get("arguments", {}).get("typename")
        asked.setdefault(exchange.command, []).extend([name] if name else [])
    for command, names in (asked | {"query-kvm": [], "query-commands": []}).items():
        yield command, None, False
        # One model is asked for like another.
        yield from ((command, name, True) for name in names[: 1 if "device" in command else None])


@pytest.fixture
def host(emulator: Path) -> Iterator[Host]:
    host = Host(emulator)
    yield host
    for emulator_left in host.processes():  # by a libvirt that did not survive
        os.kill(emulator_left, signal.SIGTERM)
    wait_until(lambda: not host.processes())
    host.remove()


def probe(host: Host, number: int, refused: Refused) -> int:
    """The status of a virsh that has the emulator probed; that of a signal is beyond 128."""
    program = host.file(
        f"emulator-{number}", REFUSING.format(python=sys.executable, refused=refused)
    )
    program.chmod(0o755)
    uri = f"qemu:///embed?root={host.folder}/{number}"
    words = [
        "virsh",
        "-c",
        uri,
        "domcapabilities",
        "--virttype",
        "qemu",
        "--emulatorbin",
        str(program),
    ]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return host.start(SYSTEM_PYTHON, "-c", _REAPER, *words, **quiet).wait(SECONDS)


def test_what_libvirt_does_not_survive_always_has_an_answer(host: Host) -> None:
    cases = list(refusals())
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda n: probe(host, n, cases[n]), range(len(cases))))
    outcomes = dict(zip(cases, statuses, strict=True))
    survived = [case for case, status in outcomes.items() if status == 0]
    fatal = [case for case, status in outcomes.items() if status > 128]
    assert ("query-cpu-model-expansion", None, False) in survived
    assert ("device-list-properties", "virtio-blk-pci", True) in survived
    answered = {(command, arguments.get("typename")) for command, arguments in NEVER_REFUSED}
    assert {(command, name) for command, name, _ in fatal} <= answered
