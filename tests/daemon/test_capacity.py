"""Whether a fleet fits: each limit of the system, as files of /proc and /sys say it."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from qmp_iothreadd.daemon import capacity
from qmp_iothreadd.daemon.capacity import Usage
from qmp_iothreadd.errors import QmpError

BEFORE, AFTER = Usage(20, 3), Usage(23, 5)
"""A machine that takes 3 descriptors, and one for its client, and 2 threads."""


class System:
    """The files that limits are read from, below a folder, with room for everything."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.cgroups = folder / "proc", folder / "cgroup"
        self.write("proc/loadavg", "0.00 0.00 0.00 1/100 4711\n")
        for name in ("sys/kernel/threads-max", "sys/kernel/pid_max", "sys/vm/max_map_count"):
            self.write(f"proc/{name}", "1000000\n")
        self.write("proc/self/maps", "a\n" * 100)
        self.write("proc/self/cgroup", "0::/a/b\n")
        self.write("proc/self/status", "CapEff:\t0000000000000000\n")
        self.cgroups.mkdir()

    def write(self, name: str, text: str) -> None:
        path = self.proc.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    made = System(tmp_path)
    limits = {resource.RLIMIT_NOFILE: 10_000, resource.RLIMIT_NPROC: resource.RLIM_INFINITY}
    monkeypatch.setattr(capacity, "_PROC", made.proc)
    monkeypatch.setattr(capacity, "_CGROUPS", made.cgroups)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limits[which], limits[which]))
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    return made


def limit(monkeypatch: pytest.MonkeyPatch, which: int, value: int) -> None:
    before = resource.getrlimit
    monkeypatch.setattr(
        resource, "getrlimit", lambda asked: (value, value) if asked == which else before(asked)
    )


def refusal(count: int) -> tuple[str, str]:
    with pytest.raises(QmpError) as raised:
        capacity.check(count, 2, BEFORE, AFTER)
    return raised.value.desc, raised.value.hint or ""


def test_what_fits(system: System) -> None:
    capacity.check(1000, 2, BEFORE, AFTER)


def test_descriptors(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIMIT_NOFILE, 100)
    # 100 less 25 in use, with the two clients that may come, and 16 to spare: for 14 more machines.
    capacity.check(16, 2, BEFORE, AFTER)
    assert refusal(17) == (
        "17 machines do not fit: they need 101 file descriptors, and the limit is 100",
        "At most 16 machines fit. To have more, raise the limit: 'ulimit -n 101', LimitNOFILE=101 "
        "in a systemd unit, or --ulimit nofile=101 for a container.",
    )


def test_nothing_more_fits(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIMIT_NOFILE, 20)
    assert refusal(3)[1].startswith("At most 2 machines fit.")


@pytest.mark.parametrize("name", ["threads-max", "pid_max"])
def test_threads_of_the_system(system: System, name: str) -> None:
    system.write(f"proc/sys/kernel/{name}", "200\n")
    assert refusal(1000) == (
        "1000 machines do not fit: they need 2112 threads, and the limit is 200",
        f"At most 44 machines fit. To have more, raise the limit: 'sysctl kernel.{name}=2112'.",
    )


def test_memory_maps(system: System) -> None:
    system.write("proc/sys/vm/max_map_count", "200\n")
    assert refusal(1000) == (
        "1000 machines do not fit: they need 6104 memory maps, and the limit is 200",
        "At most 16 machines fit. To have more, raise the limit: 'sysctl vm.max_map_count=6104'.",
    )


def test_threads_of_the_user(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIMIT_NPROC, 100)
    for process, user, threads in (("10", 1000, 40), ("11", 0, 500), ("12", 1000, 10)):
        system.write(f"proc/{process}/status", f"Uid:\t{user}\t0\t0\t0\nThreads:\t{threads}\n")
    (system.proc / "13").mkdir()  # it ends just now
    desc, hint = refusal(100)
    assert desc == (
        "100 machines do not fit: they need 262 threads of this user, and the limit is 100"
    )
    assert hint.startswith(
        "At most 19 machines fit. To have more, raise the limit: 'ulimit -u 262'"
    )


@pytest.mark.parametrize("capability", [21, 24])
def test_who_may_exceed_the_users_threads(
    system: System, monkeypatch: pytest.MonkeyPatch, capability: int
) -> None:
    limit(monkeypatch, resource.RLIMIT_NPROC, 1)
    system.write("proc/self/status", f"CapEff:\t{1 << capability:016x}\n")
    capacity.check(1000, 2, BEFORE, AFTER)


@pytest.mark.parametrize(
    ("membership", "folder"),
    [
        ("0::/a/b\n", "a/b"),
        ("0::/a/b\n", "a"),
        ("0::/\n", ""),
        ("2:cpu:/x\n8:pids:/a\n0::/b\n", "pids/a"),
    ],
)
def test_control_groups(system: System, membership: str, folder: str) -> None:
    system.write("proc/self/cgroup", membership)
    system.write(f"cgroup/{folder}/pids.max", "100\n")
    system.write(f"cgroup/{folder}/pids.current", "40\n")
    desc, hint = refusal(100)
    assert desc.startswith("100 machines do not fit: they need 252 tasks of the control group ")
    assert desc.endswith(f"{(system.cgroups / folder)}, and the limit is 100")
    assert "TasksMax=252" in hint


def test_a_control_group_without_a_limit(system: System) -> None:
    system.write("cgroup/a/pids.max", "max\n")
    system.write("cgroup/a/pids.current", "40\n")
    capacity.check(1000, 2, BEFORE, AFTER)


def test_machines_without_threads_need_none(system: System) -> None:
    system.write("proc/sys/kernel/threads-max", "100\n")
    capacity.check(1000, 2, Usage(20, 3), Usage(23, 3))


def test_this_system_has_all_files() -> None:
    usage = Usage.now()
    assert usage.descriptors > 3
    assert usage.threads >= 1
    capacity.check(2, 1, usage, Usage(usage.descriptors + 1, usage.threads + 1))
