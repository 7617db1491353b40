"""A program of somebody's who uses libvirt-python: run by the system's Python, which has it.

    python3 client.py DOMAIN.xml DISK.xml

prints, as JSON, what each call returned and which events came.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import libvirt  # type: ignore[import-not-found]

said: dict[str, Any] = {}
events: list[str] = []


def lifecycle(_: object, domain: Any, event: int, detail: int, __: object) -> None:
    events.append(f"{domain.name()} {event}.{detail}")


def reboot(_: object, domain: Any, __: object) -> None:
    events.append(f"{domain.name()} reboot")


def device_added(_: object, domain: Any, alias: str, __: object) -> None:
    events.append(f"{domain.name()} + {alias}")


def device_removed(_: object, domain: Any, alias: str, __: object) -> None:
    events.append(f"{domain.name()} - {alias}")


def run_loop() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def wait_for(event: str) -> None:
    deadline = time.monotonic() + 30
    while event not in events:
        assert time.monotonic() < deadline, (event, events)
        time.sleep(0.01)


libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=run_loop, daemon=True).start()
connection = libvirt.open("qemu:///session")
for kind, function in {
    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE: lifecycle,
    libvirt.VIR_DOMAIN_EVENT_ID_REBOOT: reboot,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED: device_added,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED: device_removed,
}.items():
    connection.domainEventRegisterAny(None, kind, function, None)

domain = connection.defineXML(Path(sys.argv[1]).read_text())
domain.create()
said["threads"] = sorted(domain.ioThreadInfo())
domain.addIOThread(7)
domain.setIOThreadParams(7, {libvirt.VIR_DOMAIN_IOTHREAD_POLL_MAX_NS: 1234})
domain.pinIOThread(7, (True, *(False,) * (connection.getInfo()[2] - 1)))
said["pinned"] = [each for each in domain.ioThreadInfo() if each[0] == 7]
disk = Path(sys.argv[2]).read_text()
domain.attachDevice(disk)
wait_for("t1 + virtio-disk1")
((_, said["statistics"]),) = connection.getAllDomainStats()
said["block"] = domain.blockStats("vdb")
if "--guest" in sys.argv:
    domain.detachDevice(disk)
    wait_for("t1 - virtio-disk1")
    domain.delIOThread(7)
    domain.reboot()
    wait_for("t1 reboot")
    domain.shutdown()
    wait_for(f"t1 {libvirt.VIR_DOMAIN_EVENT_STOPPED}.{libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN}")
else:
    domain.destroy()
    wait_for(f"t1 {libvirt.VIR_DOMAIN_EVENT_STOPPED}.{libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED}")
said["events"] = events
domain.undefine()
json.dump(said, sys.stdout)
