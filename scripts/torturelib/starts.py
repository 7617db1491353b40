"""Starts in a hostile place: nothing lost, nothing foreign touched, an error in a sentence."""

from __future__ import annotations

import errno
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from torturelib.attacks import Attack, Outcome
from torturelib.server import DAEMON, run_to_end, running

GROUP = "files and starts"
HELP = (["-help"], ["-version"], ["-object", "help"], ["-trace", "help"])


def help_into(where: str, folder: Path) -> Outcome:
    """-help and its like into a pipe that nobody reads, or a full disk."""
    said = []
    for options in HELP:
        if where == "a full disk":
            output = os.open("/dev/full", os.O_WRONLY)
        else:
            reader, output = os.pipe()
            os.close(reader)
        try:
            status, errors = run_to_end(*options, stdout=output)
        finally:
            os.close(output)
        if status is None or "Traceback" in errors:
            said.append(f"{options}: {status}, {errors[-80:]}")
    return Outcome(not said, "; ".join(said) or f"{len(HELP)} kinds of help")


def refused(
    options: Callable[[Path], list[str]], wanted: str, folder: Path, **popen: Any
) -> Outcome:
    """The daemon does not start, and says ``wanted`` in a sentence."""
    start = time.monotonic()
    status, errors = run_to_end(*options(folder), **popen)
    took = time.monotonic() - start
    held = status == 1 and "Traceback" not in errors and wanted in errors
    return Outcome(held, f"{errors.strip()[-60:] or status} ({took:.1f} s)")


def schema_with(text: str) -> Callable[[Path], list[str]]:
    """The options that serve a schema of this text; FIFO is a pipe that nobody writes."""

    def options(folder: Path) -> list[str]:
        os.mkfifo(folder / "fifo")
        (folder / "top.json").write_text(text.replace("FIFO", str(folder / "fifo")))
        return ["-nodefaults", "--schema", str(folder / "top.json")]

    return options


def few_descriptors(limit: int, folder: Path) -> Outcome:
    """So few descriptors: it serves or says so, and neither spins nor breaks off."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    options = ["-nodefaults", "-qmp", f"unix:{folder / 'a'},server=on,wait=off", "--metrics", "0"]
    status, errors = run_to_end(*options, seconds=3, preexec_fn=limited)
    held = status in (1, None) and "Traceback" not in errors
    return Outcome(held, errors.strip()[-60:] or "serves")


def full_log(folder: Path) -> Outcome:
    """A log on a full disk."""
    options = ("-D", "/dev/full", "-trace", "*", "-object", "iothread,id=io0")
    with running(folder, *options, stderr=subprocess.PIPE) as server:
        with server.client("a") as client:
            served = client.execute("query-status")["running"]
        server.end()
        assert server.process.stderr is not None
        errors = server.process.stderr.read().decode()
        status = server.process.returncode
    held = served and status == 0 and "Traceback" not in errors
    return Outcome(held, f"served, status {status}")


def foreign_files(folder: Path) -> Outcome:
    """The schema cache's folder is full of others' files, one with an entry's name a FIFO."""
    cache = folder / "cache" / "qmp-iothreadd"
    cache.mkdir(parents=True, mode=0o700)
    names = [f"foreign{number}" for number in range(40)] + [f"{n}.schema" for n in range(40)]
    for name in names:
        (cache / name).touch()
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    with running(folder, env=env):
        pass
    entries = [path for path in cache.iterdir() if path.name not in names]
    for entry in entries:
        entry.unlink()
        os.mkfifo(entry)
    with running(folder, env=env):
        pass
    kept = sum((cache / name).exists() for name in names)
    return Outcome(kept == len(names), f"{kept} of {len(names)} foreign files are there")


def three_at_once(folder: Path, rounds: int = 5) -> Outcome:
    """Three daemons start at once on a stale default socket: exactly one serves."""
    path = folder / "qmp-iothreadd.sock"
    env = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    counts = []
    for _ in range(rounds):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        started = [
            subprocess.Popen(
                DAEMON, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            for _ in range(3)
        ]
        deadline = time.monotonic() + 10
        while sum(each.poll() is None for each in started) > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        serving = [each for each in started if each.poll() is None]
        counts.append(len(serving))
        for each in serving:
            each.send_signal(signal.SIGTERM)
        said = [each.communicate()[1] for each in started]
        if sum("Address already in use" in text for text in said) != 2 or path.exists():
            counts[-1] = -1
    held = counts == [1] * rounds and not any(folder.iterdir())
    return Outcome(held, f"one of three in {counts.count(1)} of {rounds} rounds")


def own_folder(folder: Path) -> Outcome:
    """Without XDG_RUNTIME_DIR the default socket has a folder, gone after SIGTERM."""
    env = {name: text for name, text in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    process = subprocess.Popen(
        DAEMON,
        env={**env, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    process.terminate()
    process.communicate(timeout=10)
    left = [path.name for path in folder.iterdir()]
    held = b"QMP server on" in said and not left and process.returncode == 0
    return Outcome(held, f"left: {left or 'nothing'}")


def signals(folder: Path) -> Outcome:
    """SIGUSR1, SIGUSR2, SIGALRM and SIGIO end nothing; SIGINT does, in QEMU's words."""
    with running(folder, stderr=subprocess.PIPE) as server:
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGIO):
            server.process.send_signal(number)
        with server.client("a") as client:
            served = client.execute("query-status")["running"]
        server.process.send_signal(signal.SIGINT)
        _, errors = server.process.communicate(timeout=10)
        status = server.process.returncode
    said = errors.decode().strip()
    return Outcome(served and status == 0 and "terminating on signal 2" in said, said[-60:])


def odd_stdin(folder: Path) -> Outcome:
    """``-qmp stdio`` with a standard input that can only be written."""
    stdin = os.open(folder / "stdin", os.O_WRONLY | os.O_CREAT)
    with subprocess.Popen(
        [*DAEMON, "-nodefaults", "-qmp", "stdio"],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(stdin)
        assert process.stdout is not None
        greeting = process.stdout.readline()
        process.terminate()
        _, errors = process.communicate(timeout=10)
    held = b'"QMP"' in greeting and b"Traceback" not in errors and process.returncode == 0
    return Outcome(held, "greets, and ends" if held else errors.decode()[-60:])


def nul_in_paths(folder: Path) -> Outcome:
    """A NUL in a name that the system is asked for."""
    name = str(folder / "a\0b")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("object-add", {"qom-type": "secret", "id": "s", "file": name}),
        ("object-add", {"qom-type": "rng-random", "id": "r", "filename": name}),
        ("object-add", {"qom-type": "x-workload", "id": "w", "iothread": "io0", "file": name}),
        ("chardev-add", {"id": "c", "backend": {"type": "file", "data": {"out": name}}}),
        ("chardev-add", {"id": "d", "backend": {"type": "pipe", "data": {"device": name}}}),
        ("migrate", {"uri": f"file:{name}"}),
    ]
    with running(folder, "-object", "iothread,id=io0") as server, server.client("a") as client:
        replies = [str(client.execute(command, **given)) for command, given in asked]
        served = client.execute("query-status") is not None
    wrong = [reply for reply in replies if "internal error" in reply]
    return Outcome(served and not wrong, wrong[0] if wrong else f"{len(asked)} kinds of names")


def no_descriptors_left(folder: Path) -> Outcome:
    """All descriptors are used up by clients' objects: errors, then recovery."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with (
        running(folder, preexec_fn=limited, stderr=subprocess.PIPE) as server,
        server.client("a") as client,
    ):
        add = [
            client.execute("object-add", qom_type="iothread", id=f"io{number}")
            for number in range(64)
        ]
        made = add.count({})
        wrong = [str(each) for each in add if each and os.strerror(errno.EMFILE) not in str(each)]
        client.execute("object-del", id="io0")
        again = client.execute("object-add", qom_type="iothread", id="again")
        server.end()
        assert server.process.stderr is not None
        errors = server.process.stderr.read()
    held = 0 < made < 64 and not wrong and again == {} and b"Traceback" not in errors
    return Outcome(held, wrong[0] if wrong else f"{made} iothreads, then «Too many open files»")


_DOUBLING = "".join(
    f"{{ 'struct': 'Lev{n}', 'data': {{ 'a': 'Lev{n + 1}', 'b': 'Lev{n + 1}' }} }}\n"
    for n in range(24)
)
_DOUBLING += (
    "{ 'struct': 'Lev24', 'data': { 'x': 'int' } }\n{ 'command': 'large', 'returns': 'Lev0' }\n"
)


def doubling_stub(folder: Path) -> Outcome:
    """--stub-missing of a return type of 24 levels, each of which holds the next one twice."""
    top = folder / "top.json"
    top.write_text(
        "{ 'pragma': { 'command-name-exceptions': [ 'qmp_capabilities' ] } }\n"
        + _DOUBLING
        + "{ 'enum': 'QMPCapability', 'data': [ 'oob' ] }\n"
        "{ 'command': 'qmp_capabilities', 'data': { '*enable': [ 'QMPCapability' ] } }\n"
    )
    options = ("--schema", str(top), "--stub-missing")
    with running(folder, *options) as server, server.client("a") as client:
        start = time.monotonic()
        reply = client.execute("large")
        took = time.monotonic() - start
    return Outcome("more than 10000 parts" in str(reply), f"{str(reply)[-50:]} ({took:.2f} s)")


def _traces(folder: Path) -> list[str]:
    return ["-nodefaults", "-trace", "events=/dev/zero"]


def _config(folder: Path) -> list[str]:
    return ["-nodefaults", "-readconfig", "/dev/zero"]


def _pidfile(folder: Path) -> list[str]:
    os.symlink("/dev/full", folder / "pid")
    return ["-nodefaults", "-pidfile", str(folder / "pid")]


ATTACKS = [
    *(
        Attack(GROUP, f"help into {each}", partial(help_into, each))
        for each in ("a full disk", "a closed pipe")
    ),
    Attack(GROUP, "-D /dev/full -trace '*'", full_log),
    Attack(GROUP, "-pidfile of a full disk", partial(refused, _pidfile, "cannot create PID file")),
    Attack(GROUP, "-trace events=/dev/zero", partial(refused, _traces, "File too large")),
    Attack(GROUP, "-readconfig /dev/zero", partial(refused, _config, "File too large")),
    *(
        Attack(
            GROUP,
            f"a schema that includes {name}",
            partial(refused, schema_with(f"{{ 'include': '{path}' }}"), "not a regular file"),
        )
        for name, path in (("/dev/zero", "/dev/zero"), ("a FIFO", "FIFO"))
    ),
    Attack(GROUP, "--stub-missing of 2^24 members", doubling_stub),
    *(Attack(GROUP, f"RLIMIT_NOFILE={n} --metrics", partial(few_descriptors, n)) for n in (8, 14)),
    Attack(GROUP, "no descriptors left", no_descriptors_left),
    Attack(GROUP, "80 foreign files in the schema cache", foreign_files),
    Attack(GROUP, "3 daemons at once on a stale socket", three_at_once),
    Attack(GROUP, "SIGTERM of a default daemon", own_folder),
    Attack(GROUP, "SIGUSR1, SIGALRM, then Ctrl-C's SIGINT", signals),
    Attack(GROUP, "-qmp stdio, input write-only", odd_stdin),
    Attack(GROUP, "NUL in paths", nul_in_paths),
]
