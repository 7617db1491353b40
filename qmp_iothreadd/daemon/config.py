"""What the command line asked for, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from qmp_iothreadd.errors import Error

if TYPE_CHECKING:
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.qapi.models import Models


@dataclass(slots=True)
class ChardevConfig:
    """Where the bytes of a monitor come from.

    Of the addresses only those of ``kind`` are set. ``fd`` is a descriptor handed over, of a socket
    that listens or is connected. ``server`` says who connects; ``wait``: a server waits for its
    first client before anything else starts. A client that is refused tries again every
    ``reconnect_ms``, or fails where that is 0. ``location`` is the option that asked for it, for
    messages.
    """

    id: str
    kind: Literal["unix", "tcp", "fd", "stdio", "null"]
    location: str = ""
    path: str = ""
    host: str = ""
    port: int = 0
    fd: int = -1
    server: bool = False
    wait: bool = False
    reconnect_ms: int = 0


@dataclass(slots=True)
class MonitorConfig:
    """A monitor on the character device ``chardev``; ``control`` is QMP, ``readline`` HMP."""

    id: str
    chardev: str
    mode: Literal["control", "readline"]
    pretty: bool = False
    location: str = ""


@dataclass(slots=True, eq=False)
class ObjectConfig:
    """An object to create before the monitors open.

    ``values`` has ``qom-type``, ``id`` and the properties, of the types that the schema asks for,
    in its order. What creation refuses is said without ``location``, as QEMU does.
    """

    values: dict[str, Any]
    location: str = ""


@dataclass(slots=True, eq=False)
class TraceConfig:
    """A trace event or pattern to enable; ``location`` is the option that asked for it."""

    pattern: str
    location: str = ""


@dataclass(slots=True, eq=False, repr=False)
class Config:
    """Everything the daemon has to know.

    Objects are created in the order given, before the monitors open. ``backend_error`` is what was
    wrong with the monitors, found while reading the command line but said only after the objects
    were created: QEMU's order.
    """

    program: str = "qmp-iothreadd"
    monitors: list[MonitorConfig] = field(default_factory=list)
    chardevs: dict[str, ChardevConfig] = field(default_factory=dict)
    objects: list[ObjectConfig] = field(default_factory=list)
    backend_error: LocatedError | None = None

    default: bool = False
    """No monitor was asked for: the one that is here was chosen, and its folder may be missing."""

    name: str | None = None
    uuid: str | None = None
    start_stopped: bool = False

    pidfile: str | None = None
    daemonize: bool = False
    log_file: str | None = None
    timestamp: bool = False
    guest_name_in_messages: bool = False
    traces: list[TraceConfig] = field(default_factory=list)
    trace_files: list[TraceConfig] = field(default_factory=list)

    schema_path: str | None = None
    """None is the schema that is installed with the package."""
    schema_defines: frozenset[str] = frozenset()
    models: Models | None = None
    """The schema's validators, where reading the command line needed them already."""
    stub_missing: bool = False
    check_replies: bool = False
    multi_client: bool = False
    polling: bool = True
    metrics_address: str | None = None

    def message(self, text: str, location: str = "", hint: str | None = None) -> str:
        """``text`` as QEMU reports it on standard error, ended by a newline.

        ``location`` is the option it is about, ``hint`` what follows on lines of its own.
        """
        prefix = f"{self.program}: {location}: " if location else f"{self.program}: "
        if self.guest_name_in_messages and self.name:
            prefix = f"{self.name} {prefix}"
        if self.timestamp:
            prefix = f"{_now_iso8601()} {prefix}"
        return f"{prefix}{text}\n" + (f"{hint}\n" if hint else "")

    def error_message(self, error: QmpError, location: str = "") -> str:
        """The report of an error: its text, and its hint if it has one."""
        return self.message(error.desc, location, error.hint)


class LocatedError(Error):
    """An error with the option it is about; ``also`` is said after it."""

    def __init__(self, error: QmpError, location: str = "", also: str = "") -> None:
        super().__init__(error.desc)
        self.error = error
        self.location = location
        self.also = also

    def report(self, config: Config) -> str:
        """The text for standard error."""
        said = config.error_message(self.error, self.location)
        return said + (config.message(self.also, self.location) if self.also else "")


def _now_iso8601() -> str:
    from datetime import UTC, datetime  # only where messages are to carry the time

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
