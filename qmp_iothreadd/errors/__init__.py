"""One tree of errors, and every error text that QEMU defines and a client can see, named once.

::

    Error
    ├── QmpError             a command failed: class and text as on the wire
    ├── LocatedError         the same, and the option that it is about
    ├── CommandLineError     the command line cannot be followed           (cli)
    ├── ArgumentError        what the human monitor says of a line         (hmp.messages)
    ├── QAPIError            what is wrong with a schema, and where        (qapi.messages)
    ├── ReplyError           a reply is not what the schema says           (qapi.replies)
    ├── FunctionError        a function does not fit its command           (qmp.signatures)
    ├── AddressError         nobody listens or can listen there     (testing.recordings.addresses)
    └── RecordingError       a file is no recording                 (testing.recordings.format)

A function of this package makes an error; the caller raises it::

    raise errors.missing_parameter("id")

The functions stand in one module per layer. They are loaded when the first error of the process is
made: most clients see none, and the greeting does not wait for them. Source: QEMU 11.1.3, as
recorded from its monitor.
"""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd.errors.tree import (
    COMMAND_NOT_FOUND as COMMAND_NOT_FOUND,
    DEVICE_NOT_ACTIVE as DEVICE_NOT_ACTIVE,
    DEVICE_NOT_FOUND as DEVICE_NOT_FOUND,
    GENERIC_ERROR as GENERIC_ERROR,
    Error as Error,
    LocatedError as LocatedError,
    QmpError as QmpError,
    located as located,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qmp_iothreadd.errors.block import *
    from qmp_iothreadd.errors.block_jobs import *
    from qmp_iothreadd.errors.buses import *
    from qmp_iothreadd.errors.chardev_changes import *
    from qmp_iothreadd.errors.chardevs import *
    from qmp_iothreadd.errors.command_line import *
    from qmp_iothreadd.errors.cpus import *
    from qmp_iothreadd.errors.descriptors import *
    from qmp_iothreadd.errors.device_options import *
    from qmp_iothreadd.errors.devices import *
    from qmp_iothreadd.errors.disks import *
    from qmp_iothreadd.errors.drives import *
    from qmp_iothreadd.errors.faults import *
    from qmp_iothreadd.errors.fleet import *
    from qmp_iothreadd.errors.hardware import *
    from qmp_iothreadd.errors.iothread import *
    from qmp_iothreadd.errors.json import *
    from qmp_iothreadd.errors.machine import *
    from qmp_iothreadd.errors.machine_options import *
    from qmp_iothreadd.errors.memory import *
    from qmp_iothreadd.errors.migration import *
    from qmp_iothreadd.errors.monitors import *
    from qmp_iothreadd.errors.objects import *
    from qmp_iothreadd.errors.options import *
    from qmp_iothreadd.errors.parameters import *
    from qmp_iothreadd.errors.process import *
    from qmp_iothreadd.errors.request import *
    from qmp_iothreadd.errors.scripting import *
    from qmp_iothreadd.errors.system import *
    from qmp_iothreadd.errors.tls import *
    from qmp_iothreadd.errors.user_objects import *

_LAYERS: Final = (
    "json",
    "request",
    "parameters",
    "objects",
    "options",
    "iothread",
    "machine",
    "block",
    "block_jobs",
    "disks",
    "drives",
    "machine_options",
    "memory",
    "chardevs",
    "chardev_changes",
    "cpus",
    "descriptors",
    "devices",
    "buses",
    "hardware",
    "migration",
    "monitors",
    "tls",
    "user_objects",
    "process",
    "fleet",
    "system",
    "command_line",
    "device_options",
    "scripting",
    "faults",
)


def of_command(error: Exception) -> QmpError:
    """What to answer where a command failed: by an error of ours, the system's, or a fault."""
    if isinstance(error, QmpError):
        return error
    made: QmpError = import_late(f"{__name__}.unforeseen").of_command(error)
    return made


_reserved: int | None = None


def reserve_descriptor() -> None:
    """Keep a descriptor for ``import_late``: what comes late may be what says that none is left.

    It is one without a file, since nothing may be in the root folder.
    """
    global _reserved
    _reserved = os.eventfd(0, os.EFD_CLOEXEC)


def release_descriptor() -> None:
    """Give back what ``reserve_descriptor`` took, if it did."""
    global _reserved
    reserved, _reserved = _reserved, None
    if reserved is not None:
        os.close(reserved)


def import_late(name: str) -> ModuleType:
    """Import a module that the greeting did not wait for, even where no descriptor is left."""
    if _reserved is None:  # in tests' servers: nothing is to be given back
        return import_module(name)
    with reserved_descriptor_free():
        return import_module(name)


@contextlib.contextmanager
def reserved_descriptor_free() -> Iterator[None]:
    """Let what is loaded inside have the reserved descriptor, if there is one.

    What is left for others does not depend on when that happens: it is taken back.
    """
    reserved = _reserved is not None
    release_descriptor()
    try:
        yield
    finally:
        if reserved:
            with contextlib.suppress(OSError):  # another thread was faster
                reserve_descriptor()


def loading_texts() -> Iterator[None]:
    """Load the functions of all layers, a layer as the next is asked for."""
    for layer in _LAYERS:
        found = vars(import_late(f"{__name__}.{layer}"))
        names = [name for name in found if not name.startswith("_")]
        globals().update({name: found[name] for name in names if name not in globals()})
        yield


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        for _ in loading_texts():  # no further than it takes: a client waits
            if name in globals():
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
