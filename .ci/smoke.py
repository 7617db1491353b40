"""The first minute of the README, with what is installed: greet, make an iothread, end well.

    python .ci/smoke.py            the package of this Python's environment, which is no checkout
    python .ci/smoke.py COMMAND    what starts a daemon, such as scripts/serve

Raises AssertionError where something is not as it should be.
"""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

DATA = (
    "py.typed",
    "schema/qapi-schema.json",
    "schema_parsed.ready",
    "schema_introspected.ready",
)
SHARED = (
    "man/man1/qmp-iothreadd.1",
    "bash-completion/completions/qmp-iothreadd",
    "systemd/user/qmp-iothreadd.service",
)
NATIVE_SOURCES = {".c", ".h", ".pyx", ".pxd", ".pxi", ".txt"}
# What a user's own policy in C includes.
HEADER = "lab/native/policy.h"
TIMEOUT_S = 30


def main(command: list[str]) -> None:
    """Check the installation if no command is given, and converse with the daemon."""
    if not command:
        check_installation()
        command = [os.path.join(sysconfig.get_path("scripts"), "qmp-iothreadd")]
    version = subprocess.run([*command, "-version"], stdout=subprocess.PIPE, text=True, check=True)
    assert version.stdout.startswith("QEMU emulator version "), version.stdout
    with tempfile.TemporaryDirectory() as folder:
        converse(command, folder)
        assert not os.listdir(folder), f"left behind: {os.listdir(folder)}"
    print(f"{command[0]}: {version.stdout.splitlines()[0]}, greeted and served")


def check_installation() -> None:
    """It is not a checkout's, has its data, and no sources of native code but the header."""
    import qmp_iothreadd

    installed = pathlib.Path(qmp_iothreadd.__file__).parent
    assert installed.is_relative_to(sysconfig.get_path("platlib")), f"{installed}: a checkout's"
    share = pathlib.Path(sysconfig.get_path("data"), "share")
    for file in *(installed / name for name in DATA), *(share / name for name in SHARED):
        assert file.exists(), file
    tap = os.path.join(sysconfig.get_path("scripts"), "qmp-tap")
    said = subprocess.run([tap, "--help"], stdout=subprocess.PIPE, text=True, check=True)
    assert "qmp-tap record" in said.stdout, said.stdout
    sources = [file for file in installed.rglob("*") if file.suffix in NATIVE_SOURCES]
    assert sources == [installed / HEADER], f"sources of native code are installed: {sources}"


def converse(command: list[str], folder: str) -> None:
    """Start a daemon as the README does, talk to it, and have it end with status 0."""
    environment = os.environ | {"XDG_RUNTIME_DIR": folder}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as daemon,
        socket.socket(socket.AF_UNIX) as client,
    ):
        try:
            assert daemon.stdout is not None
            announced = daemon.stdout.readline()
            assert announced.startswith("QMP server on "), announced
            client.settimeout(TIMEOUT_S)
            client.connect(announced.split()[3])
            talk(client)
            assert daemon.wait(TIMEOUT_S) == 0, daemon.returncode
        finally:
            daemon.kill()


def talk(client: socket.socket) -> None:
    """A greeting, an iothread, and the command to end."""
    replies = client.makefile()

    def execute(command: str, **arguments: object) -> Any:
        client.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while "event" in (reply := json.loads(replies.readline())):
            pass
        assert "return" in reply, reply
        return reply["return"]

    greeting = json.loads(replies.readline())
    assert greeting["QMP"]["version"]["qemu"], greeting
    execute("qmp_capabilities")
    execute("object-add", **{"qom-type": "iothread", "id": "io0", "poll-weight": 4})
    (iothread,) = (each for each in execute("query-iothreads") if each["id"] == "io0")
    assert iothread["poll-weight"] == 4, iothread
    assert os.path.exists(f"/proc/{iothread['thread-id']}"), iothread
    execute("quit")


if __name__ == "__main__":
    main(sys.argv[1:])
