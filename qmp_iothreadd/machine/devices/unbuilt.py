"""Why the empty machine cannot have a device: what the model needs.

Those that boards can have are in the table of models; the lists here are of the others that QEMU
11.1 has, by the names that ``qemu-system-x86_64 -device help`` lists.
"""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.cpus.models import is_cpu_model
from qmp_iothreadd.machine.devices.model_table import find_row

_BUSES = {
    "ISA": """
        adlib cs4231a gus hyperv-testdev isa-applesmc isa-cirrus-vga isa-ipmi-bt isa-ipmi-kcs
        isa-vga ne2k_isa pc-testdev sb16 sga tpm-tis vmmouse
    """,
    "IndustryPack": """
        ipoctal232
    """,
    "PCI": """
        AMDVI-PCI acpi-erst am53c974 ati-vga ctucan_pci cxl-downstream cxl-rp cxl-type3
        cxl-upstream dc390 ivshmem-doorbell ivshmem-plain kvaser_pci lsi lsi53c810 lsi53c895a
        megasas megasas-gen2 mioe3680_pci mptsas1068 nvme pci-bridge-seat pci-ipmi-bt pci-ipmi-kcs
        pci-serial-2x pci-serial-4x pcm3680_pci pvrdma pvscsi pxb pxb-cxl pxb-pcie rocker sdhci-pci
        tpci200 tulip vfio-pci vfio-pci-igd-lpc-bridge vfio-pci-nohotplug
        vhost-scsi-pci vhost-scsi-pci-non-transitional vhost-scsi-pci-transitional
        vhost-user-blk-pci vhost-user-blk-pci-non-transitional vhost-user-blk-pci-transitional
        vhost-user-fs-pci vhost-user-gpio-pci vhost-user-gpu-pci vhost-user-i2c-pci
        vhost-user-input-pci vhost-user-rng-pci vhost-user-scsi-pci
        vhost-user-scsi-pci-non-transitional vhost-user-scsi-pci-transitional vhost-user-vga
        vhost-user-vsock-pci vhost-user-vsock-pci-non-transitional vhost-vsock-pci
        vhost-vsock-pci-non-transitional virtio-9p virtio-9p-pci virtio-9p-pci-non-transitional
        virtio-9p-pci-transitional virtio-crypto-pci virtio-gpu-gl virtio-gpu-gl-pci
        virtio-input-host virtio-input-host-pci virtio-iommu virtio-iommu-pci virtio-mem-pci
        virtio-pmem-pci virtio-vga-gl vmware-svga vmxnet3 x-pci-proxy-dev
    """,
    "SCSI": """
        scsi-block scsi-generic
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
        u2f-passthru usb-audio usb-bot usb-braille usb-ccid usb-host usb-mtp usb-net
        usb-serial usb-uas
    """,
    "virtio-bus": """
        vhost-scsi vhost-user-blk vhost-user-fs-device vhost-user-gpio-device vhost-user-gpu
        vhost-user-i2c-device vhost-user-input vhost-user-rng vhost-user-scsi
        vhost-user-vsock-device vhost-vsock-device virtio-9p-device virtio-crypto-device
        virtio-gpu-gl-device virtio-input-host-device virtio-iommu-device virtio-mem virtio-pmem
    """,
}
"""Models by the bus that they are plugged into, of which the empty machine has none."""

_SYSTEM = """
    amd-iommu intel-iommu ramfb vmbus-bridge
"""
"""The models that a machine has to allow on its system bus: the empty one allows none."""


def bus_of(model: str) -> str | None:
    """The bus that a model needs; None where there is no such model, or it needs none."""
    row = find_row(model)
    if row is not None and not row.abstract and not row.internal:
        return row.bus
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
