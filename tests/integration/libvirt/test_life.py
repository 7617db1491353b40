"""The life of a domain by virsh: started, asked, stopped, reset, ended, found again."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable

import pytest
from libvirtlib.domains import EVERYTHING, Domain
from libvirtlib.host import Libvirt, RefusedError

from tests.waiting import wait_until

Create = Callable[..., Domain]

ACPI = "<features><acpi/></features>"
ORDINARY = """
    <cpu mode='maximum'/>
    <clock offset='utc'>
      <timer name='rtc' tickpolicy='catchup'/>
      <timer name='pit' tickpolicy='delay'/>
      <timer name='hpet' present='no'/>
    </clock>
    <pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>"""
MACHINES = ["microvm", "pc", "q35", "isapc"]
needs_two_cpus = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one processor")


def state(libvirt: Libvirt, name: str = "t1") -> str:
    return libvirt.virsh("domstate", "--reason", name)


def become(libvirt: Libvirt, wanted: str, name: str = "t1") -> None:
    seen = ""

    def is_so() -> bool:
        nonlocal seen
        seen = state(libvirt, name)
        return seen == wanted

    try:
        wait_until(is_so)
    except AssertionError:
        raise AssertionError(f"{seen}, not {wanted}") from None


def define(libvirt: Libvirt, **parts: object) -> str:
    made = Domain(libvirt.emulator, **parts)  # type: ignore[arg-type]
    libvirt.virsh("define", libvirt.file("domain.xml", str(made)))
    return made.name


# -- being there ----------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_a_domain_of_each_machine_runs(libvirt: Libvirt, domain: Create, machine: str) -> None:
    domain(machine=machine)
    assert state(libvirt) == "running (booted)"
    assert libvirt.qmp("t1", "query-status")["status"] == "running"
    assert libvirt.virsh("list", "--name") == "t1"


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_an_ordinary_domain_runs(libvirt: Libvirt, domain: Create, machine: str) -> None:
    domain(
        machine=machine,
        elements=ACPI + ORDINARY,
        devices=EVERYTHING,
        usb="",
        balloon="<memballoon model='virtio'/>",
    )
    assert state(libvirt) == "running (booted)"
    assert libvirt.statistics("t1")["net.count"] == "1"
    # A reset leaves libvirt with something to do, during which it cannot be ended.
    libvirt.restart_daemon()
    become(libvirt, "running (booted)")
    libvirt.virsh("reset", "t1")


def test_versioned_machines_are_accepted(libvirt: Libvirt, domain: Create) -> None:
    domain(machine="pc", elements=ACPI)
    chosen = libvirt.virsh("dumpxml", "t1").partition("machine='")[2].partition("'")[0]
    assert chosen.startswith("pc-i440fx-")
    libvirt.virsh("destroy", "t1")
    domain(machine=chosen, elements=ACPI)
    assert state(libvirt) == "running (booted)"


def test_cells_have_their_memory_and_cpus(libvirt: Libvirt, domain: Create) -> None:
    cells = "".join(
        f"<cell id='{number}' cpus='{cpus}' memory='8' unit='MiB'/>"
        for number, cpus in enumerate(("0-1", "2-3"))
    )
    elements = f"{ACPI}<cpu><numa>{cells}</numa></cpu>"
    domain(machine="q35", vcpus="<vcpu current='3'>4</vcpu>", elements=elements)
    lines = libvirt.virsh("qemu-monitor-command", "t1", "--hmp", "info numa").split("\n")
    found = [line.strip() for line in lines if "plugged" not in line]
    assert found == [
        "2 nodes",
        *("node 0 cpus: 0 1", "node 0 size: 8 MB"),
        *("node 1 cpus: 2", "node 1 size: 8 MB"),
    ]


def test_libvirt_has_no_machine_none(libvirt: Libvirt) -> None:
    xml = libvirt.file("domain.xml", str(Domain(libvirt.emulator, machine="none")))
    assert "'none'" in libvirt.refusal("create", xml)


def test_it_is_described(libvirt: Libvirt, domain: Create) -> None:
    domain(vcpus="<vcpu>2</vcpu>")
    about = libvirt.pairs("dominfo", "t1")
    assert about["State"] == "running"
    assert about["CPU(s)"] == "2"
    assert about["Max memory"] == "16384 KiB"
    assert about["Persistent"] == "no"
    assert about["UUID"] == libvirt.qmp("t1", "query-uuid")["UUID"]
    assert libvirt.qmp("t1", "query-name") == {"name": "t1"}
    assert libvirt.virsh("domcontrol", "t1") == "ok"
    assert "<iothreads>2</iothreads>" in libvirt.virsh("dumpxml", "t1")
    assert libvirt.virsh("domblklist", "t1") == ""
    assert {row[0].split()[0] for row in libvirt.table("dommemstat", "t1")} == {"rss"}


def test_all_its_statistics(libvirt: Libvirt, t1: str) -> None:
    found = libvirt.statistics(t1)
    assert found["state.state"] == "1"
    assert found["vcpu.current"] == "1"
    assert found["vcpu.0.state"] == "1"
    assert "vcpu.0.time" in found
    assert found["iothread.count"] == "2"
    assert found["block.count"] == "0"
    assert found["balloon.current"] == "16384"


def test_its_monitor_can_be_asked(libvirt: Libvirt, t1: str) -> None:
    def ask(*arguments: str) -> str:
        return libvirt.virsh("qemu-monitor-command", t1, *arguments)

    plain = '{"execute":"query-status"}'
    assert json.loads(ask(plain))["return"]["running"] is True
    assert ask("--pretty", plain).startswith("{\n")
    assert json.loads(ask("--return-value", plain))["status"] == "running"
    assert "poll-max-ns=32768" in ask("--hmp", "info iothreads")
    assert "VM status: running" in ask("--hmp", "info", "status")
    error = json.loads(ask('{"execute":"no-such-command"}'))["error"]
    assert error["class"] == "CommandNotFound"


def test_events_are_seen(libvirt: Libvirt, t1: str) -> None:
    watching = libvirt.start(
        *("virsh", "-q", "-c", libvirt.uri, "qemu-monitor-event", "--timestamp", t1),
        *("--event", "STOP", "--timeout", "60"),
        stdout=-1,
    )
    out = watching.stdout
    assert out is not None
    # There is no sign that it listens but an event.
    wait_until(lambda: stopped_and_gone_on(libvirt, t1) and watching.poll() is not None)
    with watching:
        assert f"event STOP for domain '{t1}'" in out.read()
    assert watching.returncode == 0


def stopped_and_gone_on(libvirt: Libvirt, name: str) -> bool:
    libvirt.virsh("suspend", name)
    libvirt.virsh("resume", name)
    return True


# -- CPUs and memory ------------------------------------------------------------------------------


def test_cpus_are_counted_and_shown(libvirt: Libvirt, domain: Create) -> None:
    domain(vcpus="<vcpu>2</vcpu>")
    assert libvirt.virsh("vcpucount", "t1", "--live", "--current") == "2"
    assert [row[-1] for row in libvirt.table("vcpucount", "t1")] == ["2", "2"]
    info = libvirt.virsh("vcpuinfo", "t1")
    assert info.count("State:          running") == 2
    assert libvirt.virsh("setvcpus", "t1", 2) == ""
    assert "greater than max" in libvirt.refusal("setvcpus", "t1", 3)
    assert libvirt.statistics("t1", "--vcpu")["vcpu.1.state"] == "1"


def test_a_cpu_is_plugged_in(libvirt: Libvirt, domain: Create) -> None:
    domain(machine="q35", elements=ACPI, vcpus="<vcpu current='1'>3</vcpu>")
    libvirt.virsh("setvcpus", "t1", 2)
    assert libvirt.virsh("vcpucount", "t1", "--live", "--current") == "2"
    assert len(libvirt.qmp("t1", "query-cpus-fast")) == 2
    assert {"vcpu.0.state", "vcpu.1.state"} <= set(libvirt.statistics("t1", "--vcpu"))


@needs_two_cpus
def test_a_cpu_is_pinned(libvirt: Libvirt, domain: Create) -> None:
    domain(vcpus="<vcpu>2</vcpu>")
    libvirt.virsh("vcpupin", "t1", 1, "0")
    assert libvirt.table("vcpupin", "t1") == [["0", "0-1"], ["1", "0"]]
    by_index = {each["cpu-index"]: each for each in libvirt.qmp("t1", "query-cpus-fast")}
    assert os.sched_getaffinity(by_index[1]["thread-id"]) == {0}


@needs_two_cpus
def test_the_emulator_is_pinned(libvirt: Libvirt, t1: str) -> None:
    libvirt.virsh("emulatorpin", t1, "1")
    (process,) = libvirt.emulators()
    assert os.sched_getaffinity(process) == {1}
    assert libvirt.table("emulatorpin", t1) == [["1"]]


def test_memory_is_set_where_there_is_a_balloon(libvirt: Libvirt, domain: Create) -> None:
    domain(machine="pc", balloon="<memballoon model='virtio'/>")
    libvirt.virsh("setmem", "t1", "8M")
    assert "actual" in libvirt.virsh("dommemstat", "t1")
    assert libvirt.qmp("t1", "query-balloon")["actual"] in (8 << 20, 16 << 20)


def test_memory_is_not_set_where_there_is_none(libvirt: Libvirt, t1: str) -> None:
    assert "balloon" in libvirt.refusal("setmem", t1, "8M")


def test_keys_and_an_interrupt_are_sent(libvirt: Libvirt, domain: Create) -> None:
    domain(machine="pc")
    libvirt.virsh("send-key", "t1", "KEY_LEFTCTRL", "KEY_C")
    libvirt.virsh("inject-nmi", "t1")


# -- stopping and ending --------------------------------------------------------------------------


def test_it_is_suspended_and_resumed(libvirt: Libvirt, t1: str) -> None:
    libvirt.virsh("suspend", t1)
    assert state(libvirt) == "paused (user)"
    assert libvirt.qmp(t1, "query-status")["status"] == "paused"
    libvirt.virsh("resume", t1)
    assert state(libvirt) == "running (unpaused)"


def test_it_is_reset(libvirt: Libvirt, t1: str) -> None:
    libvirt.virsh("reset", t1)
    assert state(libvirt) == "running (booted)"


def test_it_starts_paused(libvirt: Libvirt) -> None:
    xml = libvirt.file("domain.xml", str(Domain(libvirt.emulator)))
    libvirt.virsh("create", "--paused", xml)
    assert state(libvirt) == "paused (user)"
    libvirt.virsh("resume", "t1")
    assert libvirt.qmp("t1", "query-status")["running"] is True


@pytest.mark.ours("there is no guest that obeys")
@pytest.mark.parametrize("machine", MACHINES[:3])
def test_it_shuts_down(libvirt: Libvirt, machine: str) -> None:
    name = define(libvirt, machine=machine, elements=ACPI)
    libvirt.virsh("start", name)
    libvirt.virsh("shutdown", name)
    become(libvirt, "shut off (shutdown)")
    wait_until(lambda: not libvirt.emulators())


@pytest.mark.ours("there is no guest that obeys")
def test_it_reboots(libvirt: Libvirt) -> None:
    name = define(libvirt, machine="q35", elements=ACPI)
    libvirt.virsh("start", name)
    (process,) = libvirt.emulators()
    libvirt.virsh("reboot", name)
    become(libvirt, "running (booted)")
    assert list(libvirt.emulators()) == [process]


@pytest.mark.ours("there is no guest that obeys")
def test_a_reboot_can_be_an_end(libvirt: Libvirt) -> None:
    elements = ACPI + "<on_reboot>destroy</on_reboot>"
    name = define(libvirt, machine="pc", elements=elements)
    libvirt.virsh("start", name)
    libvirt.virsh("reboot", name)
    wait_until(lambda: libvirt.virsh("domstate", name) == "shut off")


def test_it_is_destroyed(libvirt: Libvirt) -> None:
    name = define(libvirt)
    libvirt.virsh("start", name)
    libvirt.virsh("destroy", name)
    assert state(libvirt) == "shut off (destroyed)"
    assert libvirt.emulators() == {}


@pytest.mark.ours("7.2 may be gone before libvirt has read its last event")
def test_quit_is_a_shutdown(libvirt: Libvirt) -> None:
    name = define(libvirt)
    libvirt.virsh("start", name)
    with contextlib.suppress(RefusedError):  # the reply comes, or the end before it
        libvirt.qmp(name, "quit")
    become(libvirt, "shut off (shutdown)")


def test_an_end_by_accident_is_a_crash(libvirt: Libvirt) -> None:
    name = define(libvirt)
    libvirt.virsh("start", name)
    (process,) = libvirt.emulators()
    os.kill(process, 9)
    become(libvirt, "shut off (crashed)")


def test_it_is_defined_started_again_and_forgotten(libvirt: Libvirt) -> None:
    name = define(libvirt)
    for _ in range(2):
        libvirt.virsh("start", name)
        libvirt.virsh("destroy", name)
    libvirt.virsh("undefine", name)
    assert libvirt.virsh("list", "--all", "--name") == ""


# -- several, and again ---------------------------------------------------------------------------


def test_twenty_at_once(libvirt: Libvirt) -> None:
    names = [f"d{number}" for number in range(20)]
    for name in names:
        libvirt.file(f"{name}.xml", str(Domain(libvirt.emulator, name=name)))
    libvirt.virsh("; ".join(f"create {name}.xml" for name in names))
    assert sorted(libvirt.virsh("list", "--name").split()) == sorted(names)
    assert len(libvirt.emulators()) == 20
    libvirt.virsh("; ".join(f"iothreadadd {name} 3" for name in names))
    statistics = libvirt.virsh("; ".join(f"domstats {name} --iothread" for name in names))
    assert statistics.count("iothread.count=3") == 20
    libvirt.virsh("; ".join(f"destroy {name}" for name in names[:2]))
    assert len(libvirt.emulators()) == 18


def test_a_new_daemon_of_libvirts_finds_it(libvirt: Libvirt, domain: Create) -> None:
    domain(vcpus="<vcpu>2</vcpu>")
    (process,) = libvirt.emulators()
    libvirt.virsh("iothreadadd", "t1", 6)
    libvirt.restart_daemon()
    assert list(libvirt.emulators()) == [process]
    become(libvirt, "running (booted)")
    assert {row[0] for row in libvirt.table("iothreadinfo", "t1")} == {"1", "2", "6"}
    libvirt.virsh("iothreaddel", "t1", 1)
    assert libvirt.statistics("t1", "--iothread")["iothread.count"] == "2"
    libvirt.virsh("suspend", "t1")
    libvirt.virsh("resume", "t1")


def test_what_changed_while_libvirt_was_away_is_seen(libvirt: Libvirt, t1: str) -> None:
    libvirt.virsh("suspend", t1)
    libvirt.restart_daemon()
    become(libvirt, "paused (user)")


# -- saving ---------------------------------------------------------------------------------------


@pytest.mark.ours("it can be saved")
@pytest.mark.parametrize("command", [("save", "t1", "saved"), ("managedsave", "t1")])
def test_saving_is_refused_before_anything_stops(libvirt: Libvirt, command: list[str]) -> None:
    libvirt.virsh("start", define(libvirt))
    why = libvirt.refusal(*command)
    assert "Requested operation is not valid: cannot migrate domain: " in why
    assert state(libvirt) == "running (booted)"


def test_a_snapshot_needs_disks(libvirt: Libvirt, t1: str) -> None:
    assert "all disks to be selected" in libvirt.refusal("snapshot-create-as", t1, "s1")
    assert "nothing selected for snapshot" in libvirt.refusal(
        "snapshot-create-as", t1, "s1", "--disk-only"
    )


@pytest.mark.ours("memory can be dumped")
def test_a_dump_is_refused_and_the_domain_runs_on(libvirt: Libvirt, t1: str) -> None:
    assert libvirt.refusal("dump", t1, libvirt.folder / "core", "--memory-only")
    become(libvirt, "running (unpaused)")
