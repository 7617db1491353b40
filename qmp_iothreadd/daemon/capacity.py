"""Whether so many machines fit into the process: what each takes, and what the system allows.

What a machine takes is not calculated but seen: of the second one, when the first has loaded what
they share.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from qmp_iothreadd import errors

# A stack, the page below it that ends it, and a part in what the allocator maps for its threads.
_MAPS_PER_THREAD = 3

# What clients, a scrape and late imports take, whatever the number of machines is.
_SPARE = 16

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_CAP_SYS_ADMIN, _CAP_SYS_RESOURCE = 21, 24


class Usage(NamedTuple):
    """What the process has: file descriptors, and threads."""

    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Usage:
        """Count."""
        process = _PROC / "self"
        return cls(len(os.listdir(process / "fd")), len(os.listdir(process / "task")))


class Limit(NamedTuple):
    """How many more of something the process can have. ``most`` is the number to change."""

    left: int
    most: int
    name: str
    remedy: str


@contextlib.contextmanager
def checked(count: int, number: int) -> Iterator[None]:
    """Around the making of machine ``number`` of ``count``: the second shows what each takes.

    Raises:
        QmpError: so many do not fit, as ``check`` says.
    """
    before = Usage.now() if number == 1 else None  # the first one loads what they share
    yield
    if before is not None:
        check(count, number + 1, before, Usage.now())


def check(count: int, made: int, before: Usage, after: Usage) -> None:
    """Refuse ``count`` machines of which ``made`` are there, where they do not fit.

    ``before`` and ``after`` are what the process had around the last one; each is to have a client.

    Raises:
        QmpError: which limit is in the way, how many fit, and what to do.
    """
    threads = after.threads - before.threads
    descriptors = after.descriptors - before.descriptors + 1
    # Those that are there have no clients yet.
    _check_limit(count, made, descriptors, _descriptor_limit(after.descriptors + made))
    if threads > 0:
        for limit in _thread_limits():
            _check_limit(count, made, threads, limit)
        _check_limit(count, made, threads * _MAPS_PER_THREAD, _map_limit())


def _check_limit(count: int, made: int, each: int, limit: Limit) -> None:
    room = limit.left - _SPARE
    missing = (count - made) * each - room
    if missing > 0:
        fit = made + max(room, 0) // each
        raise errors.fleet_too_large(
            count, fit, limit.most + missing, limit.most, limit.name, limit.remedy
        )


def _descriptor_limit(used: int) -> Limit:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Limit(
        soft - used,
        soft,
        "file descriptors",
        "'ulimit -n {}', LimitNOFILE={} in a systemd unit, or --ulimit nofile={} for a container",
    )


def _map_limit() -> Limit:
    most = _number(_PROC / "sys/vm/max_map_count")
    with open(_PROC / "self/maps", "rb") as maps:
        used = sum(1 for _ in maps)
    return Limit(most - used, most, "memory maps", "'sysctl vm.max_map_count={}'")


def _thread_limits() -> Iterator[Limit]:
    """All that bound how many threads there can be."""
    total = int((_PROC / "loadavg").read_text().split()[3].partition("/")[2])
    for name in ("threads-max", "pid_max"):
        most = _number(_PROC / "sys/kernel" / name)
        yield Limit(most - total, most, "threads", f"'sysctl kernel.{name}={{}}'")
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY and not _may_exceed_nproc():
        remedy = "'ulimit -u {}', or LimitNPROC={} in a systemd unit"
        yield Limit(soft - _threads_of_user(), soft, "threads of this user", remedy)
    for folder in _pids_cgroups():
        with contextlib.suppress(OSError, ValueError):  # "max": it has none
            most = int((folder / "pids.max").read_text())
            left = most - _number(folder / "pids.current")
            remedy = "TasksMax={} in a systemd unit, or --pids-limit {} for a container"
            yield Limit(left, most, f"tasks of the control group {folder}", remedy)


def _pids_cgroups() -> Iterator[Path]:
    """The control groups that this process is in, the innermost first."""
    for line in (_PROC / "self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "pids"):
            mounted = _CGROUPS / controllers
            inner = mounted / path.lstrip("/")
            while inner != mounted:
                yield inner
                inner = inner.parent
            yield mounted


def _may_exceed_nproc() -> bool:
    """Whether the kernel lets this process pass the limit: root, or with either capability."""
    status = _status("self")
    capabilities = int(status["CapEff"], 16)
    return os.getuid() == 0 or bool(capabilities & (1 << _CAP_SYS_ADMIN | 1 << _CAP_SYS_RESOURCE))


def _threads_of_user() -> int:
    total, user = 0, str(os.getuid())
    for process in os.listdir(_PROC):
        if process.isdecimal():
            with contextlib.suppress(OSError, KeyError):  # it has ended
                status = _status(process)
                total += int(status["Threads"]) if status["Uid"].split()[0] == user else 0
    return total


def _status(process: str) -> dict[str, str]:
    lines = (_PROC / process / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _number(path: Path) -> int:
    return int(path.read_text())
