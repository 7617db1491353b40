"""What the daemon serves: a machine of a type, its objects, a run state and events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.iothread.listing import IOThreadList
from qmp_iothreadd.iothread.together import Together
from qmp_iothreadd.iothread.trace_log import TraceLog
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.machine.boards import EMPTY
from qmp_iothreadd.machine.boards.empty_machine import NoneMachine, add_machine
from qmp_iothreadd.machine.monitors import MONITOR_TYPES, Monitor, Unserved
from qmp_iothreadd.machine.object_types import add_object_types
from qmp_iothreadd.machine.run_state import RunState
from qmp_iothreadd.machine.version import VERSION, read_version
from qmp_iothreadd.qapi.outgoing import Outgoing
from qmp_iothreadd.qapi.shipped import shipped_schema
from qmp_iothreadd.qom.identifiers import is_identifier
from qmp_iothreadd.qom.object import Object, ObjectType
from qmp_iothreadd.qom.tree import ObjectTree, resolve
from qmp_iothreadd.qom.types import USER_CREATABLE, TypeRegistry

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.frontend import Frontend
    from qmp_iothreadd.descriptors import Descriptors
    from qmp_iothreadd.iothread.workload import WorkloadObject
    from qmp_iothreadd.json.encoded_once import EncodedText
    from qmp_iothreadd.machine.boards.machine_object import MachineObject
    from qmp_iothreadd.machine.objects.memory import MemoryBackend
    from qmp_iothreadd.machine.part import Part
    from qmp_iothreadd.qapi.compat_policy import CompatPolicy
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.outgoing import Filter
    from qmp_iothreadd.qapi.schema import Schema

_O = TypeVar("_O", bound=Object)
_P = TypeVar("_P", bound="Part")

NIL_UUID = "00000000-0000-0000-0000-000000000000"


class Machine(RunState):
    """The state that commands act on. One for a process, or for a test.

    ``machine_type`` is a name or alias that ``-machine`` takes, QmpError is raised where there is
    no such machine; what its board has is ``part(Board)``'s to make. ``properties`` are those
    of ``/machine`` that are not the default, of their types.
    ``version`` is what clients are told, as "8.2.0" or (8, 2, 0), and ``package`` is free text
    behind it, which says who really answers; ``capabilities`` are what QMP's greeting offers, None
    where that is each monitor's to say.
    ``check_replies``: a return value or the data of an event that does not fit the schema is not
    sent, but raises ReplyError where it was about to be. ``traces`` is the log of a process that
    has several machines, and closes it.
    """

    def __init__(
        self,
        schema: Schema,
        models: Models,
        *,
        name: str | None = None,
        uuid: str = NIL_UUID,
        running: bool = True,
        polling: bool = True,
        version: str | Sequence[int] = VERSION,
        package: str = "",
        capabilities: Iterable[str] | None = None,
        machine_type: str = EMPTY,
        properties: Mapping[str, Any] | None = None,
        check_replies: bool = False,
        traces: TraceLog | None = None,
    ) -> None:
        super().__init__(running=running)
        self.schema = schema
        self.models = models
        self.name = name
        self.uuid = uuid
        self.target = "x86_64"  # what QEMU's most common binary emulates
        self.version = version if version is VERSION else read_version(version)
        self.package = package
        self.capabilities = None if capabilities is None else list(capabilities)
        self.outgoing = Outgoing(models, check=check_replies)
        self.types = TypeRegistry()
        self.tree = ObjectTree(self.types)
        self.chardevs = Chardevs(self.types, self.tree.chardevs)
        self.chardevs.quit = lambda: self.shutdown("host-qmp-quit")
        self.chardevs.find_object = self.tree.objects.child
        self.chardevs.descriptors = lambda: self.descriptors
        self._owns_traces = traces is None
        self.traces = TraceLog() if traces is None else traces
        self.together = Together()
        self.iothread_list = IOThreadList(self.tree.objects.children_in_order, self.together)
        self._register_object_types(polling)
        self.board = add_machine(self.tree, _machine_class(machine_type))
        self.board.read = lambda type, value, name: models.validate(schema.types[type], value, name)
        if properties:
            self.board.configure(properties)
        self.available_commands: Callable[[], list[str]] = lambda: list(schema.commands)
        self.command_line_options: Callable[[], list[dict[str, Any]]] = list
        # What each new object of a type begins with: the type, a property and its value.
        self.default_properties: list[tuple[str, str, Any]] = []
        # The same of devices: the value is a text.
        self.device_defaults: list[tuple[str, str, str]] = []
        self.only_migratable = False
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        # Those of QMP; and what plays scripts on them, None until somebody scripts: the rooms that
        # know more of both are above this one.
        self.sessions: list[Any] = []
        self.script: Any = None
        self.make_frontend: Callable[[Monitor], Frontend] = Unserved
        self._parts: dict[object, Part] = {}
        self._event_filters: dict[str, Filter | None] = {}

    def introspection(self) -> list[dict[str, Any]]:
        """What query-qmp-schema returns."""
        return self.models.introspection()

    def introspection_to_send(self) -> list[dict[str, Any]] | EncodedText:
        """The same, as text where that was made ready with the package and nobody looks into it."""
        text = None if self.outgoing.looks else self.models.introspection_text()
        return self.introspection() if text is None else text

    @cached_property
    def has_shipped_schema(self) -> bool:
        """Whether the schema is the one that the package's functions were written for."""
        return shipped_schema(self.schema) is self.schema

    def version_info(self) -> dict[str, Any]:
        """What the greeting and query-version say of the version."""
        major, minor, micro = self.version
        return {"qemu": {"major": major, "minor": minor, "micro": micro}, "package": self.package}

    @property
    def policy(self) -> CompatPolicy | None:
        """What to do about what is deprecated or unstable; None: nothing."""
        return self.outgoing.policy

    @policy.setter
    def policy(self, policy: CompatPolicy) -> None:
        self.outgoing.policy = policy

    @property
    def negotiates(self) -> bool:
        """Whether clients are greeted and negotiate capabilities.

        QEMU's guest agent, for one, has no command for that, and its clients speak first.
        """
        return "qmp_capabilities" in self.schema.commands

    # -- What most clients never ask for ----------------------------------------------------------

    def part(self, cls: Callable[[Machine], _P]) -> _P:
        """The machine's one ``cls``, made when it is first asked for."""
        found = self._parts.get(cls)
        if found is None:
            found = self._parts[cls] = cls(self)
        return cast("_P", found)

    @cached_property
    def descriptors(self) -> Descriptors:
        """The descriptors that clients handed over."""
        from qmp_iothreadd.descriptors import Descriptors

        made = self._parts[Descriptors] = Descriptors()
        return made

    def monitor_gone(self, name: str) -> None:
        """Close what the clients of a monitor named: the names were its own."""
        found: Descriptors | None = self.__dict__.get("descriptors")
        if found is not None:
            found.forget(name)

    # -- Events ------------------------------------------------------------------------------------

    def emit(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Send an event to every monitor that is past negotiation.

        One that the served schema lacks is not sent, nor are members of ``data`` that it lacks.
        """
        described = self.schema.events.get(event)
        if described is None or (self.policy is not None and self.policy.hides_event(described)):
            return
        if event not in self._event_filters:
            self._event_filters[event] = self.outgoing.event(described)
        outgoing = self._event_filters[event]
        if outgoing is not None:
            data = outgoing(data)
        self.send_event(event, data)

    def send_event(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Send an event as it is, whether the schema has it or not."""
        now = time.time_ns()
        message: dict[str, Any] = {
            "event": event,
            "timestamp": {"seconds": now // 10**9, "microseconds": now // 1000 % 10**6},
        }
        if data is not None:
            message["data"] = data
        for listener in tuple(self.listeners):
            listener(message)

    @property
    def can_suspend(self) -> bool:
        """Whether a guest could go to sleep: PCs with ACPI have what wakes it."""
        board = self.board
        return board.has_acpi_device and board.type.implements("generic-pc-machine")

    # -- Objects ----------------------------------------------------------------------------------

    def resolve(self, path: str) -> Object:
        """The object at ``path``.

        Raises:
            QmpError: DeviceNotFound, also where the path is ambiguous.
        """
        found, _ = resolve(self.tree.root, path)
        if found is None:
            raise errors.device_not_found(path)
        return found

    def resolve_unambiguous(self, path: str) -> Object:
        """Like ``resolve``, but an ambiguous path is an error of its own."""
        found, ambiguous = self.tree.resolve(path)
        if ambiguous:
            raise errors.path_ambiguous(path)
        if found is None:
            raise errors.device_not_found(path)
        return found

    def create_object(self, options: Mapping[str, Any]) -> Object:
        """Create the object that ``options``, an ObjectOptions in schema order, describes.

        The properties are set in the order of QEMU's dictionary (qobject/qdict.c).

        Raises:
            QmpError: the id is none, or what ``add_object`` raises.
        """
        properties = dict(options)
        type_name, name = properties.pop("qom-type"), properties.pop("id")
        if not is_identifier(name):
            raise errors.not_an_identifier("id")
        ordered = {key: properties[key] for key in qdict_order(properties)}
        return self.add_object(type_name, name, ordered)

    def add_object(self, type_name: str, name: str, properties: Mapping[str, Any]) -> Object:
        """Create a user-creatable object below ``/objects``.

        ``properties`` are set in the order given. A failure leaves nothing behind.

        Raises:
            QmpError: the type is not built in, a property refuses, the name is taken, or it cannot
            start.
        """
        found = self.types.get(type_name)
        if found is None or not found.implements(USER_CREATABLE):
            raise errors.invalid_object_type(type_name)
        made = found.instantiate()
        for base, key, value in self.default_properties:
            if found.implements(base):
                made.set_property(key, value)
        for key, value in properties.items():
            made.set_property(key, value)
        self.tree.objects.add_child(name, made)
        try:
            made.complete()
        except BaseException:
            self.tree.objects.remove_child(name)
            raise
        return made

    def delete_object(self, name: str, current: Object | None = None) -> None:
        """Delete an object below ``/objects``; ``current`` is the monitor that asks for it.

        Raises:
            QmpError: there is none, its type keeps it, or it is ``current``.
        """
        found = self.find_object(name)
        if found is None:
            raise errors.object_not_found(name)
        found.check_deletable()
        if found is current:
            raise errors.current_monitor_in_use()
        found.unparent()
        found.finalize()

    def find_object(self, name: str) -> Object | None:
        """The object of this name below ``/objects``, or None."""
        children = self.tree.objects.children
        return children.get(name) if children else None

    def iothreads(self) -> list[IOThread]:
        """The iothreads, in the order of QEMU's query-iothreads: forwards through the table."""
        return self.iothread_list().copy()

    def workloads(self) -> list[WorkloadObject]:
        """The workloads, in the same order."""
        from qmp_iothreadd.iothread.workload import WorkloadObject  # few have one

        return _of_type(self.tree.objects.children_in_order(), WorkloadObject)

    def create_default_memory(self, path: str | None = None) -> None:
        """Create the memory of a machine that was given no back end; none has some if asked for.

        ``path`` is the file that it is kept in, or the folder of a file without a name.

        Raises:
            QmpError: there is not so much, its name is taken, or the back end has another size.
        """
        kind = self.board.machine_type
        asked = self.board.memory["size"]
        size = asked or kind.family.memory
        given = self.board.get_property("memory-backend")
        if given:
            size = self.resolve(given).get_property("size")
            if asked not in (0, size):
                raise errors.memory_backend_of_other_size()
        elif size:
            if self.find_object(kind.default_ram_id) is not None:
                raise errors.default_memory_name_taken(kind.default_ram_id)
            type_name = "memory-backend-ram" if path is None else "memory-backend-file"
            where = {} if path is None else {"mem-path": path}
            made = self.add_object(type_name, kind.default_ram_id, {**where, "size": size})
            self.board.values["memory-backend"] = made.path
        self.board.values["memory"] = {**self.board.memory, "size": size}

    def memory_backends(self) -> list[MemoryBackend]:
        """The memory, in the order of QEMU's query-memdev: backwards through the table."""
        from qmp_iothreadd.machine.objects.memory import MemoryBackend  # few have any

        return _of_type(reversed(self.tree.objects.children_in_order()), MemoryBackend)

    def request_stop(self) -> None:
        """Ask all iothreads to end, without waiting for them; ``close`` is still to come."""
        for iothread in self.iothreads():
            iothread.request_stop()

    def close(self) -> None:
        """Finalize every object: threads are joined when this returns."""
        self.together.end_turn()
        for part in reversed([*self._parts.values()]):
            part.close()
        self.chardevs.close()
        self.request_stop()  # one after the other, busy ones would take long
        for child in reversed((self.tree.objects.children or {}).copy().values()):
            child.unparent()
            child.finalize()
        if self._owns_traces:
            self.traces.close()

    def _register_object_types(self, polling: bool) -> None:
        def make_iothread(type: ObjectType) -> IOThread:
            return IOThread(
                type, polling_supported=polling, traces=self.traces, together=self.together
            )

        factories: dict[str, Callable[[ObjectType], Object]] = {
            cls.qom_name: partial(cls, host=self) for cls in MONITOR_TYPES
        }
        factories["iothread"] = make_iothread
        add_object_types(self.types, self.schema, self.models, factories)
        self.types.load_later(self._register_device_types)

    def _register_device_types(self) -> None:
        # There are many, and few look for one.
        errors.import_late("qmp_iothreadd.machine.devices.models").add_device_types(self)


def _machine_class(name: str) -> type[MachineObject]:
    if name == EMPTY:
        return NoneMachine
    from qmp_iothreadd.machine.boards.board_classes import board_class  # not for none
    from qmp_iothreadd.machine.boards.machine_types import machine_type

    return board_class(machine_type(name))


def _of_type(objects: Iterable[Object], cls: type[_O]) -> list[_O]:
    return [found for found in objects if isinstance(found, cls)]
