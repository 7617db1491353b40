"""The options read so far: what their handlers work on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.cli.backends import Backends
from qmp_iothreadd.cli.defaults import Defaults
from qmp_iothreadd.cli.lists import describe_lists, new_list
from qmp_iothreadd.cli.machine import MachineOptions
from qmp_iothreadd.cli.monitors import Monitors
from qmp_iothreadd.daemon.config import Config
from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.errors import LocatedError
from qmp_iothreadd.qom.option_lists import OptionList, Options

if TYPE_CHECKING:
    from qmp_iothreadd.cli.ports import Ports
    from qmp_iothreadd.daemon.backends import DeviceConfig
    from qmp_iothreadd.daemon.fleet_events import FleetEvent


class Finished(Exception):  # noqa: N818 -- not an error
    """The command line asked for something that is said and done.

    ``text`` goes to standard output, ``said`` to standard error.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.said = ""


class CommandLine:
    """One command line of ``program``, which is how it was called.

    ``location`` is the option being read, as messages name it. ``lists`` are the option lists
    given, by name. ``questions`` ask for something to be printed once it is clear that options fit
    together; ``refusals`` are said when all else is done. ``dropped`` are options that QEMU 11.1
    has no more, as messages name them: only machines that libvirt starts can have them. ``netdevs``
    are those that are no option lists, by id. ``fleet``: for how many machines the options are
    read, one after the other; 0 where there is one.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        name = os.path.basename(program)
        self.config = Config(reporter=Reporter(name))
        self.config.target = name.removeprefix("qemu-system-") if "-system-" in name else None
        self.config.describe_options = describe_lists
        self.location = ""
        self.warnings: list[str] = []
        self.backends = Backends()
        self.monitors = Monitors(self.backends)
        self.ports: Ports | None = None
        self.machine_options = MachineOptions()
        self.defaults = Defaults()
        self.lists: dict[str, OptionList] = {}
        self.questions: list[Callable[[CommandLine], None]] = []
        self.refusals: list[LocatedError] = []
        self.debuggers: list[str] = []
        self.dropped: list[str] = []
        self.cpu: str | None = None
        self.vga: str | None = None
        self.loadvm: str | None = None
        self.snapshot = False
        self.log_items = ""
        self.data_folders: list[str] = []
        # What --control says, and where.
        self.control: list[tuple[str, str]] = []
        self.fleet = 0
        self.socket_folder = ""
        self.fleet_events: list[FleetEvent] = []
        self.netdevs: dict[str, dict[str, Any]] = {}
        # They come after those that are lists of options, whatever their order was.
        self.json_devices: list[DeviceConfig] = []
        self._warned: set[str] = set()

    def add_port(self, kind: str, text: str, location: str) -> None:
        """Note a serial or parallel port, or a debug console."""
        if self.ports is None:
            from qmp_iothreadd.cli.ports import Ports  # most machines for monitors have none

            self.ports = Ports(self.backends, self.monitors)
        self.ports.add(kind, text, location)

    def warn_once(self, text: str) -> None:
        """Keep a warning that only the first of its options causes."""
        if text not in self._warned:
            self._warned.add(text)
            self.warn(text)

    def warn(self, text: str, *, about: str | None = None) -> None:
        """Keep a warning; what follows its first line is said without a prefix.

        ``about`` is the option that it is about, the one being read if None.
        """
        first, _, rest = text.partition("\n")
        place = self.location if about is None else about
        reporter = self.config.reporter
        self.warnings.append(reporter.format(f"warning: {first}", place, rest or None))

    def say(self, *said: LocatedError) -> None:
        """Keep errors that are no reason to end."""
        self.warnings += [self.config.reporter.format_error(error) for error in said]

    # -- Option lists ------------------------------------------------------------------------------

    def read_list(self, name: str, text: str) -> Options:
        """Read an option list of this name.

        Raises:
            Finished: it asks for help.
            QmpError: it cannot be read.
        """
        return self.read(self.list_of(name), text)

    def list_of(self, name: str) -> OptionList:
        """The lists of this name that were given so far."""
        if name not in self.lists:
            self.lists[name] = new_list(name)
        return self.lists[name]

    def read(self, which: OptionList, text: str) -> Options:
        """Read an option list of this kind, and raise what ``read_list`` does."""
        options = which.parse(text, self.location, self.warn)
        if options is None:
            raise Finished(which.help(), status=1)
        return options
