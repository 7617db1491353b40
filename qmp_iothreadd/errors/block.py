"""Block nodes, their bitmaps and snapshots."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError

# -- Finding nodes and devices --------------------------------------------------------------------


def node_absent(name: str) -> QmpError:
    """No node has this name, as the commands about bitmaps and media say it."""
    return QmpError(f"Node '{name}' not found")


def node_not_found(name: str) -> QmpError:
    """A node that there is not, where only a node can be meant."""
    return QmpError(f"Failed to find node with node-name='{name}'")


def block_device_not_found(device: str, node_name: str) -> QmpError:
    """Neither a device nor a node of these names."""
    return QmpError(f"Cannot find device='{device}' nor node-name='{node_name}'")


def backing_file_unsupported() -> QmpError:
    """change-backing-file of a format that has none."""
    return QmpError("Could not change the backing file to '': Operation not supported")


def need_device_or_id() -> QmpError:
    """Neither of the two names of a disk, or both."""
    return QmpError("Need exactly one of 'device' and 'id'")


def block_iothread_not_found(name: str) -> QmpError:
    """x-blockdev-set-iothread to an iothread that there is not."""
    return QmpError(f"Cannot find iothread {name}")


def node_might_be_used(name: str) -> QmpError:
    """x-blockdev-set-iothread of what somebody holds."""
    return QmpError(
        f"Node {name} is associated with a BlockBackend and could be in use (use force=true to "
        "override this check)"
    )


def node_used_by_device() -> QmpError:
    """The same by force, of what a device uses."""
    return QmpError("Cannot change iothread of active block backend")


# -- Making and removing nodes --------------------------------------------------------------------


def node_name_missing() -> QmpError:
    """blockdev-add without a name."""
    return QmpError("'node-name' must be specified for the root node")


def invalid_node_name(name: str) -> QmpError:
    """A node's name that is no identifier."""
    return QmpError(f"Invalid node-name: '{name}'")


def node_name_too_long() -> QmpError:
    """A node's name of more than 31 bytes."""
    return QmpError("Node name too long")


def duplicate_node(name: str) -> QmpError:
    """A second node of one name."""
    return QmpError(f"Duplicate nodes with node-name='{name}'")


def too_many_nodes(limit: int) -> QmpError:
    """More nodes than are kept; QEMU has no such limit."""
    return QmpError(f"there are {limit} block nodes already")


def too_many_nodes_below(limit: int) -> QmpError:
    """More nodes below each other than are kept; QEMU has no such limit."""
    return QmpError(f"there are {limit} block nodes below it already")


def block_driver_unknown(name: str) -> QmpError:
    """A driver that the schema has and the build lacks."""
    return QmpError(f"Unknown driver '{name}'")


def not_in_format(name: str) -> QmpError:
    """An image that is no image of that format."""
    return QmpError(f"Image is not in {name} format")


def image_not_regular(driver: str, path: str) -> QmpError:
    """A folder, say, where a file should be."""
    return QmpError(f"'{driver}' driver requires '{path}' to be a regular file")


def image_not_device(driver: str, path: str) -> QmpError:
    """A file where a device should be."""
    return QmpError(f"'{driver}' driver requires '{path}' to be either a character or block device")


def aio_native_needs_direct() -> QmpError:
    """Linux's own asynchronous I/O needs O_DIRECT."""
    return QmpError(
        "aio=native was specified, but it requires cache.direct=on, which was not specified."
    )


def detect_zeroes_needs_discard() -> QmpError:
    """detect-zeroes=unmap without discard=unmap."""
    return QmpError(
        "setting detect-zeroes to unmap is not allowed without setting discard operation to unmap"
    )


def drive_index_and_place() -> QmpError:
    """Where a disk is, said twice."""
    return QmpError("index cannot be used with bus and unit")


def drive_unit_too_large(unit: int, largest: int) -> QmpError:
    """The bus is shorter."""
    return QmpError(f"unit {unit} too big (max is {largest})")


def drive_place_taken(bus: int, unit: int, index: int | None) -> QmpError:
    """Another disk is there."""
    shown = -1 if index is None else index
    return QmpError(f"drive with bus={bus}, unit={unit} (index={shown}) exists")


def raw_size_unaligned() -> QmpError:
    """A piece of an image that does not end with a sector."""
    return QmpError(f"Specified size is not multiple of {512}")


def raw_offset_too_large() -> QmpError:
    """A piece that begins after the image's end."""
    return QmpError("Offset is greater than size of the containing file")


def raw_size_too_large(offset: int, size: int, available: int) -> QmpError:
    """A piece that ends after the image's end."""
    return QmpError(
        f"The sum of offset ({offset}) and size ({size}) has to be smaller or equal to the "
        f" actual size of the containing file ({available})"
    )


def node_in_use(name: str) -> QmpError:
    """blockdev-del of what others are made of."""
    return QmpError(f"Block device {name} is in use")


def node_held(name: str) -> QmpError:
    """blockdev-del of what is in a disk or a device."""
    return QmpError(f"Node {name} is in use")


def permission_conflict(node: str, permissions: str, user: str, other: str) -> QmpError:
    """``user`` does to a node what ``other`` does not share."""
    return QmpError(
        f"Permission conflict on node '{node}': permissions '{permissions}' are both required by "
        f"{user} and unshared by {other}."
    )


def image_lock_failed(permission: str, path: str, *, shared: bool) -> QmpError:
    """Another process uses an image; ``shared``: it does what would no longer be shared."""
    return QmpError(
        f'Failed to get {"shared " if shared else ""}"{permission}" lock',
        hint=f"Is another process using the image [{path}]?",
    )


def node_read_only() -> QmpError:
    """A writer of what cannot be written."""
    return QmpError("Block node is read-only")


def node_not_monitors(name: str) -> QmpError:
    """blockdev-del of what was made with another node."""
    return QmpError(f"Node {name} is not owned by the monitor")


# -- Changing nodes -------------------------------------------------------------------------------


def size_not_positive() -> QmpError:
    """block_resize to less than nothing."""
    return QmpError("Parameter 'size' expects a >0 size")


def image_read_only() -> QmpError:
    """block_resize of what cannot be written."""
    return QmpError("Image is read-only")


def size_too_large(size: int, most: int) -> QmpError:
    """block_resize to more than any disk can have."""
    return QmpError(f"offset({size}) exceeds maximum({most})")


def resize_unsupported() -> QmpError:
    """block_resize of what has no end to move."""
    return QmpError("Image format driver does not support resize")


def resize_fixed() -> QmpError:
    """block_resize of a piece of given size."""
    return QmpError("Cannot resize fixed-size raw disks")


def resize_failed(reason: str) -> QmpError:
    """The host refuses."""
    return QmpError(f"Could not resize file: {reason}")


def image_size_unknown(reason: str) -> QmpError:
    """A host's device that has no end, such as a terminal."""
    return QmpError(f"Could not refresh total sector count: {reason}")


def device_cannot_grow() -> QmpError:
    """block_resize of a host's device beyond its end."""
    return QmpError("Cannot grow device files")


def reopen_node_name_missing() -> QmpError:
    """blockdev-reopen that does not say of what."""
    return QmpError("node-name not specified")


def reopen_option_fixed(name: str) -> QmpError:
    """blockdev-reopen with what only blockdev-add can say."""
    return QmpError(f"Cannot change the option '{name}'")


def reopen_has_writers(name: str) -> QmpError:
    """blockdev-reopen as read-only of what others write to."""
    return QmpError(f"Read-only block node '{name}' cannot support read-write users")


# -- Dirty bitmaps --------------------------------------------------------------------------------


def bitmap_not_found(name: str) -> QmpError:
    """A bitmap that the node does not have."""
    return QmpError(f"Dirty bitmap '{name}' not found")


def bitmap_exists(name: str) -> QmpError:
    """A second bitmap of one name."""
    return QmpError(f"Bitmap already exists: {name}")


def bitmap_name_empty() -> QmpError:
    """A bitmap without a name."""
    return QmpError("Bitmap name cannot be empty")


def bitmap_name_too_long() -> QmpError:
    """A bitmap's name of more than 1023 bytes."""
    return QmpError("Bitmap name is too long")


def bitmap_granularity() -> QmpError:
    """A granularity that is no power of 2, or too small."""
    return QmpError("Granularity must be power of 2 and at least 512")


def bitmap_not_persistent(node: str) -> QmpError:
    """A bitmap to be stored in an image that cannot."""
    return QmpError(f"Can't store persistent bitmaps to {node}: Operation not supported")


def bitmap_granularities_differ() -> QmpError:
    """Two bitmaps that cannot be merged."""
    return QmpError("Bitmaps are of different sizes and can't be merged")


# -- Snapshots ------------------------------------------------------------------------------------


def snapshot_node_not_found(name: str) -> QmpError:
    """A snapshot of a node that there is not."""
    return QmpError(f"No block device node '{name}'")


def snapshot_without_devices() -> QmpError:
    """A snapshot of nothing."""
    return QmpError("At least one device is required for snapshot")


def snapshot_unsupported(name: str) -> QmpError:
    """A snapshot of a node whose format has none."""
    return QmpError(f"Device '{name}' is writable but does not support snapshots")


def no_vmstate_device() -> QmpError:
    """There is no node that could hold a snapshot of the machine."""
    return QmpError("no block device can store vmstate for snapshot")


def internal_snapshot_unsupported(driver: str, node: str) -> QmpError:
    """blockdev-snapshot-internal-sync of a format that has none."""
    return QmpError(
        f"Block format '{driver}' used by device '{node}' does not support internal snapshots"
    )


def snapshot_list_unsupported() -> QmpError:
    """blockdev-snapshot-delete-internal-sync of a format that has none."""
    return QmpError("Failed to get a snapshot list: Operation not supported")


def snapshot_name_missing() -> QmpError:
    """blockdev-snapshot-delete-internal-sync that does not say which."""
    return QmpError("Name or id must be provided")


def overlay_name_missing() -> QmpError:
    """blockdev-snapshot-sync of a node, without a name for what is to lie above it."""
    return QmpError("New overlay node-name missing")


def overlay_without_backing() -> QmpError:
    """blockdev-snapshot to a node that can have nothing below it."""
    return QmpError("The overlay does not support backing images")
