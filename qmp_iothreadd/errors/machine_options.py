"""Options that describe a machine: its properties, CPUs, memory, clock and firmware."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError

# -- CPUs ------------------------------------------------------------------------------------------


def too_many_cpus(count: int, machine: str, maximum: int) -> QmpError:
    """-smp asks for more than the machine can have."""
    return QmpError(
        f"Invalid SMP CPUs {count}. The max CPUs supported by machine '{machine}' is {maximum}"
    )


def _bad_topology(reason: str) -> QmpError:
    return QmpError(f"Invalid CPU topology: {reason}")


def no_cpus() -> QmpError:
    """-smp with a 0 somewhere."""
    return _bad_topology("CPU topology parameters must be greater than zero")


def cpu_level_unsupported(level: str) -> QmpError:
    """-smp with more than one of what the machine does not know."""
    return QmpError(f"{level} > 1 not supported by this machine's CPU topology")


def cpu_product_mismatch(hierarchy: str, maxcpus: int) -> QmpError:
    """-smp whose levels do not make up the CPUs."""
    return _bad_topology(
        f"product of the hierarchy must match maxcpus: {hierarchy} != maxcpus ({maxcpus})"
    )


def too_few_maxcpus(hierarchy: str, maxcpus: int, cpus: int) -> QmpError:
    """-smp with more CPUs than there can ever be."""
    return _bad_topology(
        "maxcpus must be equal to or greater than smp: "
        f"{hierarchy} == maxcpus ({maxcpus}) < smp_cpus ({cpus})"
    )


def empty_cpu_model() -> QmpError:
    """-cpu without a name."""
    return QmpError("-cpu option cannot be empty")


def unknown_cpu_model(name: str) -> QmpError:
    """-cpu with a name that no model has."""
    return QmpError(f"unable to find CPU model '{name}'")


def cpu_without_machine() -> QmpError:
    """-cpu, where the machine has no place for CPUs."""
    return QmpError("apic-id property was not initialized properly")


# -- Accelerators ----------------------------------------------------------------------------------


def unknown_accelerator(name: str) -> QmpError:
    """-accel, or -machine accel=, with a name that no accelerator has."""
    return QmpError(f"invalid accelerator {name}")


def no_accelerator() -> QmpError:
    """-machine accel= that names none."""
    return QmpError("no accelerator found")


def accelerator_given_twice() -> QmpError:
    """Both -accel and -machine accel=."""
    return QmpError('The -accel and "-machine accel=" options are incompatible')


def bad_tcg_thread(value: str) -> QmpError:
    """-accel tcg,thread= with something else than single or multi."""
    return QmpError(f"Invalid 'thread' setting {value}")


# -- Memory ----------------------------------------------------------------------------------------


def maxmem_too_small(maximum: int, size: int) -> QmpError:
    """-m with less at most than at first."""
    return QmpError(
        f"invalid value of maxmem: maximum memory size (0x{maximum:x}) "
        f"must be at least the initial memory size (0x{size:x})"
    )


def memory_slots_without_room(size: int) -> QmpError:
    """-m with slots that nothing can be plugged into."""
    return QmpError(
        "invalid value of maxmem: memory slots were specified but maximum memory size "
        f"(0x{size:x}) is equal to the initial memory size (0x{size:x})"
    )


def memory_slots_without_maximum() -> QmpError:
    """-m with slots, but no maxmem."""
    return QmpError("slots specified but no max-size")


def memory_backend_not_found(name: str) -> QmpError:
    """-machine memory-backend= with an id that no such object has."""
    return QmpError(f"Memory backend '{name}' not found")


def memory_backend_of_other_size() -> QmpError:
    """-machine memory-backend= beside -m with another size."""
    return QmpError("Machine memory size does not match the size of the memory backend")


def mem_path_and_backend() -> QmpError:
    """-mem-path and -machine memory-backend=."""
    return QmpError("'-mem-path' can't be used together with'-machine memory-backend'")


def no_memory_encryption_object(name: str) -> QmpError:
    """-machine memory-encryption= with an id that no such object has."""
    return QmpError(f"No such memory encryption object '{name}'")


def numa_unsupported() -> QmpError:
    """-numa on a machine that has no nodes, or of what is neither a node nor a distance."""
    return QmpError("NUMA is not supported by this machine-type")


def too_many_numa_nodes(number: int) -> QmpError:
    """-numa node of a number that is too large."""
    return QmpError(f"Max number of NUMA nodes reached: {number}")


def numa_node_twice(number: int) -> QmpError:
    """-numa node of a number that another one has."""
    return QmpError(f"Duplicate NUMA nodeid: {number}")


def numa_node_missing(number: int) -> QmpError:
    """-numa of nodes whose numbers leave one out."""
    return QmpError(f"numa: Node ID missing: {number}")


def numa_node_undeclared() -> QmpError:
    """-numa dist of a node that was not said before."""
    return QmpError(
        "Source/Destination NUMA node is missing. Please use '-numa node' option to declare it "
        "first."
    )


def numa_distance_too_small(distance: int, least: int) -> QmpError:
    """-numa dist of nodes that are nearer than a node is to itself."""
    return QmpError(f"NUMA distance ({distance}) is invalid, it shouldn't be less than {least}.")


def numa_own_distance(number: int, distance: int) -> QmpError:
    """-numa dist of a node from itself."""
    return QmpError(f"Local distance of node {number} should be {distance}.")


def numa_distance_missing(source: int, target: int) -> QmpError:
    """-numa dist of some nodes, and not of these."""
    return QmpError(
        f"The distance between node {source} and {target} is missing, at least one distance value "
        "between each nodes should be provided."
    )


def numa_distances_one_way() -> QmpError:
    """-numa dist of nodes that are further one way than back, and of others one way only."""
    return QmpError(
        "At least one asymmetrical pair of distances is given, please provide distances for both "
        "directions of all node pairs."
    )


def numa_memory_without_backend() -> QmpError:
    """-numa node,mem=: the memory is to be an object."""
    return QmpError(
        "Parameter -numa node,mem is not supported by this machine type",
        hint="Use -numa node,memdev instead",
    )


def numa_memory_unknown(name: str) -> QmpError:
    """-numa node,memdev= of an object that is no memory."""
    return QmpError(f"memdev={name} is ambiguous")


def numa_memory_differs(found: int, wanted: int) -> QmpError:
    """-numa of nodes that have other memory than the machine, in bytes."""
    return QmpError(
        f"total memory for NUMA nodes (0x{found:x}) should equal RAM size (0x{wanted:x})"
    )


def numa_and_memory_backend() -> QmpError:
    """-numa node of a machine whose memory is an object."""
    return QmpError(
        "'-machine memory-backend' and '-numa memdev' properties are mutually exclusive"
    )


def numa_cpu_out_of_range(index: int, most: int) -> QmpError:
    """-numa node,cpus= of a CPU that there cannot be."""
    return QmpError(f"CPU index ({index}) should be smaller than maxcpus ({most})")


def numa_cpu_twice() -> QmpError:
    """-numa node,cpus= of a CPU that another node has."""
    return QmpError("CPU is already assigned to another node")


# -- Properties of the machine ---------------------------------------------------------------------


def used_inconsistently(name: str) -> QmpError:
    """A machine's property that is a value here and a dictionary there."""
    return QmpError(f"Parameter '{name}' used inconsistently")


def conflicting_names(one: str, other: str) -> QmpError:
    """A machine's property with a dash and with an underscore."""
    return QmpError(f"Conflict between '{one}' and '{other}'")


def bad_boot_device(letter: str) -> QmpError:
    """-boot with a letter that stands for no drive."""
    return QmpError(f"Invalid boot device '{letter}'")


def boot_device_twice(letter: str) -> QmpError:
    """-boot with a drive twice."""
    return QmpError(f"Boot device '{letter}' was given twice")


def boot_order_fixed() -> QmpError:
    """-boot once=, where nothing can change the order."""
    return QmpError("no function defined to set boot device list for this architecture")


def too_much_low_memory(size: int) -> QmpError:
    """-machine max-ram-below-4g= with more than that."""
    return QmpError(
        f"Machine option 'max-ram-below-4g={size}' expects size less than or equal to 4G"
    )


def firmware_too_large(size: int) -> QmpError:
    """-machine max-fw-size= with more than 16 MiB. Two words stay together, as QEMU has them."""
    return QmpError(
        f"User specified max allowed firmware size {size} is greater than 16MiB. If combined "
        "firmware size exceeds 16MiB the system may not boot, or experience intermittent"
        "stability issues."
    )


def persistence_unsupported(value: str) -> QmpError:
    """-machine nvdimm-persistence= with a word that is none."""
    return QmpError(f"-machine nvdimm-persistence={value}: unsupported option")


def oem_id_too_long(name: str, most: int) -> QmpError:
    """-machine x-oem-id= or x-oem-table-id= with more than a table of ACPI has room for."""
    return QmpError(f"User specified {name} value is bigger than {most} bytes in size")


# -- Time ------------------------------------------------------------------------------------------


def bad_date() -> QmpError:
    """-rtc base= with something else than a date."""
    return QmpError(
        "invalid datetime format", hint="valid formats: '2006-06-17T16:01:21' or '2006-06-17'"
    )


def bad_clock_option(value: str) -> QmpError:
    """-rtc with a clock or a way to catch up that there is not."""
    return QmpError(f"invalid option value '{value}'")


def bad_icount_shift() -> QmpError:
    """-icount shift= with something else than a small number."""
    return QmpError("icount: Invalid shift value")


def icount_options_incompatible(one: str, other: str) -> QmpError:
    """-icount with two options that exclude each other."""
    return QmpError(f"{one} and {other} are incompatible")


def icount_align_without_shift() -> QmpError:
    """-icount align=on without shift."""
    return QmpError("Please specify shift option when using align")


def bad_replay_mode(value: str) -> QmpError:
    """-icount rr= with something else than record or replay."""
    return QmpError(f"Invalid icount rr option: {value}")


def replay_file_missing() -> QmpError:
    """-icount rr= without rrfile."""
    return QmpError("File name not specified for replay")


# -- Firmware --------------------------------------------------------------------------------------


def no_fw_cfg() -> QmpError:
    """-fw_cfg, where the machine has no such device."""
    return QmpError("fw_cfg device not available")


def bad_fw_cfg() -> QmpError:
    """-fw_cfg without what it needs."""
    return QmpError("name, plus exactly one of file, string and gen_id, are needed")


def fw_cfg_name_too_long(most: int) -> QmpError:
    """-fw_cfg with a name that has no room."""
    return QmpError(f"name too long (max. {most} char)")


def fw_cfg_file_failed(name: str, reason: str) -> QmpError:
    """-fw_cfg with a file that cannot be read."""
    return QmpError(f"can't load {name}: Failed to open file \u201c{name}\u201d: {reason}")


def fw_cfg_object_unknown(name: str) -> QmpError:
    """-fw_cfg with the id of no object."""
    return QmpError(f"Cannot find object ID '{name}'")


def fw_cfg_object_silent(name: str) -> QmpError:
    """-fw_cfg with an object that makes no data."""
    return QmpError(f"Object ID '{name}' is not a 'fw_cfg-data-generator' subclass")


def smbios_without_type() -> QmpError:
    """-smbios without a type or a file."""
    return QmpError("Must specify type= or file=")


def smbios_type_unknown(number: int) -> QmpError:
    """-smbios with a type whose fields cannot be given."""
    return QmpError(f"Don't know how to build fields for SMBIOS type {number}")


def smbios_file_failed(name: str) -> QmpError:
    """-smbios file=, which cannot be read."""
    return QmpError(f"Cannot read SMBIOS file {name}")


def smbios_bad_value(what: str) -> QmpError:
    """-smbios with a UUID or release that is none."""
    return QmpError(f"Invalid {what}")


def acpi_table_without_data() -> QmpError:
    """-acpitable without data and without file, or with both."""
    return QmpError("'-acpitable' requires one of 'data' or 'file'")


def acpi_file_failed(name: str, reason: str) -> QmpError:
    """-acpitable with a file that cannot be read."""
    return QmpError(f"can't open file {name}: {reason}")


def option_rom_missing() -> QmpError:
    """-option-rom without a name."""
    return QmpError("Option ROM file is not specified")
