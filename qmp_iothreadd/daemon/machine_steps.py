"""One machine's start, step by step: what the command line says of it, made in QEMU's order.

What the process is asked for, once, is ``daemon``'s.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.monitors import object_options
from qmp_iothreadd.daemon.standard_streams import say
from qmp_iothreadd.errors import located
from qmp_iothreadd.machine.machine import NIL_UUID, Machine
from qmp_iothreadd.machine.version import greeting_of

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.iothread.trace_log import TraceLog
    from qmp_iothreadd.qapi.schema import Schema

# Objects of these types come when the devices are there, all others before (system/vl.c). Of the
# network's filters and what compares packets there are no objects.
_LATE_TYPES = (
    *("colo-compare", "cryptodev-vhost-user", "filter-", "memory-backend-", "monitor-"),
    *("qtest", "rng-egd"),
)

# What uses a device comes last of all.
_LAST_TYPES = ("x-workload",)
_EARLY, _LATE, _LAST = range(3)


def make_machine(config: Config, traces: TraceLog | None = None) -> Machine:
    """The machine, with nothing in it yet. ``traces``: the process's, where it has several.

    Raises:
        QAPIError: the schema is wrong.
    """
    models = config.schema.models()
    version = config.schema.version
    greeting = {} if version is None else greeting_of(version)
    machine = Machine(
        models.schema,
        models,
        name=config.name,
        uuid=config.uuid or NIL_UUID,
        running=not config.start_stopped,
        polling=config.polling,
        machine_type=config.machine_type,
        properties=config.machine,
        check_replies=config.check_replies,
        traces=traces,
        **{**greeting, **config.greeting},
    )
    machine.command_line_options = config.describe_options
    machine.only_migratable = config.only_migratable
    if config.preallocate:
        machine.default_properties.append(("memory-backend", "prealloc", True))
    machine.device_defaults += config.device_defaults
    if config.target is not None and _is_target(models.schema, config.target):
        machine.target = config.target
    machine.actions.update(config.actions)
    if config.compat:
        from qmp_iothreadd.qapi.compat_policy import CompatPolicy  # only where there is one

        machine.policy = CompatPolicy(config.compat)
    if config.preconfig:
        machine.preconfig = True
        machine.status = "prelaunch"
    if config.incoming is not None:
        machine.status = "inmigrate"
    return machine


def _is_target(schema: Schema, name: str) -> bool:
    """Whether clients know an architecture of this name."""
    targets = schema.types.get("SysEmuTarget")
    return any(each.name == name for each in getattr(targets, "members", ()))


async def make_backends(config: Config, machine: Machine, stack: contextlib.AsyncExitStack) -> None:
    """Make what monitors and the board use; leaving ``stack`` closes character devices.

    Raises:
        QmpError, LocatedError: something cannot be had.
    """
    if config.descriptors:
        _add_descriptors(config, machine)
    _create_objects(config, machine, _EARLY)
    await _open_chardevs(config, machine, stack)
    if config.blocks or config.netdevs or config.audiodevs or config.vnc or config.spice:
        from qmp_iothreadd.daemon import board_steps  # a bare machine needs none

        board_steps.make_backends(config, machine)
    if config.backend_error is not None:
        raise config.backend_error


async def make_frontends(config: Config, machine: Machine) -> None:
    """Make the monitors, which begin to serve, and the board.

    Raises:
        QmpError, LocatedError: something cannot be had.
    """
    _create_objects(config, machine, _LATE)
    if config.control or config.responses or config.faults or config.transcript is not None:
        from qmp_iothreadd.daemon.scripting_steps import begin_script  # few have one

        begin_script(config, machine)
    _create_monitors(config, machine)
    if config.ports:
        await _open_ports(config, machine)
    if config.port_error is not None:
        raise config.port_error
    if config.board_error is not None:
        raise config.board_error
    _make_machines_parts(config, machine)
    machine.chardevs.started()


def _make_machines_parts(config: Config, machine: Machine) -> None:
    """Make the board and what is on it, or let -preconfig hold it back."""
    if config.preconfig:
        machine.held_back = partial(_end_preconfig, config, machine)
    else:
        _init_machine(config, machine)
    if config.incoming not in (None, "defer"):
        from qmp_iothreadd.daemon import board_steps  # a bare machine needs none

        board_steps.await_machine(config.incoming, machine)
    if config.guest is not None or config.guest_delay_ms or config.guest_crash:
        from qmp_iothreadd.daemon import board_steps  # a bare machine needs none

        board_steps.boot_guest(config, machine)


async def _open_chardevs(
    config: Config, machine: Machine, stack: contextlib.AsyncExitStack
) -> None:
    """Open all character devices; leaving ``stack`` closes them."""
    if config.default_socket is not None:
        _prepare_default_socket(config.default_socket, stack)
    chardevs = machine.chardevs
    chardevs.daemonize = config.daemonize
    chardevs.starting = True
    chardevs.escape_key = config.escape_key
    chardevs.options = config.chardev_options
    chardevs.say = _say
    stack.push_async_callback(chardevs.drained)
    stack.callback(chardevs.close)
    for wanted in config.chardevs:
        chardevs.report = partial(config.reporter.say, location=wanted.location)
        with located(wanted.location):
            made = chardevs.add(wanted.id, wanted.backend)
        if made.waits:
            await made.wait()
    chardevs.report = config.reporter.say
    chardevs.say = _say_nothing


def _say_nothing(text: str) -> None:
    """QEMU tells who is typing, and QMP is not typed."""


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # there may be no standard output
        print(text, flush=True)


def _create_objects(config: Config, machine: Machine, when: int) -> None:
    """Create the objects of the command line whose turn it is."""
    for wanted in config.objects:
        if _turn_of(wanted.values["qom-type"]) == when:
            machine.create_object(wanted.values)


def _turn_of(type_name: str) -> int:
    if type_name in _LAST_TYPES:
        return _LAST
    return _LATE if type_name.startswith(_LATE_TYPES) else _EARLY


def _create_monitors(config: Config, machine: Machine) -> None:
    for wanted in config.monitors:
        with located(wanted.location):
            machine.create_object(object_options(wanted))


# -- Steps that not every start takes: what they need is imported with them -----------------------


def _add_descriptors(config: Config, machine: Machine) -> None:
    from qmp_iothreadd.daemon.backends import add_descriptors

    add_descriptors(machine, config.descriptors)


def _init_machine(config: Config, machine: Machine) -> None:
    """Make what -preconfig holds back."""
    if config.machine or not machine.board.is_empty:
        from qmp_iothreadd.daemon import board_steps  # a bare machine needs none

        board_steps.init_board(config, machine)
    _create_objects(config, machine, _LAST)


def _end_preconfig(config: Config, machine: Machine) -> None:
    """Do it now that a client asks for it; what cannot be had ends the daemon, as at a start."""
    try:
        _init_machine(config, machine)
    except errors.Error as error:
        say(config.reporter.format_error(error))
        machine.exit_status = 1
        machine.shutdown("host-error")
        raise error.error if isinstance(error, errors.LocatedError) else error from None


async def _open_ports(config: Config, machine: Machine) -> None:
    from qmp_iothreadd.daemon.ports import open_port

    chardevs = machine.chardevs
    chardevs.say = _say
    for port in config.ports:
        chardevs.report = partial(config.reporter.say, location=port.location)
        await open_port(port, machine)
    chardevs.report = config.reporter.say
    chardevs.say = _say_nothing


def _prepare_default_socket(path: str, stack: contextlib.AsyncExitStack) -> None:
    from qmp_iothreadd.daemon.default_socket import hold_default_socket

    stack.enter_context(hold_default_socket(path))
