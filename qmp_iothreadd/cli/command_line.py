"""What each option of the command line does to the configuration.

A :class:`CommandLine` reads one command line. Its methods are the options' handlers: they take the
option's argument, and raise QmpError for what QEMU reports about the option being read,
LocatedError for what it reports otherwise, and :class:`Finished` where there is nothing left to do.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import Backends, list_backends
from qmp_iothreadd.cli.lists import new_list
from qmp_iothreadd.cli.machine import MachineOptions, list_machines
from qmp_iothreadd.daemon.config import Config, ObjectConfig, TracePattern
from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.errors import LocatedError, located
from qmp_iothreadd.qom.option_lists import OptionList, Options

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.schema import ObjectType

# Objects that virtual machines are started with and that have no meaning for a monitor: libvirt
# hands over a master key and the guest's memory. The schema names the types without describing
# them. They are accepted, whatever their properties, and not created.
IGNORED_OBJECT_TYPES = frozenset(("secret", "memory-backend-ram"))

_UUID = r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

# The one item of QEMU's log that a monitor can have; the others are about the guest.
_TRACE_ITEM = "trace:"
_LOG_HELP = """\
Log items (comma separated):
trace:PATTERN   enable trace events"""
_GUEST_LOG_ITEMS = frozenset(
    (
        *("all", "cpu", "cpu_reset", "exec", "fpu", "guest_errors", "in_asm", "int", "invalid_mem"),
        *("mmu", "nochain", "none", "op", "op_ind", "op_opt", "op_plugin", "out_asm", "page"),
        *("pcall", "plugin", "strace", "tid", "unimp", "vpu"),
    )
)

_HELP = ("help", "?")


class Finished(Exception):  # noqa: N818 -- not an error
    """The command line asked for something that is said and done."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


class CommandLine:
    """The options read so far. ``location`` is the one being read, as messages name it."""

    def __init__(self, program: str) -> None:
        self.config = Config(reporter=Reporter(program))
        self.location = ""
        self.warnings: list[str] = []
        self.backends = Backends()
        self.machine_options = MachineOptions()
        self.disk_images: list[str] = []
        self.kernel_options: set[str] = set()
        self.has_defaults = True
        self._lists: dict[str, OptionList] = {}

    def warn(self, text: str) -> None:
        """Keep a warning; what follows its first line is said without a prefix."""
        first, _, rest = text.partition("\n")
        reporter = self.config.reporter
        self.warnings.append(reporter.format(f"warning: {first}", self.location, rest or None))

    # -- Monitors --------------------------------------------------------------------------------

    def add_qmp(self, text: str, *, pretty: bool = False) -> None:
        """``-qmp``: a QMP monitor with a character device of its own."""
        self.has_defaults = False
        self.backends.short_form(text, "control", pretty, self.location)

    def add_hmp(self, text: str) -> None:
        """``-monitor``: a human monitor with a character device of its own, or none at all."""
        self.has_defaults = False
        if text != "none":
            self.backends.short_form(text, "readline", False, self.location)

    def add_monitor(self, text: str) -> None:
        """``-mon``: a monitor on a character device."""
        self.has_defaults = False
        self._read_list(self.backends.monitors, text)

    def add_chardev(self, text: str) -> None:
        """``-chardev``: a character device."""
        options = self._read_list(self.backends.chardevs, text)
        if options.get("backend") in _HELP:
            raise Finished(list_backends())

    # -- Objects -----------------------------------------------------------------------------------

    def add_object(self, text: str) -> None:
        """``-object``: an object, in JSON or as an option list."""
        if text.startswith("{"):
            from qmp_iothreadd.json.reader import parse_one  # only for JSON

            value: Any = parse_one(text)
            type_name = value.get("qom-type") if isinstance(value, dict) else None
            if type_name not in IGNORED_OBJECT_TYPES:
                union = self._object_options()
                self._keep_object(self._models().validate(union, value))
            return
        options = self._parse("object", text)
        type_name = options.get("qom-type")
        if type_name is None:
            raise errors.missing_parameter("qom-type")
        self._print_object_help(type_name, options)
        if type_name in IGNORED_OBJECT_TYPES:
            if options.id is None:
                raise errors.missing_parameter("id")
            return
        from qmp_iothreadd.qom.input_visitor import from_options  # only objects have a type

        self._keep_object(from_options(self._object_options(), options))

    def _keep_object(self, values: dict[str, Any]) -> None:
        self.config.objects.append(ObjectConfig(values, self.location))

    def _print_object_help(self, type_name: str, options: Options) -> None:
        wants_help = any(name in _HELP for name, _ in options.pairs)
        if type_name not in _HELP and not wants_help:
            return
        from qmp_iothreadd.qom import object_help  # only for help

        if type_name in _HELP:
            raise Finished(object_help.describe_types(self._object_options()))
        described = object_help.describe_properties(self._object_options(), type_name)
        if described is not None:
            raise Finished(described)

    def _models(self) -> Models:
        return self.config.schema.models()

    def _object_options(self) -> ObjectType:
        union = self._models().schema.types.get("ObjectOptions")
        if union is None:
            # A schema of the user's, which has no objects.
            raise errors.option_unsupported("objects are")
        return cast("ObjectType", union)

    # -- The machine -------------------------------------------------------------------------------

    def set_name(self, text: str) -> None:
        """``-name``: the guest's name."""
        name = self._parse("name", text).get("guest")
        self.config.name = self.config.reporter.guest_name = name

    def set_uuid(self, text: str) -> None:
        """``-uuid``: the guest's UUID."""
        if not re.fullmatch(_UUID, text):
            raise errors.bad_uuid()
        self.config.uuid = text.lower()

    def set_machine(self, text: str) -> None:
        """``-machine``: its type and properties."""
        if not self.machine_options.machine(text):
            raise Finished(list_machines())

    def set_smp(self, text: str) -> None:
        """``-smp``: how many CPUs."""
        self.machine_options.smp(text)

    def check_list(self, name: str, text: str) -> None:
        """Options that mean nothing here but are read: typing errors are found."""
        self._parse(name, text)

    def note_kernel(self, _text: str) -> None:
        """``-kernel``, ``-initrd``, ``-append``: nothing to load them into."""
        self.kernel_options.add(self.location.split(" ", 1)[0].lstrip("-"))

    def refuse_device(self, text: str) -> None:
        """``-device``: there are none."""
        if text.startswith("{"):
            from qmp_iothreadd.json.reader import parse_one  # only for JSON

            value: Any = parse_one(text)
            driver = value.get("driver", "") if isinstance(value, dict) else ""
        else:
            driver = text.removeprefix("driver=").split(",", 1)[0]
        raise errors.bad_device_model(str(driver))

    def check_serial(self, text: str) -> None:
        """``-serial``, ``-parallel``: only their absence is possible."""
        if text not in ("none", "null"):
            raise errors.option_unsupported("serial and parallel ports are")

    # -- The process -------------------------------------------------------------------------------

    def set_messages(self, text: str) -> None:
        """``-msg``: what stands before messages."""
        options = self._parse("msg", text)
        self.config.reporter.timestamp = options.get_bool("timestamp", False)
        self.config.reporter.with_guest_name = options.get_bool("guest-name", False)

    def set_log_items(self, text: str) -> None:
        """``-d``: trace events, among QEMU's log items."""
        if text in _HELP:
            raise Finished(_LOG_HELP, status=1)
        for item in text.split(","):
            if item.startswith(_TRACE_ITEM):
                self._enable_trace(item.removeprefix(_TRACE_ITEM), "")
            elif item not in _GUEST_LOG_ITEMS:
                raise Finished(_LOG_HELP, status=1)

    def add_trace(self, text: str) -> None:
        """``-trace``: trace events and where they go."""
        options = self._parse("trace", text)
        enable, events, file = (options.get(name) for name in ("enable", "events", "file"))
        if enable is not None:
            self._enable_trace(enable, self.location)
        if events is not None:
            self.config.trace_files.append(events)
        if file is not None:
            self.config.log_file = file

    def _enable_trace(self, pattern: str, location: str) -> None:
        if pattern in _HELP:
            from qmp_iothreadd.iothread.trace_events import event_names  # only for help

            raise Finished("\n".join(event_names()))
        self.config.traces.append(TracePattern(pattern, location))

    # -- Not QEMU's --------------------------------------------------------------------------------

    def set_schema(self, text: str) -> None:
        """``--schema``: the file of the schema to serve."""
        self.config.schema.path = text

    def define_symbol(self, text: str) -> None:
        """``--schema-define``: a symbol for the schema's conditions."""
        self.config.schema.defines |= {text}

    # -- Option lists ------------------------------------------------------------------------------

    def _parse(self, name: str, text: str) -> Options:
        """Read an option list of this name.

        Raises:
            Finished: it asks for help.
            QmpError: it cannot be read.
        """
        if name not in self._lists:
            self._lists[name] = new_list(name)
        return self._read_list(self._lists[name], text)

    def _read_list(self, which: OptionList, text: str) -> Options:
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
        try:
            self._make_backends()
        except LocatedError as error:
            self.config.backend_error = error

    def _make_backends(self) -> None:
        """As in system/vl.c: character devices, disks, the machine, its CPUs, then monitors."""
        config = self.config
        config.chardevs = self.backends.make_chardevs(daemonize=config.daemonize)
        if self.disk_images:
            name = self.disk_images[0]
            raise LocatedError(_disk_error(name), name)
        with located(""):
            self.machine_options.check_properties()
            self.machine_options.check_cpus()
            if self.kernel_options:
                raise errors.kernel_unsupported()
        config.monitors = self.backends.make_monitors(config.chardevs)


def _disk_error(name: str) -> errors.QmpError:
    """What is wrong with a disk image, which is what an argument that is no option would be."""
    try:
        os.close(os.open(name, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return errors.cannot_open(name, error.strerror or str(error))
    return errors.option_unsupported("disks are")
