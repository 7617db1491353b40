"""Processors: their models, properties and places."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def cpu_property_refused(type_name: str, name: str, text: str, error: QmpError) -> QmpError:
    """-cpu, with a property that the model does not have or a value that it does not take."""
    return QmpError(f"can't apply global {type_name}.{name}={text}: {error.desc}")


def bad_frequency(text: str) -> QmpError:
    """-cpu, tsc-freq=."""
    return QmpError(f"bad numerical value {text}")


def host_cpu_needs_kvm() -> QmpError:
    """The model host, which is the host's processor."""
    return QmpError("CPU model 'host' requires KVM or HVF")


def cpu_features_missing() -> QmpError:
    """enforce, where the model has what the translator does not."""
    return QmpError("TCG doesn't support requested features")


def bad_phys_bits(bits: int) -> QmpError:
    """phys-bits, of which there are at least the bits of a page table of 32 bits."""
    return QmpError(f"phys-bits should be between 32 and 52  (but is {bits})")


def bad_cpu_number(name: str, value: int, maximum: int) -> QmpError:
    """family, model or stepping beyond what CPUID can say."""
    return QmpError(f"Property .{name} doesn't take value {value} (minimum: 0, maximum: {maximum})")


def bad_cpu_vendor(text: str) -> QmpError:
    """A vendor that has not the length of CPUID's."""
    return QmpError(f"Property '.vendor' doesn't take value '{text}'")


# -- Places ---------------------------------------------------------------------------------------


def cpu_of_another_type(expected: str) -> QmpError:
    """A second model in one machine."""
    return QmpError(f"Invalid CPU type, expected cpu type: '{expected}'")


def cpu_id_not_set(name: str) -> QmpError:
    """A CPU without the place that it is for."""
    return QmpError(f"CPU {name} is not set")


def cpu_id_out_of_range(name: str, value: int, maximum: int) -> QmpError:
    """A place that the topology does not have."""
    return QmpError(f"Invalid CPU {name}: {value} must be in range 0:{maximum}")


def no_cpu_with_apic_id(place: str, apic_id: int, last: int) -> QmpError:
    """An APIC id that no place has."""
    return QmpError(f"Invalid CPU [{place}] with APIC ID {apic_id}, valid index range 0:{last}")


def cpu_exists(index: int, apic_id: int) -> QmpError:
    """A place that is taken."""
    return QmpError(f"CPU[{index}] with APIC ID {apic_id} exists")


def cpu_id_mismatch(name: str, value: int, apic_id: int, expected: int) -> QmpError:
    """A place, and the APIC id of another."""
    return QmpError(
        f"property {name}: {value} doesn't match set apic-id: 0x{apic_id:x} ({name}: {expected})"
    )


def bad_numa_node(expected: int) -> QmpError:
    """node-id of another node than the place is in."""
    return QmpError(f"invalid node-id, must be {expected}")


def cpu_plug_unsupported(type_name: str) -> QmpError:
    """device_add on a board that knows of no new CPUs."""
    return QmpError(f"virt: device plug request for unsupported device type: {type_name}")


def cpu_thread_failed(reason: str) -> QmpError:
    """There cannot be another thread."""
    return QmpError(f"Failed to create a thread for the CPU: {reason}")


# -- Unplugging -----------------------------------------------------------------------------------


def unplug_unsupported(board: str) -> QmpError:
    """device_del on a board whose devices stay."""
    return QmpError(f"unplug not supported by {board}")


def cpu_unplug_needs_acpi() -> QmpError:
    """device_del of a CPU, with acpi=off."""
    return QmpError("CPU hot unplug not supported without ACPI")


def boot_cpu_stays() -> QmpError:
    """device_del of the first CPU."""
    return QmpError("Boot CPU is unpluggable")


def cpu_unplug_unsupported(type_name: str) -> QmpError:
    """device_del of a CPU while no firmware runs that could be asked."""
    return QmpError(f"acpi: device unplug request for not supported device type: {type_name}")
