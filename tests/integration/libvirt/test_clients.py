"""What others wrote against libvirt, unmodified: its Python binding, virt-install, an exporter."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from libvirtlib.domains import Domain, disk
from libvirtlib.host import PATH, SYSTEM_PYTHON, Libvirt, RefusedError

from tests.waiting import wait_until

Create = Callable[..., Domain]

_CLIENT = Path(__file__).with_name("client.py").read_text()
MIB = 1 << 20


def needs(program: str) -> str:
    found = shutil.which(program, path=PATH)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def test_a_program_in_python(libvirt: Libvirt, is_ours: bool) -> None:
    try:
        libvirt.run(SYSTEM_PYTHON, "-c", "import libvirt")
    except RefusedError:
        pytest.skip("libvirt-python is not installed")
    image = libvirt.file("first.img", 4 * MIB)
    features = "<features><acpi/></features>"
    made = Domain(libvirt.emulator, machine="pc", elements=features)
    xml = libvirt.file("domain.xml", str(made))
    plugged = libvirt.file("disk.xml", disk(image, "vdb", "iothread='7'"))
    guest = ["--guest"] if is_ours else []
    said = json.loads(libvirt.run(SYSTEM_PYTHON, "-c", _CLIENT, xml, plugged, *guest))
    assert [each[0] for each in said["threads"]] == [1, 2]
    ((_, cpus),) = said["pinned"]
    assert cpus[0] is True
    assert not any(cpus[1:])
    assert said["statistics"]["iothread.7.poll-max-ns"] == 1234
    assert said["statistics"]["block.0.path"] == str(image)
    assert len(said["block"]) == 5
    assert said["events"][0] == "t1 0.0"  # defined


@pytest.mark.parametrize(("machine", "graphics"), [("pc", "spice"), ("q35", "vnc")])
def test_virt_install_with_all_that_it_adds_by_itself(
    libvirt: Libvirt, machine: str, graphics: str
) -> None:
    needs("virt-install")
    image = libvirt.file("first.img", 4 * MIB)
    libvirt.run(
        *("virt-install", "--connect", libvirt.uri, *ALL_OF_IT.split(), "--machine", machine),
        *("--graphics", graphics, "--sound", "default"),
        *("--disk", f"path={image},format=raw,bus=virtio,driver.iothread=1"),
        *("--xml", f"./devices/emulator={libvirt.emulator}"),
    )
    assert libvirt.virsh("domstate", "t1") == "running"
    assert libvirt.table("domblklist", "t1") == [["vda", str(image)]]


ALL_OF_IT = """
    --name t1 --memory 32 --vcpus 2 --import --virt-type qemu --network user
    --osinfo detect=off,require=off --iothreads 2 --noautoconsole"""
INSTALL = """
    --name t1 --memory 32 --vcpus 1 --import --machine pc --virt-type qemu --graphics none
    --network none --controller usb,model=none --memballoon none --console none --channel none
    --rng none --osinfo detect=off,require=off --iothreads 2 --noautoconsole"""


def test_virt_install_and_virt_xml(libvirt: Libvirt) -> None:
    needs("virt-install")
    image, other = libvirt.file("first.img", 4 * MIB), libvirt.file("second.img", 8 * MIB)
    libvirt.run(
        *("virt-install", "--connect", libvirt.uri, *INSTALL.split()),
        *("--disk", f"path={image},format=raw,bus=virtio,driver.iothread=1"),
        *("--xml", f"./devices/emulator={libvirt.emulator}"),
    )
    assert libvirt.virsh("domstate", "t1") == "running"
    assert libvirt.table("domblklist", "t1") == [["vda", str(image)]]
    libvirt.run(
        *("virt-xml", "--connect", libvirt.uri, "t1", "--add-device", "--update"),
        *("--disk", f"path={other},format=raw,bus=virtio,driver.iothread=2"),
    )
    assert libvirt.table("domblklist", "t1") == [["vda", str(image)], ["vdb", str(other)]]
    path = "/machine/peripheral/virtio-disk1"
    assert libvirt.qmp("t1", "qom-get", path=path, property="iothread") == "/objects/iothread2"


def test_prometheus_reads_an_exporter(libvirt: Libvirt, domain: Create) -> None:
    program = needs("prometheus-libvirt-exporter")
    image = libvirt.file("first.img", 4 * MIB)
    domain(machine="pc", devices=disk(image))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = "{}:{}".format(*free.getsockname())
    running = libvirt.start(
        program,
        f"--web.listen-address={address}",
        f"--libvirt.uri={libvirt.uri}",
        stderr=-3,
        stdout=-3,
    )
    text = ""

    def scraped() -> bool:
        nonlocal text
        assert running.poll() is None
        with contextlib.suppress(OSError):
            reply = urllib.request.urlopen(f"http://{address}/metrics", timeout=10)
            with reply:
                text = reply.read().decode()
        return bool(text)

    try:
        wait_until(scraped)
    finally:
        running.terminate()
        running.wait()
    assert "libvirt_up 1" in text
    assert 'domain="t1"' in text
    assert "libvirt_domain_block_stats_read_bytes_total" in text
