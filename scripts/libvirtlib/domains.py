"""Domains in libvirt's XML, as the tests need them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """``emulator`` is a path; ``devices`` stand in <devices>, ``elements`` in <domain>."""

    emulator: object
    name: str = "t1"
    machine: str = "microvm"
    vcpus: str = "<vcpu>1</vcpu>"
    iothreads: str = "<iothreads>2</iothreads>"
    devices: str = ""
    elements: str = ""
    commandline: str = ""
    usb: str = "<controller type='usb' model='none'/>"
    balloon: str = "<memballoon model='none'/>"

    def __str__(self) -> str:
        return f"""
            <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
              <name>{self.name}</name>
              <memory unit='MiB'>16</memory>
              {self.vcpus}
              {self.iothreads}
              <os><type arch='x86_64' machine='{self.machine}'>hvm</type></os>
              {self.elements}
              <devices>
                <emulator>{self.emulator}</emulator>
                {self.usb}{self.balloon}{self.devices}
              </devices>
              {self._commandline()}
            </domain>"""

    def _commandline(self) -> str:
        arguments = "".join(f"<qemu:arg value='{word}'/>" for word in self.commandline.split())
        return f"<qemu:commandline>{arguments}</qemu:commandline>" if arguments else ""


def disk(file: object, target: str = "vda", driver: str = "iothread='1'", more: str = "") -> str:
    """A disk on a raw file; ``driver`` is attributes of its <driver>, ``more`` stands in <disk>."""
    return f"""
        <disk type='file' device='disk'>
          <driver name='qemu' type='raw' {driver}/>
          <source file='{file}'/>
          <target dev='{target}' bus='virtio'/>
          {more}
        </disk>"""


EVERYTHING = """
    <controller type='usb' model='qemu-xhci' ports='15'/>
    <interface type='user'><model type='virtio'/></interface>
    <serial type='pty'/><console type='pty'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <input type='tablet' bus='usb'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <watchdog model='i6300esb' action='reset'/>
    <panic model='isa'/>
    <video><model type='vga'/></video>"""
"""Devices that people's domains have and that tests of iothreads can do without."""
