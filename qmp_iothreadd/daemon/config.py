"""What the command line asked for, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.machine.boards import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.daemon.backends import BlockConfig, DescriptorConfig, DeviceConfig
    from qmp_iothreadd.daemon.fleet_events import FleetEvent
    from qmp_iothreadd.errors import LocatedError
    from qmp_iothreadd.machine.cpus.options import CpuOption
    from qmp_iothreadd.machine.version import Version
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qom.option_lists import OptionList


class _Row:
    """Equal to another of its class with the same values, which tests ask about.

    No dataclass: its module, and each class, take longer to import than this whole room.
    """

    __slots__: tuple[str, ...] = ()

    def _values(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._values() == self._values()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}{tuple(self._values())}"


class ChardevConfig(_Row):
    """A character device: ``backend`` is a ChardevBackend of the schema, as on the wire.

    ``location`` is the option that asked for it, for messages.
    """

    __slots__ = ("backend", "id", "location")

    def __init__(self, id: str, backend: dict[str, Any], location: str = "") -> None:
        self.id = id
        self.backend = backend
        self.location = location


MODES = ("control", "readline")
"""What a monitor speaks: QMP or HMP."""


class MonitorConfig(_Row):
    """A monitor as ``-mon`` has it: QEMU's MonitorOptions, checked when the monitor is made.

    ``mode`` is one of ``MODES``, the human monitor's where it is None.
    """

    __slots__ = ("chardev", "id", "location", "mode", "pretty")

    def __init__(
        self,
        id: str,
        chardev: str | None,
        mode: str | None = None,
        pretty: bool = False,
        location: str = "",
    ) -> None:
        self.id = id
        self.chardev = chardev
        self.mode = mode
        self.pretty = pretty
        self.location = location


class PortConfig(_Row):
    """A serial or parallel port, or a debug console: a board has it, the empty machine has not.

    ``text`` describes the character device, as the option ``location`` has it. ``number``: which
    one of its ``kind`` it is. ``made`` are the character devices to make for it, ``chardev`` is the
    one that it uses. ``monitor``: the name of a human monitor that shares it.
    """

    __slots__ = ("chardev", "kind", "location", "made", "monitor", "number", "text")

    def __init__(self, kind: str, text: str, location: str) -> None:
        self.kind = kind
        self.text = text
        self.location = location
        self.number = 0
        self.chardev = ""
        self.made: list[ChardevConfig] = []
        self.monitor: str | None = None


class ObjectConfig:
    """An object to create before the monitors open.

    ``values`` has ``qom-type``, ``id`` and the properties, of the types that the schema asks for,
    in its order. What creation refuses is said without ``location``, as QEMU does.
    """

    def __init__(self, values: dict[str, Any], location: str = "") -> None:
        self.values = values
        self.location = location


class TracePattern(_Row):
    """A trace event or pattern to turn on, or off where ``-`` stands before it.

    ``location`` is the option that asked for it.
    """

    __slots__ = ("location", "text")

    def __init__(self, text: str, location: str = "") -> None:
        self.text = text
        self.location = location


class FleetConfig:
    """Many machines in place of one: ``count`` of them, with their monitors in ``folder``.

    ``machine`` gives the configuration of each by its number, from 0, and raises LocatedError.
    ``events`` are what they send by themselves.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.count = 0
        self.events: list[FleetEvent] = []
        self.machine: Callable[[int], Config] = lambda number: Config()

    def path(self, number: int) -> str:
        """The socket of a machine's monitor."""
        return f"{self.folder}/{number}.sock"


class ResponsesConfig(_Row):
    """A file of responses, ``path``, and the option that names it."""

    __slots__ = ("location", "path")

    def __init__(self, path: str, location: str = "") -> None:
        self.path = path
        self.location = location


class FaultConfig(_Row):
    """A Fault of the schema, and the option that asks for it."""

    __slots__ = ("location", "words")

    def __init__(self, words: dict[str, Any], location: str = "") -> None:
        self.words = words
        self.location = location


class SchemaConfig:
    """Which schema is served: that of ``path``, or the one installed with the package.

    ``defines`` are the symbols that its ``if`` conditions find defined; with ``version`` it lacks
    what QEMU has since a later one. ``kept`` is the installed one, where a process has loaded it
    for all the daemons that are forked from it.
    """

    kept: ClassVar[Models | None] = None

    def __init__(self) -> None:
        self.path: str | None = None
        self.defines: frozenset[str] = frozenset()
        self.version: Version | None = None
        self._models: Models | None = None

    def models(self) -> Models:
        """The schema's validators, loaded once: for the first ``-object``, else for the daemon.

        Raises:
            QAPIError: the schema is wrong.
        """
        ours = self.path is None and not self.defines and self.version is None
        if self._models is None and ours:
            self._models = self.kept
        if self._models is None:
            from qmp_iothreadd.qapi.models import Models  # not to be had for -help
            from qmp_iothreadd.qapi.shipped import served_schema

            version = self.version and self.version[:2]
            self._models = Models(served_schema(self.path, self.defines, version))
        return self._models


class Config:
    """Everything that start-up has to know.

    Objects are created in the order given, before the monitors open. ``backend_error`` is what was
    wrong with character devices or the machine, ``port_error`` what was wrong with ports and
    ``board_error`` with CPUs and devices, found while reading the command line but said only after
    those before were made: the order of QEMU's system/vl.c. ``chardev_options`` are the lists that
    ``chardevs`` were read from. ``default_socket``: no monitor was asked for, and this socket was
    chosen; its folder may be missing, and people have to be told of it. ``actions`` say what is to
    be done on what event (``reboot``: ``shutdown``). ``incoming`` is where a guest comes from, or
    ``defer``. ``machine_type`` is a name or alias of the table of machine types, ``machine`` are
    its properties, of their types, ``cpu`` the model of its CPUs; ``clock_offset``: how many
    seconds its clock is ahead of the host's; ``cards`` are those of -vga and -nic, a model and its
    values; ``memory_path`` is the file or folder of its memory, and ``preallocate`` is said of all
    memory. ``run_as``: user, group and the name whose groups are taken over. ``target`` is the
    architecture that the program's name promises. ``devices`` are plugged into the board when it is
    there; ``device_defaults`` are what ``-global`` says: a type of devices, a property and a text.
    ``netdevs`` are Netdevs, as on the wire, and ``audiodevs`` Audiodevs. ``vnc`` are
    displays by id, with whether they ask for a password; ``spice``: there is a SPICE display.
    ``control`` names the monitors that script the others, ``responses`` and ``faults`` what is
    scripted already, ``transcript`` the file of what is said. ``greeting`` are keywords of
    Machine's, in place of QEMU's.
    """

    def __init__(self, reporter: Reporter | None = None) -> None:
        self.reporter = reporter or Reporter()
        self.monitors: list[MonitorConfig] = []
        self.chardevs: list[ChardevConfig] = []
        self.chardev_options: OptionList | None = None
        self.ports: list[PortConfig] = []
        self.objects: list[ObjectConfig] = []
        self.descriptors: list[DescriptorConfig] = []
        self.blocks: list[BlockConfig] = []
        self.netdevs: list[dict[str, Any]] = []
        self.devices: list[DeviceConfig] = []
        # The NumaNodeOptions, each with where it was said.
        self.numa_nodes: list[tuple[str, dict[str, Any]]] = []
        self.device_defaults: list[tuple[str, str, str]] = []
        self.audiodevs: list[dict[str, Any]] = []
        self.vnc: dict[str, bool] = {}
        self.spice = False
        self.backend_error: LocatedError | None = None
        self.port_error: LocatedError | None = None
        self.board_error: LocatedError | None = None
        self.default_socket: str | None = None

        self.target: str | None = None
        self.name: str | None = None
        self.process_name: str | None = None
        self.uuid: str | None = None
        self.start_stopped = False
        self.preconfig = False
        self.incoming: str | None = None
        self.machine_type = EMPTY
        self.machine: dict[str, Any] = {}
        self.cpu: CpuOption | None = None
        self.clock_offset = 0
        self.cards: list[tuple[str, dict[str, Any]]] = []
        self.memory_path: str | None = None
        self.preallocate = False
        self.only_migratable = False
        self.actions: dict[str, str] = {}
        self.compat: dict[str, str] = {}

        self.pidfile: str | None = None
        self.daemonize = False
        self.exit_with_parent = False
        self.run_as: tuple[int, int, str | None] | None = None
        self.root_folder: str | None = None

        # The code of the key that begins the commands of a mux: Ctrl-a.
        self.escape_key = 1

        self.log_file: str | None = None
        self.traces: list[TracePattern] = []
        self.trace_files: list[str] = []

        self.schema = SchemaConfig()
        self.stub_missing = False
        #: What query-command-line-options says: a CommandLineOptionInfo per option with a list.
        self.describe_options: Callable[[], list[dict[str, Any]]] = list
        self.greeting: dict[str, Any] = {}
        self.check_replies = False
        self.multi_client = False
        self.polling = True
        #: One of the guest's BEHAVIOURS; None: what suits the machine.
        self.guest: str | None = None
        self.guest_delay_ms = 0
        self.guest_crash = False
        self.metrics_address: str | None = None
        self.control: list[str] = []
        self.responses: list[ResponsesConfig] = []
        self.faults: list[FaultConfig] = []
        self.transcript: str | None = None
        #: Many machines, of which this configuration is the first's and the process's.
        self.fleet: FleetConfig | None = None
