"""The emulated guest and its CPUs, by virsh: what it is asked to do, and what it does by itself."""

from __future__ import annotations

import json

import pytest
from libvirtlib.domains import Domain
from libvirtlib.host import Libvirt

from tests.waiting import wait_until

ACPI = "<features><acpi/></features>"


def start(libvirt: Libvirt, **parts: str) -> None:
    """Start a domain with two of three CPUs."""
    made = Domain(libvirt.emulator, vcpus="<vcpu current='2'>3</vcpu>", **parts)
    libvirt.virsh("define", libvirt.file("domain.xml", str(made)))
    libvirt.virsh("start", "t1")


def become(libvirt: Libvirt, wanted: str) -> None:
    wait_until(lambda: libvirt.virsh("domstate", "--reason", "t1") == wanted)


def act(libvirt: Libvirt, what: str) -> None:
    """What only our guest can be told to do."""
    command = {"execute": "x-guest-act", "arguments": {"act": what}}
    libvirt.virsh("qemu-monitor-command", "t1", json.dumps(command))


@pytest.mark.ours("QEMU 7.2 has no guest that lets go of CPUs")
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_cpus_come_and_go(libvirt: Libvirt, machine: str) -> None:
    start(libvirt, machine=machine, elements=ACPI)
    libvirt.virsh("setvcpus", "t1", 3)
    assert libvirt.virsh("vcpucount", "t1", "--live", "--current") == "3"
    threads = [each["thread-id"] for each in libvirt.qmp("t1", "query-cpus-fast")]
    assert len({*threads}) == 3
    libvirt.virsh("vcpupin", "t1", 2, "0")
    libvirt.virsh("setvcpus", "t1", 2)
    assert libvirt.virsh("vcpucount", "t1", "--live", "--current") == "2"
    assert [each["thread-id"] for each in libvirt.qmp("t1", "query-cpus-fast")] == threads[:2]


@pytest.mark.ours("QEMU has no guest that takes its time")
def test_a_shutdown_takes_its_time(libvirt: Libvirt) -> None:
    start(libvirt, machine="pc", elements=ACPI, commandline="--guest-delay 50")
    libvirt.virsh("shutdown", "t1")
    become(libvirt, "shut off (shutdown)")


@pytest.mark.ours("QEMU has no guest that is stubborn")
def test_one_that_does_not_obey_is_destroyed(libvirt: Libvirt) -> None:
    start(libvirt, machine="pc", elements=ACPI, commandline="--guest stubborn")
    libvirt.virsh("shutdown", "t1")
    assert libvirt.virsh("domstate", "t1") == "running"
    libvirt.virsh("destroy", "t1")
    become(libvirt, "shut off (destroyed)")


@pytest.mark.ours("QEMU's guest does not crash when it is told to")
@pytest.mark.parametrize(
    ("policy", "state"),
    [("destroy", "shut off (crashed)"), ("preserve", "crashed (panicked)")],
)
def test_a_crash_has_the_consequence_that_the_domain_asks_for(
    libvirt: Libvirt, policy: str, state: str
) -> None:
    elements = f"{ACPI}<on_crash>{policy}</on_crash>"
    start(libvirt, machine="q35", elements=elements)
    act(libvirt, "panic")
    become(libvirt, state)


@pytest.mark.ours("QEMU's guest does nothing by itself")
def test_what_it_does_by_itself_is_noticed(libvirt: Libvirt) -> None:
    start(libvirt, machine="pc", elements=ACPI)
    act(libvirt, "suspend")
    become(libvirt, "pmsuspended (unknown)")
    libvirt.virsh("dompmwakeup", "t1")
    wait_until(lambda: libvirt.virsh("domstate", "t1") == "running")
    act(libvirt, "shutdown")
    become(libvirt, "shut off (shutdown)")


@pytest.mark.ours("QEMU has nothing booted that would follow")
def test_a_balloon_is_followed(libvirt: Libvirt) -> None:
    balloon = "<memballoon model='virtio'/>"
    start(libvirt, machine="pc", elements=ACPI, balloon=balloon)
    assert "actual 16384" in libvirt.virsh("dommemstat", "t1")
    libvirt.virsh("setmem", "t1", "8M")
    wait_until(lambda: "actual 8192" in libvirt.virsh("dommemstat", "t1"))
