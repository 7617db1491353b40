"""The steps of start-up, in this process: what each gives, and the order in which they fail."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd import errors
from qmp_iothreadd.cli import parse
from qmp_iothreadd.daemon import daemon
from qmp_iothreadd.errors import process
from tests.waiting import wait_until_async

LISTENING = ",server=on,wait=off"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "qmp")


# -- Serving, and the end --------------------------------------------------------------------------


async def test_quit_ends_it_and_leaves_nothing(in_process: Any, path: str, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    in_process.start(
        *("-qmp", f"unix:{path}{LISTENING}", "-object", "iothread,id=io0", "-name", "guest"),
        *("-pidfile", str(pidfile), "-S"),
    )
    iothreads, name, status = await in_process.execute(
        path, "query-iothreads", "query-name", "query-status"
    )
    assert [each["id"] for each in iothreads] == ["io0"]
    assert name == {"name": "guest"}
    assert status["status"] == "prelaunch"
    assert pidfile.read_text() == f"{os.getpid()}\n"
    assert await in_process.execute(path, "quit") == [{}]
    await in_process.ended()
    assert list(tmp_path.iterdir()) == []


async def test_a_signal_ends_it_and_is_named(
    in_process: Any, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    in_process.start("-qmp", f"unix:{path}{LISTENING}")
    await in_process.execute(path)
    in_process.signal()
    await in_process.ended()
    said = capsys.readouterr().err
    assert said.startswith(f"prog: terminating on signal 15 from pid {os.getpid()} (")
    assert not os.path.exists(path)


async def test_nothing_asked_for_is_two_iothreads_and_a_socket_that_is_told(
    in_process: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / f"qmp-iothreadd-{os.getuid()}"
    in_process.start()
    [iothreads] = await in_process.execute(str(folder / "qmp.sock"), "query-iothreads")
    assert {each["id"] for each in iothreads} == {"iothread0", "iothread1"}
    told = capsys.readouterr().out
    assert told.endswith(f"connect with: qmp-shell {folder}/qmp.sock\n")
    in_process.signal()
    await in_process.ended()
    assert not folder.exists()


async def test_readiness_is_told_last(
    in_process: Any, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting:
        def ready(self) -> None:
            assert os.path.exists(path)
            order.append("parent")

    order: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        in_process.start("-qmp", f"unix:{path}{LISTENING}", background=Waiting())
        await in_process.execute(path, "quit")
        await in_process.ended()
        assert manager.recv(100) == b"READY=1"
    assert order == ["parent"]


async def test_texts_of_errors_are_loaded_once_it_serves(
    in_process: Any, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that a client sees must not depend on a descriptor that is free."""
    loaded: list[bool] = []
    monkeypatch.setattr(daemon, "_LOAD_TEXTS_S", 0)
    monkeypatch.setattr(daemon, "_LOAD_PAUSE_S", 0)
    monkeypatch.setattr(errors, "loading_texts", lambda: map(loaded.append, [True, True]))
    in_process.start("-qmp", f"unix:{path}{LISTENING}")
    await wait_until_async(lambda: len(loaded) == 2)
    in_process.signal()
    await in_process.ended()


async def test_metrics_are_announced(
    in_process: Any, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "--metrics", "127.0.0.1:0")
    await in_process.execute(path, "quit")
    await in_process.ended()
    assert capsys.readouterr().err.startswith("prog: metrics on http://127.0.0.1:")


# -- What a machine begins with --------------------------------------------------------------------


async def test_a_machine_that_is_to_come_is_awaited(
    in_process: Any, path: str, tmp_path: Path
) -> None:
    for where in (f"unix:{tmp_path}/in", "defer"):
        in_process.start("-qmp", f"unix:{path}{LISTENING}", "-incoming", where)
        status, migration = await in_process.execute(path, "query-status", "query-migrate")
        assert status == {"running": False, "status": "inmigrate"}
        assert os.path.exists(tmp_path / "in") == ("socket-address" in migration)
        assert ("socket-address" in migration) == (where != "defer")
        in_process.signal()
        await in_process.ended()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("foo", "unknown migration protocol: foo"),
        ("tcp:1", "error parsing address '1'"),
        (
            '{"channel-type": "main", "addr": {"transport": "socket", "type": "unix",'
            ' "path": "/nope/x"}}',
            "Failed to bind socket to /nope/x: No such file or directory",
        ),
    ],
)
async def test_a_place_where_none_can_come_is_refused(
    in_process: Any, where: str, said: str
) -> None:
    assert await in_process.refused("-nodefaults", "-incoming", where) == (
        f"prog: -incoming {where}: {said}\n"
    )


async def test_before_initialization_few_commands_are_there(in_process: Any, path: str) -> None:
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "--preconfig")
    status, left = await in_process.execute(path, "query-status", "x-exit-preconfig")
    assert status == {"running": False, "status": "prelaunch"}
    assert left == {}
    in_process.signal()
    await in_process.ended()


async def test_a_board_held_back_is_there_afterwards(in_process: Any, path: str) -> None:
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "--preconfig", "-M", "pc", "-smp", "2")
    _, cpus = await in_process.execute(path, "x-exit-preconfig", "query-cpus-fast")
    assert [each["cpu-index"] for each in cpus] == [0, 1]
    await in_process.execute(path, "quit")
    await in_process.ended()


async def test_a_board_held_back_that_cannot_be_had_ends_the_daemon(
    in_process: Any, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = ("-device", "virtio-rng-pci,bus=nope")
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "--preconfig", "-M", "pc", *nowhere)
    with pytest.raises(KeyError):  # an error, and no value
        await in_process.execute(path, "x-exit-preconfig")
    assert await in_process.ended() == 1
    assert "-device virtio-rng-pci,bus=nope: Bus 'nope' not found" in capsys.readouterr().err


async def test_memory_is_the_machines(in_process: Any, path: str) -> None:
    in_process.start(
        *("-qmp", f"unix:{path}{LISTENING}", "-m", "2M", "-mem-prealloc"),
        *("-object", "memory-backend-ram,id=more,size=1M"),
    )
    [found] = await in_process.execute(path, "query-memdev")
    assert {each["id"]: (each["size"], each["prealloc"]) for each in found} == {
        "ram": (2 << 20, True),
        "more": (1 << 20, True),
    }
    in_process.signal()
    await in_process.ended()


async def test_a_program_called_like_qemus_is_of_that_target(in_process: Any, path: str) -> None:
    for program, arch in (("qemu-system-aarch64", "aarch64"), ("qemu-system-nope", "x86_64")):
        config, _ = parse([program, "-M", "none", "-qmp", f"unix:{path}{LISTENING}"])
        in_process.serve(config)
        assert await in_process.execute(path, "query-target") == [{"arch": arch}]
        in_process.signal()
        await in_process.ended()


async def test_a_policy_is_the_machines(in_process: Any, path: str) -> None:
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "-compat", "unstable-input=reject")
    with pytest.raises(KeyError, match="return"):
        await in_process.execute(path, "x-query-profile")
    assert await in_process.execute(path, "query-name") == [{}]
    in_process.signal()
    await in_process.ended()


# -- The order of failures -------------------------------------------------------------------------


async def test_steps_fail_in_qemus_order(in_process: Any, tmp_path: Path) -> None:
    """Each command line has the faults of the one before it but the first."""
    missing = tmp_path / "no" / "x"
    faults = [
        ("-D", str(missing)),
        ("-pidfile", str(missing)),
        ("-object", "iothread,id=io0,poll-max-ns=-1"),
        ("-chardev", "foo"),
        ("-serial", "foo"),
        ("-device", "nope"),
    ]
    expected = [
        f"prog: Error opening logfile {missing}: No such file or directory\n",
        f"prog: cannot create PID file: Could not create '{missing}': No such file or directory\n",
        "prog: poll-max-ns value must be in range [0, 9223372036854775807]\n",
        "prog: -chardev foo: chardev: no id specified\n",
        "prog: -serial foo: 'foo' is not a valid char driver\n"
        "prog: -serial foo: could not connect serial device to character backend 'foo'\n",
        "prog: -device nope: 'nope' is not a valid device model name\n",
    ]
    said = []
    for first in range(len(faults)):
        arguments = [word for fault in faults[first:] for word in fault]
        said.append(await in_process.refused("-nodefaults", *arguments))
    assert said == expected


async def test_what_was_opened_before_a_failure_is_given_back(
    in_process: Any, path: str, tmp_path: Path
) -> None:
    missing = f"unix:{tmp_path}/no/x{LISTENING}"
    said = await in_process.refused("-qmp", f"unix:{path}{LISTENING}", "-qmp", missing)
    assert said == (
        f"prog: -qmp {missing}: "
        f"Failed to bind socket to {tmp_path}/no/x: No such file or directory\n"
    )
    assert list(tmp_path.iterdir()) == []


async def test_a_monitor_whose_name_an_object_has_is_refused_where_it_is_named(
    in_process: Any,
) -> None:
    said = await in_process.refused(
        *("-object", "iothread,id=m", "-chardev", "null,id=c", "-mon", "chardev=c,id=m")
    )
    assert said == (
        "prog: -mon chardev=c,id=m: "
        "attempt to add duplicate property 'm' to object (type 'container')\n"
    )


async def test_an_address_of_metrics_that_is_none_is_refused(in_process: Any) -> None:
    said = await in_process.refused("-nodefaults", "--metrics", "x")
    assert said == "prog: --metrics x: expected [HOST:]PORT, not 'x'\n"


async def test_a_bad_schema_says_itself_where(in_process: Any, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'struct': 'Thing' }")
    said = await in_process.refused("-nodefaults", "--schema", str(schema))
    assert said == f"{schema}: In struct 'Thing':\n{schema}:1: struct misses key 'data'\n"


# -- Around the loop -------------------------------------------------------------------------------


def test_run_forks_only_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from qmp_iothreadd.daemon import background

    served: list[Any] = []

    async def serve(config: Any, background: Any) -> int:
        served.append(background)
        return 3

    monkeypatch.setattr(daemon, "serve", serve)
    monkeypatch.setattr(daemon, "raise_descriptor_limit", lambda: None)
    monkeypatch.setattr(background, "Background", lambda: "forked")
    for arguments in (["-nodefaults"], ["-nodefaults", "-daemonize"]):
        config, _ = parse(["prog", *arguments])
        assert daemon.run(config) == 3
    assert served == [None, "forked"]


def test_the_limit_of_descriptors_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[Any] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda which, both: limits.append(both))
    daemon.raise_descriptor_limit()
    assert limits == [(4096, 4096)]


def test_error_texts_can_be_loaded_at_once() -> None:
    assert len(list(errors.loading_texts())) > 20
    assert vars(errors)["pid_file_failed"] is process.pid_file_failed


# -- What the greeting waits for -------------------------------------------------------------------

LOADED = """
import asyncio
import sys

from qmp_iothreadd.cli import main


class Event(asyncio.Event):
    '''What the daemon waits for once it serves.'''

    async def wait(self):
        print(*sys.modules)


asyncio.Event = Event
sys.exit(main(["prog", *sys.argv[1:]]))
"""


def test_the_greeting_waits_for_no_module_that_it_does_not_need(path: str) -> None:
    option = f"unix:{path}{LISTENING}"
    command = [sys.executable, "-c", LOADED, "-qmp", option, "-object", "iothread,id=io0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    own = [name for name in done.stdout.split() if name.startswith("qmp_iothreadd.")]
    texts = [name for name in own if name.startswith("qmp_iothreadd.errors.")]
    assert texts == ["qmp_iothreadd.errors.tree"]
    unneeded = (
        *("background", "default_socket", "metrics", "metrics_server", "pidfile"),
        *("service_manager", "trace_options"),
    )
    assert not {f"qmp_iothreadd.daemon.{name}" for name in unneeded}.intersection(own)
    assert "qmp_iothreadd.server.stdio" not in own
    assert "qmp_iothreadd.cli.pages" not in own


async def test_a_command_that_asks_for_more_is_refused_at_start(
    in_process: Any, extended_schema: Callable[..., str]
) -> None:
    before = "'command': 'object-del',\n  'data': { "
    schema = extended_schema(replace={before: f"{before}'*force': 'bool', "})
    said = await in_process.refused("-nodefaults", "--schema", schema)
    assert "object-del" in said
    assert "force" in said


async def test_why_it_does_not_start_is_said_before_monitors_hang_up(
    in_process: Any, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, bool]] = []
    monkeypatch.setattr(daemon, "say", lambda text: said.append((text, os.path.exists(path))))
    late = ("-object", "x-workload,id=w0,iothread=nope")
    text = await in_process.refused("-qmp", f"unix:{path}{LISTENING}", *late)
    assert "nope" in text
    assert said == [(text, True)]
    assert not os.path.exists(path)
