"""The daemon's life: make the machine, open the monitors, serve, leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import stat
from typing import TYPE_CHECKING

import uvloop

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.config import LocatedError
from qmp_iothreadd.daemon.monitors import Monitors
from qmp_iothreadd.daemon.process import (
    Background,
    PidFile,
    ShutdownSignals,
    notify_ready,
    process_name,
    raise_descriptor_limit,
    say,
)
from qmp_iothreadd.daemon.trace_options import tracing
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.machine import NIL_UUID, Machine
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.models import Models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qmp_iothreadd.daemon.config import Config

# What the daemon makes when the command line asks for nothing.
DEFAULT_IOTHREADS = ("iothread0", "iothread1")


def run(config: Config) -> int:
    """Run the daemon until it is told to end. Returns the exit status.

    Raises:
        LocatedError: something that the command line asks for cannot be had.
    """
    raise_descriptor_limit()
    background = Background() if config.daemonize else None
    with contextlib.closing(uvloop.new_event_loop()) as loop:
        loop.run_until_complete(serve(config, background))
    return 0


def make_machine(config: Config) -> Machine:
    """The machine that the command line describes, without its objects.

    Raises:
        QAPIError: the schema is wrong.
    """
    models = config.models or Models(
        load_schema_cached(config.schema_path, config=config.schema_defines)
    )
    return Machine(
        models.schema,
        models,
        name=config.name,
        uuid=config.uuid or NIL_UUID,
        running=not config.start_stopped,
        polling=config.polling,
        check_replies=config.check_replies,
    )


async def serve(config: Config, background: Background | None = None) -> None:
    """Open everything, serve until quit or a signal, give everything back.

    Raises:
        LocatedError: an object or a monitor cannot be made.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    machine = make_machine(config)
    monitors = Monitors(config, machine)

    def shut_down() -> None:
        monitors.stop()
        stopped.set()

    machine.on_shutdown = shut_down
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(tracing(config, machine.traces, loop))
        stack.callback(machine.close)
        stack.enter_context(_watch_signals(loop, config, machine))
        if config.pidfile is not None:
            stack.callback(_pid_file(config.pidfile).remove)
        _make_objects(config, machine)
        if config.backend_error is not None:
            raise config.backend_error
        stack.push_async_callback(monitors.close)
        if config.default:
            stack.callback(_remove_socket_folder, config)
            _make_socket_folder(config)
        await monitors.open()
        if config.metrics_address is not None:
            await _open_metrics(stack, config, machine)
        if config.default:
            _say_how_to_connect(config)
        if background is not None:
            background.ready()
        notify_ready()
        gc.freeze()  # what is there now stays: collections need not look at it
        await stopped.wait()


async def _open_metrics(stack: contextlib.AsyncExitStack, config: Config, machine: Machine) -> None:
    from qmp_iothreadd.daemon.metrics_server import serve_metrics  # only where asked for

    assert config.metrics_address is not None

    def announce(url: str) -> None:
        say(config.message(f"metrics on {url}"))

    with _located(f"--metrics {config.metrics_address}"):
        server = serve_metrics(machine, config.metrics_address, announce)
        await stack.enter_async_context(server)


def _make_objects(config: Config, machine: Machine) -> None:
    if config.default and not config.objects:
        for name in DEFAULT_IOTHREADS:
            machine.add_object("iothread", name, {})
    for wanted in config.objects:
        with _located(""):
            machine.create_object(wanted.values)


def _pid_file(path: str) -> PidFile:
    with _located(""):
        return PidFile(path)


@contextlib.contextmanager
def _located(location: str) -> Iterator[None]:
    try:
        yield
    except QmpError as error:
        raise LocatedError(error, location) from None


@contextlib.contextmanager
def _watch_signals(
    loop: asyncio.AbstractEventLoop, config: Config, machine: Machine
) -> Iterator[None]:
    def on_signal(number: int, pid: int) -> None:
        text = f"terminating on signal {number} from pid {pid} ({process_name(pid)})"
        say(config.message(text))
        machine.shutdown("host-signal")

    signals = ShutdownSignals(on_signal)
    loop.add_reader(signals.fileno(), signals.read)
    try:
        yield
    finally:
        loop.remove_reader(signals.fileno())
        signals.close()


def _make_socket_folder(config: Config) -> None:
    """Make the default socket's folder, for this user alone; one of others' is refused."""
    folder = os.path.dirname(_default_path(config))
    with _located(""):
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            found = os.lstat(folder)
        except OSError as error:
            raise errors.socket_folder_failed(folder, error.strerror or str(error)) from None
        if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
            raise errors.socket_folder_failed(folder, "others can write to it")


def _remove_socket_folder(config: Config) -> None:
    """Remove the folder if it was made for the socket alone and nothing else came into it."""
    folder = os.path.dirname(_default_path(config))
    if folder != os.environ.get("XDG_RUNTIME_DIR"):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _default_path(config: Config) -> str:
    return next(iter(config.chardevs.values())).path


def _say_how_to_connect(config: Config) -> None:
    path = _default_path(config)
    say(f"QMP server on {path} (stop with Ctrl-C); connect with: qmp-shell {path}\n", "stdout")
