"""Migration of the machine to somewhere else: its settings, its status, and the way out.

What is sent is what a machine without memory and devices has, see ``migration_stream``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.background_work import BackgroundWork
from qmp_iothreadd.machine.migration.channels import Address, take_descriptor
from qmp_iothreadd.machine.migration.settings import (
    DEFAULTS,
    check_capabilities,
    check_parameters,
)
from qmp_iothreadd.machine.migration.sinks import Sink, open_sink
from qmp_iothreadd.machine.migration.stream import empty_machine_stream

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

PAGE_SIZE: Final = 4096

_AT_REST: Final = frozenset(("none", "completed", "failed", "cancelled"))
_RAM_COUNTERS: Final = (
    "transferred",
    "remaining",
    "total",
    "duplicate",
    "normal",
    "normal-bytes",
    "dirty-pages-rate",
    "postcopy-requests",
    "multifd-bytes",
    "pages-per-second",
    "precopy-bytes",
    "downtime-bytes",
    "postcopy-bytes",
    "dirty-sync-missed-zero-copy",
)
_TLS: Final = ("tls-creds", "tls-hostname", "tls-authz")


class Migration:
    """The machine's migration. ``status`` is a MigrationStatus.

    ``incoming``: the command line said that a machine may come.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        names = [value.name for value in _enum(machine, "MigrationCapability")]
        self.capabilities = dict.fromkeys(names, False)
        self.parameters: dict[str, Any] = dict(DEFAULTS)
        self.status = "none"
        self.error: str | None = None
        self.transferred = 0
        self.total_ms = 0
        self.started_s = 0.0

    def close(self) -> None:
        """What is under way ends with the event loop."""

    # -- Settings ---------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a migration is under way."""
        return self.status not in _AT_REST

    def set_capabilities(self, wanted: Mapping[str, bool]) -> None:
        """Turn capabilities on and off, all or none.

        Raises:
            QmpError: a migration is under way, or they do not go together.
        """
        if self.running:
            raise errors.migration_running()
        new = {**self.capabilities, **wanted}
        check_capabilities(new, self.parameters)
        self.capabilities = new

    def set_parameters(self, wanted: Mapping[str, Any]) -> None:
        """Set parameters, all or none; a name of TLS that is null is none.

        Raises:
            QmpError: one of them cannot be so.
        """
        given = {
            name: "" if name in _TLS and value is None else value for name, value in wanted.items()
        }
        new = {**self.parameters, **given}
        check_parameters(new, self.capabilities, self.parameters)
        self.parameters = new

    # -- Out --------------------------------------------------------------------------------------

    def start(self, address: Address, *, resume: bool, named: dict[str, int]) -> None:
        """Begin to migrate to ``address``; ``named`` are the monitor's descriptors.

        Raises:
            QmpError: it may not begin, or it fails before anything is waited for.
        """
        self._check_transport(address)
        self._check_start(resume=resume)
        self.error = None
        self.transferred = self.total_ms = 0
        self.started_s = time.monotonic()
        self.status = "none"
        self._change("setup")
        try:
            descriptor = take_descriptor(address, named)
        except errors.QmpError as error:
            self._fail(error)
            raise
        self.machine.part(BackgroundWork).spawn(self._run(address, descriptor))

    def _check_transport(self, address: Address) -> None:
        on = self.capabilities
        seekable = address["transport"] == "file"
        several = address.get("type") in ("inet", "unix", "vsock")
        if on["mapped-ram"] and not seekable:
            raise errors.migration_needs_file()
        if on["multifd"] and not (several or (seekable and on["mapped-ram"])):
            raise errors.migration_needs_channels()

    def _check_start(self, *, resume: bool) -> None:
        if resume:
            raise errors.migration_not_paused()
        if not self.machine.board.is_empty:
            raise errors.migration_blocked()
        if self.running:
            raise errors.migration_running()
        if self.machine.status == "inmigrate":
            raise errors.migration_awaited()
        if self.machine.status == "postmigrate":
            raise errors.migration_done()

    def cancel(self) -> None:
        """Give up, if a migration is under way."""
        if self.running:
            self._change("cancelling")
            self._change("cancelled")

    async def _run(self, address: Address, descriptor: int | None) -> None:
        try:
            sink = await open_sink(address, descriptor)
        except Exception as error:
            self._fail(errors.of_command(error))
            return
        try:
            await self._send(sink)
        except OSError as error:
            self._fail(errors.migration_write_failed(error.strerror or str(error)))
        finally:
            await sink.close()

    async def _send(self, sink: Sink) -> None:
        if self.status != "setup":
            return  # cancelled
        status = self.machine.status
        stream = empty_machine_stream("none", status)
        self._pass(1)
        self._change("active")
        self.machine.stop("finish-migrate")
        self._change("device")
        self._pass(2)
        try:
            await sink.write(stream)
        except OSError:
            self._resume(status)
            raise
        if self.status != "device":
            self._resume(status)
            return  # cancelled
        self.transferred = len(stream)
        self.total_ms = round((time.monotonic() - self.started_s) * 1000)
        self.machine.status = "postmigrate"
        self._change("completed")

    def _resume(self, status: str) -> None:
        if status == "running":
            self.machine.cont()
        else:
            self.machine.status = status

    # -- Status -----------------------------------------------------------------------------------

    def _fail(self, error: errors.QmpError) -> None:
        if self.status == "cancelled":
            return
        self.error = error.desc
        self._change("failing")
        self._change("failed")

    def _change(self, status: str) -> None:
        self.status = status
        if self.capabilities["events"]:
            self.machine.emit("MIGRATION", {"status": status})

    def _pass(self, number: int) -> None:
        if self.capabilities["events"]:
            self.machine.emit("MIGRATION_PASS", {"pass": number})

    def info(self) -> dict[str, Any]:
        """A MigrationInfo."""
        found: dict[str, Any] = {}
        if not self.machine.board.is_empty:
            found["blocked-reasons"] = [errors.migration_blocked().desc]
        if self.status == "none":
            return found
        found["status"] = self.status
        if self.error is not None:
            found["error-desc"] = self.error
        if self.status == "completed":
            times = {"total-time": self.total_ms, "downtime": 0, "setup-time": 0}
            found |= times | {"ram": self._ram()}
        return found

    def _ram(self) -> dict[str, Any]:
        """A MigrationRAMStats: there was no memory to send."""
        found: dict[str, Any] = dict.fromkeys(_RAM_COUNTERS, 0)
        seconds = max(self.total_ms, 1) / 1000
        return found | {
            "page-size": PAGE_SIZE,
            "dirty-sync-count": 2,
            "mbps": self.transferred * 8 / seconds / 1e6,
        }


def _enum(machine: Machine, name: str) -> Any:
    return getattr(machine.schema.types[name], "members", ())
