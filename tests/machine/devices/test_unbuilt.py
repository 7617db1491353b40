"""Why the empty machine has no device of a model, from its start: QEMU's texts for -device."""

from __future__ import annotations

import pytest

from qmp_iothreadd.machine.devices.unbuilt import bus_of, is_cpu, refusal


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("virtio-net-pci", "No 'PCI' bus found for device 'virtio-net-pci'"),
        ("amd-iommu", "Parameter 'driver' expects a dynamic sysbus device type for the machine"),
        ("vmcoreinfo", "vmcoreinfo device requires fw_cfg with DMA"),
        (
            "vmgenid",
            "vmgenid requires DMA write support in fw_cfg, "
            "which this machine type does not provide",
        ),
        ("hv-syndbg", "hv-syndbg device requires vmbus-bridge device"),
        ("qemu64-x86_64-cpu", "apic-id property was not initialized properly"),
        ("nosuch-x86_64-cpu", "'nosuch-x86_64-cpu' is not a valid device model name"),
        ("nosuch", "'nosuch' is not a valid device model name"),
    ],
)
def test_a_model_is_refused_for_what_it_lacks(model: str, text: str) -> None:
    assert refusal(model).desc == text


def test_what_a_model_needs() -> None:
    models = ("virtio-net-pci", "nvme", "ramfb", "vmgenid", "nosuch")
    assert [bus_of(each) for each in models] == ["PCI", "PCI", "System", None, None]
    assert [is_cpu(each) for each in ("qemu64-x86_64-cpu", "qemu64", "x86_64-cpu")] == [
        *(True, False, False)
    ]
