"""The server under attack, and clients that know no more of it than a socket."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

DAEMON = [sys.executable, "-m", "qmp_iothreadd"]
TIMEOUT_S = 30.0


class Server:
    """A running server with monitors ``a`` and ``b`` in ``folder``."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def client(self, monitor: str = "a") -> Client:
        """A negotiated client."""
        made = Client(str(self.folder / monitor))
        made.receive()
        made.execute("qmp_capabilities")
        return made

    def end(self) -> float:
        """Send SIGTERM. Returns how long it took to end, in seconds."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT_S)
        return time.monotonic() - start


class Client:
    """A blocking client of one monitor."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT_S)
        self._connect(path)
        self._lines = self.socket.makefile("rb")

    def _connect(self, path: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self.socket.connect(path)
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.socket.close()
                    raise
                time.sleep(0.002)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self.socket.close()

    def receive(self) -> dict[str, Any]:
        """The next message; raises EOFError at the end of the connection."""
        line = self._lines.readline()
        if not line:
            raise EOFError("the connection ended")
        message: dict[str, Any] = json.loads(line)
        return message

    def count_to_end(self) -> int:
        """How many lines come until the connection ends."""
        return sum(1 for _ in self._lines)

    def execute(self, command: str, **arguments: Any) -> Any:
        """A command's value or, where it is refused, its error."""
        given = {name.replace("_", "-"): value for name, value in arguments.items()}
        self.socket.sendall(json.dumps({"execute": command, "arguments": given}).encode() + b"\n")
        while "event" in (reply := self.receive()):
            pass
        return reply.get("return", reply.get("error"))


@contextlib.contextmanager
def running(
    folder: Path, *options: str, command: Sequence[str] = (), **popen: Any
) -> Iterator[Server]:
    """Start a server, this daemon unless it is another's ``command``; it is killed in the end."""
    argv = [*(command or DAEMON), "-nodefaults"]
    for monitor in ("a", "b"):
        argv += ["-qmp", f"unix:{folder / monitor},server=on,wait=off"]
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **popen}
    process = subprocess.Popen([*argv, *options], **given)
    try:
        with Client(str(folder / "b")) as first:
            first.receive()
        yield Server(folder, process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def run_to_end(*options: str, seconds: float = 10.0, **popen: Any) -> tuple[int | None, str]:
    """Run the daemon. Returns its status, None where it had to be killed, and standard error."""
    given: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.PIPE,
        **popen,
    }
    process = subprocess.Popen([*DAEMON, *options], **given)
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, ""
    return process.returncode, (errors or b"").decode(errors="replace")
