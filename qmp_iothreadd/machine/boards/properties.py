"""The properties of every machine, with the values of a QEMU that was started with ``-M none``.

Names, types and descriptions are those of QEMU 11.1's qom-list-properties. Where names meet in a
table, the first is first: the order of rows is one that gives QEMU's lists.
"""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qom.object import Property

LEVELS = ("drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads")
"""Of the topology of CPUs, from the largest to the smallest."""

FLASHES = ("pflash0", "pflash1")
"""The properties of PCs that name the nodes of their flash memory."""

SMP = dict.fromkeys(("cpus", *LEVELS, "maxcpus"), 1)
_SMP_CACHE = {
    "caches": [{"cache": cache, "topology": "default"} for cache in ("l1d", "l1i", "l2", "l3")]
}


def machine_property(name: str, type: str, value: Any, description: str | None = None) -> Property:
    """A property of ``/machine``; ``value`` is what it has where neither user nor type says."""

    def get_value(machine: Any) -> Any:
        return machine.values[name] if name in machine.values else machine.defaults.get(name, value)

    return Property(
        name,
        type,
        get_value,
        None if name == "smp-cache" else lambda machine, given: machine.store(name, type, given),
        description=description,
    )


_ROWS: tuple[tuple[str, str, Any, str], ...] = (
    ("kernel", "string", "", "Linux kernel image file"),
    ("initrd", "string", "", "Linux initial ramdisk file"),
    ("append", "string", "", "Linux kernel command line"),
    ("dtb", "string", "", "Linux kernel device tree file"),
    ("phandle-start", "int", 0, "The first phandle ID we may generate dynamically"),
    ("firmware", "string", "", "Firmware image"),
    ("shim", "string", "", "shim.efi file"),
    ("dump-guest-core", "bool", True, "Include guest memory in a core dump"),
    ("usb", "bool", False, "Set on/off to enable/disable usb"),
    ("aux-ram-share", "bool", False, "Use anonymous shared memory for auxiliary guest RAMs"),
    (
        "x-change-vmfd-on-reset",
        "bool",
        False,
        "Set on/off to enable/disable generating new accelerator guest handle on guest reset. "
        "Default: off (used only for testing/debugging).",
    ),
    (
        "confidential-guest-support",
        "link<confidential-guest-support>",
        "",
        "Set confidential guest scheme to support",
    ),
    ("dt-compatible", "string", "", 'Overrides the "compatible" property of the dt root node'),
    ("boot", "BootConfiguration", {"order": ""}, "Boot configuration"),
    ("smp-cache", "SmpCachePropertiesWrapper", _SMP_CACHE, "Cache properties list for SMP machine"),
    ("dumpdtb", "string", "", "Dump current dtb to a file and quit"),
    ("mem-merge", "bool", True, "Enable/disable memory merge support"),
    ("graphics", "bool", False, "Set on/off to enable/disable graphics emulation"),
    ("suppress-vmdesc", "bool", False, "Set on to disable self-describing migration"),
    ("memory-encryption", "string", "", "Set memory encryption object to use"),
    ("memory", "MemorySizeConfiguration", {"size": 0}, "Memory size configuration"),
    (
        "memory-backend",
        "link<memory-backend>",
        "",
        "Set RAM backendValid value is ID of hostmem based backend",
    ),
    ("smp", "SMPConfiguration", SMP, "CPU topology"),
)
_OWN_ROWS: tuple[tuple[str, str, Any, str], ...] = (
    (
        "spcr",
        "bool",
        True,
        "Set on/off to enable/disable ACPI Serial Port Console Redirection Table (spcr)",
    ),
)

MACHINE_PROPERTIES = tuple(machine_property(*row) for row in _ROWS)

# QEMU gives this one to each machine and not to their type: it comes after the others.
INSTANCE_PROPERTIES = tuple(machine_property(*row) for row in _OWN_ROWS)
