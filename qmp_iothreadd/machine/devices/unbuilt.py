"""The models of devices that QEMU 11.1 can be asked for, by the bus that they need.

There is no device without a guest: what is known of a model is why it cannot be had. Names are
those that ``qemu-system-x86_64 -device help`` lists.
"""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.cpus.models import is_cpu_model

_BUSES = {
    "HDA": """
        hda-duplex hda-micro hda-output
    """,
    "IDE": """
        ide-cd ide-hd
    """,
    "ISA": """
        adlib cs4231a gus hyperv-testdev i8042 ib700 isa-applesmc isa-cirrus-vga isa-debug-exit
        isa-debugcon isa-fdc isa-ipmi-bt isa-ipmi-kcs isa-parallel isa-serial isa-vga
        mc146818rtc ne2k_isa pc-testdev pvpanic sb16 sga tpm-tis vmmouse
    """,
    "IndustryPack": """
        ipoctal232
    """,
    "PCI": """
        AC97 AMDVI-PCI ES1370 VGA ac97 acpi-erst ahci am53c974 ati-vga bochs-display cirrus-vga
        ctucan_pci cxl-downstream cxl-rp cxl-type3 cxl-upstream dc390 e1000 e1000-82540em
        e1000-82544gc e1000-82545em e1000e edu es1370 i6300esb i82550 i82551 i82557a i82557b
        i82557c i82558a i82558b i82559a i82559b i82559c i82559er i82562 i82801 i82801b11-bridge
        ich9-ahci ich9-intel-hda ich9-usb-ehci1 ich9-usb-ehci2 ich9-usb-uhci1 ich9-usb-uhci2
        ich9-usb-uhci3 ich9-usb-uhci4 ich9-usb-uhci5 ich9-usb-uhci6 intel-hda ioh3420
        ivshmem-doorbell ivshmem-plain kvaser_pci lsi lsi53c810 lsi53c895a megasas megasas-gen2
        mioe3680_pci mptsas1068 ne2k_pci nec-usb-xhci nvme pci-bridge pci-bridge-seat pci-ipmi-bt
        pci-ipmi-kcs pci-ohci pci-serial pci-serial-2x pci-serial-4x pci-testdev pcie-pci-bridge
        pcie-root-port pcm3680_pci pcnet piix3-ide piix3-usb-uhci piix4-ide piix4-usb-uhci
        pvpanic-pci pvrdma pvscsi pxb pxb-cxl pxb-pcie qemu-xhci qxl qxl-vga rocker rtl8139
        sdhci-pci secondary-vga tpci200 tulip usb-ehci vfio-pci vfio-pci-igd-lpc-bridge
        vfio-pci-nohotplug vhost-scsi-pci vhost-scsi-pci-non-transitional
        vhost-scsi-pci-transitional vhost-user-blk-pci vhost-user-blk-pci-non-transitional
        vhost-user-blk-pci-transitional vhost-user-fs-pci vhost-user-gpio-pci vhost-user-gpu-pci
        vhost-user-i2c-pci vhost-user-input-pci vhost-user-rng-pci vhost-user-scsi-pci
        vhost-user-scsi-pci-non-transitional vhost-user-scsi-pci-transitional vhost-user-vga
        vhost-user-vsock-pci vhost-user-vsock-pci-non-transitional vhost-vsock-pci
        vhost-vsock-pci-non-transitional virtio-9p virtio-9p-pci virtio-9p-pci-non-transitional
        virtio-9p-pci-transitional virtio-balloon virtio-balloon-pci
        virtio-balloon-pci-non-transitional virtio-balloon-pci-transitional virtio-blk
        virtio-blk-pci virtio-blk-pci-non-transitional virtio-blk-pci-transitional
        virtio-crypto-pci virtio-gpu virtio-gpu-gl virtio-gpu-gl-pci virtio-gpu-pci
        virtio-input-host virtio-input-host-pci virtio-iommu virtio-iommu-pci virtio-keyboard
        virtio-keyboard-pci virtio-mem-pci virtio-mouse virtio-mouse-pci virtio-net virtio-net-pci
        virtio-net-pci-non-transitional virtio-net-pci-transitional virtio-pmem-pci virtio-rng
        virtio-rng-pci virtio-rng-pci-non-transitional virtio-rng-pci-transitional virtio-scsi
        virtio-scsi-pci virtio-scsi-pci-non-transitional virtio-scsi-pci-transitional
        virtio-serial virtio-serial-pci virtio-serial-pci-non-transitional
        virtio-serial-pci-transitional virtio-tablet virtio-tablet-pci virtio-vga virtio-vga-gl
        vmware-svga vmxnet3 x-pci-proxy-dev x3130-upstream xio3130-downstream
    """,
    "SCSI": """
        scsi-block scsi-cd scsi-generic scsi-hd
    """,
    "ccid-bus": """
        ccid-card-emulated ccid-card-passthru
    """,
    "floppy-bus": """
        floppy
    """,
    "i2c-bus": """
        i2c-ddc smbus-ipmi
    """,
    "nvme-bus": """
        nvme-ns
    """,
    "sd-bus": """
        sd-card
    """,
    "usb-bus": """
        u2f-passthru usb-audio usb-bot usb-braille usb-ccid usb-host usb-hub usb-kbd usb-mouse
        usb-mtp usb-net usb-redir usb-serial usb-storage usb-tablet usb-uas usb-wacom-tablet
    """,
    "virtio-bus": """
        vhost-scsi vhost-user-blk vhost-user-fs-device vhost-user-gpio-device vhost-user-gpu
        vhost-user-i2c-device vhost-user-input vhost-user-rng vhost-user-scsi
        vhost-user-vsock-device vhost-vsock-device virtio-9p-device virtio-balloon-device
        virtio-blk-device virtio-crypto-device virtio-gpu-device virtio-gpu-gl-device
        virtio-input-host-device virtio-iommu-device virtio-keyboard-device virtio-mem
        virtio-mouse-device virtio-net-device virtio-pmem virtio-rng-device virtio-scsi-device
        virtio-serial-device virtio-tablet-device
    """,
    "virtio-serial-bus": """
        virtconsole virtserialport
    """,
}
"""The models that are plugged into a bus: the empty machine has none of these."""

_SYSTEM = """
    amd-iommu intel-iommu ramfb vmbus-bridge
"""
"""The models that a machine has to allow on its system bus: the empty one allows none."""


def bus_of(model: str) -> str | None:
    """The bus that a model needs; None where there is no such model, or it needs none."""
    for bus, models in _BUSES.items():
        if model in models.split():
            return bus
    return "System" if model in _SYSTEM.split() else None


# The models that need no bus, but something else that the empty machine does not have. Those that
# need properties only (loader, pc-dimm, nvdimm, tpm-crb, ...) are not known.
_WITHOUT_BUS = {
    "hv-syndbg": errors.no_vmbus_bridge,
    "vmcoreinfo": errors.no_firmware_dma,
    "vmgenid": errors.no_firmware_dma_writes,
}
_CPU = "-x86_64-cpu"


def is_cpu(model: str) -> bool:
    """Whether a device of this model is a CPU."""
    return model.endswith(_CPU) and is_cpu_model(model.removesuffix(_CPU))


def refusal(model: str) -> QmpError:
    """Why the empty machine cannot have a device of this model."""
    bus = bus_of(model)
    if bus is None and model in _WITHOUT_BUS:
        return _WITHOUT_BUS[model](model)
    if is_cpu(model):
        return errors.cpu_without_machine()
    if bus is None:
        return errors.bad_device_model(model)
    if bus == "System":
        return errors.dynamic_device_expected()
    return errors.no_bus(bus, model)
