"""Disks on iothreads by virsh: there at the start, plugged and unplugged, measured, limited."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from libvirtlib.domains import Domain, disk
from libvirtlib.host import Libvirt

from tests.waiting import wait_until

Create = Callable[..., Domain]

MIB = 1 << 20
MMIO = "<address type='virtio-mmio'/>"
FEATURES = "<features><acpi/></features>"
ROOT_PORT = """
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'/>"""
SCSI = """
    <controller type='scsi' index='0' model='virtio-scsi'><driver iothread='2'/></controller>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{file}'/><target dev='sda' bus='scsi'/>
    </disk>"""


@pytest.fixture
def image(libvirt: Libvirt) -> Path:
    return libvirt.file("first.img", 4 * MIB)


@pytest.fixture
def other(libvirt: Libvirt) -> Path:
    return libvirt.file("second.img", 8 * MIB)


@pytest.fixture
def with_disk(domain: Create, image: Path) -> str:
    """A domain whose vda is on iothread 1."""
    return domain(machine="q35", elements=FEATURES, devices=disk(image)).name


def device(libvirt: Libvirt, name: str, prop: str) -> Any:
    return libvirt.qmp("t1", "qom-get", path=f"/machine/peripheral/{name}", property=prop)


def peripherals(libvirt: Libvirt) -> set[str]:
    listed = libvirt.qmp("t1", "qom-list", path="/machine/peripheral")
    return {each["name"] for each in listed if each["type"].startswith("child<virtio")}


# -- there at the start ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "machine",
    ["pc", "q35", pytest.param("microvm", marks=pytest.mark.ours("it wants KVM's ioeventfd"))],
)
def test_a_domain_starts_with_disks(
    libvirt: Libvirt, domain: Create, image: Path, other: Path, machine: str
) -> None:
    address = MMIO if machine == "microvm" else ""
    first = disk(image, more=address)
    second = disk(other, "vdb", "iothread='2' cache='none' io='threads'", address)
    domain(machine=machine, elements=FEATURES, devices=first + second)
    assert libvirt.table("domblklist", "t1") == [["vda", str(image)], ["vdb", str(other)]]
    assert device(libvirt, "virtio-disk0", "iothread") == "/objects/iothread1"
    assert device(libvirt, "virtio-disk1", "iothread") == "/objects/iothread2"
    assert peripherals(libvirt) == {"virtio-disk0", "virtio-disk1"}
    assert libvirt.statistics("t1", "--block")["block.count"] == "2"


def test_disks_of_a_scsi_controller_share_its_iothread(
    libvirt: Libvirt, domain: Create, image: Path
) -> None:
    domain(machine="q35", elements=FEATURES, devices=SCSI.format(file=image))
    assert libvirt.table("domblklist", "t1") == [["sda", str(image)]]
    assert device(libvirt, "scsi0", "iothread") == "/objects/iothread2"
    assert libvirt.pairs("domblkinfo", "t1", "sda")["Capacity"] == str(4 * MIB)


def test_a_disk_has_queues_and_a_serial(libvirt: Libvirt, domain: Create, image: Path) -> None:
    devices = disk(image, driver="iothread='1' queues='4'", more="<serial>abc</serial>")
    domain(machine="pc", devices=devices)
    assert device(libvirt, "virtio-disk0", "num-queues") == 4
    assert device(libvirt, "virtio-disk0", "serial") == "abc"


def test_a_disk_may_be_read_only(libvirt: Libvirt, domain: Create, image: Path) -> None:
    domain(machine="pc", devices=disk(image, more="<readonly/>"))
    (block,) = libvirt.qmp("t1", "query-block")
    assert block["inserted"]["ro"] is True


def test_a_file_that_is_not_there(libvirt: Libvirt, domain: Create) -> None:
    missing = libvirt.folder / "missing.img"
    made = Domain(libvirt.emulator, machine="pc", devices=disk(missing))
    why = libvirt.refusal("create", libvirt.file("domain.xml", str(made)))
    assert str(missing) in why
    assert "No such file or directory" in why


# -- plugged and unplugged ------------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_a_disk_is_plugged_in(libvirt: Libvirt, domain: Create, image: Path, machine: str) -> None:
    domain(machine=machine, elements=FEATURES, devices=ROOT_PORT if machine == "q35" else "")
    libvirt.virsh("attach-disk", "t1", image, "vdb", "--iothread", 2, "--serial", "x1")
    assert libvirt.table("domblklist", "t1") == [["vdb", str(image)]]
    assert device(libvirt, "virtio-disk1", "iothread") == "/objects/iothread2"
    assert device(libvirt, "virtio-disk1", "serial") == "x1"
    assert libvirt.statistics("t1", "--block")["block.0.path"] == str(image)


@pytest.mark.ours("a guest has to let go of it")
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_a_disk_is_unplugged_and_plugged_in_again(
    libvirt: Libvirt, domain: Create, image: Path, machine: str
) -> None:
    domain(machine=machine, elements=FEATURES, devices=ROOT_PORT if machine == "q35" else "")
    xml = libvirt.file("disk.xml", disk(image, "vdb"))
    for _ in range(3):
        libvirt.virsh("attach-device", "t1", xml)
        assert peripherals(libvirt) == {"virtio-disk1"}
        libvirt.virsh("detach-device", "t1", xml)
        assert peripherals(libvirt) == set()
        assert libvirt.table("domblklist", "t1") == []
        assert libvirt.qmp("t1", "query-named-block-nodes", flat=True) == []
    libvirt.virsh("attach-disk", "t1", image, "vdb")
    libvirt.virsh("detach-disk", "t1", "vdb")
    assert libvirt.table("domblklist", "t1") == []


def test_a_disk_without_a_guest_goes_with_a_reset(
    libvirt: Libvirt, domain: Create, image: Path, is_ours: bool
) -> None:
    domain(
        machine="pc",
        elements=FEATURES,
        devices=disk(image),
        commandline="--guest absent" if is_ours else "",
    )
    libvirt.qmp("t1", "device_del", id="virtio-disk0")
    assert peripherals(libvirt) == {"virtio-disk0"}
    libvirt.virsh("reset", "t1")
    wait_until(lambda: libvirt.table("domblklist", "t1") == [])
    assert peripherals(libvirt) == set()


def test_a_disk_that_the_emulator_refuses_leaves_nothing(
    libvirt: Libvirt, domain: Create, image: Path
) -> None:
    domain(machine="pc")  # without ACPI its bus is not hot-plugged
    why = libvirt.refusal("attach-disk", "t1", image, "vdb")
    assert "'device_add': Bus 'pci.0' does not support hotplugging" in why
    assert peripherals(libvirt) == set()
    assert libvirt.qmp("t1", "query-named-block-nodes", flat=True) == []


def test_an_iothread_in_use_stays(libvirt: Libvirt, with_disk: str) -> None:
    assert "cannot remove IOThread 1 since it is being used by disk 'vda'" in libvirt.refusal(
        "iothreaddel", with_disk, 1
    )
    libvirt.virsh("iothreaddel", with_disk, 2)


def test_a_disk_names_an_iothread_that_is_there(
    libvirt: Libvirt, domain: Create, image: Path
) -> None:
    domain(machine="pc", elements=FEATURES)
    why = libvirt.refusal("attach-disk", "t1", image, "vdb", "--iothread", 7)
    assert "7" in why
    libvirt.virsh("iothreadadd", "t1", 7)
    libvirt.virsh("attach-disk", "t1", image, "vdb", "--iothread", 7)
    assert device(libvirt, "virtio-disk1", "iothread") == "/objects/iothread7"


# -- measured -------------------------------------------------------------------------------------


def test_a_disk_is_measured(libvirt: Libvirt, with_disk: str) -> None:
    words = libvirt.virsh("domblkstat", with_disk, "vda").split()
    assert words[:9:3] == ["vda", "vda", "vda"]
    assert words[1:9:3][:2] == ["rd_req", "rd_bytes"]
    size = libvirt.pairs("domblkinfo", with_disk, "vda")
    assert size["Capacity"] == size["Physical"] == str(4 * MIB)
    assert "No errors found" in libvirt.virsh("domblkerror", with_disk)
    found = libvirt.statistics(with_disk, "--block")
    assert found["block.0.name"] == "vda"
    assert found["block.0.capacity"] == str(4 * MIB)
    assert int(found["block.0.rd.reqs"]) >= int(words[2])
    assert {"block.0.wr.times", "block.0.fl.reqs", "block.0.allocation"} <= set(found)


def test_a_disk_is_limited(libvirt: Libvirt, with_disk: str) -> None:
    libvirt.virsh("blkdeviotune", with_disk, "vda", "--total-iops-sec", 100)
    assert libvirt.pairs("blkdeviotune", with_disk, "vda")["total_iops_sec"] == "100"
    (block,) = libvirt.qmp(with_disk, "query-block")
    assert block["inserted"]["iops"] == 100
    libvirt.virsh(
        "blkdeviotune", with_disk, "vda", *("--read-bytes-sec", 4096, "--total-iops-sec", 0)
    )
    assert libvirt.pairs("blkdeviotune", with_disk, "vda")["read_bytes_sec"] == "4096"
    libvirt.virsh("blkdeviotune", with_disk, "vda", "--read-bytes-sec", 0)
    (block,) = libvirt.qmp(with_disk, "query-block")
    assert block["inserted"]["bps_rd"] == 0


def test_limits_of_the_description_hold_from_the_start(
    libvirt: Libvirt, domain: Create, image: Path
) -> None:
    tune = "<iotune><read_iops_sec>50</read_iops_sec></iotune>"
    domain(machine="pc", devices=disk(image, more=tune))
    (block,) = libvirt.qmp("t1", "query-block")
    assert block["inserted"]["iops_rd"] == 50


def test_a_disk_grows(libvirt: Libvirt, with_disk: str, image: Path) -> None:
    libvirt.virsh("blockresize", with_disk, "vda", "6M")
    assert libvirt.pairs("domblkinfo", with_disk, "vda")["Capacity"] == str(6 * MIB)
    assert image.stat().st_size == 6 * MIB


def test_a_threshold_is_set(libvirt: Libvirt, with_disk: str) -> None:
    libvirt.virsh("domblkthreshold", with_disk, "vda", 2 * MIB)
    assert libvirt.statistics(with_disk, "--block")["block.0.threshold"] == str(2 * MIB)


# -- life with disks ------------------------------------------------------------------------------


def test_a_new_daemon_of_libvirts_finds_disks(
    libvirt: Libvirt, with_disk: str, image: Path, other: Path
) -> None:
    libvirt.virsh("blkdeviotune", with_disk, "vda", "--total-iops-sec", 100)
    libvirt.restart_daemon()
    wait_until(lambda: "running" in libvirt.virsh("domstate", with_disk))
    assert libvirt.table("domblklist", with_disk) == [["vda", str(image)]]
    assert libvirt.pairs("blkdeviotune", with_disk, "vda")["total_iops_sec"] == "100"
    assert "iothread='1'" in libvirt.virsh("dumpxml", with_disk)


def test_a_domain_with_disks_is_reset_suspended_and_resumed(
    libvirt: Libvirt, with_disk: str
) -> None:
    for command in ("reset", "suspend", "resume"):
        libvirt.virsh(command, with_disk)
    assert libvirt.virsh("domstate", with_disk) == "running"


def test_a_snapshot_of_a_raw_disk(libvirt: Libvirt, with_disk: str) -> None:
    assert "unsupported for storage type raw" in libvirt.refusal(
        "snapshot-create-as", with_disk, "s1"
    )
    assert libvirt.virsh("domstate", with_disk) == "running"


@pytest.mark.ours("images of another format can be made")
def test_a_snapshot_into_another_file_leaves_nothing(
    libvirt: Libvirt, with_disk: str, image: Path
) -> None:
    assert libvirt.refusal("snapshot-create-as", with_disk, "s1", "--disk-only")
    assert libvirt.virsh("domstate", with_disk) == "running"
    assert libvirt.table("domblklist", with_disk) == [["vda", str(image)]]
    nodes = libvirt.qmp(with_disk, "query-named-block-nodes", flat=True)
    assert {node["node-name"] for node in nodes} == {"libvirt-1-storage", "libvirt-1-format"}


# -- under load -----------------------------------------------------------------------------------

LOAD = "-object x-workload,id=w0,disk=virtio-disk0,arrival=lognormal,interval-ns=100000,depth=4"


@pytest.mark.ours("no load without a guest")
def test_load_on_a_disk_is_its_iothreads_and_counts(
    libvirt: Libvirt, domain: Create, image: Path
) -> None:
    domain(machine="q35", elements=FEATURES, devices=disk(image), commandline=LOAD)

    def requests() -> int:
        found = libvirt.statistics("t1", "--block")
        return int(found["block.0.rd.reqs"]) + int(found["block.0.wr.reqs"])

    wait_until(lambda: requests() > 100)
    of_thread = libvirt.qmp("t1", "x-query-iothread-stats", id="iothread1")
    assert json.dumps(of_thread)
    libvirt.virsh("iothreadset", "t1", 1, "--poll-max-ns", 0)
    before = requests()
    wait_until(lambda: requests() > before)
    libvirt.virsh("suspend", "t1")
    libvirt.virsh("resume", "t1")
    before = requests()
    wait_until(lambda: requests() > before)


@pytest.mark.ours("no load without a guest")
def test_a_disk_under_load_is_unplugged(libvirt: Libvirt, domain: Create, image: Path) -> None:
    domain(machine="pc", elements=FEATURES, devices=disk(image), commandline=LOAD)
    libvirt.virsh("detach-disk", "t1", "vda")
    assert libvirt.table("domblklist", "t1") == []
    libvirt.virsh("iothreaddel", "t1", 1)
    assert {row[0] for row in libvirt.table("iothreadinfo", "t1")} == {"2"}
