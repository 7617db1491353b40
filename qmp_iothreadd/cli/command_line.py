"""The options read so far: what their handlers work on, and what is made of them in the end."""

from __future__ import annotations

import os

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import Backends
from qmp_iothreadd.cli.defaults import Defaults
from qmp_iothreadd.cli.lists import new_list
from qmp_iothreadd.cli.machine import MachineOptions
from qmp_iothreadd.cli.monitors import Monitors
from qmp_iothreadd.cli.ports import Ports
from qmp_iothreadd.daemon.config import Config
from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.errors import LocatedError, located
from qmp_iothreadd.qom.option_lists import OptionList, Options


class Finished(Exception):  # noqa: N818 -- not an error
    """The command line asked for something that is said and done."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


class CommandLine:
    """One command line. ``location`` is the option being read, as messages name it."""

    def __init__(self, program: str) -> None:
        self.config = Config(reporter=Reporter(program))
        self.location = ""
        self.warnings: list[str] = []
        self.backends = Backends()
        self.monitors = Monitors(self.backends)
        self.ports = Ports(self.backends, self.monitors)
        self.machine_options = MachineOptions()
        self.disk_images: list[str] = []
        self.kernel_options: set[str] = set()
        self.defaults = Defaults()
        self._lists: dict[str, OptionList] = {}
        self._warned: set[str] = set()

    def warn_once(self, text: str) -> None:
        """Keep a warning that only the first of its options causes."""
        if text not in self._warned:
            self._warned.add(text)
            self.warn(text)

    def warn(self, text: str) -> None:
        """Keep a warning; what follows its first line is said without a prefix."""
        first, _, rest = text.partition("\n")
        reporter = self.config.reporter
        self.warnings.append(reporter.format(f"warning: {first}", self.location, rest or None))

    # -- Option lists ------------------------------------------------------------------------------

    def read_list(self, name: str, text: str) -> Options:
        """Read an option list of this name.

        Raises:
            Finished: it asks for help.
            QmpError: it cannot be read.
        """
        if name not in self._lists:
            self._lists[name] = new_list(name)
        return self.read(self._lists[name], text)

    def read(self, which: OptionList, text: str) -> Options:
        """Read an option list of this kind, and raise what ``read_list`` does."""
        options = which.parse(text, self.location, self.warn)
        if options is None:
            raise Finished(which.help(), status=1)
        return options

    # -- What makes sense of it all ----------------------------------------------------------------

    def finish(self) -> None:
        """Check what only the whole command line shows, and make monitors of options.

        Raises:
            LocatedError: there is no such machine, or a kernel's options without a kernel.
        """
        with located(""):
            for option in ("append", "initrd"):
                if option in self.kernel_options and "kernel" not in self.kernel_options:
                    raise errors.kernel_missing(option)
            self.machine_options.check_type()
            self.defaults.add_terminal_monitor(self.config, self.monitors)
        try:
            self._make_backends()
        except LocatedError as error:
            self.config.backend_error = error
            return
        try:
            self.ports.make(self.config.ports)
        except LocatedError as error:
            self.config.port_error = error

    def _make_backends(self) -> None:
        """As in system/vl.c: character devices, disks, the machine, its CPUs, then monitors."""
        config = self.config
        config.chardev_options = self.backends.chardevs
        self.backends.make_chardevs(config.chardevs)
        if self.disk_images:
            name = self.disk_images[0]
            raise LocatedError(_disk_error(name), name)
        with located(""):
            self.machine_options.check_properties()
            self.machine_options.check_cpus()
            if self.kernel_options:
                raise errors.kernel_unsupported()
        config.monitors = self.monitors.configs()
        self.defaults.add_socket(config, self.monitors)


def _disk_error(name: str) -> errors.QmpError:
    """What is wrong with a disk image, which is what an argument that is no option would be."""
    try:
        os.close(os.open(name, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return errors.cannot_open(name, error.strerror or str(error))
    return errors.option_unsupported("disks are")
