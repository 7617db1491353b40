"""The process: pidfile, log, metrics, and the default socket's folder."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def unknown_trace_event(name: str) -> QmpError:
    """No trace event has this name."""
    return QmpError(f'unknown event "{name}"')


def log_file_failed(path: str, reason: str) -> QmpError:
    """The log cannot be written."""
    return QmpError(f"Error opening logfile {path}: {reason}")


def bad_log_file_template(path: str) -> QmpError:
    """A log file's name with another conversion than one %d."""
    return QmpError(f"Bad logfile template: {path}")


def metrics_library_missing(package: str) -> QmpError:
    """--metrics without the libraries that it needs."""
    return QmpError(
        f"--metrics needs the Python package {package}",
        hint="Install it with: pip install 'qmp-iothreadd[metrics]'",
    )


def not_a_metrics_address(text: str) -> QmpError:
    """--metrics with something that is not [HOST:]PORT."""
    return QmpError(f"expected [HOST:]PORT, not '{text}'")


def pid_file_failed(path: str, reason: str) -> QmpError:
    """The pidfile cannot be made."""
    return QmpError(f"cannot create PID file: Could not create '{path}': {reason}")


def pid_file_locked(reason: str) -> QmpError:
    """Another process holds the pidfile."""
    return QmpError(f"cannot create PID file: Cannot lock pid file: {reason}")


def socket_folder_failed(folder: str, reason: str) -> QmpError:
    """The folder of the default socket cannot be made, or is not safe to use."""
    return QmpError(f"cannot use the folder {folder}: {reason}; name a socket with -qmp")


def nographic_while_daemonizing() -> QmpError:
    """-nographic puts a monitor on the terminal that -daemonize lets go of."""
    return QmpError("-nographic cannot be used with -daemonize")


def exit_with_parent_failed(reason: str) -> QmpError:
    """-run-with exit-with-parent=on, which the system cannot do."""
    return QmpError(f"exit-with-parent: {reason}")


def chroot_failed() -> QmpError:
    """-run-with chroot= without the right, or of what is no folder."""
    return QmpError("chroot failed")


def setgid_failed(gid: int) -> QmpError:
    """-run-with user= without the right to change the group."""
    return QmpError(f"Failed to setgid({gid})")


def groups_failed(name: str | None, gid: int) -> QmpError:
    """-run-with user= without the right to change the groups."""
    if name is None:
        return QmpError(f"Failed to setgroups(1, [{gid}])")
    return QmpError(f'Failed to initgroups("{name}", {gid})')


def setuid_failed(uid: int) -> QmpError:
    """-run-with user= without the right to change the user."""
    return QmpError(f"Failed to setuid({uid})")


def name_taken(path: str) -> QmpError:
    """--install-as where something else has one of the names."""
    return QmpError(f"'{path}' is not a link to this program; nothing was changed")


def program_not_found(name: str) -> QmpError:
    """--install-as by a program that is not installed."""
    return QmpError(f"cannot find the file of {name}: it is not installed")
