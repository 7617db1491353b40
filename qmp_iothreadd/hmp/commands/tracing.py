"""Trace events: which there are, and which are on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmp_iothreadd.commands import trace
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.iothread.log_file import LogFile
    from qmp_iothreadd.machine.machine import Machine

_LOG_ITEMS: Final = """\
Log items (comma separated):
none            remove all logs
trace:PATTERN   enable trace events

Use "info trace-events" to get a list of trace events.

"""


@hmp_command(
    "info trace-events",
    "name:s?,vcpu:i?",
    params="[name] [vcpu]",
    help="show available trace-events & their state (name: event name pattern; vcpu: vCPU to "
    "query, default is any)",
)
def trace_events(ctx: Context, name: str | None, vcpu: int | None) -> str:
    """The events that a pattern fits, or all."""
    try:
        found = trace.get_state(ctx, name or "*")
    except QmpError as error:
        return f"{error.desc}\n"
    return "".join(
        [f"{each['name']} : state {int(each['state'] == 'enabled')}\n" for each in found]
    )


@hmp_command(
    "trace-event",
    "name:s,option:b,vcpu:i?",
    params="name on|off [vcpu]",
    help="changes status of a specific trace event (vcpu: vCPU to set, default is all)",
)
def trace_event(ctx: Context, name: str, option: bool, vcpu: int | None) -> str:
    """Trace the events that a pattern fits, or stop it."""
    try:
        trace.set_state(ctx, name, option)
    except QmpError as error:
        return f"{error.desc}\n"
    return ""


@hmp_command("log", "items:s", params="item1[,...]", help="activate logging of the specified items")
def log(ctx: Context, items: str) -> str:
    """Trace what patterns fit; a guest's items are known, and there is nothing to log of them."""
    from qmp_iothreadd.machine.log_items import OF_GUEST, TRACE  # seldom typed

    wanted = items.split(",") if items != "none" else []
    if any(item not in OF_GUEST and not item.startswith(TRACE) for item in wanted):
        return _LOG_ITEMS
    patterns = [item.removeprefix(TRACE) for item in wanted if item.startswith(TRACE)]
    return "".join([_turned_on(ctx, pattern) for pattern in patterns])


def _turned_on(ctx: Context, pattern: str) -> str:
    try:
        trace.set_state(ctx, pattern, True)
    except QmpError:
        return f"warning: trace event '{pattern}' does not exist\n"
    return ""


class _LogFile:
    """The file that ``logfile`` named; the log goes back to where it went when the machine ends."""

    def __init__(self, machine: Machine) -> None:
        self._traces = machine.traces
        self._write = machine.traces.write
        self._file: LogFile | None = None

    def open(self, path: str) -> None:
        """Write to another file from now on."""
        from qmp_iothreadd.iothread.log_file import open_log_file  # seldom typed

        file = open_log_file(path)
        self.close()
        self._file = file
        self._traces.write = file.write

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._traces.write = self._write
            self._file.close()
            self._file = None


@hmp_command("logfile", "filename:F", params="filename", help="output logs to 'filename'")
def logfile(ctx: Context, filename: str) -> str:
    """Write the log to a file."""
    try:
        ctx.machine.part(_LogFile).open(filename)
    except QmpError as error:
        return f"{error.desc}\n"
    return ""
