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
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import uvloop

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.served_machine import ServedMachine
from qmp_iothreadd.daemon.shutdown_signals import ShutdownSignals, describe
from qmp_iothreadd.daemon.standard_streams import say
from qmp_iothreadd.errors import located
from qmp_iothreadd.qmp.registry import COMMANDS
from qmp_iothreadd.start_code import forget_start_code

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.background import Background
    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.daemon.fleet import Fleet
    from qmp_iothreadd.daemon.reporter import Reporter
    from qmp_iothreadd.iothread.trace_log import TraceLog
    from qmp_iothreadd.machine.machine import Machine

# What an event loop, the signals and one monitor take.
_LEAST_DESCRIPTORS = 10

# What greetings do not wait for is loaded this long after start-up: libvirt asks for all that it
# wants to know in less, and waits for each answer.
_LOAD_TEXTS_S = 0.5
_LOAD_PAUSE_S = 0.005


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
    served = _served(config, ended.set)
    async with contextlib.AsyncExitStack() as stack, _errors_said(config.reporter):
        await _make_everything(config, served, stack)
        await _open_to_others(config, served, stack)
        if background is not None:
            background.ready()
        forget_start_code()
        gc.freeze()  # what is there now stays: collections need not look at it
        gc.enable()  # it was off from the first import on, see __main__
        # The first error can be that a client has used up all descriptors: its text needs one.
        errors.reserve_descriptor()
        stack.callback(errors.release_descriptor)
        stack.push_async_callback(_give_up, loop.create_task(_load_the_rest()))
        await ended.wait()
    return served.exit_status


def _served(config: Config, ended: Callable[[], None]) -> ServedMachine | Fleet:
    if config.fleet is None:
        return ServedMachine(config, ended)
    from qmp_iothreadd.daemon.fleet import Fleet  # one machine is none

    return Fleet(config.fleet, ended)


async def _make_everything(
    config: Config, served: ServedMachine | Fleet, stack: contextlib.AsyncExitStack
) -> None:
    """Make what the command line asks for, in QEMU's order; leaving ``stack`` gives it back."""
    _start_traces(config, served.traces, stack)
    served.enter(stack)
    if config.pidfile is not None:
        _hold_pidfile(config.pidfile, stack)
    await served.make_backends(stack)
    stack.enter_context(_shutdown_on_signals(served.shutdown, config.reporter))
    await served.make_frontends(stack)


async def _open_to_others(
    config: Config, served: ServedMachine | Fleet, stack: contextlib.AsyncExitStack
) -> None:
    """Serve metrics, say who can connect and how, and give up rights."""
    if config.metrics_address is not None:
        await _open_metrics(config.metrics_address, served, config.reporter, stack)
    if config.default_socket is not None:
        _say_how_to_connect(config.default_socket, *served.machines())
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


async def _load_the_rest() -> None:
    """Load the texts of errors, and the commands that clients call most.

    One module at a time: clients that ask meanwhile do not wait for all of them.
    """
    await asyncio.sleep(_LOAD_TEXTS_S)
    for _ in chain(errors.loading_texts(), COMMANDS.loading_soon()):
        await asyncio.sleep(_LOAD_PAUSE_S)


async def _give_up(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


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


def _start_traces(config: Config, traces: TraceLog, stack: contextlib.AsyncExitStack) -> None:
    """Connect the traces with the event loop; turn on those that were asked for."""
    traces.call_later = asyncio.get_running_loop().call_later
    traces.timestamps = config.reporter.timestamp
    if config.log_file is not None or config.traces or config.trace_files:
        from qmp_iothreadd.daemon.trace_options import tracing  # only where asked for

        stack.enter_context(
            tracing(traces, config.reporter, config.log_file, config.traces, config.trace_files)
        )


@contextlib.contextmanager
def _shutdown_on_signals(shutdown: Callable[[str], None], reporter: Reporter) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal(number: int, pid: int) -> None:
        reporter.say(describe(number, pid))
        shutdown("host-signal")

    signals = ShutdownSignals(on_signal)
    loop.add_reader(signals.fileno(), signals.read)
    try:
        yield
    finally:
        loop.remove_reader(signals.fileno())
        signals.close()


# -- Steps that not every start takes: what they need is imported with them -----------------------


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


def _say_how_to_connect(path: str, machine: Machine) -> None:
    from qmp_iothreadd.daemon.default_socket import how_to_connect

    say(how_to_connect(path, greeting=machine.negotiates), "stdout")


async def _open_metrics(
    address: str,
    served: ServedMachine | Fleet,
    reporter: Reporter,
    stack: contextlib.AsyncExitStack,
) -> None:
    from qmp_iothreadd.daemon.metrics_server import serve_metrics

    def announce(url: str) -> None:
        reporter.say(f"metrics on {url}")

    with located(f"--metrics {address}"):
        await stack.enter_async_context(serve_metrics(served.measured, address, announce))


def _notify_service_manager() -> None:
    if address := os.environ.get("NOTIFY_SOCKET"):
        from qmp_iothreadd.daemon.service_manager import notify_ready

        notify_ready(address)
