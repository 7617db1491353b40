"""Memory of a guest, and the threads that take it."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def size_fixed(name: str, type_name: str) -> QmpError:
    """The size of memory that is there. The blank at the end is QEMU's."""
    return QmpError(f"cannot change property {name} of {type_name} ")


def value_fixed() -> QmpError:
    """Another property of memory that is there."""
    return QmpError("cannot change property value")


def file_property_fixed(name: str, type_name: str, end: str) -> QmpError:
    """A property of memory that has its file; QEMU ends some of these texts with a dot."""
    return QmpError(f"cannot change property '{name}' of {type_name}{end}")


def zero_refused(name: str, type_name: str) -> QmpError:
    """A size or a number of threads."""
    return QmpError(f"property '{name}' of {type_name} doesn't take value '0'")


def memory_not_set_up(name: str, reason: str) -> QmpError:
    """There is not so much memory."""
    return QmpError(f"cannot set up guest memory '{name}': {reason}")


def bad_host_node(node: int) -> QmpError:
    """A NUMA node that no host has."""
    return QmpError(f"Invalid host-nodes value: {node}")


def host_nodes_without_policy() -> QmpError:
    """Nodes, and nothing to do with them."""
    return QmpError(
        "host-nodes must be empty for policy default,"
        " or you should explicitly specify a policy other than default"
    )


def policy_without_host_nodes(policy: str) -> QmpError:
    """A policy that needs nodes."""
    return QmpError(f"host-nodes must be set for policy {policy}")


def memory_not_bound(reason: str) -> QmpError:
    """The kernel does not take memory from these nodes."""
    return QmpError(f"cannot bind memory to host NUMA nodes: {reason}")


def memory_not_preallocated(reason: str) -> QmpError:
    """The memory cannot be taken at once."""
    return QmpError(f"preallocating memory failed: {reason}")


def link_ambiguous(path: str) -> QmpError:
    """A link by a partial path that fits several objects of its type."""
    return QmpError(f"Path '{path}' does not uniquely identify an object")


def link_of_another_type(name: str, type_name: str) -> QmpError:
    """A link to an object that is something else."""
    return QmpError(f"Invalid parameter type for '{name}', expected: {type_name}")


def backing_store_not_opened(path: str, reason: str) -> QmpError:
    """The file of memory."""
    return QmpError(f"can't open backing store {path} for guest RAM: {reason}")


def backing_store_not_mapped(reason: str) -> QmpError:
    """The file of memory is no file, or there is no room."""
    return QmpError(f"unable to map backing store for guest RAM: {reason}")


def backing_store_too_small(found: int, size: int) -> QmpError:
    """The file of memory is of another size."""
    return QmpError(f"backing store size 0x{found:x} does not match 'size' option 0x{size:x}")


def alignment_of_part_of_page(align: int, page: int) -> QmpError:
    """An address that memory cannot have."""
    return QmpError(f"alignment 0x{align:x} must be multiples of page size 0x{page:x}")


def alignment_not_a_power(align: int) -> QmpError:
    """An address that memory cannot have."""
    return QmpError(f"alignment 0x{align:x} must be a power of two")


def rom_of_writable_file() -> QmpError:
    """Read-only memory, of a file that is not."""
    return QmpError("property 'rom' = 'on' is not supported with 'readonly' = 'off'")


def ram_of_shared_readonly_file() -> QmpError:
    """Writable memory, of a file that others read."""
    return QmpError(
        "property 'rom' = 'off' is incompatible with 'readonly' = 'on' and 'share' = 'on'"
    )


def memfd_not_created(flags: int, reason: str) -> QmpError:
    """An anonymous file."""
    return QmpError(f"failed to create memfd with flags 0x{flags:x}: {reason}")


def memfd_not_resized(size: int, reason: str) -> QmpError:
    """An anonymous file of this size."""
    return QmpError(f"failed to resize memfd to {size}: {reason}")


def shm_not_shared() -> QmpError:
    """POSIX shared memory for one process alone."""
    return QmpError("can't create shm backend with `share=off`")


def shm_not_created(reason: str) -> QmpError:
    """POSIX shared memory."""
    return QmpError(f"failed to create POSIX shared memory: {reason}")


def shm_not_resized(size: int, reason: str) -> QmpError:
    """POSIX shared memory of this size."""
    return QmpError(f"failed to resize POSIX shared memory to {size}: {reason}")


def default_memory_name_taken(name: str) -> QmpError:
    """An object that is called as the machine's own memory is to be."""
    return QmpError(
        f"object name '{name}' is reserved for the default RAM backend, it can't be used for any"
        " other purposes. Change the object's 'id' to something else"
    )


def affinity_given_twice() -> QmpError:
    """CPUs, and nodes as well."""
    return QmpError("Mixing CPU and node affinity not supported")


def affinity_empty(what: str) -> QmpError:
    """A thread that could run nowhere."""
    return QmpError(f"{what} list is empty")


def nodes_without_cpus() -> QmpError:
    """NUMA nodes that there are not, or that have memory alone."""
    return QmpError("The nodes select no CPUs")


def affinity_refused(reason: str) -> QmpError:
    """The kernel has no such CPU, or the process may not use it."""
    return QmpError(f"Setting CPU affinity failed: {reason}")
