"""The types of the tree: each is declared by its name, and loaded when somebody looks for it.

A class gives a type its behaviour, a struct of the schema its properties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from qmp_iothreadd import errors
from qmp_iothreadd.machine.described_objects import described_types, object_branches
from qmp_iothreadd.qapi.shipped import shipped_schema
from qmp_iothreadd.qom.object import Object, ObjectType
from qmp_iothreadd.qom.types import TypeRegistry, qom_base, schema_property

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.schema import ObjectType as SchemaObject, Schema

    Factory = Callable[[ObjectType], Object]

_OBJECTS: Final = {
    "acpi-generic-initiator": "guest_values:AcpiGenericInitiator",
    "acpi-generic-port": "guest_values:AcpiGenericPort",
    "authz": "authz:Authz",
    "authz-list": "authz:AuthzList",
    "authz-listfile": "authz:AuthzListFile",
    "authz-simple": "authz:AuthzSimple",
    "can-bus": "can:CanBus",
    "can-host-socketcan": "can:CanHostSocketcan",
    "confidential-guest-support": "guest_values:ConfidentialGuestSupport",
    "cryptodev-backend": "cryptodev:CryptodevBackend",
    "cryptodev-backend-builtin": "cryptodev:CryptodevBackendBuiltin",
    "cryptodev-backend-lkcf": "cryptodev:CryptodevBackendLkcf",
    "cryptodev-vhost-user": "cryptodev:CryptodevVhostUser",
    "filter-buffer": "netfilter:FilterBuffer",
    "filter-dump": "netfilter:FilterDump",
    "filter-mirror": "netfilter:FilterMirror",
    "filter-redirector": "netfilter:FilterRedirector",
    "filter-replay": "netfilter:FilterReplay",
    "filter-rewriter": "netfilter:FilterRewriter",
    "input-linux": "host_devices:InputLinux",
    "iommufd": "host_devices:IOMMUFD",
    "memory-backend": "memory:MemoryBackend",
    "memory-backend-file": "memory_files:MemoryBackendFile",
    "memory-backend-memfd": "memory_files:MemoryBackendMemfd",
    "memory-backend-ram": "memory:MemoryBackendRam",
    "memory-backend-shm": "memory_files:MemoryBackendShm",
    "netfilter": "netfilter:Netfilter",
    "pr-manager": "host_devices:PrManager",
    "pr-manager-helper": "host_devices:PrManagerHelper",
    "rng-backend": "rng:Rng",
    "rng-builtin": "rng:RngBuiltin",
    "rng-egd": "rng:RngEgd",
    "rng-random": "rng:RngRandom",
    "secret": "secrets:Secret",
    "secret_common": "secrets:SecretCommon",
    "secret_keyring": "keyring:SecretKeyring",
    "sev-common": "guest_values:SevCommon",
    "sev-guest": "guest_values:SevGuest",
    "sev-snp-guest": "guest_values:SevSnpGuest",
    "tdx-guest": "guest_values:TdxGuest",
    "thread-context": "threads:ThreadContext",
    "throttle-group": "throttle:ThrottleGroup",
    "tls-cipher-suites": "tls:TlsCipherSuites",
    "tls-creds": "tls:TlsCreds",
    "tls-creds-anon": "tls:TlsCredsAnon",
    "tls-creds-psk": "tls:TlsCredsPsk",
    "tls-creds-x509": "tls_x509:TlsCredsX509",
    "x86-confidential-guest": "guest_values:X86ConfidentialGuest",
}
CLASSES: Final = {
    "System": "machine.devices.device:SystemBus",
    "accel": "machine.accelerators:Accel",
    "generic-pc-machine": "machine.boards.pc:PcMachine",
    "device": "machine.devices.device:Device",
    "iothread": "iothread.event_loop:IOThread",
    "main-loop": "iothread.event_loop:MainLoop",
    "monitor": "machine.monitors:Monitor",
    "monitor-hmp": "machine.monitors:MonitorHMP",
    "monitor-qmp": "machine.monitors:MonitorQMP",
    "tcg-accel": "machine.accelerators:TcgAccel",
    "x-workload": "iothread.workload:WorkloadObject",
    **{name: f"machine.objects.{where}" for name, where in _OBJECTS.items()},
}
"""Where the class of each type is, below the package."""

# There are monitors whatever the served schema says: the package's describes them, too.
_ALWAYS: Final = ("monitor-qmp", "monitor-hmp")


def add_object_types(
    types: TypeRegistry,
    schema: Schema,
    models: Models,
    factories: Mapping[str, Factory] | None = None,
) -> None:
    """Declare all types that are described in a schema, and those that they inherit.

    ``factories`` make the objects of some types, instead of their classes.
    """
    adder = _Adder(types, schema, models, factories or {})
    types.declare(CLASSES, adder.load)
    for cls, struct in described_types(schema):
        adder.add(cls, struct)
    types.load_later(partial(_add_machine_types, types))


def _add_machine_types(types: TypeRegistry) -> None:
    from qmp_iothreadd.machine.boards.board_classes import add_machine_types

    add_machine_types(types)


def object_types(schema: Schema, models: Models) -> TypeRegistry:
    """A registry of these types, of which no objects are made: for help."""
    types = TypeRegistry()
    add_object_types(types, schema, models)
    return types


class _Adder:
    def __init__(
        self, types: TypeRegistry, schema: Schema, models: Models, factories: Mapping[str, Factory]
    ) -> None:
        self._types = types
        self._schema = schema
        self._validate: Callable[[Any, Any, str], Any] = models.validate
        self._structs = object_branches(schema)
        self._factories = factories

    def load(self, name: str) -> None:
        """Import a type's class and add the type."""
        module, _, class_name = CLASSES[name].partition(":")
        cls = getattr(errors.import_late(f"qmp_iothreadd.{module}"), class_name)
        if name in _ALWAYS and name not in self._structs:
            self._structs = object_branches(shipped_schema(self._schema)) | self._structs
        struct = self._structs.get(name)
        self.add(cast("type[Object]", cls), struct)

    def add(self, cls: type[Object], struct: SchemaObject | None) -> None:
        """Add a type below its bases; it has the members of its struct that they do not have.

        ``struct`` where the class does not name one. Python's bases and the schema's are walked in
        step.
        """
        named = cls.__dict__.get("struct")
        if named is not None:
            struct = cast("SchemaObject | None", self._schema.types.get(named))
        base = qom_base(cls)
        inherited: Mapping[str, object] = {}
        if base is not None and base is not Object:
            self.add(base, struct.base if struct else None)
            inherited = self._types[base.qom_name].properties
        settings = getattr(cls, "settings", {})
        members = {member.name: member for member in struct.members} if struct else {}
        # The rows stand in the order in which QEMU adds the properties: names that meet in a
        # table keep it.
        names = [*(name for name in settings if name in members), *members]
        properties = [
            schema_property(members[name], self._validate, settings.get(name))
            for name in dict.fromkeys(names)
            if name not in inherited
        ]
        self._types.add(cls, tuple(properties), self._factories.get(cls.qom_name))
