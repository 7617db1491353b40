"""What the command line asked for, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from qmp_iothreadd.daemon.reporter import Reporter

if TYPE_CHECKING:
    from qmp_iothreadd.errors import LocatedError
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


@dataclass(slots=True)
class TracePattern:
    """A trace event or pattern to turn on, or off where ``-`` stands before it.

    ``location`` is the option that asked for it.
    """

    text: str
    location: str = ""


class SchemaConfig:
    """Which schema is served: that of ``path``, or the one installed with the package.

    ``defines`` are the symbols that its ``if`` conditions find defined.
    """

    def __init__(self) -> None:
        self.path: str | None = None
        self.defines: frozenset[str] = frozenset()
        self._models: Models | None = None

    def models(self) -> Models:
        """The schema's validators, loaded once: for the first ``-object``, else for the daemon.

        Raises:
            QAPIError: the schema is wrong.
        """
        if self._models is None:
            from qmp_iothreadd.qapi.cache import load_schema_cached  # not to be had for -help
            from qmp_iothreadd.qapi.models import Models

            self._models = Models(load_schema_cached(self.path, config=self.defines))
        return self._models


@dataclass(slots=True, eq=False, repr=False)
class Config:
    """Everything that start-up has to know.

    Objects are created in the order given, before the monitors open. ``backend_error`` is what was
    wrong with the monitors, found while reading the command line but said only after the objects
    were created: the order of QEMU's system/vl.c.
    """

    reporter: Reporter = field(default_factory=Reporter)
    monitors: list[MonitorConfig] = field(default_factory=list)
    chardevs: dict[str, ChardevConfig] = field(default_factory=dict)
    objects: list[ObjectConfig] = field(default_factory=list)
    backend_error: LocatedError | None = None
    default_socket: str | None = None
    """No monitor was asked for: this socket was chosen. Its folder may be missing, and people have
    to be told of it."""

    name: str | None = None
    uuid: str | None = None
    start_stopped: bool = False

    pidfile: str | None = None
    daemonize: bool = False

    log_file: str | None = None
    traces: list[TracePattern] = field(default_factory=list)
    trace_files: list[str] = field(default_factory=list)

    schema: SchemaConfig = field(default_factory=SchemaConfig)
    stub_missing: bool = False
    check_replies: bool = False
    multi_client: bool = False
    polling: bool = True
    metrics_address: str | None = None
