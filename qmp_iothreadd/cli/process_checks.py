"""Option lists of the process: -action, -sandbox, -add-fd."""

from __future__ import annotations

import fcntl

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.qapi.schema import EnumType
from qmp_iothreadd.qapi.shipped import shipped_schema
from qmp_iothreadd.qom.option_lists import Options

# What can happen, and the enumerations of what can be done then.
_ACTIONS = {
    "reboot": "RebootAction",
    "shutdown": "ShutdownAction",
    "panic": "PanicAction",
    "watchdog": "WatchdogAction",
}

# What may be forbidden, and the words for it; the process is not filtered.
_SANDBOX = {
    "obsolete": ("allow", "deny"),
    "elevateprivileges": ("allow", "deny", "children"),
    "spawn": ("allow", "deny"),
    "resourcecontrol": ("allow", "deny"),
}


def take_name(line: CommandLine, options: Options) -> None:
    """``-name``."""
    config = line.config
    config.name = config.reporter.guest_name = options.get("guest")
    config.process_name = options.get("process")


def check_actions(line: CommandLine, options: Options) -> None:
    """``-action``, and what is short for it."""
    served = line.config.schema.models().schema
    for event, type_name in _ACTIONS.items():
        action = options.get(event)
        if action is not None:
            allowed = shipped_schema(served).types[type_name]
            assert isinstance(allowed, EnumType)
            if action not in [member.name for member in allowed.members]:
                raise errors.unaccepted_value(event, action)
            line.config.actions[event] = action


def check_sandbox(_line: CommandLine, options: Options) -> None:
    """``-sandbox``."""
    if options.get_bool("enable", False):
        for name, allowed in _SANDBOX.items():
            value = options.get(name)
            if value is not None and value not in allowed:
                raise errors.bad_sandbox_argument(name)


def take_descriptor(line: CommandLine, options: Options) -> None:
    """``-add-fd``."""
    fd, fdset = options.get_number("fd"), options.get_number("set")
    fd = None if fd is None else (fd + 2**31) % 2**32 - 2**31  # QEMU has it in an int
    if fd is None or fd < 0:
        raise errors.fd_missing()
    if fd <= 2:
        raise errors.fd_is_standard()
    if not _is_inherited(fd):
        raise errors.fd_not_valid()
    if fdset is None or fdset >= 2**63:  # negative in QEMU's int64_t
        raise errors.fdset_missing()
    from qmp_iothreadd.daemon.backends import DescriptorConfig  # only where there is one

    wanted = DescriptorConfig(options.location, fd, fdset, options.get("opaque"))
    line.config.descriptors.append(wanted)


def _is_inherited(fd: int) -> bool:
    """Whether whoever started the process handed over this descriptor."""
    try:
        return not fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    except (OSError, OverflowError):
        return False
