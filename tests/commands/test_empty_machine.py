"""What QEMU answers where hardware is asked for that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.commands.empty_machine import ANSWERS
from qmp_iothreadd.testing import MemoryClient
from tests.recordings import introspection

CXL_EVENT = {"log": "fatal", "flags": 0, "dpa": 0, "descriptor": 0, "type": 0} | {
    "transaction-type": 0,
    "sub-type": 0,
}
MODULE_EVENT = {"log": "fatal", "flags": 0, "type": 0, "health-status": 0, "media-status": 0} | {
    "additional-status": 0,
    "life-used": 0,
    "temperature": 0,
    "dirty-shutdown-count": 0,
    "corrected-volatile-error-count": 0,
    "corrected-persistent-error-count": 0,
    "sub-type": 0,
}
MODELS = {"modela": {"name": "max"}, "modelb": {"name": "max"}}
SECRET = {"packet-header": "", "secret": ""}

VALUES: list[tuple[str, dict[str, Any], Any]] = [
    ("query-acpi-ospm-status", {}, "command is not supported, missing ACPI device"),
    ("query-audiodevs", {}, []),
    ("query-colo-status", {}, {"mode": "none", "last-mode": "none", "reason": "none"}),
    ("query-cpus-fast", {}, []),
    ("query-cryptodev", {}, []),
    ("query-current-machine", {}, {"wakeup-suspend-support": False}),
    ("query-display-options", {}, {"type": "none"}),
    ("query-firmware-log", {}, "firmware log buffer not found"),
    ("query-firmware-log", {"max-size": 1}, "firmware log buffer not found"),
    ("query-gic-capabilities", {}, "GIC hardware is not available on this target"),
    ("query-hotpluggable-cpus", {}, "machine does not support hot-plugging CPUs"),
    ("query-hv-balloon-status-report", {}, "no hv-balloon device present"),
    ("query-memdev", {}, []),
    ("query-memory-devices", {}, []),
    ("query-memory-size-summary", {}, {"base-memory": 0, "plugged-memory": 0}),
    ("query-mice", {}, []),
    ("query-pci", {}, []),
    ("query-pr-managers", {}, []),
    ("query-replay", {}, {"mode": "none", "icount": 0}),
    ("query-rx-filter", {}, []),
    ("query-rx-filter", {"name": "n0"}, "invalid net client name: n0"),
    ("query-spice", {}, {"enabled": False, "migrated": False, "mouse-mode": "client"}),
    ("query-stats", {"target": "vm"}, []),
    ("query-stats", {"target": "vcpu", "vcpus": ["/x"]}, []),
    ("query-tpm", {}, []),
    ("query-tpm-models", {}, ["tpm-crb", "tpm-tis"]),
    ("query-tpm-types", {}, ["passthrough", "emulator"]),
    ("query-vcpu-dirty-limit", {}, []),
    ("query-vm-generation-id", {}, "VM Generation ID device not found"),
    ("query-vnc", {}, {"enabled": False}),
    ("query-vnc-servers", {}, []),
    ("query-xen-replication-status", {}, {"error": False}),
    ("x-query-interrupt-controllers", {}, {"human-readable-text": ""}),
    ("x-query-irq", {}, {"human-readable-text": ""}),
    ("x-query-roms", {}, {"human-readable-text": ""}),
    ("x-query-usb", {}, "USB support not enabled"),
    # Of other machines and accelerators
    (
        "dump-skeys",
        {"filename": "f"},
        "Storage keys information not available for this architecture",
    ),
    ("query-cpu-model-baseline", MODELS, "CPU model baseline is not supported on this target"),
    ("query-cpu-model-comparison", MODELS, "CPU model comparison is not supported on this target"),
    ("query-s390x-cpu-polarization", {}, "CPU polarization is not supported on this target"),
    ("query-sev-attestation-report", {"mnonce": ""}, "SEV is not enabled"),
    ("query-sev-capabilities", {}, "KVM not enabled"),
    ("query-sev-launch-measure", {}, "SEV launch measurement is not available"),
    ("query-sgx", {}, "SGX is only supported on PC machines"),
    (
        "query-sgx-capabilities",
        {},
        "Could not open '/dev/sgx_vepc': No such file or directory",
    ),
    ("request-ebpf", {"id": "rss"}, "can't find eBPF object with id: 0"),
    ("set-cpu-topology", {"core-id": 1}, "CPU topology change is not supported on this target"),
    ("sev-inject-launch-secret", SECRET, "SEV not enabled for guest"),
    ("xen-event-inject", {"port": 1}, "Xen event channel emulation not enabled"),
    ("xen-event-list", {}, "Xen event channel emulation not enabled"),
    # Acts
    ("announce-self", {"initial": 50, "max": 550, "rounds": 5, "step": 50}, {}),
    ("balloon", {"value": 1}, "No balloon device has been activated"),
    ("query-balloon", {}, "No balloon device has been activated"),
    ("cancel-vcpu-dirty-limit", {}, {}),
    ("cancel-vcpu-dirty-limit", {"cpu-index": 1}, {}),
    (
        "set-vcpu-dirty-limit",
        {"dirty-rate": 1},
        "dirty page limit feature requires KVM with accelerator property 'dirty-ring-size' set'",
    ),
    ("dumpdtb", {"filename": "f"}, "This machine doesn't have a FDT"),
    ("inject-ghes-v2-error", {"cper": ""}, "GHES QMP error inject is not compiled in"),
    ("inject-nmi", {}, "machine does not provide NMIs"),
    ("rtc-reset-reinjection", {}, {}),
    (
        "set-numa-node",
        {"type": "cpu"},
        "The command is permitted only before the machine has been created",
    ),
    ("x-colo-lost-heartbeat", {}, "VM is not in COLO mode"),
    ("replay-break", {"icount": 1}, "setting the breakpoint is allowed only in play mode"),
    ("replay-delete-break", {}, "replay breakpoints are allowed only in play mode"),
    ("replay-seek", {"icount": 1}, "replay must be enabled to seek"),
    # What has a name or a path
    ("query-rocker", {"name": "r"}, "rocker r not found"),
    ("query-rocker-ports", {"name": "r"}, "rocker r not found"),
    ("query-rocker-of-dpa-flows", {"name": "r", "tbl-id": 1}, "rocker r not found"),
    ("query-rocker-of-dpa-groups", {"name": "r", "type": 1}, "rocker r not found"),
    ("x-query-virtio-status", {"path": "/p"}, "Path /p is not a VirtIODevice"),
    ("x-query-virtio-queue-status", {"path": "/p", "queue": 0}, "Path /p is not a VirtIODevice"),
    (
        "x-query-virtio-vhost-queue-status",
        {"path": "/p", "queue": 0},
        "Path /p is not a VirtIODevice",
    ),
    ("x-query-virtio-queue-element", {"path": "/p", "queue": 0}, "Path /p is not a VirtIO device"),
    ("cxl-inject-general-media-event", CXL_EVENT | {"path": "/p"}, "Unable to resolve path"),
    ("cxl-inject-dram-event", CXL_EVENT | {"path": "/p"}, "Unable to resolve path"),
    ("cxl-inject-memory-module-event", MODULE_EVENT | {"path": "/p"}, "Unable to resolve path"),
    (
        "cxl-inject-correctable-error",
        {"path": "/machine", "type": "physical"},
        "Path does not point to a CXL type 3 device",
    ),
    ("cxl-inject-uncorrectable-errors", {"path": "/p", "errors": []}, "Unable to resolve path"),
    (
        "cxl-inject-poison",
        {"path": "/p", "start": 1, "length": 1},
        "Poison injection must be in multiples of 64 bytes",
    ),
    (
        "cxl-inject-poison",
        {"path": "/p", "start": 1, "length": 64},
        "Poison start address must be 64 byte aligned",
    ),
    ("cxl-inject-poison", {"path": "/p", "start": 64, "length": 64}, "Unable to resolve path"),
    # Replication
    ("xen-colo-do-checkpoint", {}, {}),
    ("xen-set-global-dirty-log", {"enable": True}, {}),
]


@pytest.mark.parametrize(("command", "arguments", "answer"), VALUES)
def test_it_answers_as_a_qemu_without_hardware(
    client: MemoryClient, command: str, arguments: dict[str, Any], answer: Any
) -> None:
    """A text is that of an error."""
    reply = client.request(command, arguments)
    expected = reply["error"]["desc"] if "error" in reply else reply["return"]
    assert expected == answer


def test_the_class_of_an_error_is_qemus(client: MemoryClient) -> None:
    assert client.request("query-balloon")["error"]["class"] == "DeviceNotActive"
    assert client.request("query-pci", {"x": 1})["error"]["class"] == "GenericError"


def test_arguments_are_those_of_the_schema(client: MemoryClient) -> None:
    assert client.request("balloon")["error"]["desc"] == "Parameter 'value' is missing"
    reply = client.request("query-pci", {"x": 1})
    assert reply["error"]["desc"] == "Parameter 'x' is unexpected"


def test_nothing_that_could_ever_be_there_is_in_the_table(client: MemoryClient) -> None:
    known = {info["name"] for info in introspection() if info["meta-type"] == "command"}
    assert ANSWERS.keys() <= known


def test_guest_code_is_never_run(client: MemoryClient) -> None:
    info = client.execute("query-accelerators")
    assert info["enabled"] == "tcg"
    assert info["enabled"] in info["present"]
    for command in ("x-query-jit", "x-accel-stats"):
        assert "TB count            0\n" in client.execute(command)["human-readable-text"]


def test_blocks_of_memory_are_a_heading_alone(client: MemoryClient) -> None:
    text = client.execute("x-query-ramblock")["human-readable-text"]
    assert text.split() == ["Block", "Name", "PSize", "Offset", "Used", "Total", "HVA", "RO"]


def test_numa_is_nothing_for_this_machine(client: MemoryClient) -> None:
    client.machine.preconfig = True
    reply = client.request("set-numa-node", {"type": "cpu"})
    assert reply["error"]["desc"] == "NUMA is not supported by this machine-type"
