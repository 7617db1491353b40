"""A file of groups, one of every kind that makes something, describes a whole machine."""

from __future__ import annotations

from pathlib import Path

from qmp_iothreadd.cli.lists import LISTS
from qmp_iothreadd.testing import DaemonProcess

GROUPS: list[tuple[str, dict[str, str]]] = [
    ("machine", {"type": "pc", "usb": "on"}),
    ("smp-opts", {"cpus": "2", "maxcpus": "4"}),
    ("boot-opts", {"order": "c", "menu": "on"}),
    ("memory", {"size": "64M", "slots": "2", "maxmem": "1G"}),
    ("accel", {"accel": "tcg", "thread": "multi"}),
    ("rtc", {"base": "2006-06-17"}),
    ("name", {"guest": "g", "debug-threads": "on"}),
    ("action", {"panic": "pause"}),
    ("msg", {"timestamp": "off"}),
    ("overcommit", {"mem-lock": "off"}),
    ("sandbox", {"enable": "on"}),
    ("global", {"driver": "virtio-blk-pci", "property": "queue-size", "value": "128"}),
    ('object "io1"', {"qom-type": "iothread", "poll-max-ns": "100"}),
    ('drive "d0"', {"if": "none", "driver": "null-co"}),
    ('device "disk0"', {"driver": "virtio-blk-pci", "drive": "d0", "iothread": "io1"}),
    ('netdev "n0"', {"type": "user"}),
    ('device "net0"', {"driver": "virtio-net-pci", "netdev": "n0"}),
    ("nic", {"type": "user", "model": "e1000"}),
    ("net", {"type": "none"}),
    ('fsdev "f0"', {"fsdriver": "local", "path": "/tmp", "security_model": "none"}),
    ("smbios", {"type": "1", "manufacturer": "x"}),
    ("fw_cfg", {"name": "opt/x", "string": "y"}),
    ('audiodev "a0"', {"driver": "none"}),
    ('chardev "c0"', {"backend": "null"}),
    ('chardev "c1"', {"backend": "null"}),
    ('mon "m1"', {"chardev": "c1", "mode": "readline"}),
    ('device "s0"', {"driver": "isa-serial", "chardev": "c0"}),
    ("trace", {"enable": "poll_add"}),
    ("icount", {"shift": "auto"}),
    ("run-with", {"exit-with-parent": "off"}),
    ("semihosting-config", {"enable": "off"}),
    ("iscsi", {"user": "u"}),
    ("option-rom", {"romfile": "x"}),
    ("acpi", {"sig": "A", "data": "/dev/null"}),
    ("vnc", {"vnc": "none"}),
    ("spice", {"port": "0"}),
]
# What would need something that there is not, or is the machine's: numa, plugins, TPMs, shares.
_LEFT_OUT = {"add-fd", "memory-opts", "numa", "plugin", "tpmdev", "virtfs"}


def test_every_group_has_effect(tmp_path: Path) -> None:
    assert {name.split()[0] for name, _ in GROUPS} == LISTS.keys() - _LEFT_OUT | {
        "audiodev",
        "machine",
    }
    file = tmp_path / "vm.conf"
    lines = [
        line
        for name, values in GROUPS
        for line in (f"[{name}]", *(f'  {key} = "{value}"' for key, value in values.items()))
    ]
    file.write_text("\n".join(lines))
    options = ("-readconfig", str(file), "-set", "device.disk0.serial=abc", "-display", "none")
    with DaemonProcess(*options) as daemon, daemon.client() as client:

        def get(path: str, name: str) -> object:
            return client.execute("qom-get", {"path": path, "property": name})

        disk = "/machine/peripheral/disk0"
        assert get(disk, "iothread") == "/objects/io1"
        assert (get(disk, "serial"), get(disk, "queue-size")) == ("abc", 128)
        assert get("/machine/peripheral/s0", "chardev") == "c0"
        assert get("/machine/peripheral/net0", "netdev") == "n0"
        assert get("/machine", "boot") == {"order": "c", "menu": True}
        memory = {"size": 64 << 20, "slots": 2, "max-size": 1 << 30}
        assert get("/machine", "memory") == memory
        assert client.execute("query-name") == {"name": "g"}
        assert len(client.execute("query-cpus-fast")) == 2
        assert len(client.execute("query-hotpluggable-cpus")) == 4
        models = {device["qdev_id"] for device in client.execute("query-pci")[0]["devices"]}
        assert {"disk0", "net0"} <= models
