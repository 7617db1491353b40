"""The daemon's life: start up step by step, serve, leave nothing behind.

This is where the configuration ends: what is started gets the values that it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.monitors import Monitors, object_options
from qmp_iothreadd.daemon.shutdown_signals import ShutdownSignals, describe
from qmp_iothreadd.daemon.standard_streams import say
from qmp_iothreadd.errors import located
from qmp_iothreadd.machine.machine import NIL_UUID, Machine
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.registry import COMMANDS

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.background import Background
    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.daemon.reporter import Reporter
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

# What an event loop, the signals and one monitor take.
_LEAST_DESCRIPTORS = 10

# What greetings do not wait for is loaded this long after start-up: libvirt asks for all that it
# wants to know in less, and waits for each answer.
_LOAD_TEXTS_S = 0.5


def run(config: Config) -> int:
    """Run the daemon until it is told to end. Returns the exit status.

    Raises:
        Error: something that the command line asks for cannot be had.
    """
    raise_descriptor_limit()
    _check_descriptors()
    # Before it serves, a signal kills: there is no event loop to tell, nor a client.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prepare_process(config)
    background = None
    if config.daemonize:
        from qmp_iothreadd.daemon.background import Background  # only where asked for

        background = Background()
    with contextlib.closing(uvloop.new_event_loop()) as loop:
        return loop.run_until_complete(serve(config, background))


async def serve(config: Config, background: Background | None = None) -> int:
    """Start up in the order of QEMU's system/vl.c, serve until quit or a signal, give all back.

    Returns the exit status.

    Raises:
        QmpError, LocatedError: an object or a monitor cannot be made.
        QAPIError: the schema is wrong.
        FunctionError: a command of a schema that is not the package's asks for other arguments.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    machine = _make_machine(config)
    dispatcher = Dispatcher(machine, stub_missing=config.stub_missing)
    if config.schema.path is not None or config.schema.defines:
        dispatcher.bind(COMMANDS)  # the functions were written for the package's schema
    monitors = Monitors(dispatcher, multi_client=config.multi_client)

    def end() -> None:
        monitors.stop()
        ended.set()

    machine.on_shutdown = end
    async with contextlib.AsyncExitStack() as stack, _errors_said(config.reporter):
        await _make_everything(config, machine, monitors, stack)
        await _open_to_others(config, machine, stack)
        if background is not None:
            background.ready()
        gc.freeze()  # what is there now stays: collections need not look at it
        # The first error can be that a client has used up all descriptors: its text needs one.
        errors.reserve_descriptor()
        stack.callback(errors.release_descriptor)
        loading = loop.call_later(_LOAD_TEXTS_S, _load_the_rest)
        stack.callback(loading.cancel)
        await ended.wait()
    return machine.exit_status


async def _make_everything(
    config: Config, machine: Machine, monitors: Monitors, stack: contextlib.AsyncExitStack
) -> None:
    """Make what the command line asks for, in QEMU's order; leaving ``stack`` gives it back."""
    _start_traces(config, machine, stack)
    stack.callback(machine.close)
    if config.pidfile is not None:
        _hold_pidfile(config.pidfile, stack)
    if config.descriptors:
        _add_descriptors(config, machine)
    _create_objects(config, machine, _EARLY)
    await _open_chardevs(config, machine, stack)
    if config.blocks or config.netdevs or config.audiodevs or config.vnc or config.spice:
        from qmp_iothreadd.daemon import board_steps  # a bare machine needs none

        board_steps.make_backends(config, machine)
    if config.backend_error is not None:
        raise config.backend_error
    stack.enter_context(_shutdown_on_signals(machine, config.reporter))
    stack.callback(monitors.close)
    _create_objects(config, machine, _LATE)
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


async def _open_to_others(
    config: Config, machine: Machine, stack: contextlib.AsyncExitStack
) -> None:
    """Serve metrics, say who can connect and how, and give up rights."""
    if config.metrics_address is not None:
        await _open_metrics(config.metrics_address, machine, config.reporter, stack)
    if config.default_socket is not None:
        _say_how_to_connect(config.default_socket, machine)
    _notify_service_manager()  # whom another user may not be able to tell
    if config.root_folder is not None or config.run_as is not None:
        _give_up_rights(config)


@contextlib.asynccontextmanager
async def _errors_said(reporter: Reporter) -> AsyncIterator[None]:
    """Say why the daemon does not start before it gives anything back.

    Who has connected already, as libvirt has, looks for the reason when the monitor hangs up.
    """
    try:
        yield
    except errors.Error as error:
        say(reporter.format_error(error))
        error.said = True
        raise


def _load_the_rest() -> None:
    """Load the texts of errors, and the commands that clients call most."""
    errors.load_texts()
    COMMANDS.load_soon()


def raise_descriptor_limit() -> None:
    """Allow as many descriptors as the system lets us: an iothread needs two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _check_descriptors() -> None:
    """Refuse to start with so few descriptors that the event loop cannot say so.

    Raises:
        OSError: EMFILE.
    """
    spare: list[int] = []
    try:
        while len(spare) < _LEAST_DESCRIPTORS:
            spare.append(os.eventfd(0, os.EFD_CLOEXEC))
    finally:
        for fd in spare:
            os.close(fd)


def _make_machine(config: Config) -> Machine:
    models = config.schema.models()
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


def _start_traces(config: Config, machine: Machine, stack: contextlib.AsyncExitStack) -> None:
    """Connect the traces with the event loop; turn on those that were asked for."""
    traces = machine.traces
    traces.call_later = asyncio.get_running_loop().call_later
    traces.timestamps = config.reporter.timestamp
    if config.log_file is not None or config.traces or config.trace_files:
        from qmp_iothreadd.daemon.trace_options import tracing  # only where asked for

        stack.enter_context(
            tracing(traces, config.reporter, config.log_file, config.traces, config.trace_files)
        )


@contextlib.contextmanager
def _shutdown_on_signals(machine: Machine, reporter: Reporter) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal(number: int, pid: int) -> None:
        reporter.say(describe(number, pid))
        machine.shutdown("host-signal")

    signals = ShutdownSignals(on_signal)
    loop.add_reader(signals.fileno(), signals.read)
    try:
        yield
    finally:
        loop.remove_reader(signals.fileno())
        signals.close()


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


def _prepare_process(config: Config) -> None:
    if config.process_name is not None or config.exit_with_parent:
        from qmp_iothreadd.daemon import privileges

        if config.process_name is not None:
            privileges.name_process(config.process_name)
        if config.exit_with_parent:
            privileges.exit_with_parent()


def _give_up_rights(config: Config) -> None:
    from qmp_iothreadd.daemon.privileges import give_up_rights

    give_up_rights(config.root_folder, config.run_as)


def _hold_pidfile(path: str, stack: contextlib.AsyncExitStack) -> None:
    from qmp_iothreadd.daemon.pidfile import PidFile

    stack.callback(PidFile(path).remove)


def _prepare_default_socket(path: str, stack: contextlib.AsyncExitStack) -> None:
    from qmp_iothreadd.daemon.default_socket import hold_default_socket

    stack.enter_context(hold_default_socket(path))


def _say_how_to_connect(path: str, machine: Machine) -> None:
    from qmp_iothreadd.daemon.default_socket import how_to_connect

    say(how_to_connect(path, greeting=machine.negotiates), "stdout")


async def _open_metrics(
    address: str, machine: Machine, reporter: Reporter, stack: contextlib.AsyncExitStack
) -> None:
    from qmp_iothreadd.daemon.metrics_server import serve_metrics

    def announce(url: str) -> None:
        reporter.say(f"metrics on {url}")

    with located(f"--metrics {address}"):
        await stack.enter_async_context(serve_metrics(machine, address, announce))


def _notify_service_manager() -> None:
    if address := os.environ.get("NOTIFY_SOCKET"):
        from qmp_iothreadd.daemon.service_manager import notify_ready

        notify_ready(address)
