"""``--qmp-real=PATH``: the same tests on a real QEMU, as far as they are about QEMU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Self

import pytest

from qmp_iothreadd.testing.client import Client
from qmp_iothreadd.testing.process import DaemonProcess

# The empty machine, as ours; what a test asks for comes after these.
_MACHINE = ("-machine", "none", "-display", "none")


def daemon_options(path: str, args: Sequence[str]) -> dict[str, Any]:
    """The keywords of ``DaemonProcess`` that start QEMU; who asks for what is ours alone skips."""
    for arg in args:
        if arg.startswith("--"):
            pytest.skip(f"{arg} is qmp-iothreadd's, and --qmp-real={path} does not know it")
    return {"command": [path, *_MACHINE], "wait_ready": False}


def await_main_loop(path: str) -> None:
    """Wait until QEMU's main loop runs: before, a signal would end it otherwise than it should.

    A thread of the monitor's may greet before that; commands are the loop's.
    """
    with Client.connect(path) as client:
        client.negotiate()


class RealServer:
    """A real QEMU in the place of a ``Server``: has a path; what is Server's own skips the test."""

    def __init__(self, path: str) -> None:
        self._qemu = path
        self._process = DaemonProcess(**daemon_options(path, ()))

    def __enter__(self) -> Self:
        self._process.__enter__()
        await_main_loop(self.path)
        return self

    def __exit__(self, *details: Any) -> None:
        self._process.__exit__(*details)

    @property
    def path(self) -> str:
        """The monitor's socket."""
        return self._process.path

    address = path

    def tell(self) -> list[tuple[str, str]]:
        """What QEMU said on standard error."""
        return [("standard error", self._process.stderr)]

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        pytest.skip(f"uses Server.{name}, which --qmp-real={self._qemu} does not have")
